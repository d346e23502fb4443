"""The language of hints.toml and alarm.toml: words and phrases, looked for in free text as people write it. Pure.

How to write a phrase is said at the top of alarm.toml.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rapidfuzz.distance import OSA

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?|[.!?;](?=\s|$)")
_TWICE_FROM = 9  # letters: from here on two of them may be wrong

Groups = Mapping[str, Sequence[str]]
# The phrases that begin with a word: the list each is on, and the phrase as a pattern.
Phrases = Mapping[str, tuple[tuple[str, re.Pattern[str]], ...]]
_HARMLESS = "harmless"


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a text, as it is written and as it is looked for."""

    written: str
    meant: str


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """Lists of phrases, and what means no harm though it looks like one of them."""

    vocabulary: frozenset[str]  # every word that a phrase can find
    may_be_misspelt: tuple[str, ...]
    not_meant: frozenset[str]
    harmless: Phrases
    phrases: Phrases

    def found(self, text: str) -> dict[str, list[str]]:
        """Return by list what is found of it, in the words of the text, each once, in their order.

        What a phrase skips may be a name: it is not quoted.
        """
        tokens = self._tokens(text)
        spans: dict[str, list[tuple[int, int]]] = {}
        for name, first, last in _spans(tokens, self.phrases):
            spans.setdefault(name, []).append((first, last))
        return {
            name: list(
                dict.fromkeys(self._quote(tokens[first:last]) for first, last in _widest(at))
            )
            for name, at in spans.items()
        }

    def _tokens(self, text: str) -> list[Token]:
        """Return the words of a text without those that mean no harm."""
        plain = unicodedata.normalize("NFKC", text).replace("’", "'")
        found = [Token(word, _meant(self, word.casefold())) for word in _WORD.findall(plain)]
        for _, first, last in _spans(found, self.harmless):
            found[first:last] = [Token("", "-")] * (last - first)
        return found

    def _quote(self, tokens: Sequence[Token]) -> str:
        words = (token.written if token.meant in self.vocabulary else "…" for token in tokens)
        return re.sub(r"…(?: …)+", "…", " ".join(words)).strip(" …")


def lexicon(table: Mapping[str, Any], lists: Mapping[str, Sequence[str]]) -> Lexicon:
    """Return some lists of phrases as a lexicon, with what their file says of groups and harmless phrases."""
    groups: Groups = table["groups"]
    in_lists = (phrase for phrases in lists.values() for phrase in phrases)
    of_groups = (phrase for group in groups.values() for phrase in group)
    return Lexicon(
        vocabulary=_listed((*in_lists, *of_groups)),
        may_be_misspelt=tuple(table["may_be_misspelt"]),
        not_meant=frozenset(table["not_meant"]) | _listed(table[_HARMLESS]),
        harmless=_phrases({_HARMLESS: table[_HARMLESS]}, groups),
        phrases=_phrases(lists, groups),
    )


@lru_cache(maxsize=10_000)
def _meant(lexicon: Lexicon, word: str) -> str:
    """Return the listed word that a word is or misspells, the word itself where there is none."""
    if word in ".!?;":
        return "."
    if word in lexicon.vocabulary or word in lexicon.not_meant:
        return word
    may_differ = 2 if len(word) >= _TWICE_FROM else 1
    near = (
        (OSA.distance(word, listed, score_cutoff=may_differ), listed)
        for listed in lexicon.may_be_misspelt
        if listed[0] == word[0] and abs(len(listed) - len(word)) <= may_differ
    )
    distance, listed = min(near, default=(may_differ + 1, word))
    return listed if distance <= may_differ else word


def _spans(tokens: Sequence[Token], phrases: Phrases) -> list[tuple[str, int, int]]:
    """Return where phrases stand among the words: their list, the number of the first word and after the last."""
    line, at, spans = (
        "".join(f"{token.meant} " for token in tokens),
        0,
        list[tuple[str, int, int]](),
    )
    for number, token in enumerate(tokens):
        for name, pattern in phrases.get(token.meant, ()):
            if one := pattern.match(line, at):
                spans.append((name, number, number + one[0].count(" ")))
        at += len(token.meant) + 1
    return spans


def _widest(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the spans that do not lie within another, in their order."""
    end = 0
    for first, last in sorted(set(spans), key=lambda span: (span[0], -span[1])):
        if last > end:
            yield first, last
            end = last


def _listed(phrases: Iterable[str]) -> frozenset[str]:
    """Return every word that is in some phrases."""
    return frozenset(_WORD.findall(re.sub(r"{\w+}|[!?*.|]", " ", " ".join(phrases))))


def _phrases(lists: Mapping[str, Sequence[str]], groups: Groups) -> Phrases:
    """Return phrases as patterns over words that have one blank after each."""
    found: dict[str, tuple[tuple[str, re.Pattern[str]], ...]] = {}
    for name, phrase in ((name, phrase) for name, phrases in lists.items() for phrase in phrases):
        first, *_ = parts = phrase.split()
        pattern = re.compile("".join(_part(part, groups) for part in parts))
        begins = {one.split()[0] for word in first.split("|") for one in _in_full(word, groups)}
        found |= {word: (*found.get(word, ()), (name, pattern)) for word in begins}
    return found


_ANY_ONE = r"[^ .]+ "
_PARTS = {"...": f"(?:{_ANY_ONE}){{0,3}}", "_": _ANY_ONE, ".": r"(?:\. |$)"}
_OFTEN = {"?": "?", "*": "{0,3}"}


def _part(part: str, groups: Groups) -> str:
    if part in _PARTS:
        return _PARTS[part]
    words = part.strip("!?*").split("|")
    either = "|".join(_exactly(one) for word in words for one in _in_full(word, groups))
    return f"(?!{either})" if part[0] == "!" else f"(?:{either}){_OFTEN.get(part[-1], '')}"


def _in_full(word: str, groups: Groups) -> Sequence[str]:
    """Return every phrase of a group, the word itself where it is none."""
    return groups[word[1:-1]] if word[0] == "{" else [word]


def _exactly(phrase: str) -> str:
    return "".join(_PARTS.get(word, f"{re.escape(word)} ") for word in phrase.split())
