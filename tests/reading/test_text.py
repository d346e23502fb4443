"""Stored strings become the text that was typed."""

from __future__ import annotations

import codecs
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import Pdf, String

from formflow.reading.text import decoded, doubt, normalised
from tests.support.papers import field, held, paper

NAME = "Zoë “Jack” D’Arcy – £5"


@pytest.mark.parametrize("mark", ["utf-16-be", "utf-16-le", "utf-8"])
def test_a_marked_string_is_read_by_its_mark(mark: str) -> None:
    assert decoded("\ufeff".encode(mark) + NAME.encode(mark)) == NAME


def test_a_string_without_a_mark_is_in_the_encoding_of_pdf_documents() -> None:
    assert decoded(b"Zo\xeb \x8dJack\x8e D\x90Arcy \x85 \xa35") == NAME


def test_half_an_emoji_stays_visible_as_a_replacement() -> None:
    assert decoded(b"\xfe\xff\x00a\xd8\x3d\x00b") == "a\ufffdb"


def test_a_broken_utf8_string_is_read_as_far_as_it_goes() -> None:
    assert decoded(b"\xef\xbb\xbfZo\xeb") == "Zo\ufffd"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_all_line_ends_are_one(end: str) -> None:
    assert normalised(f"one{end}{end}two{end}") == "one\n\ntwo"


def test_composed_and_decomposed_letters_are_one() -> None:
    assert normalised("Zoe\u0308") == "Zoë"


def test_blanks_around_an_answer_are_no_answer() -> None:
    assert normalised(" \t\r\n ") == ""


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalised(text)
    assert normalised(once) == once
    assert "\r" not in once
    assert unicodedata.is_normalized("NFC", once)


@given(st.binary())
def test_any_bytes_become_text_that_can_be_written_down(content: bytes) -> None:
    normalised(decoded(content)).encode("utf-8")


@pytest.mark.parametrize(
    "content",
    [
        b"It\x92s only a game",  # Windows
        b"\x93stop\x94, she said",
        b"he ran \x96 then stopped",
        b"Seb\x8astian",
        b"caf\x8es au lait",  # a Mac
        b"Garc\x92a",
        "Zoë said “stop”".encode(),  # UTF-8 without its mark
        "Świątek".encode(),
        b"Anna \x9f",
    ],
)
def test_bytes_of_another_table_are_noticed(content: bytes) -> None:
    assert doubt(content) == "FF-149"


@pytest.mark.parametrize(
    "text",
    [
        "Alice", "Zoë O’Connor – “stop”", "Škoda and Œuvre", "Łódź", "£4.50 or €5", "Łukasz Müller",
        "• one\n• two", "naïve façade…", "‘Šárka’", "ŠIMON", "(5½ years)", "Ångström", "SÃO Tomé",
    ],
)  # fmt: skip
def test_what_programs_store_as_they_should_is_not_doubted(text: str) -> None:
    assert doubt(text.encode("pdfdoc_pikepdf", "ignore")) == ""
    assert doubt(codecs.BOM_UTF16_BE + text.encode("utf-16-be")) == ""
    assert doubt(codecs.BOM_UTF8 + text.encode()) == ""


@pytest.mark.parametrize(
    "content", [b"Ali\0\0\0\0ce", b"Not \0hurt", "\ufeffAli\0ce".encode("utf-16-be")]
)
def test_zero_bytes_inside_a_text_are_noticed(content: bytes) -> None:
    assert doubt(content) == "FF-148"


@pytest.mark.parametrize("content", [b"Alice\0", b"\0\0", b"", b" Alice \0\0\0"])
def test_zero_bytes_at_its_end_are_how_some_programs_end_a_text(content: bytes) -> None:
    assert doubt(content) == ""


def test_a_paper_with_such_texts_is_held(tmp_path: Path) -> None:
    def change(pdf: Pdf) -> None:
        field(pdf, "child_a_name").V = String(b"Ali\0\0\0\0ce")
        field(pdf, "type_text").V = String(b"It\x92s only a game")

    expected = {("FF-148", "child_a_name"), ("FF-149", "type_text")}
    assert held(paper(tmp_path / "a.pdf", {"incident_at": "14/11/2026"}, change)) == expected
