"""The chronology of a child: one page of ours in a folder, a line for each paper. Pure but for reading it."""

from __future__ import annotations

import contextlib
import re
from datetime import datetime
from html import escape
from pathlib import Path
from urllib.parse import quote

from formflow.sdk import LIGHTS, RecordParcel, Retryable, day_in_words, ending, files

NAME = "Chronology.html"


def line_of(parcel: RecordParcel, papers: dict[str, str], kept_as: str) -> str:
    """Return one line of the chronology. Lines sort by day; days that are not known come last."""
    day = parcel.incident_day
    order = f"{day or '9999'} {parcel.recorded_at.isoformat()}"
    words = {"original": kept_as.capitalize(), "as_read": "As read"}
    links = " · ".join(
        f'<a href="{quote(name)}">{words[kind]}</a>' for kind, name in papers.items()
    )
    revision = f" (revision {parcel.revision})" if parcel.revision > 1 else ""
    cells = (
        day_in_words(day) if day else "Not known",
        f"{parcel.reference}{revision}",
        parcel.form_title,
        "" if parcel.about else LIGHTS[parcel.light],
        parcel.decided or ("" if parcel.about else "Awaiting decision"),
    )
    columns = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr data-order="{order}" data-key="{parcel.key}">{columns}<td>{links}</td></tr>'


def moment(said: str) -> datetime | None:
    """Return a moment as a line says it, None where somebody changed it."""
    with contextlib.suppress(ValueError):
        found = datetime.fromisoformat(said)
        return found if found.tzinfo else None
    return None


def called(line: str) -> str:
    """Return reference and revision as a line of the chronology says them."""
    cells: list[str] = re.findall("<td>(.*?)</td>", line)
    return cells[1] if len(cells) > 1 else line


def lines_of(chronology: Path) -> list[str]:
    """Return the lines of a chronology, [] when there is none. Raise Retryable when it is not ours."""
    try:
        page = files.read(chronology).decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
    if _OURS not in page:
        raise ending(Retryable, "FF-406")
    return [line for line in page if line.startswith("<tr data-order=")]


def page_of(title: str, lines: list[str]) -> bytes:
    """Return the page with these lines, in their order."""
    head = _HEAD.format(title=escape(title), ours=_OURS)
    return "\n".join((head, *sorted(lines), _FOOT)).encode()


LINE = re.compile(
    r'<tr data-order="\S+ (?P<at>[^"]+)" data-key="(?P<key>[0-9a-f]{64})"><td>[^<]*</td>'
    r"<td>(?P<reference>[^ <]+)(?: \(revision (?P<revision>[0-9]{1,6})\))?</td>"
    r'(?:.*?<a href="(?P<paper>[^"]+)">Original</a>)?'
)
_OURS = '<meta name="generator" content="FormFlow chronology">'
_HEAD = """<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{ours}
<title>Chronology of {title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2em; color: #111; background: #fff; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ border-bottom: 1px solid #999; padding: .4em .8em .4em 0; text-align: left; vertical-align: top; }}
@media print {{ body {{ margin: 0; font-size: 11pt; }} tr {{ break-inside: avoid; }} }}
</style>
</head>
<body>
<main>
<h1>Chronology of {title}</h1>
<p>Updated automatically. Please don’t add notes here.</p>
<table>
<thead><tr><th scope="col">Date of incident</th><th scope="col">Reference</th><th scope="col">Form</th>\
<th scope="col">Suggested level</th><th scope="col">Decision</th><th scope="col">Papers</th></tr></thead>
<tbody>"""
_FOOT = """</tbody>
</table>
</main>
</body>
</html>
"""
