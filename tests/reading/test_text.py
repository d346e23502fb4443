"""Stored strings become the text that was typed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formflow.reading.text import decoded, normalised

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
