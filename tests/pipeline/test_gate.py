"""The gate lets whole PDFs through and nothing else, whatever their names."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pikepdf
import pytest

from formflow.forms.catalogue import shipped
from formflow.pipeline.gate import tail_gate
from tests.support.systems import needs_links

LARGEST = 20 << 20
BLANK = shipped()[0].blank
SAMPLES = sorted((Path(__file__).parents[1] / "samples").glob("*/form.pdf"))


@pytest.fixture
def small(tmp_path: Path) -> bytes:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    path = tmp_path / "small.pdf"
    pdf.save(path, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return path.read_bytes()


def code(tmp_path: Path, content: bytes, name: str = "paper.pdf") -> tuple[str, bool]:
    path = tmp_path / name
    path.write_bytes(content)
    gate = tail_gate(path, largest=LARGEST)
    return gate.code, gate.retry


def later_save(content: bytes) -> bytes:
    """Append a revision as Acrobat does on Save: one object, its table, a new end."""
    previous = content.rindex(b"startxref")
    first_table = int(content[previous + 9 :].split()[0])
    start = len(content)
    added = b"9 0 obj\n(" + b"a later answer " * 40 + b")\nendobj\n"
    table = b"xref\n9 1\n%010d 00000 n \ntrailer\n<< /Size 10 /Prev %d >>\n" % (start, first_table)
    return content + added + table + b"startxref\n%d\n%%%%EOF\n" % (start + len(added))


@pytest.mark.parametrize("path", [BLANK, *SAMPLES], ids=lambda path: path.parent.name)
def test_files_that_real_programs_wrote_pass(path: Path) -> None:
    assert tail_gate(path, largest=LARGEST).code == ""


def test_an_empty_file_may_still_be_filled(tmp_path: Path) -> None:
    assert code(tmp_path, b"") == ("FF-102", True)


def test_a_web_page_named_pdf_is_not_a_pdf_and_never_will_be(tmp_path: Path) -> None:
    assert code(tmp_path, b"<!doctype html><p>Sign in to download</p>" * 40) == ("FF-117", False)


def test_a_file_that_is_only_reserved_yet_may_become_a_pdf(tmp_path: Path) -> None:
    assert code(tmp_path, bytes(50_000)) == ("FF-117", True)


@pytest.mark.parametrize("path", [BLANK, *SAMPLES[::5]], ids=lambda path: path.parent.name)
def test_no_part_of_a_file_passes_for_the_whole(tmp_path: Path, path: Path) -> None:
    whole = path.read_bytes()
    for percent in range(1, 100):
        found, retry = code(tmp_path, whole[: len(whole) * percent // 100])
        assert (found, retry) == ("FF-103", True), f"cut at {percent} %"


def test_a_cut_anywhere_in_the_last_save_is_seen(tmp_path: Path, small: bytes) -> None:
    whole = later_save(small)
    assert code(tmp_path, whole) == ("", False)
    for end in range(len(small) + 1, len(whole) - 1):
        assert code(tmp_path, whole[:end])[0] == "FF-103", f"cut after {end} bytes"


def test_a_copy_that_is_zeros_at_its_end_is_seen(tmp_path: Path, small: bytes) -> None:
    whole = later_save(small)
    for end in range(len(small), len(whole) - 1, 11):
        reserved = whole[:end] + bytes(len(whole) - end)
        assert code(tmp_path, reserved) == ("FF-103", True), f"zeros after {end} bytes"


@pytest.mark.parametrize("after", [b"", b"\n", b"\r\n", b" \t\r\n\f\n"])
def test_white_space_after_the_end_is_harmless(tmp_path: Path, small: bytes, after: bytes) -> None:
    assert code(tmp_path, small.rstrip() + after) == ("", False)


@pytest.mark.parametrize(
    "after", [b"\0", b"\r\n\0\0\n", b"-- sent from my scanner --", b"<!-- ok -->"]
)
def test_what_a_gateway_adds_after_the_end_is_harmless(
    tmp_path: Path, small: bytes, after: bytes
) -> None:
    assert code(tmp_path, small + after) == ("", False)


@pytest.mark.parametrize(
    "after",
    [
        b"9 0 obj",
        b"9",
        b"%",
        b"xref",
        b"x",
        b"note\n9 0 obj\n(",
        bytes(65),
        b"word " * 300,
        b"\0" + b"7 0 o",
    ],
)
def test_what_may_be_half_a_later_save_is_not(tmp_path: Path, small: bytes, after: bytes) -> None:
    assert code(tmp_path, small + after) == ("FF-103", True)


def test_an_end_that_points_beyond_the_file_or_at_something_else_is_seen(
    tmp_path: Path, small: bytes
) -> None:
    head = small[: small.rindex(b"startxref")]
    for offset in (len(small) * 10, 12, 0):
        assert code(tmp_path, head + b"startxref\n%d\n%%%%EOF\n" % offset)[0] == "FF-103"


def test_junk_before_the_header_is_harmless_however_the_program_counts(
    tmp_path: Path, small: bytes
) -> None:
    assert code(tmp_path, b"junk from a mail gateway\n" + small) == ("", False)


def test_a_header_beyond_the_first_kilobyte_is_none(tmp_path: Path, small: bytes) -> None:
    assert code(tmp_path, b"x" * 1024 + small)[0] == "FF-117"


def test_a_folder_named_pdf_is_said_to_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x.pdf").mkdir()
    gate = tail_gate(tmp_path / "x.pdf", largest=LARGEST)
    assert (gate.code, gate.words, gate.retry) == ("FF-116", {"what": "a folder"}, False)


@needs_links
def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "x.pdf").symlink_to(BLANK)
    gate = tail_gate(tmp_path / "x.pdf", largest=LARGEST)
    assert (gate.code, gate.words) == ("FF-116", {"what": "a link to something else"})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_nobody_waits_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.pdf")
    assert tail_gate(tmp_path / "x.pdf", largest=LARGEST).code == "FF-116"


def test_two_hundred_megabytes_are_not_even_opened(tmp_path: Path) -> None:
    path = tmp_path / "large.pdf"
    with path.open("wb") as stream:
        stream.write(b"%PDF-1.7")
        stream.truncate(200 << 20)
    path.chmod(0)
    gate = tail_gate(path, largest=LARGEST)
    assert (gate.code, gate.words) == ("FF-111", {"limit_mb": "20"})


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux allows such names")
def test_a_name_that_is_not_utf8_makes_no_difference(tmp_path: Path, small: bytes) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/Zo\xeb \xff.pdf"))
    path.write_bytes(small)
    assert tail_gate(path, largest=LARGEST).code == ""


def test_a_file_that_is_gone_is_for_the_next_look(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        tail_gate(tmp_path / "gone.pdf", largest=LARGEST)
