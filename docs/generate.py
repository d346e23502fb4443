"""Writes the generated pages: `make docs`. A test holds them fresh."""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from formflow.admin.example_settings import example
from formflow.admin.field_names import known_fields
from formflow.core.messages import MESSAGES
from formflow.forms import catalogue
from formflow.rules.case.standing import standing
from formflow.rules.case.steps import Step, Wanted, steps
from formflow.rules.light.book import Rule, asked_on_review, green_waits_for, rules, rules_version
from formflow.rules.light.green import DATES, OTHER
from formflow.rules.light.hints import hints
from formflow.sdk.case_fields import CASE_FIELDS, CaseField

ROOT = Path(__file__).parent.parent
# A test that carries the ids of rules: the mark, other decorators, and its name.
MARKED = re.compile(r"@pytest\.mark\.rule\(([^)]*)\)\n(?:@[^\n]*\n)*?def (test_\w+)")
ROOMS = (
    "cli",
    "admin",
    "pipeline",
    "delivery",
    "documents",
    "storage",
    "reading",
    "rules",
    "forms",
    "sdk",
    "core",
)
MAP_BEGINS = "<!-- The map: written with `make docs` from the first line of each module. -->"
MAP_ENDS = "<!-- The end of the map. -->"
TEMPLATES = ROOT / "formflow" / "documents" / "templates"
MARK = "Generated with `make docs`. Do not edit."
# What a module says to people: every string of two words, but not what only programs read or what is in another list.
TWO_WORDS = re.compile(r"[A-Za-z’]{2,}[,:;.]? (?:[A-Za-z]{2}|“?{…})|{…}”?[,:;.]? [A-Za-z]{2}")
ELSEWHERE = ("core/messages.py", "sdk/conformance", "storage/migrations")
FOR_PROGRAMS = re.compile(
    r"(?:SELECT|INSERT|BEGIN|SET|PRAGMA)\b|database is |Could not decode|unable to open|disk is full"
    r"|/Artifact|INLINE IMAGE|application/|text/|multipart/|--|[<#]?\??xml|<(?:col|Types|Rel|style|work|\?)|C:/"
    r"|# Written by|Wants=|Capability|xf |numFmt |fill>"
)
# A function that is a command: its docstring is its help.
COMMAND = re.compile(r"\.(?:command|group)\b")
# Constants with the words that FormFlow looks for in what others have written.
NOT_SAID = (
    "SURE",
    "UNSURE",
    "OURS",
    "MAYBE_OURS",
    "HEADINGS",
    "CALLED",
    "SAYS",
    "SIGNED",
    "_SHORT",
)
NOT_SAID += ("SYNC_FOLDERS", "HARMLESS", "_WORDS_THAT_ARE_NAMES", "_NOBODY", "_NO_NAMES")


def pages() -> Mapping[Path, str]:
    """Return every generated page by its path."""
    return {
        ROOT / "config.example.toml": example(),
        ROOT / "docs" / "messages.md": messages(),
        ROOT / "docs" / "pages.md": words_of_pages(),
        ROOT / "docs" / "guidance.md": traffic_light() + after_the_form(),
        ROOT / "docs" / "developers.md": with_the_map(),
        ROOT / "docs" / "connectors" / "fields.md": fields(),
    }


def with_the_map() -> str:
    """Return the page for developers with every module in its room, each with its first line."""
    page = (ROOT / "docs" / "developers.md").read_text(encoding="utf-8")
    head, rest = page.split(MAP_BEGINS)
    return (
        head + MAP_BEGINS + "\n\n" + "\n".join(_rooms()) + "\n" + MAP_ENDS + rest.split(MAP_ENDS)[1]
    )


def _rooms() -> Iterable[str]:
    for room in (*(ROOT / "formflow" / name for name in ROOMS), ROOT / "connectors"):
        yield f"### `{room.name}/`: {_first_line(room / '__init__.py')}\n"
        yield "| module | |\n|---|---|"
        for path in sorted(room.rglob("*.py")):
            if path != room / "__init__.py":
                name = path.relative_to(room).as_posix().removesuffix(".py")
                yield f"| {name.removesuffix('/__init__')} | {_first_line(path)} |"
        yield ""


def _first_line(path: Path) -> str:
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return told.split("\n")[0]


def messages() -> str:
    """Return every numbered message, with what it does to the paper."""
    lines = ["# Messages", "", MARK, "", "Words in {braces} are filled in.", ""]
    for code, message in sorted(MESSAGES.items()):
        effects = [
            words
            for words, holds in (
                ("The paper is held until a person has checked it.", message.holds),
                ("The paper also goes back to the office.", message.returns),
            )
            if holds
        ]
        lines += [f"## {code}", "", message.found, ""]
        lines += [f"- What that means: {message.means}", f"- What to do now: {message.do_now}"]
        lines += [f"- {effect}" for effect in effects] + [""]
    return "\n".join(lines)


