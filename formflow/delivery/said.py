"""What may be shown of a stranger's words: nothing that holds an answer of the forms they are about. Pure.

An ending's text is for IT, and is shown in `status` and the log. Ours holds no names. A connector from another
package may quote what it was given, so its text is compared with the answers before anybody sees it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from formflow.core.messages import MESSAGES

SHORT = 6  # words: an answer as short as this may be a name, a date, an address
SHORTEST = 3  # letters of a word that is looked for inside other words, too
# What circles store, and the small words that are in every sentence.
HARMLESS = frozenset(
    "yes no not known a an and as at by for from in is it of on or the to was with".split()  # noqa: SIM905
)


def shown(text: str, answers: Iterable[str]) -> str:
    """Return a text, or "" where it may quote one of the answers.

    No word of an answer may be in it unless it is one of FormFlow's own messages, too: so "the folder is full"
    may be said although somebody wrote "folder". In a short answer such a word may be a name where it has a
    capital ("Mark"), and names are looked for inside other words as well.
    """
    said = set(_words(text))
    squeezed = "".join(_words(text))
    for answer in answers:
        names = {_folded(word) for word in _split(answer) if not _is_ordinary(word, answer)}
        inside = [word for word in names if len(word) >= SHORTEST and word in squeezed]
        if names & said or (inside and _is_short(answer)):
            return ""
    return text


def _is_ordinary(word: str, answer: str) -> bool:
    if _folded(word) in HARMLESS:
        return True
    return _folded(word) in _ours() and (word.islower() or not _is_short(answer))


def _is_short(answer: str) -> bool:
    return len(_split(answer)) <= SHORT


def _split(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def _words(text: str) -> list[str]:
    return [_folded(word) for word in _split(text)]


def _folded(word: str) -> str:
    """Return a word in small letters, without accents."""
    plain = unicodedata.normalize("NFKD", word).casefold()
    return "".join(one for one in plain if not unicodedata.combining(one))


@cache
def _ours() -> frozenset[str]:
    """Return the words of FormFlow's own messages."""
    texts = (f"{one.found} {one.means} {one.do_now}" for one in MESSAGES.values())
    return frozenset(word for text in texts for word in _words(text))
