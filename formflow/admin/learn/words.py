"""The words of labels: which say yes or no, which are hints, and whether two labels say the same. Pure."""

from __future__ import annotations

import re

from rapidfuzz import fuzz

AGREES = 75.0  # of 100: so like are two signs of one meaning
SHARED = 0.6  # of the words of the shorter one
SAYS = {
    **dict.fromkeys(("yes", "y", "true"), "yes"),
    **dict.fromkeys(("no", "n", "false"), "no"),
    **dict.fromkeys(("not known", "unknown", "n k", "nk", "don t know", "dont know"), "unknown"),
    **dict.fromkeys(("unsure", "not sure"), "unknown"),
    **dict.fromkeys(("not applicable", "n a", "na", "none"), "neither"),
}
HINT = re.compile(r"\(.*\)|[dmyDMY]{2,4}([/. -][dmyDMY]{2,4})+")
PLACEHOLDER = re.compile(r"[dmyh/.:\-–\s]+", re.IGNORECASE)  # "DD / MM / YYYY" in or between boxes
NUMBER = re.compile(r"^\(?(?:\d{1,2}(?:\.\d{1,2})*[.)]?|[a-zA-Z][.)])\*?\s+")
LITTLE = frozenset(
    (
        "of",
        "the",
        "a",
        "an",
        "and",
        "or",
        "is",
        "are",
        "to",
        "in",
        "on",
        "for",
        "your",
        "text",
        "box",
        "field",
    )
)
_APOSTROPHES = re.compile("['’ʼ‘`]")
_NAME = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SHORT = {
    "dob": "date of birth",
    "doi": "date of incident",
    "addr": "address",
    "tel": "telephone",
    "no": "number",
}
_AUTOMATIC = re.compile(
    r"(?:copy of )?(?:text|check|tick|radio|drop ?down|combo|list|date|field|box|group|button|form|undefined|fill|\d| |topmost|subform|page)+"
)


def plain(label: str) -> str:
    """Return the words of a label in small letters, apostrophes and signs left out."""
    return " ".join(re.findall(r"[^\W_]+", _APOSTROPHES.sub("", label.casefold())))


def of_name(name: str) -> str:
    """Return the words in the name of a box, such as "incident date" for "incident.date"."""
    return " ".join(_NAME.findall(name)).lower()


def is_automatic(words: str) -> bool:
    """Return whether the words of a name say nothing: a program chose them, as "text field 3"."""
    return bool(_AUTOMATIC.fullmatch(words)) or letters(words) < 2


def say_the_same(label: str, other: str) -> bool:
    """Return whether two signs of what a box is for say the same."""
    one, two = plain(NUMBER.sub("", label)), plain(NUMBER.sub("", other))
    if not one or not two:
        return False
    long = " ".join(_SHORT.get(word, word) for word in two.split())
    if max(fuzz.token_sort_ratio(one, two), fuzz.token_sort_ratio(one, long)) >= AGREES:
        return True
    first, second = (set(words.split()) - LITTLE for words in (one, long))
    shared = first & second
    return bool(shared) and len(shared) >= SHARED * min(len(first), len(second))


def letters(label: str) -> int:
    """Return how many letters a label has."""
    return len(re.sub(r"[\W\d_]", "", label))


def is_yes_or_no(label: str) -> bool:
    """Return whether a label says no more than yes, no or the like."""
    return plain(label) in SAYS
