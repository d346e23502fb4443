"""The language of hints.toml and alarm.toml: words and phrases, found in free text as people write it. Pure.

How to write a phrase is explained at the top of phrases.toml, which also holds what both lists share.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from itertools import groupby
from typing import Any, NamedTuple

from rapidfuzz.distance import OSA

NAME = "@"
# Words, and ends of sentences. "J." and "Mr." end none.
_WORD = re.compile(
    r"[^\W_]+(?:'[^\W_]+)*|(?<!\b[A-Z])(?<!\b[MD]r)(?<!\bMrs)(?<!\bMs)[.!?;](?=\s|$)|[.!?;](?=\s*$)"
)
_ENDS = frozenset(".!?;")  # of a sentence
_TWICE_FROM = 9  # letters: from here on two of them may be wrong
_HARMLESS = "harmless"
_NOBODY = frozenset(("A", "I"))  # single capital letters that stand for no name

# The phrases that begin with a word.
Phrases = Mapping[str, Sequence["Phrase"]]


class Token(NamedTuple):
    """One word of a text, as it is written and as it is looked for."""

    written: str
    meant: str


_SPARED = Token("", "-")  # in place of a word that is harmless


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """One phrase of a list. Most texts lack a word that it needs, so it is compiled when a text has them all."""

    list: str
    written: str
    needs: tuple[frozenset[str], ...]  # one word of each, at least

    def may_be_in(self, words: frozenset[str]) -> bool:
        """Return whether a text of these words can hold the phrase."""
        return not any(map(words.isdisjoint, self.needs))


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """Lists of phrases, and what is harmless though it looks like one of them."""

    vocabulary: frozenset[str]  # every word that a phrase can find
    may_be_misspelt: Mapping[str, Sequence[str]]  # by first letter
    not_meant: frozenset[str]
    also_names: frozenset[str]
    harmless: Phrases
    phrases: Phrases
    letters: Mapping[str, str]  # one for each word in any phrase: patterns are over these

    def found(self, text: str, names: Collection[str] = ()) -> dict[str, list[str]]:
        """Return what is found of each list, in the words of the text, each once and in their order.

        Only listed words are quoted: what a phrase skips may be a name. Nor is a word quoted that the form gives as
        somebody's name (`names`, in small letters).
        """
        tokens = self._tokens(text)
        spans: dict[str, list[tuple[int, int]]] = {}
        for name, first, last in _spans(self, tokens, self.phrases):
            spans.setdefault(name, []).append((first, last))
        return {
            name: list(
                dict.fromkeys(self._quote(tokens[first:last], names) for first, last in _widest(at))
            )
            for name, at in spans.items()
        }

    def _tokens(self, text: str) -> list[Token]:
        """Return the words of a text without those that are harmless."""
        plain = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'")
        is_loud, before = plain.isupper(), "."
        found: list[Token] = []
        for word in _WORD.findall(plain):
            meant = _meant(self, word)
            if meant not in self.vocabulary and not is_loud:
                meant = NAME if _is_name(word, is_first=before == ".") else meant
            found.append(Token(word, meant))
            before = meant
        for _, first, last in _spans(self, found, self.harmless):
            found[first:last] = [_SPARED] * (last - first)
        return found

    def _quote(self, tokens: Sequence[Token], names: Collection[str]) -> str:
        words = (token.written if self._may_be_quoted(token, names) else "…" for token in tokens)
        return re.sub(r"…(?: …)+", "…", " ".join(words)).strip(" …") or "…"

    def _may_be_quoted(self, token: Token, names: Collection[str]) -> bool:
        if token.meant not in self.vocabulary:
            return False
        is_capital, small = token.written[:1].isupper(), token.written.casefold()
        return not (is_capital and (token.meant in self.also_names or small in names))


def lexicon(lists: Mapping[str, Sequence[str]], *, spares_harmless: bool = True) -> Lexicon:
    """Return some lists of phrases as a lexicon, which takes out first what is harmless, or does not."""
    shared = _shared()
    misspelt: dict[str, list[str]] = {}
    for word in _words(shared["may_be_misspelt"]):
        misspelt.setdefault(word[0], []).append(word)
    in_lists = [phrase for phrases in lists.values() for phrase in phrases]
    spared = shared[_HARMLESS] if spares_harmless else []
    return Lexicon(
        vocabulary=_vocabulary(in_lists),
        may_be_misspelt=misspelt,
        not_meant=_words(shared["not_meant"]) | _vocabulary(shared[_HARMLESS]),
        also_names=_words(shared["also_names"]),
        harmless=_phrases({_HARMLESS: spared}),
        phrases=_phrases(lists),
        letters=_letters([*in_lists, *spared]),
    )


@cache
def boxes_with_names() -> frozenset[str]:
    """Return our boxes that hold names, numbers or places of work: no words are looked for there."""
    return frozenset(_shared()["names"])


def words_of_names(texts: Mapping[str, str], boxes: Collection[str]) -> frozenset[str]:
    """Return the words, in small letters, of the boxes that hold names."""
    there = (texts[box] for box in texts.keys() & boxes)
    return frozenset(word.casefold() for text in there for word in _WORD.findall(text))


@cache
def _shared() -> Mapping[str, Any]:
    return tomllib.loads((resources.files(__package__) / "phrases.toml").read_bytes().decode())


@lru_cache(maxsize=10_000)
def _meant(lexicon: Lexicon, written: str) -> str:
    """Return the listed word that a word is or misspells, the word itself where there is none."""
    word = written.casefold().replace("'", "")
    if word in _ENDS:
        return "."
    if word in lexicon.vocabulary or word in lexicon.not_meant:
        return word
    may_differ = 2 if len(word) >= _TWICE_FROM else 1
    near = [
        (distance, listed)
        for listed in lexicon.may_be_misspelt.get(word[0], ())
        if abs(len(listed) - len(word)) <= may_differ
        and (distance := OSA.distance(word, listed)) <= may_differ
    ]
    return min(near)[1] if near else word


def _is_name(word: str, *, is_first: bool) -> bool:
    """Return whether a word that is on no list looks like a name: "Zoë", "J", "J's"."""
    bare = word.removesuffix("'s")
    if len(bare) == 1:
        return bare.isupper() and bare not in _NOBODY
    return bare[0].isupper() and not bare.isupper() and not is_first


def _spans(
    lexicon: Lexicon, tokens: Sequence[Token], phrases: Phrases
) -> list[tuple[str, int, int]]:
    """Return where phrases are among the words: list, number of the first word, number after the last."""
    meant = [token.meant for token in tokens]
    line, words = "".join(lexicon.letters.get(word, _OTHER) for word in meant), frozenset(meant)
    possible = {
        word: [
            (one.list, _pattern(lexicon, one.written))
            for one in phrases[word]
            if one.may_be_in(words)
        ]
        for word in words & phrases.keys()
    }
    return [
        (name, number, one.end())
        for number, word in enumerate(meant)
        for name, pattern in possible.get(word, ())
        if (one := pattern.match(line, number))
    ]


def _widest(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the spans that do not lie within another, in their order."""
    end = 0
    for first, last in sorted(set(spans), key=lambda span: (span[0], -span[1])):
        if last > end:
            yield first, last
            end = last


