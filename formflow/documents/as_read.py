"""The "as read" sheet: what FormFlow read on a paper, filed beside the original in the child's file.

Everything in full: a long answer goes on over the page and is never cut. The same entry gives the
same bytes.
"""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo

from formflow.core.model import Answer, AnswerState, Entry, Proposal, Weighs
from formflow.core.pdf_syntax import array, dictionary, reference, text_string
from formflow.core.text_wrap import width_of, wrapped
from formflow.core.wording import (
    CAME_FROM,
    LIGHT_WORDS,
    NOTHING_PROPOSED,
    OUTCOME_WORDS,
    moment_in_words,
    suggested,
)
from formflow.documents.fonts import drawable, font_for
from formflow.documents.pdf_file import PdfFile
from formflow.documents.structure import Element, Leaf, Structure, catalogue
from formflow.forms.catalogue import Form

WIDTH, HEIGHT = 595.28, 841.89
LEFT, MIDDLE, RIGHT, TOP, BOTTOM = 48.0, 232.0, 548.0, 800.0, 56.0
BODY, BOLD = "Helvetica", "Helvetica-Bold"
SIZE, LEADING = 9.5, 12.0
MARK = 3.0  # width of the bar beside what a person has to check
INK, PALE = 0.0, 0.35  # greys


def as_read(form: Form | None, entry: Entry, zone: ZoneInfo) -> bytes:
    """Return the sheet of what was read of an entry, as PDF. Moments are shown in `zone`."""
    sheet = _Sheet(f"{entry.reference} revision {entry.revision}")
    sheet.heading(f"What FormFlow read: {entry.reference}", 15, "H1")
    _about(sheet, form, entry, zone)
    _to_check(sheet, entry)
    _proposed(sheet, form, entry.proposal)
    if form is not None and entry.answers:
        _answers(sheet, form, entry)
    return sheet.finished()


def _about(sheet: _Sheet, form: Form | None, entry: Entry, zone: ZoneInfo) -> None:
    title = f"{form.title}, version {form.version}" if form else "Not known"
    sheet.row("Form", title)
    sheet.row("Revision", str(entry.revision))
    received = moment_in_words(entry.received_at, zone)
    sheet.row("Received", f"{received}, {CAME_FROM[entry.role]}")
    sheet.row("Recorded", moment_in_words(entry.recorded_at, zone))
    sheet.row("Status", OUTCOME_WORDS[entry.outcome])
    if entry.possible_duplicate_of:
        sheet.row("May be the same as", f"{entry.possible_duplicate_of}: a person compares the two")


def _to_check(sheet: _Sheet, entry: Entry) -> None:
    proposal = entry.proposal
    notices = list(entry.notices)
    if proposal:
        notices = [*proposal.urgent, *notices, *proposal.contradictions, *proposal.please_check]
    if notices:
        sheet.heading("To check", 11.5)
    for found in notices:
        page = f", page {found.page}" if found.page else ""
        sheet.row(f"{found.code}{page}", found.text, marked=True)


def _proposed(sheet: _Sheet, form: Form | None, proposal: Proposal | None) -> None:
    sheet.heading("What FormFlow suggests. The DSL decides.", 11.5)
    _shape, words, means = LIGHT_WORDS[proposal.light] if proposal else NOTHING_PROPOSED
    words = suggested(proposal.light) if proposal else words
    sheet.row(words, means)
    if proposal is None:
        return
    for found in sorted(proposal.findings, key=lambda one: list(Weighs).index(one.weighs)):
        analogy = " (not named in the guidance)" if found.by_analogy else ""
        cited = f"{found.text}{analogy}\nGuidance {found.section}: “{found.quote}”"
        sheet.row(f"{found.rule}, {found.weighs.value}", cited)
    if form is not None and proposal.missing:
        labels = [form.fields[name].label for name in proposal.missing if name in form.fields]
        sheet.row("Not answered", "\n".join(labels))


def _answers(sheet: _Sheet, form: Form, entry: Entry) -> None:
    for section in form.sections:
        sheet.heading(section.label, 11.5)
        for field in section.fields:
            sheet.row(field.label, _in_words(form, field.name, entry.answers.get(field.name)))


def _in_words(form: Form, name: str, answer: Answer | None) -> str:
    if answer is None or answer.state is AnswerState.BLANK:
        return "(blank)"
    if answer.state is AnswerState.UNREADABLE or answer.value is None:
        return "(could not be read)"
    field = form.fields[name]
    return field.in_words(answer.value) if field.states else answer.value


