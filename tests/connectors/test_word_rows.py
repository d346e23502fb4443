"""A row is added or changed in a Word document, and nothing else in it: whichever program made it."""

from __future__ import annotations

import io
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from xml.etree.ElementTree import Element

import pytest
from defusedxml import ElementTree

from formflow_connectors.ooxml.word_document import Document, Refused
from formflow_connectors.ooxml.word_rows import Change, Table
from tests.support.word_documents import HEADINGS, W, package, packed, parts_of, plain, row, table
from tests.support.word_habits import OLD, habits

HABITS = habits()
COLUMN = "Our reference"
REFERENCE = "FF-2026-000123"
NEW = {
    "Date": "14/11/2026",
    "Pupil": "Zoë & <Sample>",
    "What happened": "=1+1 { HYPERLINK “x” }\nsecond line\twith a tab\n\n\u0645\u0631\u062d\u0628\u0627 \U0001f622 ]]>",
    COLUMN: REFERENCE,
}
NS = f"{{{W}}}"


def put(content: bytes, *rows: dict[str, str]) -> tuple[bytes, Change]:
    document = Document(content)
    change = Table(document.text, HEADINGS).put({one[COLUMN]: one for one in rows}, COLUMN)
    return document.with_text(change.part), change


def with_text(content: bytes, part: bytes) -> bytes:
    return Document(content).with_text(part)


def rows_of(content: bytes) -> list[list[str]]:
    """Read the rows with the headings as another parser sees them."""
    name = next(one for one in parts_of(content) if one.startswith("word/document"))
    (found,) = _tables(ElementTree.fromstring(parts_of(content)[name]))
    every = [
        ["\n".join(map(_text, cell.iter(f"{NS}p"))) for cell in line.findall(f"{NS}tc")]
        for line in found.findall(f"{NS}tr")
    ]
    start = next(at for at, line in enumerate(every) if line[: len(HEADINGS)] == list(HEADINGS))
    return [line for line in every[start + 1 :] if any(line)]


def _tables(root: Element) -> Iterator[Element]:
    boxed = {id(one) for box in root.iter(f"{NS}txbxContent") for one in box.iter(f"{NS}tbl")}
    for found in root.iter(f"{NS}tbl"):
        texts = [_text(cell) for cell in found.iter(f"{NS}tc")]
        if id(found) not in boxed and set(HEADINGS) <= set(texts):
            yield found


def _text(node: Element) -> str:
    marks = {f"{NS}br": "\n", f"{NS}tab": "\t"}
    return "".join(
        marks.get(one.tag, one.text or "" if one.tag == f"{NS}t" else "") for one in node.iter()
    )


@pytest.mark.parametrize("name", HABITS)
def test_a_row_is_added_and_then_changed_and_every_other_byte_stays(name: str) -> None:
    before = HABITS[name]
    after, change = put(before, NEW)
    assert ({*change.added}, {*change.altered}) == ({REFERENCE}, set())
    assert rows_of(after) == [*rows_of(before), list(NEW.values())]
    _only_one_place_differs(before, after)
    again, change = put(after, NEW)
    assert not change.added | change.altered
    assert parts_of(again) == parts_of(after)
    changed, change = put(after, NEW | {"Pupil": "Kim Sample"})
    assert ({*change.added}, {*change.altered}) == (set(), {REFERENCE})
    assert rows_of(changed) == [*rows_of(before), list((NEW | {"Pupil": "Kim Sample"}).values())]
    _only_one_place_differs(after, changed)


def _only_one_place_differs(before: bytes, after: bytes) -> None:
    old, new = parts_of(before), parts_of(after)
    assert list(old) == list(new)
    (name,) = [one for one in old if old[one] != new[one]]
    start = next(
        at for at, (one, two) in enumerate(zip(old[name], new[name], strict=False)) if one != two
    )
    end = next(
        at
        for at, (one, two) in enumerate(zip(old[name][::-1], new[name][::-1], strict=False))
        if one != two
    )
    replaced = old[name][start : len(old[name]) - end]
    assert b"tr>" not in replaced


def test_a_new_row_has_the_form_of_the_row_above_and_none_of_its_marks() -> None:
    after, _ = put(HABITS["Word"], NEW)
    made = parts_of(after)["word/document.xml"].decode().split("</w:tr>")[2]
    assert made.count("<w:cantSplit/>") == 1
    assert '<w:trHeight w:val="400"/>' in made
    assert made.count('w:fill="F2F2F2"') == made.count("<w:keepLines/>") == 4
    assert made.count('<w:rFonts w:ascii="Arial" w:hAnsi="Arial"/>') >= 4
    for mark in ("w14:paraId", "rsid", "bookmark", "proofErr", "cnfStyle", "lastRendered"):
        assert mark not in made


