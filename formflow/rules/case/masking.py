"""Texts of one child's papers for people outside: others' names masked, and what a person must look at. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from formflow.rules.matching import name_key

SEVERAL = "another child"  # whom a word names that is part of several children's names
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]{2,})*")
_GAP = re.compile(r"[\s\-–.]{0,3}")  # between two words of one name
_ENDS_A_SENTENCE = re.compile(r"(?:^|[.!?:;\n“”\"•*(–-])\s*$")
_WORDS_THAT_ARE_NAMES = """
    amber angel april art autumn chase daisy dawn dean drew faith frank gene grace grant guy hazel heather holly
    hope hunter iris ivy jade jay joy june lily mark max may miles nick olive pat penny poppy ray rob robin rose
    ruby sandy skip sky star storm sue summer tab wade will"""
_NOBODY = """
    a about after again all also although an and another any as asked at b because before both boy but by can child
    children class could did do does during each every everyone for from girl had has have he her here him his how i
    if in is it its just later lunch many mr mrs miss ms dr most mum dad my name no nobody not note now of on once one
    only or other others our parent parents playground play pupil room she since so some staff still that the their
    them then there these they this those to today told two under was we were what when where which while who why
    with year yes yesterday yet you your he's she's it's he'd she'd didn't don't i'm i've
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december autumn spring summer christmas easter english pe dsl lado upn senco ta tv
    first known planned reported referred phone police council social care school reception nursery hall toilets
    snapchat instagram tiktok whatsapp youtube facebook roblox fortnite google"""
_NO_NAMES = """
    a adult an and another boy child children class dr from girl in known miss mr mrs ms my name no nobody none not
    of one or other others parent parents person pupil pupils some staff student the unknown with year yet"""
# Words that may have a capital letter and name nobody, as they are compared.
_PLAIN = frozenset(_NOBODY.split())
# Words that are names too: in small letters they are left, and a person looks.
ORDINARY = _PLAIN.union(_WORDS_THAT_ARE_NAMES.split())
# Words in boxes for names that name nobody: "a boy in Year 3", "Not known".
_NAME_NOBODY = frozenset(_NO_NAMES.split())


class Why(StrEnum):
    """Why a person must look at a text before it goes."""

    UNKNOWN = "a word with a capital letter that may be a name no form gives"
    ORDINARY = "a word that is also another child’s name"
    SHARED = "a name that this child shares with another"


@dataclass(frozen=True, slots=True)
class Masked:
    """A text as it may leave the house."""

    text: str
    why: frozenset[Why] = frozenset()  # why a person must look; empty: all names in it are known


@dataclass(frozen=True, slots=True)
class Mask:
    """Who is called what in the papers of one child."""

    whole: Mapping[tuple[str, ...], str]  # the words of a whole name, as compared -> "Child B"
    words: Mapping[str, str]  # one word of a name -> "Child B", or SEVERAL
    shared: frozenset[str]  # words of others' names that are this child's too
    stays: frozenset[str]  # words of the names that stay: the child's own, and staff's

    @classmethod
    def of(cls, others: Mapping[str, str], own: Iterable[str], staff: Iterable[str]) -> Mask:
        """Return the mask for a child. `others`: names as papers give them, and what to say instead."""
        mine = {key for name in own for key in _keys(name)}
        called = defaultdict[str, set[str]](set)
        for name, label in others.items():
            for key in _keys(name):
                if key not in _NAME_NOBODY:
                    called[key].add(label)
        is_alone = {key: one for key, one in called.items() if len(key) > 1 and key not in mine}
        words = {
            key: next(iter(one)) if len(one) == 1 else SEVERAL for key, one in is_alone.items()
        }
        theirs = {key for name in staff for key in _keys(name)}
        whole = {tuple(_keys(name)): label for name, label in others.items() if _keys(name)}
        own_names = {tuple(_keys(name)) for name in own}
        return cls(
            {keys: label for keys, label in whole.items() if keys not in own_names},
            words,
            frozenset(called.keys() & mine),
            frozenset(mine | (theirs - called.keys())),
        )

    def over(self, text: str) -> Masked:
        """Return a text with who is meant in the place of others' names."""
        plain = unicodedata.normalize("NFC", text)
        found = list(_WORD.finditer(plain))
        parts, why, at = list[str](), set[Why](), 0
        for first, end, label in self._named(plain, found):
            if label:
                said = f"[{label}]"
                is_again = (
                    bool(parts)
                    and parts[-1] == said
                    and _GAP.fullmatch(plain, at, found[first].start())
                )
                parts += [] if is_again else [plain[at : found[first].start()], said]
                at = found[end - 1].end()
            else:
                why |= self._doubts(plain, found[first])
        return (
            Masked("".join((*parts, plain[at:])), frozenset(why)) if parts or why else Masked(text)
        )

    def _named(self, text: str, found: list[re.Match[str]]) -> Iterator[tuple[int, int, str]]:
        """Yield from which word to which another child is named, and by which words; each other word alone with ""."""
        keys = [name_key(one[0]) for one in found]
        longest = max((len(one) for one in self.whole), default=0)
        at = 0
        while at < len(keys):
            for size in range(min(longest, len(keys) - at), 1, -1):
                label = self.whole.get(tuple(keys[at : at + size]))
                if label and _is_together(text, found[at : at + size]):
                    break
            else:
                size, label = 1, self._called(found[at][0], keys[at])
            yield at, at + size, label
            at += size

    def _called(self, word: str, key: str) -> str:
        is_ordinary = key in ORDINARY and word[0].islower()
        return "" if is_ordinary else self.words.get(key, "")

    def _doubts(self, text: str, word: re.Match[str]) -> set[Why]:
        """Return why a word that is left needs a look."""
        key = name_key(word[0])
        if key in self.words:
            return {Why.ORDINARY}
        if key in self.shared:
            return {Why.SHARED}
        may_be_name = not word[0][0].islower() and len(word[0]) > 1
        if not may_be_name or key in _PLAIN or key in self.stays:
            return set()
        begins = _ENDS_A_SENTENCE.search(text, max(0, word.start() - 6), word.start())
        return (
            set()
            if begins and word[0][0].isascii() and not _goes_on_like_a_name(text, word)
            else {Why.UNKNOWN}
        )


def _goes_on_like_a_name(text: str, word: re.Match[str]) -> bool:
    """Return whether a sentence begins with a word and "said", "and Bo", "’s": as it does with a name."""
    after = text[word.end() : word.end() + 24]
    return (
        re.match(
            r"['’]s\b|,? (?:and|was|is|said|had|has|did|told|asked|then|went|ran|put|pushed|showed|touched|pulled|[A-Z])",
            after,
        )
        is not None
    )


def _is_together(text: str, found: list[re.Match[str]]) -> bool:
    pairs = pairwise(found)
    return all(_GAP.fullmatch(text, one.end(), other.start()) for one, other in pairs)


def _keys(name: str) -> list[str]:
    """Return the words of a name as they are compared; [] for words that name nobody."""
    keys = [name_key(one) for one in _WORD.findall(unicodedata.normalize("NFC", name))]
    return [] if _NAME_NOBODY.issuperset(keys) else keys