class _Sheet:
    """Pages that fill from the top, in two columns: the question, and what was read."""

    def __init__(self, title: str) -> None:
        self._file, self._title = PdfFile(), title
        self._document = self._file.room()
        self._structure = Structure(self._file, self._document)
        self._leaves: list[Leaf] = []
        self._new_page()

    def heading(self, text: str, size: float, kind: str = "H2") -> None:
        """Write a heading, with room below it for at least one row."""
        self._need(size + 5 * LEADING)
        self._y -= size + 8
        shown = drawable(text)
        font = font_for(shown, BOLD)
        self._structure.begin(self._leaf, self._structure.element(kind))
        for line in wrapped(shown, font, size, RIGHT - LEFT):
            self._line(LEFT, line, font, size)
            self._y -= size * 1.3
        self._structure.end(self._leaf)
        self._y += size

    def row(self, question: str, answer: str, *, marked: bool = False) -> None:
        """Write a question and its answer; a long answer goes on over the page."""
        question_font, questions = _wrapped_label(question)
        questions = [
            *questions[:-1],
            f"{questions[-1]} ",
        ]  # else the answer is read as its last word
        shown = drawable(answer)
        font = font_for(shown, BODY)
        answers = wrapped(shown, font, SIZE, RIGHT - MIDDLE)
        self._need(min(len(questions), 3) * LEADING)
        # One paragraph: what is read aloud is the question, and then its answer.
        part = self._structure.element("P")
        left = max(len(questions), len(answers))
        while left:
            self._need(LEADING)
            fit = min(left, int((self._y - BOTTOM) / LEADING))
            if marked:
                self._bar(fit)
            self._lines(part, LEFT, questions[:fit], question_font, PALE)
            self._lines(part, MIDDLE, answers[:fit], font, INK)
            self._y -= fit * LEADING
            questions, answers, left = questions[fit:], answers[fit:], left - fit
        self._y -= 3

    def finished(self) -> bytes:
        """Return the PDF."""
        file, pages = self._file, self._file.room()
        kids = [self._finished(leaf, number, pages) for number, leaf in enumerate(self._leaves, 1)]
        tree = {
            b"/Type": b"/Pages",
            b"/Kids": b"[ %b ]" % b" ".join(kids),
            b"/Count": b"%d" % len(kids),
            b"/MediaBox": array((0, 0, WIDTH, HEIGHT)),
        }
        file.put(pages, dictionary(tree))
        root = {
            b"/Type": b"/Catalog",
            b"/Pages": reference(pages),
            **catalogue(file, self._structure, self._document, self._title),
        }
        about = {b"/Title": text_string(self._title), b"/Producer": text_string("FormFlow")}
        return file.written(file.add(dictionary(root)), file.add(dictionary(about)))

    def _finished(self, leaf: Leaf, number: int, pages: int) -> bytes:
        """Write a page with its foot; return what refers to it."""
        self._leaf, self._y = leaf, 34.0
        leaf.drawing.begin_artifact()
        self._line(LEFT, f"{self._title} · as read · confidential", BODY, 8, PALE)
        count = f"page {number} of {len(self._leaves)}"
        self._line(RIGHT - width_of(count, BODY) * 8, count, BODY, 8, PALE)
        leaf.drawing.end()
        return self._structure.page(leaf, pages, {})

    def _bar(self, lines: int) -> None:
        """Draw the bar beside so many lines that a person has to check."""
        drawing = self._leaf.drawing
        drawing.begin_artifact()
        drawing.shade(INK)
        drawing.bar(LEFT - 9, self._y - lines * LEADING - 3, MARK, lines * LEADING)
        drawing.end()

    def _lines(self, part: Element, x: float, lines: list[str], font: str, ink: float) -> None:
        """Write lines of a part of the structure below each other, from where the page is filled to."""
        if not lines:
            return
        drawing, y = self._leaf.drawing, self._y
        self._structure.begin(self._leaf, part)
        drawing.shade(ink)
        for line in lines:
            y -= LEADING
            drawing.text(x, y, line, font, SIZE)
        self._structure.end(self._leaf)

    def _line(self, x: float, text: str, font: str, size: float, ink: float = INK) -> None:
        self._leaf.drawing.shade(ink)
        self._leaf.drawing.text(x, self._y, text, font, size)

    def _need(self, height: float) -> None:
        if self._y - height < BOTTOM:
            self._new_page()

    def _new_page(self) -> None:
        self._leaf, self._y = self._structure.leaf(), TOP
        self._leaves.append(self._leaf)


@lru_cache(maxsize=1024)
def _wrapped_label(text: str) -> tuple[str, list[str]]:
    shown = drawable(text)
    font = font_for(shown, BODY)
    return font, wrapped(shown, font, SIZE, MIDDLE - LEFT - 12)
