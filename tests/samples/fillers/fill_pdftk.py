"""Fill a form with pdftk-java, from FDF or XFDF.

Usage: python fill_pdftk.py BLANK.pdf ANSWERS.json OUT.pdf FONT.ttf WAY
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

OWNER = ["owner_pw", "change-protection", "allow", "AllFeatures"]


def main(blank: str, answers_file: str, out: str, font: str, way: str) -> None:
    """Write the answers in the exchange format and let pdftk put them into the form."""
    answers = json.loads(Path(answers_file).read_text("utf-8"))
    answers_format = "xfdf" if way == "xfdf" else "fdf"
    exchange = Path(answers_file).with_suffix(f".{answers_format}")
    exchange.write_bytes(_xfdf(answers) if way == "xfdf" else _fdf(answers))
    drawing = ["need_appearances"] if way == "need_appearances" else ["replacement_font", font]
    protection = OWNER if way == "owner_password" else []
    command = ["pdftk", blank, "fill_form", str(exchange), "output", out, *drawing, *protection]
    subprocess.run(command, check=True)


def _fdf(answers: dict[str, dict[str, str]]) -> bytes:
    fields = [f"<< /T ({name}) /V <{_utf16(text)}> >>" for name, text in answers["text"].items()]
    fields += [f"<< /T ({name}) /V /{state} >>" for name, state in answers["buttons"].items()]
    body = "\n".join(fields)
    return (
        f"%FDF-1.2\n1 0 obj\n<< /FDF << /Fields [\n{body}\n] >> >>\nendobj\n"
        "trailer\n<< /Root 1 0 R >>\n%%EOF\n"
    ).encode("ascii")


def _utf16(text: str) -> str:
    return (b"\xfe\xff" + text.encode("utf-16-be")).hex()


def _xfdf(answers: dict[str, dict[str, str]]) -> bytes:
    root = ET.Element("xfdf", {"xmlns": "http://ns.adobe.com/xfdf/", "xml:space": "preserve"})
    fields = ET.SubElement(root, "fields")
    for name, value in {**answers["text"], **answers["buttons"]}.items():
        field = ET.SubElement(fields, "field", {"name": name})
        ET.SubElement(field, "value").text = value
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


if __name__ == "__main__":
    main(*sys.argv[1:6])
