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
HARMLESS = frozenset({"yes", "no", "not", "known"})  # what circles store


def shown(text: str, answers: Iterable[str]) -> str:
    """Return a text, or "" where it may quote one of the answers.

    Of a short answer no word may be in it, be it inside another. Of a long one, no word that FormFlow's own
    messages do not use: so "the server is full" may be said although somebody wrote "the".
    """
    said = set(_words(text))
    squeezed = "".join(_words(text))
    for answer in answers:
        words = set(_words(answer)) - HARMLESS
        if len(words) <= SHORT:
            inside = any(len(word) >= SHORTEST and word in squeezed for word in words)
            if inside or words & said:
                return ""
        elif (words & said) - _ours():
            return ""
    return text


def _words(text: str) -> list[str]:
    """Return the words and numbers of a text in small letters, without accents."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return re.findall(r"\w+", "".join(one for one in plain if not unicodedata.combining(one)))


@cache
def _ours() -> frozenset[str]:
    """Return the words of FormFlow's own messages."""
    texts = (f"{one.found} {one.means} {one.do_now}" for one in MESSAGES.values())
    return frozenset(word for text in texts for word in _words(text))