def test_the_first_row_below_the_headings_does_not_look_like_headings() -> None:
    after, _ = put(HABITS["Word, headings alone"], NEW)
    made = parts_of(after)["word/document.xml"].decode().split("</w:tr>")[1]
    assert made.count('<w:tcW w:w="2254" w:type="dxa"/>') == 4
    for mark in ("w:tblHeader", "<w:b/>", "w:shd", "cnfStyle"):
        assert mark not in made


def test_empty_rows_that_wait_are_filled_first_in_their_own_form() -> None:
    many = [NEW | {COLUMN: f"FF-2026-00012{number}"} for number in range(3)]
    after, change = put(HABITS["empty rows wait"], *many)
    assert len(change.added) == 3
    part = parts_of(after)["word/document.xml"]
    assert part.count(b"<w:tr") - part.count(b"<w:trPr") - part.count(b"<w:trHeight") == 5
    assert part.count(b"<w:r><w:rPr><w:i/></w:rPr>") >= 12
    assert [line[-1] for line in rows_of(after)] == ["old-17", *(one[COLUMN] for one in many)]


def test_a_row_is_found_where_people_have_moved_it_and_coloured_it() -> None:
    after, _ = put(plain(row(*OLD)), NEW)
    part = parts_of(after)["word/document.xml"].decode()
    head, first, second, rest = part.split("</w:tr>")
    moved = "</w:tr>".join(
        (head, second.replace("<w:tcPr>", '<w:tcPr><w:shd w:fill="FFFF00"/>'), first, rest)
    )
    turned = with_text(after, moved.encode())
    changed, change = put(turned, NEW | {"Date": "15/11/2026"})
    assert change.altered == {REFERENCE}
    assert [line[0] for line in rows_of(changed)] == ["15/11/2026", "01/09/2026"]
    assert parts_of(changed)["word/document.xml"].count(b"FFFF00") == 4


def test_columns_of_others_keep_their_words() -> None:
    content = package(table(row("Notes", *HEADINGS), row("ask mum", *OLD)))
    after, _ = put(content, NEW)
    part = parts_of(after)["word/document.xml"].decode()
    noted = with_text(
        after,
        part.replace("<w:p></w:p>", "<w:p><w:r><w:t>mine</w:t></w:r></w:p>").encode(),
    )
    changed, _ = put(noted, NEW | {"Pupil": "Kim Sample"})
    assert [line[0] for line in rows_with_notes(changed)] == ["ask mum", "mine"]


def rows_with_notes(content: bytes) -> list[list[str]]:
    root = ElementTree.fromstring(parts_of(content)["word/document.xml"])
    return [[_text(cell) for cell in line.findall(f"{NS}tc")] for line in root.iter(f"{NS}tr")][1:]


def with_doctype() -> bytes:
    part = parts_of(plain())["word/document.xml"].replace(
        b"<w:document", b"<!DOCTYPE w:document><w:document", 1
    )
    return packed({**parts_of(plain()), "word/document.xml": part})


def with_twins() -> bytes:
    return packed({**parts_of(plain()), "Word/Document.xml": b"<a/>"})


