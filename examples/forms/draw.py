"""Draws the three forms of imaginary agencies in this folder: python examples/forms/draw.py

larkfield-school.pdf   the guidance's own form as a school has it: labels, and plain boxes under them
westmere-council.pdf   a council's form: two columns, numbered questions, small print, one tick of three
ashby-club.docx        a club's form as it was typed in Word: a table, a line to sign on
ashby-club.pdf         the same as LibreOffice prints it, where it is installed: it has no boxes yet
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import docx
from docx.shared import Cm, Pt
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

HERE = Path(__file__).parent
WIDE, HIGH = A4
MARGIN = 40.0
LARKFIELD = (
    ("Childs Name:", 20),
    ("DOB:", 20),
    ("Date/time of incident:", 20),
    ("Form completed by:", 20),
    (
        "Type of behaviour: describe in as much detail as possible, what the child/yp did or said:",
        90,
    ),
    ("Context of the behaviour: e.g. was the behaviour spontaneous or planned?", 90),
    ("Relationship between the child/yp involved:", 60),
    ("Response of the other children/yp, adult involved:", 60),
    ("Response of the child/yp:", 60),
    ("What was the attempt to address the behaviour and what was the child response to that?", 60),
    ("What was the response of the parents when informed of their child’s sexual behaviour?", 60),
    ("Other actions taken?", 60),
)
WESTMERE = (
    "Was it spontaneous?",
    "Was it planned?",
    "Was there use of force?",
    "Was there coercion?",
    "Was there manipulation?",
    "Was there a threat?",
    "Was there blackmail?",
    "Was it kept secret, or was anyone asked to keep it secret?",
    "Was social media used to entice, bully or threaten?",
    "Was there peer pressure to take part?",
    "Has it happened before, or more than once?",
    "Does it happen often, or more often than before?",
    "Are they of a similar age?",
    "Would they normally associate with each other?",
    "Might one be more in control than the other?",
    "Is there a difference in size?",
    "Is there a difference in ability?",
    "Is there a difference in status?",
    "Is there a difference in strength?",
    "Was the child aggressive?",
    "Was the child angry?",
    "Could the child be easily focused on another task?",
    "Was the child difficult to distract?",
    "Did the child keep returning to the behaviour?",
    "Did the child respond to the boundaries that were set?",
    "Have the parents been informed?",
)
ASHBY = (
    "Name of child",
    "Date of birth",
    "Date and time of incident",
    "Where did it happen?",
    "Form completed by",
)
ASHBY_LONG = ("Type of behaviour", "Response of the child", "Other actions taken")
ASHBY_ASKED = ("Was it planned?", "Was there use of force?", "Was there a threat?")


def main() -> None:
    """Draw all of them beside this file."""
    larkfield(HERE / "larkfield-school.pdf")
    westmere(HERE / "westmere-council.pdf")
    ashby(HERE / "ashby-club.docx")
    printed(HERE / "ashby-club.docx")


def _canvas(path: Path, title: str) -> Canvas:
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    canvas.setTitle(title)
    return canvas


def _text_box(
    canvas: Canvas, name: str, place: tuple[float, float, float, float], tooltip: str = ""
) -> None:
    x, y, wide, high = place
    canvas.acroForm.textfield(
        name=name, tooltip=tooltip or None, x=x, y=y, width=wide, height=high, borderWidth=0.5,
        fontSize=10, fieldFlags="multiline" if high > 40 else "", forceBorder=True,
    )  # fmt: skip


def larkfield(path: Path) -> None:
    """Draw the school's form: boxes with the names that a program gave them."""
    canvas = _canvas(path, "Sexual Behaviour Recording Form, Larkfield School")
    y = _heading(canvas, "Larkfield School", "Sexual Behaviour Recording Form")
    for number, (label, high) in enumerate(LARKFIELD, start=1):
        if y - high < 60:
            canvas.showPage()
            y = HIGH - MARGIN - 20
        canvas.setFont("Helvetica", 10)
        if high == 20:
            canvas.drawString(MARGIN, y - 14, label)
            _text_box(canvas, f"Text{number}", (MARGIN + 130, y - high, 380, high))
        else:
            canvas.drawString(MARGIN, y - 10, label)
            high += 16
            _text_box(canvas, f"Text{number}", (MARGIN, y - high, 510, high - 16))
        y -= high + 10
    canvas.drawString(MARGIN, y - 14, "Signed")
    _text_box(canvas, "Text13", (MARGIN + 50, y - 20, 230, 20))
    canvas.drawString(MARGIN + 300, y - 14, "Date")
    _text_box(canvas, "Text14", (MARGIN + 335, y - 20, 120, 20))
    canvas.save()


def _heading(canvas: Canvas, agency: str, title: str) -> float:
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(MARGIN, HIGH - 50, title)
    canvas.setFont("Helvetica", 9)
    canvas.drawString(MARGIN, HIGH - 64, f"{agency}. Confidential: for the safeguarding lead only.")
    return HIGH - 80