def words_of_pages() -> str:
    """Return what the pages for people say, page by page, as their templates have it: to be read aloud."""
    lines = [
        "# What the pages say",
        "",
        MARK,
        "",
        "{…} is filled in. Messages: [messages.md](messages.md).",
        "",
    ]
    for path in sorted(one for one in TEMPLATES.rglob("*") if one.suffix in (".html", ".txt")):
        said = list(_said(path.read_text(encoding="utf-8")))
        if said:
            name = path.relative_to(TEMPLATES).with_suffix("").as_posix()
            lines += [f"## {name}", "", *(f"- {one}" for one in said), ""]
    lines += [
        "# What the program says",
        "",
        "By module: the help, what commands print, and what is",
        "written on pages, in mails and in files.",
        "",
    ]
    for path in _modules():
        said = list(said_by(path.read_text(encoding="utf-8")))
        if said:
            name = path.relative_to(ROOT).with_suffix("").as_posix()
            lines += [f"## {name}", "", *(f"- {one}" for one in said), ""]
    return "\n".join(lines)


def _modules() -> Iterable[Path]:
    for room in (*(ROOT / "formflow" / name for name in ROOMS), ROOT / "connectors"):
        for path in sorted(room.rglob("*.py")):
            if not path.relative_to(room.parent).as_posix().startswith(ELSEWHERE):
                yield path


def said_by(source: str) -> Iterable[str]:
    """Return what a module can say to a person, in its order, each once. A new sentence is in it unless it is left out here."""
    found = (" ".join(one.split()) for one in _strings(ast.parse(source)))
    said = (one for one in found if TWO_WORDS.search(one) and not FOR_PROGRAMS.match(one))
    return dict.fromkeys(
        part for one in said for part in (_said(one) if one.startswith("<!doctype") else (one,))
    )


def _strings(node: ast.AST) -> Iterable[str]:
    """Yield the strings under a node but those for developers and the log, and the settings' own (config.example.toml)."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            if name in NOT_SAID:
                return
        case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "re"))):
            return
        case ast.keyword(arg="description"):
            return
        case ast.Expr(value=ast.Constant()):
            return
        case ast.FunctionDef() if COMMAND.search(" ".join(map(ast.unparse, node.decorator_list))):
            yield from (ast.get_docstring(node) or "").split("\n\n")
        case ast.JoinedStr():
            parts = (one.value if isinstance(one, ast.Constant) else "{…}" for one in node.values)
            yield "".join(map(str, parts))
            yield from (
                text
                for one in node.values
                if isinstance(one, ast.FormattedValue)
                for text in _strings(one.value)
            )
            return
        case ast.Constant(value=str(text)):
            yield text
    for child in ast.iter_child_nodes(node):
        yield from _strings(child)


def _said(template: str) -> Iterable[str]:
    """Yield the sentences and headings of a template in their order, each once."""
    bare = re.sub(r"<style.*?</style>|<script.*?</script>|{#.*?#}", "", template, flags=re.DOTALL)
    # An “if” within a sentence leaves it one sentence; what is drawn for each of many begins a new one.
    for form, words in (
        (r"{%-? *(?:if|elif|else|endif).*?%}", " "),
        (r"{%.*?%}", "\n"),
        (r"{{.*?}}", "{…}"),
    ):
        bare = re.sub(form, words, bare, flags=re.DOTALL)
    bare = re.sub(r"</?(?:a|strong|em|span|code|b)\b[^>]*>", "", bare)
    parts = (" ".join(one.split()) for one in re.sub(r"<[^>]+>", "\n", bare).split("\n"))
    return dict.fromkeys(
        html.unescape(one) for one in parts if re.search(r"[A-Za-z]{2}", one.replace("{…}", ""))
    )


def fields() -> str:
    """Return every field that a field map may name: those of the case, then each form's answers."""
    known = known_fields()
    lines = [
        "# Fields for field maps",
        "",
        MARK,
        "",
        "How to use them: [field-maps.md](field-maps.md).",
        "",
    ]
    lines += ["## Of every case", "", *_field_rows(CASE_FIELDS.values())]
    for form in catalogue.shipped():
        prefix = f"{form.form_id}." if form.is_sheet else ""
        asked = (known[name] for one in form.fields if (name := prefix + one) in known)
        lines += [f"## {form.code} {form.title}", "", *_field_rows(asked)]
    return "\n".join(lines)


