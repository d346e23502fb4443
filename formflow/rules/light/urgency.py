"""What cannot wait, whatever the level: an immediate referral, an allegation, alarm words. Pure.

Nothing here changes the level. A person reads the form first, because of what is said here.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from rapidfuzz.distance import OSA

from formflow.core.dates import age_on
from formflow.core.messages import notice
from formflow.core.model import Entry, Facts, Notice, Tri

ASKED = "urgent_referral"
MADE = "urgent_contact_made"
CARRIED = "FF-328"
ADULT_AT = 18  # years
CODES = frozenset(
    (
        "FF-212",
        "FF-213",
        "FF-217",
        "FF-220",
        "FF-320",
        "FF-322",
        "FF-323",
        "FF-324",
        "FF-325",
        "FF-326",
    )
) | {CARRIED}
# The line of guidance that a reason rests on (section 3.1). It says nothing of allegations against adults.
REFERRAL = "IR1"
CITED = frozenset(("FF-212", "FF-213", "FF-217", "FF-220", "FF-320", "FF-326"))
_UNSAID = {Tri.UNKNOWN: "FF-217", Tri.BLANK: "FF-220", Tri.UNREADABLE: "FF-320"}
_BORN = (("child_a_dob", "FF-323"), ("child_b_dob", "FF-324"))
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?|[.!?;](?=\s|$)")
_TWICE_FROM = 9  # letters: from here on two of them may be wrong


def urgent(facts: Facts, on: date) -> Iterator[Notice]:
    """Yield every reason why a form cannot wait, nothing where it can."""
    yield from _referral(facts)
    yield from _allegation(facts, on)
    for box, words in facts.texts.items():
        if words and box not in lexicon().names:
            yield from _words(box, words)


def reasons(entry: Entry) -> tuple[Notice, ...]:
    """Return why an entry cannot wait: what it says itself, and what an earlier revision left to it."""
    own = entry.proposal.urgent if entry.proposal else ()
    return (*own, *(found for found in entry.notices if found.code in CODES))


def carried(before: Entry, own: Iterable[Notice]) -> tuple[Notice, ...]:
    """Return what a later revision takes over of one that nobody has acknowledged."""
    said = {(found.code, found.text) for found in own} | {(CARRIED, notice(CARRIED).text)}
    rest = tuple(one for one in reasons(before) if (one.code, one.text) not in said)
    return (notice(CARRIED), *rest) if rest else ()


def _referral(facts: Facts) -> Iterator[Notice]:
    """Yield what the form says of an immediate referral, also that it does not say."""
    if facts.says(MADE) is Tri.YES:
        yield notice("FF-213", field=MADE)
    elif facts.says(ASKED) is Tri.YES:
        yield notice("FF-212", field=ASKED)
    elif facts.says(ASKED) is Tri.BLANK and ASKED in facts.only_yes:
        return  # said on the page: were it urgent, every form of that agency would come first
    elif facts.asks(ASKED) and facts.says(ASKED) in _UNSAID:
        yield notice(_UNSAID[facts.says(ASKED)], field=ASKED)


def _allegation(facts: Facts, on: date) -> Iterator[Notice]:
    """Yield what the answers say of an adult who may have harmed a child."""
    if facts.choices.get("child_b_kind") == "adult":
        yield notice("FF-322", field="child_b_kind")
    happened = facts.moments.get("incident_at") or facts.moments.get("signed_date")
    day = happened.day if happened else on
    for box, code in _BORN:
        born = facts.moments.get(box)
        if born and born.day <= day and age_on(born.day, day) >= ADULT_AT:
            yield notice(code, field=box)


def _words(box: str, text: str) -> Iterator[Notice]:
    """Yield the alarm words of one box, and what may be an allegation."""
    tokens = lexicon().tokens(text)
    for code, patterns in (("FF-325", lexicon().allegation), ("FF-326", lexicon().alarm)):
        found = lexicon().quoted(tokens, patterns)
        if found:
            yield notice(code, field=box, words={"words": "”, “".join(found)})


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a text, as it is written and as it is looked for."""

    written: str
    meant: str