# The language

_OTHER = "_"  # the letter of every word that is in no phrase
_FIRST_LETTER = 0x4E00  # from here on there are 20,000 without a meaning in a pattern
_ANY_ONE = "[^.]"
_PARTS = {"...": f"{_ANY_ONE}{{0,3}}", "_": _ANY_ONE, ".": r"(?:\.|$)"}
_OFTEN = {"?": "?", "*": "{0,3}"}


def _phrases(lists: Mapping[str, Sequence[str]]) -> Phrases:
    """Return the phrases of some lists by the words with which they begin."""
    found: dict[str, list[Phrase]] = {}
    for name, written in ((name, written) for name, some in lists.items() for written in some):
        first, *rest = written.split()
        needs = (_words_of(part) for part in rest if part not in _PARTS and part[0] != "!")
        phrase = Phrase(name, written, tuple(one for one in needs if one))
        for word in _first_words(first):
            found.setdefault(word, []).append(phrase)
    return found


def _letters(phrases: Iterable[str]) -> Mapping[str, str]:
    """Return a letter for each word of some phrases. A pattern over words themselves takes more than twice as long to compile."""
    words = sorted(_words_in(_parts_of(phrases)))
    return {".": "."} | {word: chr(_FIRST_LETTER + number) for number, word in enumerate(words)}


