"""Arabic, Urdu and Hebrew as they are drawn: letters joined, and in the order of the eye from left to right. Pure.

Unicode's annex 9 for one line, without signs that steer it and its rule for brackets; the joined forms of Unicode's tables.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from functools import cache
from itertools import groupby

_WRITTEN_SO = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_FORMS = range(0xFB50, 0xFEFD)  # where the joined forms of Arabic letters are
_LAM, _STROKE = "\u0644", "\u0640"  # lam and alef are one sign; a stroke joins on both sides
_PLACES = {
    (False, False): "<isolated>",
    (False, True): "<initial>",
    (True, True): "<medial>",
    (True, False): "<final>",
}  # by whether it is joined with the letter before and with the one after
_MIRRORED = dict(zip("()[]{}<>«»‹›", ")(][}{><»«›‹", strict=True))


def as_drawn(line: str, has: Container[int]) -> str:
    """Return a line as its letters are drawn from left to right. `has` are the letters of the font."""
    return in_order_of_the_eye(joined(line, has)) if _WRITTEN_SO.search(line) else line


def in_order_of_the_eye(line: str, base: str = "") -> str:
    """Return a line with its letters from left to right, in a paragraph of this direction: "L", "R" or its first letter's."""
    letters = _with_marks(line)
    kinds = "".join(_KINDS.get(unicodedata.bidirectional(one[0]), "o") for one in letters)
    levels = _levels(kinds, base or _base(kinds))
    drawn = [
        (_MIRRORED.get(one, one) if level % 2 else one, level)
        for one, level in zip(letters, levels, strict=True)
    ]
    for least in (2, 1):
        runs = groupby(drawn, key=lambda one: one[1] >= least)
        drawn = [one for is_in, run in runs for one in (reversed([*run]) if is_in else run)]
    return "".join(letter for letter, _ in drawn)


def as_written(letter: str) -> str:
    """Return the letters that a joined form stands for; any other letter as it is."""
    return unicodedata.normalize("NFKC", letter) if ord(letter) in _FORMS else letter


@cache
def _forms() -> dict[str, dict[str, str]]:
    """Return the forms of each Arabic letter by their places in a word, and those of lam with alef."""
    found: dict[str, dict[str, str]] = {}
    for code in _FORMS:
        place, *codes = unicodedata.decomposition(chr(code)).split() or [""]
        letters = "".join(chr(int(one, 16)) for one in codes)
        if place in _PLACES.values() and (len(letters) == 1 or _is_lam_alef(letters)):
            found.setdefault(letters, {})[place] = chr(code)
    return found


def _is_lam_alef(letters: str) -> bool:
    return len(letters) == 2 and letters[0] == _LAM and letters[1] in "\u0622\u0623\u0625\u0627"


def joined(line: str, has: Container[int]) -> str:
    """Return a line with each Arabic letter in the form that it has between its neighbours."""
    shown = re.findall(f"{_LAM}[\u0622\u0623\u0625\u0627]|.", line, re.DOTALL)
    places = [at for at, sign in enumerate(shown) if not unicodedata.combining(sign[0])]
    signs = [shown[at] for at in places]
    for at, before, sign, after in zip(places, ["", *signs], signs, [*signs[1:], ""], strict=False):
        place = (
            _joins(before, "<initial>") and _joins(sign, "<final>"),
            _joins(sign, "<initial>") and _joins(after, "<final>"),
        )
        form = _forms().get(sign, {}).get(_PLACES[place], sign)
        shown[at] = form if all(ord(letter) in has for letter in form) else sign
    return "".join(shown)


def _joins(sign: str, place: str) -> bool:
    return sign == _STROKE or place in _forms().get(sign, {})


def _with_marks(line: str) -> list[str]:
    """Return the letters of a line, each with the marks that are drawn over it."""
    letters: list[str] = []
    for sign in line:
        if letters and unicodedata.combining(sign):
            letters[-1] += sign
        else:
            letters.append(sign)
    return letters


# What kinds of letters are called here; all others are neutral: "o".
_KINDS = {"L": "L", "R": "R", "AL": "A", "EN": "E", "AN": "N", "ES": "s", "CS": "c", "ET": "t"}


def _base(kinds: str) -> str:
    strong = re.search("[LRA]", kinds)
    return "L" if strong is None or strong[0] == "L" else "R"


def _levels(kinds: str, base: str) -> list[int]:
    """Return how deep each letter is: those of an odd depth are written from right to left."""
    kinds = re.sub("A[^LRA]*", lambda found: found[0].replace("E", "N"), kinds)  # W2
    kinds = kinds.replace("A", "R")  # W3
    kinds = re.sub("(?<=E)[sc](?=E)", "E", re.sub("(?<=N)c(?=N)", "N", kinds))  # W4
    kinds = re.sub("t+(?=E)|(?<=E)t+", lambda found: "E" * len(found[0]), kinds)  # W5
    kinds = re.sub("[sct]", "o", kinds)  # W6
    in_latin = "(?:^|L)[^R]*" if base == "L" else "L[^R]*"
    kinds = re.sub(in_latin, lambda found: found[0].replace("E", "L"), kinds)  # W7

    def between(found: re.Match[str]) -> str:
        sides = f"{base}{kinds}{base}"[found.start()], f"{kinds}{base}"[found.end()]
        before, after = ("L" if side == "L" else "R" for side in sides)
        return (before if before == after else base) * len(found[0])

    kinds = re.sub("o+", between, kinds)  # N1, N2
    deep = {"L": 0 if base == "L" else 2, "R": 1, "E": 2, "N": 2}  # I1, I2
    return [deep[kind] for kind in kinds]
