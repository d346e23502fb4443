"""Whatever is dropped ends in a plain note or a held record; the DSL hears of it; the next is taken."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest

from formflow.core.model import Outcome
from formflow.core.settings import Settings
from tests.pipeline.test_walk import entries, run
from tests.support import worker
from tests.support.offices import drop, files, sample
from tests.support.systems import needs_links

GOOD = "red-planned-secrecy-pdfjs"
Maker = Callable[[Path], None]


def empty(path: Path) -> None:
    path.write_bytes(b"")


def half_copied(path: Path) -> None:
    content = sample(GOOD).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def not_a_pdf(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 a letter from a word processor, renamed")


def not_ours(path: Path) -> None:
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(path)


def locked(path: Path) -> None:
    with pikepdf.open(sample(GOOD)) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(owner="o", user="u"))


def too_large(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(b"%PDF-1.7\n")
        stream.truncate(200 << 20)


def a_field_missing(path: Path) -> None:
    with pikepdf.open(sample(GOOD)) as pdf:
        fields = pdf.Root.AcroForm.Fields
        doomed = next(i for i, f in enumerate(fields) if f.get("/T") == "context_threat")
        circles = [circle.objgen for circle in fields[doomed].Kids]
        del fields[doomed]
        for page in pdf.pages:
            left = [shown for shown in page.obj.Annots if shown.objgen not in circles]
            page.obj.Annots = pikepdf.Array(left)
        pdf.save(path)


def a_field_too_many(path: Path) -> None:
    with pikepdf.open(sample(GOOD)) as pdf:
        extra = pdf.make_indirect(
            pikepdf.Dictionary(FT=pikepdf.Name.Tx, T=pikepdf.String("child_c_name"), V="x")
        )
        pdf.Root.AcroForm.Fields.append(extra)
        pdf.save(path)


def a_state_that_is_not_offered(path: Path) -> None:
    with pikepdf.open(sample(GOOD)) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            if field.get("/T") == "context_threat":
                field.V = pikepdf.Name.perhaps
        pdf.save(path)


def another_name_on_the_page(path: Path) -> None:
    with pikepdf.open(sample(GOOD)) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            if field.get("/T") == "child_a_name":
                field.V = pikepdf.String("Somebody Else")
        pdf.save(path)


UNREADABLE: list[tuple[Maker, str]] = [
    (empty, "FF-102"),
    (half_copied, "FF-103"),
    (not_a_pdf, "FF-117"),
    (not_ours, "FF-105"),
    (locked, "FF-104"),
    (too_large, "FF-111"),
]
HELD: list[tuple[Maker, str]] = [
    (a_field_missing, "FF-106"),
    (a_field_too_many, "FF-107"),
    (a_state_that_is_not_offered, "FF-108"),
    (another_name_on_the_page, "FF-109"),
]


@pytest.mark.parametrize(("make", "code"), UNREADABLE)
def test_what_cannot_be_read_is_kept_and_said_and_the_next_file_is_taken(
    office: Settings, make: Maker, code: str
) -> None:
    make(office.watch[0].folder / "1 bad.pdf")
    kept = (office.watch[0].folder / "1 bad.pdf").read_bytes()
    drop(office, GOOD, "2 good.pdf")
    run(office)
    bad, good = sorted(entries(office), key=lambda entry: entry.outcome is Outcome.RECORDED)
    assert (bad.outcome, [found.code for found in bad.notices]) == (Outcome.UNREADABLE, [code])
    assert bad.proposal is None
    assert good.outcome is Outcome.RECORDED
    assert any(bad.reference in name for name in files(office.folders.alerts))
    assert any(bad.reference in name for name in files(office.folders.receipts))
    vault = office.state.folder / "originals"
    assert (vault / bad.sha256[:2] / f"{bad.sha256}.pdf").read_bytes() == kept
    note = (office.folders.needs_attention / f"{bad.reference}.txt").read_text("utf-8-sig")
    assert code in note
    assert (office.folders.needs_attention / f"{bad.reference}.pdf").read_bytes() == kept


@pytest.mark.parametrize(("make", "code"), HELD)
def test_what_was_read_and_is_doubtful_is_held_and_the_dsl_is_told(
    office: Settings, make: Maker, code: str
) -> None:
    make(office.watch[0].folder / "doubtful.pdf")
    run(office)
    (entry,) = entries(office)
    assert entry.outcome is Outcome.HELD
    assert code in [found.code for found in entry.notices]
    assert len(files(office.folders.alerts)) == 1
    (page,) = office.folders.alerts.glob("*.html")
    assert code in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("letter.docx", ".docx"), ("photo.JPG", ".jpg"), ("run me.exe", ".bin"), ("x", ".bin")],
)
def test_what_is_no_form_comes_back_as_what_it_is_and_never_as_something_that_runs(
    office: Settings, name: str, suffix: str
) -> None:
    (office.watch[0].folder / name).write_bytes(b"not a form at all")
    run(office)
    (entry,) = entries(office)
    assert entry.notices[0].code == "FF-117"
    assert files(office.folders.needs_attention) == sorted(
        [f"{entry.reference}{suffix}", f"{entry.reference}.txt"]
    )


def test_a_folder_named_like_a_pdf_is_said_and_left_where_it_is(office: Settings) -> None:
    odd = office.watch[0].folder / "x.pdf"
    odd.mkdir()
    drop(office, GOOD, "z.pdf")
    run(office)
    run(office)
    held = [entry for entry in entries(office) if entry.outcome is Outcome.UNREADABLE]
    assert [entry.notices[0].code for entry in held] == ["FF-116"]
    assert "a folder" in held[0].notices[0].text
    assert odd.is_dir()
    assert any(held[0].reference in name for name in files(office.folders.alerts))


@needs_links
def test_a_link_is_not_followed(office: Settings, tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere.pdf"
    secret.write_bytes(sample(GOOD).read_bytes())
    (office.watch[0].folder / "link.pdf").symlink_to(secret)
    run(office)
    (entry,) = entries(office)
    assert entry.notices[0].code == "FF-116"
    assert "a link" in entry.notices[0].text
    assert secret.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a name be any bytes")
def test_a_name_that_is_not_utf8_is_a_form_like_any_other(office: Settings) -> None:
    folder = os.fsencode(office.watch[0].folder)
    with open(folder + b"/caf\xe9 \xff.pdf", "wb") as stream:  # noqa: PTH123 - a path in bytes
        stream.write(sample(GOOD).read_bytes())
    run(office)
    (entry,) = entries(office)
    assert entry.outcome is Outcome.RECORDED
    assert os.listdir(folder) == [b".formflow-folder"]  # noqa: PTH208 - names in bytes


def test_a_folder_without_its_marker_is_offline_and_nothing_is_taken(office: Settings) -> None:
    (office.watch[0].folder / ".formflow-folder").unlink()
    dropped = drop(office, GOOD)
    run(office)
    assert entries(office) == []
    assert dropped.exists()


def test_a_file_that_is_still_growing_is_left_alone(office: Settings) -> None:

    content = sample(GOOD).read_bytes()
    growing = office.watch[0].folder / "growing.pdf"
    watch = office.watch[0].model_copy(update={"settle_seconds": 5})
    patient = office.model_copy(update={"watch": (watch, *office.watch[1:])})
    for share in (0.2, 0.5, 0.8):
        growing.write_bytes(content[: int(len(content) * share)])
        worker.turn(patient)
        assert entries(office) == []
    growing.write_bytes(content)
    run(office)
    (entry,) = entries(office)
    assert entry.outcome is Outcome.RECORDED
