"""What a person who files a record in another system by hand is given: the summary, the text to paste, the receipt. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, StrictUndefined

from formflow.sdk import printable

MOST_SHOWN = (
    300  # letters of one value on the summary, so that it stays one page; the text to paste has all
)
NEWER = "There is already newer information about this record to file. File that first."
ONLY_SUGGESTS = "FormFlow only suggests. The decision is yours."

Lines = Sequence[tuple[str, str]]  # what it is, and the value in words


@dataclass(frozen=True, slots=True)
class Handed:
    """One revision of a record or sheet, in words, as it is handed over."""

    name: str  # "FF-2026-000123 r2"
    record: str
    system: str  # where it is to be filed
    recorded: str  # when it was recorded, in words
    choose: Lines  # what to choose there
    pupils: Lines  # by their role
    text: Lines

    @property
    def values(self) -> dict[str, str]:
        """Everything that may change from one revision to the next, by what it is."""
        return dict((*self.choose, *self.pupils, *self.text))


@dataclass(frozen=True, slots=True)
class Before:
    """What was handed over of the same record before."""

    name: str = ""  # of the newest, "" where this is the first
    values: Mapping[str, str] | None = None
    is_late: bool = False  # what is handed over now is older than what was before

    def changes(self, now: Handed) -> list[tuple[str, str, str]]:
        """Return what is no longer as it was: what it is, what it was, what it is now."""
        was, values = self.values or {}, now.values
        names = dict.fromkeys((*values, *was)) if self.values is not None else ()
        return [
            (name, was.get(name, ""), values.get(name, ""))
            for name in names
            if was.get(name, "") != values.get(name, "")
        ]


def text(handed: Handed, before: Before) -> bytes:
    """Return the text to paste: UTF-8, with the line ends of Windows."""
    lines = [f"{handed.name}, recorded {handed.recorded}"]
    if before.is_late:
        lines += ["", NEWER]
    if before.name:
        lines += ["", f"Changed since {before.name}:"]
        changed = before.changes(handed)
        lines += [f"- {what}: {_short(was)} -> {_short(now)}" for what, was, now in changed]
        lines += [] if changed else ["- nothing of what follows"]
    for what, value in handed.text:
        lines += ["", f"{what}:", value]
    return _as_file(lines)


def receipt(handed: Handed, mark: str) -> bytes:
    """Return the receipt that a person moves once the record is filed, with the mark by which it is known."""
    return _as_file(
        [
            f"{handed.name}: receipt for {handed.system}",
            "",
            f"When you have filed this in {handed.system}, move this file into the folder “Filed”.",
            "FormFlow then knows that it is filed, and stops reminding you.",
            "You may write here who filed it, and save the file:",
            "",
            "Filed by:",
            "Date:",
            "",
            mark,
        ]
    )


def summary(handed: Handed, before: Before, paper: str, pasted: str, to_move: str) -> bytes:
    """Return the page that says what to do, with the names of the files that go with it."""
    page = _PAGE.render(
        handed=handed,
        changes=before.changes(handed),
        before=before,
        paper=paper,
        pasted=pasted,
        to_move=to_move,
        newer=NEWER,
        only_suggests=ONLY_SUGGESTS,
    )
    return page.encode()


def _as_file(lines: Sequence[str]) -> bytes:
    plain = printable("\n".join(lines)).rstrip("\n")
    return (plain.replace("\n", "\r\n") + "\r\n").encode()


def _short(value: Any) -> str:
    words = " ".join(printable(str(value)).split())
    cut = words if len(words) <= MOST_SHOWN else f"{words[: MOST_SHOWN - 1]}…"
    return cut or "(nothing)"


_ENVIRONMENT = Environment(
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_ENVIRONMENT.filters["short"] = _short
_PAGE = _ENVIRONMENT.from_string("""\
<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{ handed.name }}: to file in {{ handed.system }}</title>
<style>
@page { size: A4; margin: 15mm }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 45rem; margin: 1rem auto; padding: 0 1rem; color: #111; background: #fff }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-bottom: .25rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #767676 }
th { width: 35% }
</style>
</head>
<body>
<main>
<h1>{{ handed.name }}: to file in {{ handed.system }}</h1>
<p>Recorded {{ handed.recorded }}.</p>
{% if before.is_late %}
<p><strong>{{ newer }}</strong></p>
{% endif %}
{% if before.name %}
<h2>Changed since {{ before.name }}</h2>
<table>
<thead><tr><th scope="col">What</th><th scope="col">Before</th><th scope="col">Now</th></tr></thead>
<tbody>
{% for what, was, now in changes %}
<tr><th scope="row">{{ what|short }}</th><td>{{ was|short }}</td><td>{{ now|short }}</td></tr>
{% else %}
<tr><td colspan="3">Nothing of what is filed in {{ handed.system }}.</td></tr>
{% endfor %}
</tbody>
</table>
{% endif %}
{% if handed.choose %}
<h2>Choose in {{ handed.system }}</h2>
<table>
{% for what, value in handed.choose %}
<tr><th scope="row">{{ what|short }}</th><td>{{ value|short }}</td></tr>
{% endfor %}
</table>
<p>{{ only_suggests }}</p>
{% endif %}
{% if handed.pupils %}
<h2>Link these pupils</h2>
<table>
{% for what, value in handed.pupils %}
<tr><th scope="row">{{ what|short }}</th><td>{{ value|short }}</td></tr>
{% endfor %}
</table>
{% endif %}
<h2>What to do</h2>
<ol>
<li>Add a new entry in {{ handed.system }}{% if before.name %}, or add to the one for {{ handed.record }}{% endif %}.</li>
<li>Paste the text from “{{ pasted }}”.</li>
{% if paper %}
<li>Attach the form, “{{ paper }}”.</li>
{% endif %}
<li>Then move “{{ to_move }}” into the folder “Filed”.</li>
</ol>
<p>This page holds names. Keep it with the record.</p>
</main>
</body>
</html>
""")
