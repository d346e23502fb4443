"""Fill a form with pdfrw: values alone, no pictures of them; viewers are asked to draw the answers.

Usage: python fill_pdfrw.py BLANK.pdf ANSWERS.json OUT.pdf
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pdfrw import PdfDict, PdfName, PdfObject, PdfReader, PdfString, PdfWriter


def main(blank: str, answers_file: str, out: str) -> None:
    """Fill every page and save a new file."""
    answers = json.loads(Path(answers_file).read_text("utf-8"))
    document = PdfReader(blank)
    for page in document.pages:
        for box in page.Annots or []:
            name = (box.T or box.Parent.T).to_unicode()
            state = answers["buttons"].get(name)
            if name in answers["text"]:
                box.V = PdfString.encode(answers["text"][name])
                box.AP = None
            elif state and PdfName(state) in box.AP.N:
                box.update(PdfDict(AS=PdfName(state)))
                box.Parent.update(PdfDict(V=PdfName(state)))
    document.Root.AcroForm.update(PdfDict(NeedAppearances=PdfObject("true")))
    PdfWriter().write(out, document)


if __name__ == "__main__":
    main(*sys.argv[1:4])