Phrases = Mapping[str, tuple[re.Pattern[str], ...]]  # by the word with which they begin


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words and phrases of alarm.toml."""

    names: frozenset[str]
    vocabulary: frozenset[str]  # every word that a phrase can find
    may_be_misspelt: tuple[str, ...]
    not_meant: frozenset[str]
    harmless: Phrases
    alarm: Phrases
    allegation: Phrases

    def tokens(self, text: str) -> list[Token]:
        """Return the words of a text without those that mean no harm."""
        plain = unicodedata.normalize("NFKC", text).replace("’", "'")
        found = [Token(word, _meant(word.casefold())) for word in _WORD.findall(plain)]
        for first, last in _spans(found, self.harmless):
            found[first:last] = [Token("", "-")] * (last - first)
        return found

    def quoted(self, tokens: Sequence[Token], phrases: Phrases) -> list[str]:
        """Return what phrases are found, in the words of the text, each once.

        What a phrase skips may be a name: it is not quoted.
        """
        spans = _widest(_spans(tokens, phrases))
        return list(dict.fromkeys(self._quote(tokens[first:last]) for first, last in spans))

    def _quote(self, tokens: Sequence[Token]) -> str:
        words = (token.written if token.meant in self.vocabulary else "…" for token in tokens)
        return re.sub(r"…(?: …)+", "…", " ".join(words)).strip(" …")


@lru_cache(maxsize=10_000)
def _meant(word: str) -> str:
    """Return the listed word that a word is or misspells, the word itself where there is none."""
    if word in ".!?;":
        return "."
    if word in lexicon().vocabulary or word in lexicon().not_meant:
        return word
    may_differ = 2 if len(word) >= _TWICE_FROM else 1
    near = (
        (OSA.distance(word, listed, score_cutoff=may_differ), listed)
        for listed in lexicon().may_be_misspelt
        if listed[0] == word[0] and abs(len(listed) - len(word)) <= may_differ
    )
    distance, listed = min(near, default=(may_differ + 1, word))
    return listed if distance <= may_differ else word


def _spans(tokens: Sequence[Token], phrases: Phrases) -> list[tuple[int, int]]:
    """Return where phrases stand among the words, by number of the first and after the last."""
    line, at, spans = "".join(f"{token.meant} " for token in tokens), 0, list[tuple[int, int]]()
    for number, token in enumerate(tokens):
        found = (pattern.match(line, at) for pattern in phrases.get(token.meant, ()))
        spans += [(number, number + one[0].count(" ")) for one in found if one]
        at += len(token.meant) + 1
    return spans


def _widest(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the spans that do not lie within another, in their order."""
    end = 0
    for first, last in sorted(set(spans), key=lambda span: (span[0], -span[1])):
        if last > end:
            yield first, last
            end = last


@cache
def lexicon() -> Lexicon:
    """Return the words and phrases of alarm.toml."""
    table: Mapping[str, Any] = tomllib.loads(
        (resources.files(__package__) / "alarm.toml").read_text("utf-8")
    )
    groups: Mapping[str, list[str]] = table["groups"]
    of_groups = (phrase for group in groups.values() for phrase in group)
    return Lexicon(
        names=frozenset(table["names"]),
        vocabulary=_listed((*table["alarm"], *table["allegation"], *of_groups)),
        may_be_misspelt=tuple(table["may_be_misspelt"]),
        not_meant=frozenset(table["not_meant"]) | _listed(table["harmless"]),
        harmless=_phrases(table["harmless"], groups),
        alarm=_phrases(table["alarm"], groups),
        allegation=_phrases(table["allegation"], groups),
    )


def _listed(phrases: Iterable[str]) -> frozenset[str]:
    """Return every word that is in some phrases."""
    return frozenset(_WORD.findall(re.sub(r"{\w+}|[!?*.|]", " ", " ".join(phrases))))


def _phrases(phrases: Iterable[str], groups: Mapping[str, list[str]]) -> Phrases:
    """Return phrases of alarm.toml as patterns over words that have one blank after each."""
    found: dict[str, tuple[re.Pattern[str], ...]] = {}
    for phrase in phrases:
        first, *_ = parts = phrase.split()
        pattern = re.compile("".join(_part(part, groups) for part in parts))
        begins = {one.split()[0] for word in first.split("|") for one in _in_full(word, groups)}
        found |= {word: (*found.get(word, ()), pattern) for word in begins}
    return found


_ANY_ONE = r"[^ .]+ "
_PARTS = {"...": f"(?:{_ANY_ONE}){{0,3}}", "_": _ANY_ONE, ".": r"(?:\. |$)"}
_OFTEN = {"?": "?", "*": "{0,3}"}


def _part(part: str, groups: Mapping[str, list[str]]) -> str:
    if part in _PARTS:
        return _PARTS[part]
    words = part.strip("!?*").split("|")
    either = "|".join(_exactly(one) for word in words for one in _in_full(word, groups))
    return f"(?!{either})" if part[0] == "!" else f"(?:{either}){_OFTEN.get(part[-1], '')}"


def _in_full(word: str, groups: Mapping[str, list[str]]) -> list[str]:
    """Return every phrase of a group, the word itself where it is none."""
    return groups[word[1:-1]] if word[0] == "{" else [word]


def _exactly(phrase: str) -> str:
    return "".join(_PARTS.get(word, f"{re.escape(word)} ") for word in phrase.split())
