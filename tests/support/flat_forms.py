"""Forms without boxes, as agencies have them for printing: what `forms make-fillable` gets."""

from __future__ import annotations

from pathlib import Path

import pikepdf
from reportlab.pdfgen.canvas import Canvas

PAGE = (595.0, 842.0)


def dense(path: Path, turn: int = 0) -> Path:
    """Draw a council's form: two columns, lines under small print, cells, tick boxes, a table headed Yes and No."""
    canvas = Canvas(str(path), pagesize=PAGE)
    canvas.setFont("Helvetica-Bold", 12)
    canvas.drawString(40, 800, "Notice of an incident")
    canvas.line(40, 794, 555, 794)  # it only parts the heading from what is under it
    canvas.setFont("Helvetica", 8)
    _lines(canvas)
    _cells(canvas)
    _table(canvas)
    _ticks(canvas)
    canvas.save()
    if turn:
        with pikepdf.open(path, allow_overwriting_input=True) as pdf:
            pdf.pages[0].Rotate = turn
            pdf.save()
    return path


def _lines(canvas: Canvas) -> None:
    for x, labels in ((40, ("School:", "Class:")), (310, ("Telephone:", "Head teacher:"))):
        for number, label in enumerate(labels):
            y = 770 - 22 * number
            canvas.drawString(x, y, label)
            canvas.line(x + 60, y - 2, x + 240, y - 2)
    canvas.drawString(40, 722, "What happened? Continue on another page where you need to.")
    canvas.drawString(40, 708, "Please describe it:")
    for number in range(4):
        canvas.line(40, 690 - 18 * number, 555, 690 - 18 * number)
    canvas.drawString(40, 610, "Name: ______________________________  Date: ___/___/______")


def _cells(canvas: Canvas) -> None:
    for x, wide, label in ((40, 250, "Family name"), (290, 265, "First names")):
        canvas.rect(x, 560, wide, 32)
        canvas.drawString(x + 3, 582, label)
    canvas.drawString(40, 540, "Pupil number")
    for number in range(8):
        canvas.rect(120 + 16 * number, 534, 16, 16)


def _table(canvas: Canvas) -> None:
    for number, words in enumerate(("", "Did it happen before?", "Was force used?")):
        y = 500 - 20 * number
        canvas.rect(40, y, 300, 20)
        canvas.drawString(44, y + 6, words)
        for x, head in ((340, "Yes"), (390, "No")):
            canvas.rect(x, y, 50, 20)
            if number == 0:
                canvas.drawCentredString(x + 25, y + 6, head)


def _ticks(canvas: Canvas) -> None:
    canvas.drawString(40, 430, "Were the parents told?")
    for x, words in ((200, "Yes"), (260, "No")):
        canvas.rect(x, 428, 9, 9)
        canvas.drawString(x + 13, 430, words)
    canvas.drawString(40, 410, "Where? Tick all that apply.")
    for x, words in ((200, "Classroom"), (290, "Playground"), (390, "Bus")):
        canvas.rect(x, 408, 9, 9)
        canvas.drawString(x + 13, 410, words)
    canvas.drawString(40, 390, "Is a sibling at the school?")
    canvas.drawString(200, 390, "Yes/No")
    canvas.drawString(40, 370, "Answer yes or no to each question, and sign in ink.")
    canvas.setFillGray(0)
    canvas.rect(560, 10, 12, 12, fill=1)  # for the machine that reads prints
