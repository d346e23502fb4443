"""Lines of text: what is short is not measured, and comes out as if it had been."""

from __future__ import annotations

from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from formflow.core import text_wrap

LETTERS = [chr(one) for one in range(32, 0x2123) if chr(one).encode("cp1252", "ignore")]


def test_no_letter_of_a_standard_font_is_as_wide_as_is_taken_for_granted() -> None:
    for font in text_wrap._STANDARD:
        assert max(text_wrap.width_of(one, font) for one in LETTERS) < text_wrap._WIDEST


@given(
    st.text(st.sampled_from([*"  \n", *LETTERS]), max_size=40),
    st.sampled_from(text_wrap._STANDARD),
    st.floats(20, 400),
)
def test_a_text_that_is_not_measured_has_the_lines_of_one_that_is(
    text: str, font: str, width: float
) -> None:
    quick = text_wrap.wrapped(text, font, 9.5, width)
    with mock.patch.object(text_wrap, "_STANDARD", ()):
        assert quick == text_wrap.wrapped(text, font, 9.5, width)
