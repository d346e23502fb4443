"""A text without the names of others: in a report that the young person and the parents read first. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator

from formflow.rules.matching import name_key

INSTEAD = "[the other person]"
_WORD = re.compile(r"(?:[OD]['’])?[^\W\d_]{2,}")
# Words in boxes for names that name nobody: "a boy in Year 3", "Not known", "Mrs Oak".
_NAME_NOBODY = frozenset({
    *("adult", "boy", "child", "dr", "girl", "known", "miss", "mr", "mrs", "ms", "nobody", "none"),
    *("not", "other", "person", "pupil", "student", "the", "unknown", "year"),
})  # fmt: skip


def words_of_names(names: str, *, but: str) -> frozenset[str]:
    """Return the words of others' names, as they are compared, without those of one child's name."""
    return frozenset(_keys(names) - _keys(but) - _NAME_NOBODY)


def names_somebody(text: str, names: Collection[str]) -> bool:
    """Return whether a text names somebody by one of these words."""
    return any(True for _ in _names_in(text, names))


def without_names(text: str, names: Collection[str]) -> str:
    """Return a text with who is meant in the place of names; unchanged where it names nobody."""
    found = set(_names_in(text, names))
    if not found:
        return text
    one = rf"(?:{'|'.join(found)})(?![^\W_])"
    return re.sub(rf"(?<![^\W_]){one}(?:[\s-]+{one})*", INSTEAD, unicodedata.normalize("NFC", text))


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFC", text))


def _names_in(text: str, names: Collection[str]) -> Iterator[str]:
    """Yield the words of a text that are names: with a capital letter, where the text has any at all."""
    is_small = text == text.lower()
    for word in _words(text):
        if (is_small or word[0].isupper()) and name_key(word) in names:
            yield word


def _keys(names: str) -> set[str]:
    return {name_key(word) for word in _words(names)}
