"""The "as read" sheet: what FormFlow read on a paper, filed beside the original in the child's file.

Everything in full: a long answer goes on over the page and is never cut. The same entry gives the
same bytes. Rendered for every paper, so it is drawn straight onto the canvas.
"""

from __future__ import annotations

import io
from functools import lru_cache
from zoneinfo import ZoneInfo

from reportlab import rl_config
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.textobject import PDFTextObject

from formflow.core.model import Answer, AnswerState, Entry, Proposal, Weighs
from formflow.core.text_wrap import width_of, wrapped
from formflow.core.wording import (
    LIGHT_WORDS,
    NOTHING_PROPOSED,
    OUTCOME_WORDS,
    moment_in_words,
    suggested,
)
from formflow.documents.fonts import drawable, font_for
from formflow.forms.catalogue import Form

WIDTH, HEIGHT = 595.28, 841.89
LEFT, MIDDLE, RIGHT, TOP, BOTTOM = 48.0, 232.0, 548.0, 800.0, 56.0
BODY, BOLD = "Helvetica", "Helvetica-Bold"
SIZE, LEADING = 9.5, 12.0
MARK = 3.0  # width of the bar beside what a person has to check
rl_config.useA85 = 0  # text encoding of streams is for printers of the last century


def as_read(form: Form | None, entry: Entry, zone: ZoneInfo) -> bytes:
    """Return the sheet of what was read of an entry, as PDF. Moments are shown in `zone`."""
    sheet = _Sheet(f"{entry.reference} revision {entry.revision}")
    sheet.heading(f"What FormFlow read: {entry.reference}", 15)
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
    sheet.row("Received", moment_in_words(entry.received_at, zone))
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
        self._out = io.BytesIO()
        self._canvas = Canvas(self._out, pagesize=(WIDTH, HEIGHT), invariant=1, pageCompression=1)
        self._canvas.setTitle(title)
        self._title = title
        self._pages: list[PDFTextObject] = []  # one text object a page: one a line is slow
        self._marks: dict[int, list[float]] = {}  # where bars stand, by page
        self._look: tuple[str, float, float] | None = None
        self._new_page()

    def heading(self, text: str, size: float) -> None:
        """Write a heading, with room below it for at least one row."""
        self._need(size + 5 * LEADING)
        self._y -= size + 8
        shown = drawable(text)
        font = font_for(shown, BOLD)
        for line in wrapped(shown, font, size, RIGHT - LEFT):
            self._line(LEFT, line, font, size)
            self._y -= size * 1.3
        self._y += size

    def row(self, question: str, answer: str, *, marked: bool = False) -> None:
        """Write a question and its answer; a long answer goes on over the page."""
        question_font, questions = _wrapped_label(question)
        shown = drawable(answer)
        font = font_for(shown, BODY)
        answers = wrapped(shown, font, SIZE, RIGHT - MIDDLE)
        self._need(min(len(questions), 3) * LEADING)
        for index in range(max(len(questions), len(answers))):
            self._need(LEADING)
            self._y -= LEADING
            if marked:
                self._marks.setdefault(len(self._pages), []).append(self._y)
            if index < len(questions):
                self._line(LEFT, questions[index], question_font, SIZE, grey=0.35)
            if index < len(answers):
                self._line(MIDDLE, answers[index], font, SIZE)
        self._y -= 3

    def finished(self) -> bytes:
        """Return the PDF."""
        for number, text in enumerate(self._pages, start=1):
            self._text, self._look, self._y = text, None, 34.0
            self._line(LEFT, f"{self._title} · as read · confidential", BODY, 8, grey=0.35)
            page = f"page {number} of {len(self._pages)}"
            self._line(RIGHT - width_of(page, BODY) * 8, page, BODY, 8, grey=0.35)
            for y in self._marks.get(number, ()):
                self._canvas.rect(LEFT - 9, y - 3, MARK, LEADING, stroke=0, fill=1)
            self._canvas.drawText(text)
            self._canvas.showPage()
        self._canvas.save()
        return self._out.getvalue()

    def _line(self, x: float, text: str, font: str, size: float, grey: float = 0) -> None:
        if self._look != (font, size, grey):
            self._text.setFont(font, size)
            self._text.setFillGray(grey)
            self._look = (font, size, grey)
        self._text.setTextOrigin(x, self._y)
        self._text.textOut(text)

    def _need(self, height: float) -> None:
        if self._y - height < BOTTOM:
            self._new_page()

    def _new_page(self) -> None:
        self._text, self._look, self._y = self._canvas.beginText(), None, TOP
        self._pages.append(self._text)


@lru_cache(maxsize=1024)
def _wrapped_label(text: str) -> tuple[str, list[str]]:
    shown = drawable(text)
    font = font_for(shown, BODY)
    return font, wrapped(shown, font, SIZE, MIDDLE - LEFT - 12)
