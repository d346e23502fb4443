"""The agency's list of pupils: who on it a form is about, and whose folder is whose. Exact or not at all. Pure."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath

from formflow.core.settings_roster import names_one_child
from formflow.rules.matching import ChildKey, Named, name_key, swapped, valid_upn, why_near

NOT_ON_IT, NAMESAKES, OTHER_UPN = "FF-510", "FF-511", "FF-512"  # notices
MOST_OFFERED = 8  # pupils on one review sheet
SAME = "the same name and date of birth"
NAME_ALONE = "the same name; the form gives no date of birth"
BY_NUMBER = "the same UPN"


@dataclass(frozen=True, slots=True)
class Pupil:
    """One line of the list. Everything but the day is text as it is there, "" where it says nothing."""

    legal_surname: str
    legal_forename: str
    dob: date
    upn: str = ""
    former_upn: str = ""
    admission_no: str = ""
    mis_id: str = ""
    middle_names: str = ""
    preferred_surname: str = ""
    preferred_forename: str = ""
    year_group: str = ""
    reg_group: str = ""
    on_roll_from: str = ""
    leaving_date: str = ""
    folder: str = ""
    address: str = ""
    parents: str = ""
    parents_phone: str = ""
    parents_email: str = ""

    @property
    def name(self) -> str:
        """The legal name as people say it."""
        return f"{self.legal_forename} {self.legal_surname}"

    @property
    def number(self) -> str:
        """What tells it from every other on the list, to be written on a sheet; "" where nothing does."""
        return self.upn or self.admission_no or self.mis_id

    @property
    def upns(self) -> tuple[str, ...]:
        """The valid UPNs, the present one first."""
        return tuple(one for one in map(valid_upn, (self.upn, self.former_upn)) if one)

    @property
    def keys(self) -> tuple[ChildKey, ...]:
        """What it is found by, the legal name first: preferred names are names, and either order is usual."""
        forenames = dict.fromkeys(filter(None, (self.legal_forename, self.preferred_forename)))
        surnames = dict.fromkeys(filter(None, (self.legal_surname, self.preferred_surname)))
        plain = [f"{one} {other}" for other in surnames for one in forenames]
        if self.middle_names:
            plain.append(f"{self.legal_forename} {self.middle_names} {self.legal_surname}")
        turned = [f"{other}, {one}" for other in surnames for one in forenames]
        names = dict.fromkeys(map(name_key, (*plain, *turned)))
        return tuple(ChildKey(one, self.dob) for one in names)

    @property
    def in_words(self) -> str:
        """Who it is, for the safeguarding lead: no more than she needs to choose, as her sheets are filed."""
        return f"{self.name}, {_year(self.year_group)}" if self.year_group else self.name


def _year(group: str) -> str:
    return f"Year {group}" if group.isdecimal() else group


@dataclass(frozen=True, slots=True)
class Match:
    """Which pupil a form means, and the notice that says why it is none."""

    pupil: Pupil | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Offered:
    """A pupil whom a form may mean: for a person to say."""

    pupil: Pupil
    why: str  # in words without a name


@dataclass(frozen=True, slots=True)
class OnTheList:
    """What the list says of the children of one case."""

    child_a: Pupil | None = None  # None where the list does not know who it is
    child_b: Pupil | None = None
    offered: tuple[
        Offered, ...
    ] = ()  # whom the form may mean by child A, where that is for a person to say


NOBODY_ON_IT = OnTheList()


@dataclass(frozen=True, slots=True)
class ChildFolder:
    """What the list says of where a child's papers are kept."""

    name: str  # told from the folder that holds them all, with "/" between folders
    is_sure: bool  # False: a namesake's folder could be called the same, so a person has to say so


