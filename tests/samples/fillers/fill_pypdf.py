"""Fill a form with pypdf, as a script in an office would.

Usage: python fill_pypdf.py BLANK.pdf ANSWERS.json OUT.pdf
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pypdf import PdfReader, PdfWriter


def main(blank: str, answers_file: str, out: str) -> None:
    """Fill every page and save a new file."""
    answers = json.loads(Path(answers_file).read_text("utf-8"))
    states = {name: f"/{state}" for name, state in answers["buttons"].items()}
    writer = PdfWriter(clone_from=PdfReader(blank))
    for page in writer.pages:
        writer.update_page_form_field_values(
            page, {**answers["text"], **states}, auto_regenerate=False
        )
    writer.write(out)


if __name__ == "__main__":
    main(*sys.argv[1:4])
