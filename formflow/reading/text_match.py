"""Does a text that is shown say the same as a text that is stored?

Programs draw the same answer in many ways: other line breaks and spaces, straight quotes for curly
ones, nothing or a question mark for a letter that their font lacks, only the part that fits. None of
that changes what a reader takes from it. Every other letter, digit and sign must agree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby, product

from formflow.core.right_to_left import in_order_of_the_eye, joined

SHORTEST_BEGINNING = 40  # signs that must be shown before the rest may be cut off
_ALL_LETTERS = range(0x110000)  # lam and alef are one sign in some fonts
MOST_IN_A_LINE = 60  # words
_ONE_BRACKET = str.maketrans(")]}>»›", "([{<«‹")
MOST_LOST = 3  # letters in a row that a program's font may lack: no word is gone without a trace
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛`´′ʼ", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−\N{SOFT HYPHEN}", "-"),
        **dict.fromkeys("?\ufffd\N{ZERO WIDTH NO-BREAK SPACE}\N{ZERO WIDTH SPACE}", None),
    }
)


def says_the_same(shown: str, stored: str, *, has_room: bool = False) -> bool:
    """Return whether a reader of the page and a reader of the file read the same answer.

    Where the page has room for more, nothing of it may be missing at the end.
    """
    seen, kept = _plain(shown), _plain(stored)
    if seen == kept:
        return True
    if any(map(_is_right_to_left, kept)):
        # Drawn from right to left, in the order of the eye; the words between are in their own order.
        runs = list(_left_to_right(kept))
        own = "".join(_left_to_right(seen))
        if sorted(_unmirrored(seen)) != sorted(_unmirrored(kept)):
            return False
        return own in ("".join(runs), "".join(reversed(runs))) or _is_turned(seen, stored)
    return _follows(seen, kept, SHORTEST_BEGINNING if not has_room else len(kept))


def _plain(text: str) -> str:
    signs = "".join(text.split())
    if signs.isascii() and signs.isprintable():
        return signs.replace("?", "").replace("`", "'")
    signs = unicodedata.normalize("NFKC", signs.translate(_PLAIN)).translate(_PLAIN)
    signs = "".join(signs.split())
    return signs if signs.isprintable() else "".join(filter(str.isprintable, signs))


def _is_right_to_left(sign: str) -> bool:
    return sign > "\u058f" and unicodedata.bidirectional(sign) in ("R", "AL")


def _left_to_right(text: str) -> Iterator[str]:
    """Yield the letters and digits between those that are written from right to left."""
    for is_other, signs in groupby(text, _is_right_to_left):
        if not is_other:
            yield "".join(sign for sign in signs if sign.isalnum())


def _is_turned(seen: str, stored: str) -> bool:
    """Return whether a page shows a text as lines of it, wherever they break, each in the order of the eye."""
    words = re.findall(r"\S+|\n", stored)
    seen, ends = (
        _unmirrored(seen),
        {0: {0}},
    )  # by how many words are shown: how much of what is seen they are
    for first in range(len(words)):
        for at in ends.pop(first, ()):
            for last in range(first + 1, min(first + MOST_IN_A_LINE, len(words)) + 1):
                line = " ".join(words[first:last])
                for one, base in product((line, joined(line, _ALL_LETTERS)), ("L", "R")):
                    shown = _unmirrored(_plain(in_order_of_the_eye(one, base)))
                    if seen.startswith(shown, at):
                        ends.setdefault(last, set()).add(at + len(shown))
                if words[last - 1] == "\n":
                    break
    return len(seen) in ends.get(len(words), ())


def _unmirrored(text: str) -> str:
    """Return a text in which a bracket and its mirror image are one: programs draw either."""
    return text.translate(_ONE_BRACKET)


def _follows(seen: str, kept: str, shortest: int) -> bool:
    at, lost = 0, 0
    for sign in kept:
        if at == len(seen) and at >= shortest:
            return True
        if at < len(seen) and seen[at] in (sign, _base(sign)):
            at, lost = at + 1, 0
        elif sign.isascii():
            return False
        elif sign.isalpha():  # a letter that the program's font lacks
            lost += 1
            if lost > MOST_LOST or not unicodedata.name(sign, "").startswith("LATIN"):
                return False
    return at == len(seen)


def _base(sign: str) -> str:
    return sign if sign.isascii() else unicodedata.normalize("NFD", sign)[0]