TRACKED = (
    row(*OLD)
    .replace("<w:r>", '<w:ins w:id="1" w:author="A"><w:r>')
    .replace("</w:r>", "</w:r></w:ins>")
)
PROTECTED = f'<w:settings xmlns:w="{W}"><w:documentProtection w:edit="readOnly" w:enforcement="1"/></w:settings>'
PASSWORD = f'<w:settings xmlns:w="{W}"><w:writeProtection w:hash="abc"/></w:settings>'
HEAD = row(*HEADINGS)
REFUSED = {
    "no such table": (
        package(table(row("a", "b", "c", "d"))),
        "FF-529",
        "no table with the heading",
    ),
    "a heading is missing": (
        package(table(row("Date", "Pupil", "Events", COLUMN))),
        "FF-529",
        "the heading “What happened”",
    ),
    "two tables alike": (package(table(HEAD) * 2), "FF-529", "more than one table"),
    "a heading twice": (package(table(row(*HEADINGS, "date"))), "FF-529", "“Date” twice"),
    "merged headings": (
        package(table(row(*HEADINGS, cells='<w:gridSpan w:val="1"/>'))),
        "FF-534",
        "merged",
    ),
    "the last row is merged downwards": (
        plain(row(*OLD, cells="<w:vMerge/>")),
        "FF-534",
        "merged cells",
    ),
    "the last row is merged across": (
        plain(row("x", cells='<w:gridSpan w:val="4"/>')),
        "FF-534",
        "merged cells",
    ),
    "tracked changes": (plain(TRACKED), "FF-534", "tracked changes"),
    "rows in a content control": (
        plain(f"<w:sdt><w:sdtContent>{row(*OLD)}</w:sdtContent></w:sdt>"),
        "FF-534",
        "content control",
    ),
    "cells in a content control": (
        plain(
            row(*OLD)
            .replace("<w:tc>", "<w:sdt><w:sdtContent><w:tc>", 1)
            .replace("</w:tc>", "</w:tc></w:sdtContent></w:sdt>", 1)
        ),
        "FF-534",
        "content control",
    ),
    "protected": (package(table(HEAD), more={"word/settings.xml": PROTECTED}), "FF-530", ""),
    "a password to change it": (
        package(table(HEAD), more={"word/settings.xml": PASSWORD}),
        "FF-530",
        "",
    ),
    "signed": (package(table(HEAD), more={"_xmlsignatures/sig1.xml": "<a/>"}), "FF-530", ""),
    "a password, or .doc": (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "FF-530", ""),
    "no archive": (b"not a document", "FF-532", ""),
    "cut short": (plain()[:-30], "FF-532", ""),
    "no document in it": (packed({"a.txt": b"a"}), "FF-532", ""),
    "not well-formed": (package("<w:p>"), "FF-532", ""),
    "a document type": (with_doctype(), "FF-532", ""),
    "two parts of one name": (with_twins(), "FF-532", ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_without_harm_is_refused_in_words(name: str) -> None:
    content, code, says = REFUSED[name]
    with pytest.raises(Refused) as problem:
        put(content, NEW)
    assert problem.value.code == code
    assert says in str(problem.value.words)
    assert "Sample" not in str(problem.value.words)


@pytest.mark.parametrize(
    "kind", ["w:drawing", "w:sdt", "w:footnoteReference", "w:commentRangeStart"]
)
def test_a_cell_that_holds_more_than_text_is_not_written_over(kind: str) -> None:
    after, _ = put(plain(row(*OLD)), NEW)
    part = parts_of(after)["word/document.xml"].replace(
        b"<w:t xml:space", f"<{kind}/><w:t xml:space".encode()
    )
    with pytest.raises(Refused) as problem:
        put(with_text(after, part), NEW | {"Pupil": "Kim Sample"})
    assert problem.value.code == "FF-534"


def test_no_field_and_no_markup_comes_of_a_text() -> None:
    after, _ = put(
        plain(row(*OLD)), NEW | {"Pupil": "</w:t><w:fldSimple w:instr='DATE'/>\x00\x0b\ud800"}
    )
    part = parts_of(after)["word/document.xml"]
    assert b"fldSimple w:instr='DATE'/&gt;" in part
    assert b"<w:fld" not in part
    assert rows_of(after)[-1][1] == "</w:t><w:fldSimple w:instr='DATE'/>"


def test_a_long_text_arrives_whole() -> None:
    long = "long words " * 4_000
    after, _ = put(plain(row(*OLD)), NEW | {"What happened": long})
    assert rows_of(after)[-1][2] == long


def test_other_parts_keep_their_bytes_their_order_and_how_they_are_packed() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.comment = b"kept"
        for number, (name, part) in enumerate(parts_of(HABITS["Word"]).items()):
            archive.writestr(name, part, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)[number % 2])
    after, _ = put(made.getvalue(), NEW)
    with (
        zipfile.ZipFile(io.BytesIO(made.getvalue())) as old,
        zipfile.ZipFile(io.BytesIO(after)) as new,
    ):
        assert new.comment == b"kept"
        for one, two in zip(old.infolist(), new.infolist(), strict=True):
            assert (one.filename, one.compress_type) == (two.filename, two.compress_type)
            assert (one.CRC == two.CRC) is (one.filename != "word/document.xml")


@pytest.mark.skipif(which("soffice") is None, reason="LibreOffice is not installed here")
@pytest.mark.slow
def test_libreoffice_opens_the_documents_and_gives_the_rows_back(tmp_path: Path) -> None:
    names = ("Word", "empty rows wait", "python-docx, styled", "LibreOffice", "right to left")
    told = NEW | {"What happened": "=1+1 first\nsecond"}
    for number, name in enumerate(names):
        after, _ = put(HABITS[name], told)
        changed, _ = put(after, told | {"Pupil": "Ali Sample"})
        (tmp_path / f"{number}.docx").write_bytes(changed)
    subprocess.run(
        [
            "soffice",
            "--headless",
            f"-env:UserInstallation={(tmp_path / 'office').as_uri()}",
            "--convert-to",
        ]
        + ["txt:Text (encoded):UTF8", "--outdir", str(tmp_path)]
        + [str(tmp_path / f"{number}.docx") for number in range(len(names))],
        check=True,
        capture_output=True,
    )
    for number in range(len(names)):
        said = (tmp_path / f"{number}.txt").read_text("utf-8-sig").split("\n")
        assert said.count(REFERENCE) == said.count("Ali Sample") == 1
        assert said.count("14/11/2026") == said.count("=1+1 first") == said.count("second") == 1
