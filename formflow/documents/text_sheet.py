"""Pages of text that fill from the top: headings, paragraphs, questions with their answers. They can be read aloud."""

from __future__ import annotations

from functools import lru_cache

from formflow.core.pdf_syntax import array, dictionary, reference, text_string
from formflow.core.text_wrap import width_of, wrapped
from formflow.documents.fonts import drawable, font_for
from formflow.documents.pdf_file import PdfFile
from formflow.documents.structure import Element, Leaf, Structure, catalogue

WIDTH, HEIGHT = 595.28, 841.89
LEFT, MIDDLE, RIGHT, TOP, BOTTOM = 48.0, 232.0, 548.0, 800.0, 56.0
BODY, BOLD = "Helvetica", "Helvetica-Bold"
SIZE, LEADING = 9.5, 12.0
MARK = 3.0  # width of the bar beside what a person has to check
INK, PALE = 0.0, 0.35  # greys


class TextSheet:
    """Pages that fill from the top, in two columns: the question, and what was read."""

    def __init__(self, title: str, foot: str) -> None:
        """Begin with one empty page. `title`: what the file is called; `foot`: what stands at the foot of each page."""
        self._file, self._title, self._foot = PdfFile(), title, foot
        self._document = self._file.room()
        self._structure = Structure(self._file, self._document)
        self._leaves: list[Leaf] = []
        self.new_page()

    @property
    def page(self) -> int:
        """The number of the page that is being filled, from 1."""
        return len(self._leaves)

    def new_page(self) -> None:
        """Go on at the top of the next page."""
        self._leaf, self._y = self._structure.leaf(), TOP
        self._leaves.append(self._leaf)

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

    def row(self, question: str, answer: str, *, marked: bool = False) -> int:
        """Write a question and its answer; return the page it begins on. A long answer goes on over the page."""
        question_font, questions = _wrapped_label(question)
        questions = [
            *questions[:-1],
            f"{questions[-1]} ",
        ]  # else the answer is read as its last word
        shown = drawable(answer)
        font = font_for(shown, BODY)
        answers = wrapped(shown, font, SIZE, RIGHT - MIDDLE)
        self._need(min(len(questions), 3) * LEADING)
        began = self.page
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
        return began

    def paragraph(self, text: str) -> None:
        """Write a paragraph over the whole width."""
        shown = drawable(text)
        font = font_for(shown, BODY)
        lines, part = wrapped(shown, font, SIZE, RIGHT - LEFT), self._structure.element("P")
        while lines:
            self._need(LEADING)
            fit = max(1, int((self._y - BOTTOM) / LEADING))
            self._lines(part, LEFT, lines[:fit], font, INK)
            self._y -= min(fit, len(lines)) * LEADING
            lines = lines[fit:]
        self._y -= 6

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
        self._line(LEFT, self._foot, BODY, 8, PALE)
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
            self.new_page()


@lru_cache(maxsize=1024)
def _wrapped_label(text: str) -> tuple[str, list[str]]:
    shown = drawable(text)
    font = font_for(shown, BODY)
    return font, wrapped(shown, font, SIZE, MIDDLE - LEFT - 12)
