"""Does a text that is shown say the same as a text that is stored?

Programs draw the same answer in many ways: other line breaks and spaces, straight quotes for curly
ones, nothing or a question mark for a letter that their font lacks, only the part that fits. None of
that changes what a reader takes from it. Every other letter, digit and sign must agree.
"""

from __future__ import annotations

import unicodedata

SHORTEST_BEGINNING = 40  # signs that must be shown before the rest may be cut off
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛`´′ʼ", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−\N{SOFT HYPHEN}", "-"),
        **dict.fromkeys("?\ufffd\N{ZERO WIDTH NO-BREAK SPACE}\N{ZERO WIDTH SPACE}", None),
    }
)


def says_the_same(shown: str, stored: str) -> bool:
    """Return whether a reader of the page and a reader of the file read the same answer."""
    seen, kept = _plain(shown), _plain(stored)
    if seen == kept:
        return True
    if any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in kept if sign > "\u058f"):
        return sorted(seen) == sorted(kept)  # drawn from right to left, in the order of the eye
    return _follows(seen, kept)


def _plain(text: str) -> str:
    signs = "".join(text.split())
    if signs.isascii() and signs.isprintable():
        return signs.replace("?", "")
    signs = unicodedata.normalize("NFKC", signs.translate(_PLAIN)).translate(_PLAIN)
    signs = "".join(signs.split())
    return signs if signs.isprintable() else "".join(filter(str.isprintable, signs))


def _follows(seen: str, kept: str) -> bool:
    at = 0
    for sign in kept:
        if at == len(seen) and at >= SHORTEST_BEGINNING:
            return True
        if at < len(seen) and seen[at] in (sign, _base(sign)):
            at += 1
        elif sign.isascii():
            return False
        # else: a letter that the program's font lacks
    return at == len(seen)


def _base(sign: str) -> str:
    return sign if sign.isascii() else unicodedata.normalize("NFD", sign)[0]