def _field_rows(every: Iterable[CaseField]) -> Iterable[str]:
    yield from ("| field | what it is | takes |", "|---|---|---|")
    for one in every:
        takes = ", ".join(f"`{state}`" for state in one.states) if one.states else one.takes.value
        yield f"| `{one.name}` | {one.label} | {takes} |"
    yield ""


def traffic_light() -> str:
    """Return every rule of the traffic light with its quotation and what establishes it."""
    lines = [
        f"# The traffic light, rules of {rules_version()}",
        "",
        MARK,
        "",
        "Only yes and no establish anything. The cases of these rules stand in `tests/rules/cases/`, and incidents",
        "as staff write them in `vignettes.toml` there.",
        "",
        f"Green waits until each of these is asked and answered so: {_green_waits_for()}.",
        f"Besides, it waits for {_named((OTHER, *DATES))}; where nobody else was involved, not for what is about others.",
        f"The review sheet asks in every case, so that a form need not: {_named(sorted(asked_on_review()))}.",
        "",
        "| rule | section | lists | weighs | established by | guidance |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_row(rule) for rule in rules()]
    lines += [
        "",
        "## Questions that words in the free text ask to check",
        "",
        "The words are in `rules/light/hints.toml`.",
        "",
    ]
    lines += [f"- {hint.label}" for hint in hints()]
    return "\n".join(lines) + "\n"


def _green_waits_for() -> str:
    wanted = green_waits_for(rules()).items()
    return ", ".join(
        f"`{name}` = {answer}" for name, answer in wanted if name not in asked_on_review()
    )


def _named(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def after_the_form() -> str:
    """Return every step after the recording form, with its quotation and what answers it."""
    shown = tested_in()
    lines = [
        "",
        "# After the recording form",
        "",
        "What the guidance then asks for. A step is on the page “what is open” until a sheet answers it, or",
        "a reason stands there; FormFlow decides none of them. While a gate is open, the sheet after it is",
        "not made. Each row is tested in `tests/rules/cases/steps.toml`: when it is asked for, when not, and",
        "(`tests/rules/test_steps.py`) that all parts of an answer do it and nothing less. Words in {braces}",
        "are your own, from the settings.",
        "",
        "| rule | section | kind | asked for | answered by | what to do | guidance | also tested in |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {step.id} | {step.section} | {step.kind} | {step.when.replace('_', ' ')}"
        f" | {step.sheet}: {_answered_by(step)} | {step.text} | “{step.quote}”"
        f" | {', '.join(shown.get(step.id, []))} |"
        for step in steps()
    ]
    lines += [
        "",
        "# What FormFlow keeps to, always",
        "",
        "| rule | section | kind | what FormFlow does | guidance | tested in |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {line.id} | {line.section} | {line.kind} | {line.does} | “{line.quote}”"
        f" | {', '.join(shown.get(line.id, []))} |"
        for line in standing()
    ]
    return "\n".join(lines) + "\n"


def tested_in() -> Mapping[str, list[str]]:
    """Return for each rule the tests that carry its id, as "file: name"."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for ids, name in MARKED.findall(path.read_text("utf-8")):
            where = f"`{path.relative_to(ROOT).as_posix()}: {name}`"
            for rule in re.findall(r'"(\w+)"', ids):
                found.setdefault(rule, []).append(where)
    return found


def _answered_by(step: Step) -> str:
    ways = (" and ".join(_wanted(one, step) for one in parts) for parts in step.answers)
    return ", or ".join(ways) or "nothing: open as long as it is asked for"


def _wanted(one: Wanted, step: Step) -> str:
    name = one.name if one.form_id == step.sheet else f"{one.form_id}.{one.name}"
    return f"`{name}`" + (f" = {one.as_said}" if one.as_said else "")


def _row(rule: Rule) -> str:
    parts = (" or ".join(f"`{fact.field}` = {fact.answer}" for fact in part) for part in rule.parts)
    when = " and ".join(parts)
    if rule.ages is not None:
        first, last = rule.ages[0], rule.ages[-1]
        when += f" at age {first} to {last}" if last < 100 else f" from age {first}"
    if rule.judge:
        when += ", and earlier papers"
    analogy = " (by analogy)" if rule.by_analogy else ""
    colours = " and ".join(rule.colours) or "none"
    return (
        f"| {rule.id} | {rule.section} | {colours}{analogy} | {rule.weighs} | {when}"
        f" | “{rule.quote}” |"
    )


def main() -> None:
    """Write every page."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
