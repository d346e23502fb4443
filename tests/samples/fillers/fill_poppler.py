"""Fill a form with poppler, the engine of the document viewers on most Linux desktops.

Runs under the system's own Python, which has the gi bindings.
Usage: /usr/bin/python3 fill_poppler.py BLANK.pdf ANSWERS.json OUT.pdf
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import gi

gi.require_version("Poppler", "0.18")
from gi.repository import Poppler  # noqa: E402 - the version has to be asked for first


def main(blank: str, answers_file: str, out: str) -> None:
    """Fill every page and save."""
    answers = json.loads(Path(answers_file).read_text("utf-8"))
    document = Poppler.Document.new_from_file(Path(blank).resolve().as_uri(), None)
    for number in range(document.get_n_pages()):
        mappings = document.get_page(number).get_form_field_mapping()
        # The circles of one row carry one name and no state here: their place in the row tells.
        rows: dict[str, list[Poppler.FormField]] = {}
        for mapping in sorted(mappings, key=lambda one: one.area.x1):
            rows.setdefault(mapping.field.get_name(), []).append(mapping.field)
        for name, row in rows.items():
            if name in answers["text"]:
                row[0].text_set_text(answers["text"][name])
            elif name in answers["columns"]:
                row[answers["columns"][name]].button_set_state(True)
    document.save(Path(out).resolve().as_uri())


if __name__ == "__main__":
    main(*sys.argv[1:4])
