"""Word documents with a table, each with habits of the program that makes such files; and how one is read back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping

import docx

HEADINGS = ("Date", "Pupil", "What happened", "Our reference")
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.document.main+xml"/></Types>'
)
RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"'
    ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
    ' Target="word/document.xml"/></Relationships>'
)


def package(body: str, *, more: Mapping[str, str] | None = None, root: str = "") -> bytes:
    """Return a document with this body, and more parts by their names."""
    spaces = root or f'xmlns:w="{W}"'
    document = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:document {spaces}><w:body>{body}</w:body></w:document>'
    parts = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": RELATIONS,
        "word/document.xml": document,
        **(more or {}),
    }
    return packed({name: part.encode() for name, part in parts.items()})


def packed(parts: Mapping[str, bytes]) -> bytes:
    """Return an archive of parts, in this order."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return made.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    """Return every part of a document by its name, in their order."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def cell(text: str, form: str = "", letters: str = "") -> str:
    """Return a cell, with what says how it looks."""
    run = f"<w:r>{letters}<w:t>{text}</w:t></w:r>" if text else ""
    return f'<w:tc><w:tcPr><w:tcW w:w="2000" w:type="dxa"/>{form}</w:tcPr><w:p>{run}</w:p></w:tc>'


def row(*texts: str, form: str = "", cells: str = "") -> str:
    """Return a row of cells."""
    return f"<w:tr>{form}{''.join(cell(text, cells) for text in texts)}</w:tr>"


def table(*rows: str) -> str:
    """Return a table of rows."""
    grid = '<w:gridCol w:w="2000"/>' * len(HEADINGS)
    return f"<w:tbl><w:tblPr/><w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl><w:p/>"


def plain(*rows: str) -> bytes:
    """Return a document with a table of headings and rows."""
    return package(table(row(*HEADINGS), *rows))


def read_back(content: bytes, number: int = 0) -> list[list[str]]:
    """Return the rows of a table as python-docx reads them, which knows nothing of us."""
    document = docx.Document(io.BytesIO(content))
    rows = document.tables[number].rows
    return [[one.text for one in line.cells] for line in rows]


def by_python_docx(rows: Iterable[tuple[str, ...]], *, style: str = "Table Grid") -> bytes:
    """Return a document that python-docx made, with a picture's worth of other parts."""
    document = docx.Document()
    document.add_heading("Chronology", 1)
    made = document.add_table(rows=1, cols=len(HEADINGS), style=style)
    for place, heading in enumerate(HEADINGS):
        made.rows[0].cells[place].text = heading
    for one in rows:
        added = made.add_row().cells
        for place, text in enumerate(one):
            added[place].text = text
    document.add_paragraph("Kept by the safeguarding team.")
    document.sections[0].footer.paragraphs[0].text = "Confidential"
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()