@dataclass(frozen=True)
class Roster:
    """All pupils of the list. An empty one knows nobody."""

    pupils: tuple[Pupil, ...] = ()
    pattern: str = ""  # what folders are called, where the list does not say
    _by_key: dict[ChildKey | None, list[Pupil]] = field(init=False, repr=False, compare=False)
    _by_upn: dict[str, list[Pupil]] = field(init=False, repr=False, compare=False)
    _by_name: dict[str, list[Pupil]] = field(init=False, repr=False, compare=False)
    _by_day: dict[date, list[Pupil]] = field(init=False, repr=False, compare=False)
    _owners: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_key, by_upn = defaultdict[object, list[Pupil]](list), defaultdict[str, list[Pupil]](list)
        by_name, by_day = defaultdict[str, list[Pupil]](list), defaultdict[date, list[Pupil]](list)
        owners = defaultdict[str, int](int)
        for pupil in self.pupils:
            by_day[pupil.dob].append(pupil)
            for key in pupil.keys:
                by_key[key].append(pupil)
                by_name[key.name_key].append(pupil)
            for number in dict.fromkeys(pupil.upns):
                by_upn[number].append(pupil)
            owners[_folder_key(self._folder_name(pupil))] += 1
        found = {"_by_key": by_key, "_by_upn": by_upn, "_by_name": by_name, "_by_day": by_day}
        vars(self).update({**found, "_owners": owners})

    def match(self, key: ChildKey | None, upn: str) -> Match:
        """Return whom a form means: by a valid UPN that goes with name or birthday, or by both of these.

        A UPN that two pupils have, or that goes with neither, is nobody's. A twin's is nobody's either: it goes
        with the birthday, but the name is another's on the list.
        """
        by_number = self._by_upn.get(upn, [])
        found = self._by_key.get(key, [])
        if len(by_number) == 1:
            said = by_number[0]
            is_meant = key is None or said in found or (not found and _goes_with(key, said))
            return Match(said) if is_meant else Match(code=OTHER_UPN)
        if len(found) > 1:
            return Match(code=NAMESAKES)
        if not found:
            return Match(code=NOT_ON_IT if key else "")
        if upn and found[0].upns and upn not in found[0].upns:
            return Match(code=OTHER_UPN)
        return Match(found[0])

    def has_namesakes(self, key: ChildKey) -> bool:
        """Return whether name and birthday alone mean more than one pupil."""
        return len(self._by_key.get(key, ())) > 1

    def numbered(self, words: str) -> Pupil | None:
        """Return the one pupil whose UPN, admission number or other number these words are."""
        said = "".join(words.split()).casefold()
        if not said:
            return None
        numbers = ("upn", "admission_no", "mis_id")
        found = [
            pupil
            for pupil in self.pupils
            if any("".join(getattr(pupil, one).split()).casefold() == said for one in numbers)
        ]
        return found[0] if len(found) == 1 else None

    def near(self, said: Named, upn: str) -> tuple[Offered, ...]:
        """Return the pupils whom a form may mean: one of these is for a person to name."""
        found = dict[int, Offered]()
        for pupil, why in self._near(said, upn):
            found.setdefault(id(pupil), Offered(pupil, why))
        return tuple(found.values())[:MOST_OFFERED]

    def _near(self, said: Named, upn: str) -> Iterator[tuple[Pupil, str]]:
        for pupil in self._by_upn.get(upn, ()):
            yield pupil, BY_NUMBER
        if said.born is None:
            yield from ((pupil, NAME_ALONE) for pupil in self._by_name.get(said.name_key, ()))
            return
        ours = ChildKey(said.name_key, said.born)
        yield from ((pupil, SAME) for pupil in self._by_key.get(ours, ()))
        turned = swapped(said.born) or said.born
        near = (*self._on(said.born), *self._on(turned), *self._by_name.get(said.name_key, ()))
        for pupil in near:
            reasons = (why_near(ours, theirs) for theirs in pupil.keys)
            yield from ((pupil, why) for why in reasons if why)

    def _on(self, day: date) -> Sequence[Pupil]:
        return self._by_day.get(day, ())

    def folder_of(self, pupil: Pupil) -> ChildFolder | None:
        """Return where a child's papers are kept, None where the list does not say so of this child alone."""
        name = self._folder_name(pupil)
        if not name or self._owners[_folder_key(name)] != 1:
            return None
        return ChildFolder(name, bool(pupil.folder) or names_one_child(self.pattern))

    def _folder_name(self, pupil: Pupil) -> str:
        if pupil.folder:
            return _inside(pupil.folder.replace("\\", "/").strip("/"))
        words = pupil.__class__.__slots__
        values = {name: getattr(pupil, name) for name in words}
        used = [str(values[name]) for name in words if f"{{{name}" in self.pattern]
        if not self.pattern or any(not one or "/" in one or "\\" in one for one in used):
            return ""  # a folder's name with a gap could be another child's
        return _inside(self.pattern.format(**values))


def twice(pupils: Iterable[Pupil]) -> tuple[int, int]:
    """Return how many pupils share name and birthday with another, and how many a UPN."""
    by_key, by_upn = defaultdict[object, int](int), defaultdict[object, int](int)
    for pupil in pupils:
        by_key[pupil.keys[0]] += 1
        for number in pupil.upns[:1]:
            by_upn[number] += 1
    counted = (sum(n for n in index.values() if n > 1) for index in (by_key, by_upn))
    return next(counted), next(counted)


def _goes_with(key: ChildKey, pupil: Pupil) -> bool:
    return key.born == pupil.dob or any(key.name_key == one.name_key for one in pupil.keys)


def _inside(name: str) -> str:
    """Return the path of a folder, "" where it would lead elsewhere."""
    parts = PurePosixPath(name).parts
    return "" if not parts or ".." in parts or PurePosixPath(name).is_absolute() else name


def _folder_key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().strip()