def westmere(path: Path) -> None:
    """Draw the council's form: a band of short answers, then two columns of numbered questions."""
    canvas = _canvas(path, "Notification of sexual behaviour, Westmere Council")
    y = _heading(
        canvas, "Westmere Council, Children’s Services", "Notification of sexual behaviour"
    )
    y = _short_answers(canvas, y)
    column = (WIDE - 2 * MARGIN - 16) / 2
    tops = [y, y]
    for number, question in enumerate(WESTMERE, start=1):
        side = 0 if number <= len(WESTMERE) / 2 else 1
        tops[side] = _asked(canvas, number, question, MARGIN + side * (column + 16), tops[side])
    canvas.setLineWidth(0.4)
    canvas.line(WIDE / 2, y - 4, WIDE / 2, min(tops))
    y = min(tops) - 10
    for name, label in (
        ("account", "27. Type of behaviour"),
        ("response", "28. Response of the child"),
    ):
        canvas.setFont("Helvetica", 8)
        canvas.drawString(MARGIN, y - 8, label)
        _text_box(canvas, name, (MARGIN, y - 90, WIDE - 2 * MARGIN, 78), label[4:])
        y -= 98
    for name, label, x, wide in (
        ("sign", "Signed", MARGIN, 250),
        ("sign_date", "Date signed", MARGIN + 320, 130),
    ):
        canvas.drawString(x, y - 8, label)
        _text_box(canvas, name, (x, y - 28, wide, 16), label)
    canvas.save()


def _short_answers(canvas: Canvas, y: float) -> float:
    rows = (
        (("child", "Child’s full name", 300), ("dob", "Date of birth", 100), ("upn", "UPN", 100)),
        (
            ("when", "Date and time of incident", 160),
            ("where", "Where did it happen?", 180),
            ("by", "Form completed by", 160),
        ),
    )
    for row in rows:
        x = MARGIN
        for name, label, wide in row:
            canvas.setFont("Helvetica", 7.5)
            canvas.rect(x, y - 34, wide + 4, 32)
            canvas.drawString(x + 3, y - 11, label)
            _text_box(canvas, name, (x + 3, y - 32, wide - 2, 16), label)
            x += wide + 7
        y -= 36
    return y - 6


def _asked(canvas: Canvas, number: int, question: str, x: float, y: float) -> float:
    """Draw a question with three boxes under it, of which one is ticked; return where the next one begins."""
    canvas.setFont("Helvetica", 7.5)
    canvas.drawString(x, y - 8, f"{number}. {question}")
    for state, label, right in (
        ("yes", "Yes", 12),
        ("no", "No", 62),
        ("unknown", "Not known", 108),
    ):
        canvas.acroForm.radio(
            name=f"q{number}", value=state, x=x + right, y=y - 22, size=10, tooltip=question,
            buttonStyle="check", shape="square", borderWidth=0.7, forceBorder=True,
        )  # fmt: skip
        canvas.drawString(x + right + 14, y - 20, label)
    return y - 27


def ashby(path: Path) -> None:
    """Type the club's form as people do in Word."""
    made = docx.Document()
    made.styles["Normal"].font.name, made.styles["Normal"].font.size = "Arial", Pt(10)
    for section in made.sections:
        section.left_margin = section.right_margin = Cm(2)
    made.add_heading("Ashby Youth Club: incident of sexual behaviour", level=1)
    made.add_paragraph(
        "Fill in one form for each child. Give it to the safeguarding lead on the same day."
    )
    for label, high in _rows():
        if label == ASHBY[0]:
            table = made.add_table(rows=0, cols=2)
            table.style = "Table Grid"
        cells = table.add_row().cells
        cells[0].width, cells[1].width = Cm(5.5), Cm(11.5)
        cells[0].text = label
        table.rows[-1].height = Cm(high)
    made.add_paragraph()
    for question in ASHBY_ASKED:
        made.add_paragraph(f"{question}   Yes / No / Not known")
    made.add_paragraph()
    made.add_paragraph("Signed: ______________________________   Date signed: __________________")
    made.core_properties.author = "Ashby Youth Club"
    made.save(str(path))


def _rows() -> Iterator[tuple[str, float]]:
    yield from ((label, 0.8) for label in ASHBY)
    yield from ((label, 2.4) for label in ASHBY_LONG)


def printed(path: Path) -> None:
    """Turn a Word form into a PDF with LibreOffice."""
    office = shutil.which("soffice")
    if office is None:
        raise SystemExit("LibreOffice is not installed: the PDF of the Word form stays as it is.")
    with tempfile.TemporaryDirectory() as folder:
        command: Sequence[str] = (
            office, f"-env:UserInstallation={Path(folder).as_uri()}", "--headless",
            "--convert-to", "pdf", "--outdir", str(path.parent), str(path),
        )  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=300)


if __name__ == "__main__":
    main()
