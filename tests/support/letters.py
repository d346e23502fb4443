"""Any letters that a person or a program may leave in a box, for tests with hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

LONGEST = 20_000  # letters

# But an escape: in a PDF it begins the name of a language, which programs leave out.
# From the smallest of the plain to what programs trip over: emoji, from right to left, accents by
# themselves, lost letters, what only steers, what ends a string or a text in a file.
ODD = "()\\<>[]{}/% \t\n–“€Łễאבشي你क्ि👩‍👧🍆\u0301\u200f\u202e\u2028\ufeff\ufffd\ue000\U0001d538\x07\x7f\xad"
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x1b") | st.sampled_from(ODD)
TEXTS = st.text(LETTERS, max_size=60) | st.builds(
    lambda text, times: (text * times)[:LONGEST],
    st.text(LETTERS, max_size=30),
    st.integers(1, 2_000),
)
