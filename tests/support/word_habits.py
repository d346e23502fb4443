"""Chronologies as Word, LibreOffice, Google and other programs write them, each with habits of its own. Names are invented."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.support.word_documents import (
    HEADINGS,
    RELATIONS,
    TYPES,
    W,
    by_python_docx,
    package,
    packed,
    parts_of,
    plain,
    row,
    table,
)

MADE = Path(__file__).parents[1] / "connectors" / "documents"
OLD = ("01/09/2026", "Robin Sample", "Moved class", "old-17")
ROOT = (
    f'xmlns:w="{W}" xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" mc:Ignorable="w14"'
)
# As Word saves a row that was typed in several sittings: marks of revisions and spelling, split runs, a bookmark.
WORD_HEAD = (
    '<w:tr w:rsidR="00A1" w:rsidTr="00B2" w14:paraId="1A2B3C4D" w14:textId="77777777"><w:trPr>'
    '<w:cnfStyle w:val="100000000000"/><w:cantSplit/><w:tblHeader/></w:trPr>'
    + "".join(
        f'<w:tc><w:tcPr><w:cnfStyle w:val="001000000000"/><w:tcW w:w="2254" w:type="dxa"/>'
        f'<w:shd w:val="clear" w:color="auto" w:fill="1F3864"/></w:tcPr><w:p w14:paraId="0{place}2B3C4D"><w:r>'
        f"<w:rPr><w:b/></w:rPr><w:t>{name[:2]}</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>{name[2:]}</w:t></w:r></w:p></w:tc>"
        for place, name in enumerate(HEADINGS)
    )
    + "</w:tr>"
)
WORD_ROW = (
    '<w:tr w:rsidR="00A1" w14:paraId="5E2B3C4D" w14:textId="77777777"><w:trPr><w:cantSplit/>'
    '<w:trHeight w:val="400"/></w:trPr><w:bookmarkStart w:id="0" w:name="_GoBack" w:colFirst="1" w:colLast="1"/>'
    + "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="2254" w:type="dxa"/><w:shd w:val="clear" w:fill="F2F2F2"/></w:tcPr>'
        f'<w:p w14:paraId="6{place}2B3C4D" w:rsidRDefault="00A1"><w:pPr><w:keepLines/><w:spacing w:after="40"/>'
        f'<w:rPr><w:sz w:val="18"/></w:rPr></w:pPr><w:proofErr w:type="spellStart"/><w:r w:rsidR="00C3"><w:rPr>'
        f'<w:rFonts w:ascii="Arial" w:hAnsi="Arial"/><w:sz w:val="18"/></w:rPr><w:lastRenderedPageBreak/><w:t xml:space="preserve">'
        f'{text[:3]}</w:t></w:r><w:proofErr w:type="spellEnd"/><w:r><w:t>{text[3:]}</w:t></w:r></w:p></w:tc>'
        for place, text in enumerate(OLD)
    )
    + '</w:tr><w:bookmarkEnd w:id="0"/>'
)
EMPTY_ROW = (
    "<w:tr>"
    + '<w:tc><w:tcPr><w:tcW w:w="2254" w:type="dxa"/></w:tcPr><w:p><w:pPr><w:rPr><w:i/></w:rPr></w:pPr></w:p></w:tc>'
    * len(HEADINGS)
    + "</w:tr>"
)
TEXT_BOX = (
    '<w:p><w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:wsp><wps:txbx><w:txbxContent>{0}'
    "</w:txbxContent></wps:txbx></wps:wsp></w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent>{0}</w:txbxContent>"
    "</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
)
TITLE = (
    '<w:tr><w:tc><w:tcPr><w:gridSpan w:val="4"/></w:tcPr><w:p><w:r><w:t>Chronology of significant events'
    "</w:t></w:r></w:p></w:tc></w:tr>"
)
EXTRAS = {
    "word/settings.xml": f'<w:settings xmlns:w="{W}"><w:trackRevisions/><w:rsids><w:rsid w:val="00A1"/></w:rsids></w:settings>',
    "word/styles.xml": f'<w:styles xmlns:w="{W}"/>',
    "word/media/image1.png": "not really a picture",
    "customXml/item1.xml": "<b:Sources xmlns:b='urn:x'/>",
}


def habits() -> Mapping[str, bytes]:
    """Return documents by what is special about each. All have one table with our headings."""
    head = row(*HEADINGS)
    named = packed(
        {
            "word/document2.xml": parts_of(plain(row(*OLD)))["word/document.xml"],
            "[Content_Types].xml": TYPES.replace("document.xml", "document2.xml").encode(),
            "_rels/.rels": RELATIONS.replace("word/document.xml", "/word/document2.xml").encode(),
        }
    )
    bare = (
        "<w:tbl>"
        + _bare(*HEADINGS)
        + _bare(*OLD)
        + "<w:tr>"
        + "<w:tc><w:p/></w:tc>" * 4
        + "</w:tr></w:tbl><w:p/>"
    )
    return {
        "by hand": plain(row(*OLD)),
        "headings alone": plain(),
        "Word": package(table(WORD_HEAD, WORD_ROW), more=EXTRAS, root=ROOT),
        "Word, headings alone": package(table(WORD_HEAD), more=EXTRAS, root=ROOT),
        "empty rows wait": package(table(WORD_HEAD, WORD_ROW, EMPTY_ROW, EMPTY_ROW), root=ROOT),
        "an empty row in between": plain(row(*OLD), EMPTY_ROW, row(*OLD)),
        "a title above": package(table(TITLE, head, row(*OLD))),
        "a text box with a table": package(
            TEXT_BOX.format(table(head)) + table(head, row(*OLD)), root=ROOT
        ),
        "another table first": package(
            table(row("Name", "Role", "Phone", "Mail")) + table(head, row(*OLD))
        ),
        "a table in a cell": package(
            table(head, row(*OLD), _row_with(table(row("a", "b", "c", "d"))), row(*OLD))
        ),
        "in a content control": package(
            f"<w:sdt><w:sdtContent>{table(head, row(*OLD))}</w:sdtContent></w:sdt>"
        ),
        "another prefix": package(
            table(head, row(*OLD)).replace("w:", "ns0:").replace("</w:", "</ns0:"),
            root=f'xmlns:ns0="{W}" xmlns:w="{W}"',
        ),
        "no prefix": _without_prefix(),
        "bare cells": package(bare),
        "on several lines": package(
            table(head, row(*OLD)).replace("><", ">\n  <").replace('"', "'") + "<!-- > -->"
        ),
        "numbered": package(
            table(head, row(*OLD).replace("<w:p>", "<w:p><w:pPr><w:numPr/></w:pPr>", 1))
        ),
        "right to left": package(
            table(head, row(*OLD, form="<w:trPr><w:jc w:val='right'/></w:trPr>")).replace(
                "<w:tblPr/>", "<w:tblPr><w:bidiVisual/></w:tblPr>"
            )
        ),
        "text called otherwise": named,
        "python-docx": by_python_docx([OLD]),
        "python-docx, styled": by_python_docx([OLD, ("", "", "", "")], style="Light Grid Accent 1"),
        "LibreOffice": (MADE / "libreoffice.docx").read_bytes(),
        "LibreOffice, saved again": (MADE / "libreoffice-saved-again.docx").read_bytes(),
    }


def _bare(*texts: str) -> str:
    return (
        "<w:tr>"
        + "".join(f"<w:tc><w:p><w:r><w:t>{one}</w:t></w:r></w:p></w:tc>" for one in texts)
        + "</w:tr>"
    )


def _row_with(inner: str) -> str:
    cells = f"<w:tc><w:p/>{inner}</w:tc>" + "<w:tc><w:p/></w:tc>" * 3
    return f"<w:tr>{cells}</w:tr>"


def _without_prefix() -> bytes:
    body = (
        table(row(*HEADINGS), row(*OLD))
        .replace("w:", "")
        .replace(' w="', ' x:w="')
        .replace(' type="', ' x:type="')
    )
    part = f'<document xmlns="{W}" xmlns:x="{W}"><body>{body}</body></document>'
    return packed({**parts_of(plain()), "word/document.xml": part.encode()})
