"""An agency's own template for what another system imports: JSON, CSV, XML or text, filled in with one record.

What is filled in can never become structure: in JSON every {{ … }} is one whole value, in CSV one whole cell, in XML
text. What comes out is read again before it counts.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import PurePath
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException, ElementTree
from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from formflow.sdk import printable
from formflow_connectors.csv_text import harmless

ENDINGS = (".json", ".csv", ".xml", ".txt")
LARGEST = 1 << 20  # letters of a template
_ENCODING = re.compile(r"""<\?xml[^>]*encoding=["'](?!utf-8["'])""", re.IGNORECASE)
_OF_TEMPLATES = (".jinja", ".jinja2", ".j2")  # may follow: record.json.j2


class Unsuitable(Exception):
    """A template that cannot be used, or that failed; `why` says where, and never holds a value."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def ending_of(name: str) -> str:
    """Return which kind of file a template makes, by its name: ".json". Raise ValueError."""
    path = PurePath(name)
    plain = path.with_suffix("") if path.suffix.lower() in _OF_TEMPLATES else path
    if plain.suffix.lower() not in ENDINGS:
        msg = f"its name must end in {', '.join(ENDINGS)}, with or without .j2 after that"
        raise ValueError(msg)
    return plain.suffix.lower()


class RecordTemplate:
    """A template that was understood."""

    def __init__(self, text: str, ending: str, known: Collection[str]) -> None:
        """Read it. Raise Unsuitable for one that is not written as templates are, or names what is not known."""
        self._ending = ending
        if len(text) > LARGEST:
            raise Unsuitable("it is longer than a template should be")
        environment = _environment(ending)
        try:
            named = meta.find_undeclared_variables(environment.parse(text))
            self._template: Template = environment.from_string(text)
        except TemplateSyntaxError as problem:
            raise Unsuitable(f"line {problem.lineno} is not written as a template") from None
        for name in sorted(named - {*known} - {*environment.globals}):
            near = get_close_matches(name, known, 3)
            raise Unsuitable(
                f"it names “{name}”" + (f"; do you mean {' or '.join(near)}?" if near else "")
            )

    def filled(self, facts: Mapping[str, Any]) -> bytes:
        """Return the file for one record. Raise Unsuitable."""
        try:
            text = self._template.render(facts)
            content = text.encode()
        except UndefinedError as problem:
            raise Unsuitable(f"line {_line(problem)} names something that there is not") from None
        except Exception as problem:  # noqa: BLE001 - a template may fail in any way; its words may hold a value
            raise Unsuitable(f"line {_line(problem)} could not be filled in") from None
        if found := _CHECKS[self._ending](text):
            raise Unsuitable(found)
        return content


def _environment(ending: str) -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=ending == ".xml",
        finalize=_FINAL[ending],
        keep_trailing_newline=True,
    )
    # Each would let a value pass as it is, or twice encoded.
    for name in ("safe", "tojson"):
        made.filters.pop(name)
    return made


def _line(problem: Exception) -> int:
    """Return in which line of the template something failed; 1 where nobody knows."""
    line, trace = 1, problem.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _text(value: object) -> str:
    """Return a value as text: "" for nothing, days and moments as computers write them."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return printable(str(value))


def _json_value(value: object) -> str:
    """Return a value as JSON writes it, lists and tables too."""
    return json.dumps(value, ensure_ascii=False, default=_text)


def _cell(value: object) -> str:
    """Return a value as a cell: in quotes, and no formula."""
    return '"' + harmless(_text(value)).replace('"', '""') + '"'


def _wrong_json(text: str) -> str | None:
    try:
        json.loads(text)
    except ValueError as problem:
        line = getattr(problem, "lineno", 1)
        return f"what it makes is no JSON (line {line} of that)"
    return None


def _wrong_csv(text: str) -> str | None:
    try:
        rows = [row for row in csv.reader(re.split(r"(?<=\n)", text), strict=True) if row]
    except csv.Error:
        return "what it makes is no CSV; each {{ … }} is a whole cell and needs no quotes around it"
    if len({len(row) for row in rows}) > 1:
        return "the lines that it makes have different numbers of cells"
    return None


def _wrong_xml(text: str) -> str | None:
    if _ENCODING.match(text):
        return "what it makes says that it has another encoding than UTF-8"
    try:
        ElementTree.fromstring(text.encode(), forbid_dtd=True)
    except ParseError as problem:
        return f"what it makes is no XML (line {problem.position[0]} of that)"
    except (DefusedXmlException, ValueError, LookupError):
        return "what it makes has a document type, which XML of ours never has"
    return None


_FINAL: Mapping[str, Callable[[Any], object]] = {
    ".json": _json_value,
    ".csv": _cell,
    ".xml": lambda value: value if hasattr(value, "__html__") else _text(value),
    ".txt": _text,
}
_CHECKS: Mapping[str, Callable[[str], str | None]] = {
    ".json": _wrong_json,
    ".csv": _wrong_csv,
    ".xml": _wrong_xml,
    ".txt": lambda _: None,
}