@cache
def _pattern(lexicon: Lexicon, written: str) -> re.Pattern[str]:
    """Return a phrase as a pattern over the letters of words."""
    return re.compile("".join(_part(part, lexicon.letters) for part in written.split()))


@cache
def _first_words(part: str) -> frozenset[str]:
    return frozenset(form for one in _choices(part) for form in _forms(one.split()[0]))


@cache
def _words_of(part: str) -> frozenset[str]:
    """Return the words of which a text must have one for this part, none where it may be left out."""
    if part[-1] in _OFTEN or any(one.split()[-1] in _PARTS for one in _choices(part)):
        return frozenset()
    return frozenset(form for one in _choices(part) for form in _forms(one.split()[-1]))


def _part(part: str, letters: Mapping[str, str]) -> str:
    if part in _PARTS:
        return _PARTS[part]
    either = "|".join(_in_letters(_choices(part), letters))
    return f"(?!{either})" if part[0] == "!" else f"(?:{either}){_OFTEN.get(part[-1], '')}"


def _choices(part: str) -> Iterator[str]:
    """Yield every word or phrase that may stand in one place."""
    return (one for choice in _as_written(part) for one in _grouped(choice))


def _as_written(part: str) -> list[str]:
    """Return what may stand in one place: words, and names of groups in braces."""
    return part.removeprefix("!").removesuffix("?").removesuffix("*").split("|")


def _grouped(choice: str) -> Sequence[str]:
    groups: Mapping[str, Sequence[str]] = _shared()["groups"]
    return groups[choice[1:-1]] if choice[0] == "{" else [choice]


def _in_letters(choices: Iterable[str], letters: Mapping[str, str]) -> Iterator[str]:
    """Yield choices as patterns, in their order: single words that follow each other as one set of letters."""
    for is_word, some in groupby(choices, lambda one: " " not in one and one not in _PARTS):
        if is_word:
            yield _any_of(some, letters)
        else:
            for phrase in some:
                words = phrase.split()
                yield "".join(_PARTS.get(word) or _any_of([word], letters) for word in words)


def _any_of(words: Iterable[str], letters: Mapping[str, str]) -> str:
    """Return the pattern for one of all forms of some words."""
    return f"[{''.join(letters[form] for word in words for form in _forms(word))}]"


@cache
def _forms(word: str) -> Sequence[str]:
    """Return the forms of a word with ~ after it, the word alone without. Apostrophes do not count.

    grab~ is grab, grabs, grabbed and grabbing; forms that do not exist ("grabed") are how some people write them.
    """
    plain = word.replace("'", "")
    stem = plain.removesuffix("~")
    if stem == plain:
        return [plain]
    short = stem[:-1] if stem[-1] == "e" else stem
    forms = [stem, f"{stem}s", f"{short}ed", f"{short}ing", f"{short}in"]
    if stem[-1] == "y":
        forms += [f"{stem[:-1]}ies", f"{stem[:-1]}ied"]
    elif stem.endswith(("s", "x", "h", "z")):
        forms += [f"{stem}es"]
    if re.search(r"[^aeiouwxy][aeiou][^aeiouwxy]$", stem):
        forms += [f"{stem}{stem[-1]}ed", f"{stem}{stem[-1]}ing", f"{stem}{stem[-1]}in"]
    return forms


def _vocabulary(phrases: Iterable[str]) -> frozenset[str]:
    """Return every word that some phrases can find, names apart."""
    return _words_in(part for part in _parts_of(phrases) if part[0] != "!") - {NAME}


def _parts_of(phrases: Iterable[str]) -> set[str]:
    return {part for phrase in phrases for part in phrase.split() if part not in _PARTS}


def _words_in(parts: Iterable[str]) -> frozenset[str]:
    """Return every form of the words in some parts of phrases, also of those that may not follow."""
    choices = {choice for part in parts for choice in _as_written(part)}
    return frozenset[str]().union(*map(_words_of_choice, choices))


@cache
def _words_of_choice(choice: str) -> frozenset[str]:
    return _words(_grouped(choice))


def _words(phrases: Iterable[str]) -> frozenset[str]:
    """Return every form of the words of some plain phrases."""
    words = (word for phrase in phrases for word in phrase.split() if word not in _PARTS)
    return frozenset(form for word in words for form in _forms(word))
