"""`make learn`: how well `formflow forms learn` reads public forms whose labels are known.

A folder of forms has a labels.json: file name -> labels -> printed: box -> label as a person sees it. Half of the
forms are held out: nobody may tune the reading of labels to them.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Self

import pikepdf
from rapidfuzz import fuzz

from bench import learn_filled, learn_programs
from formflow.admin.learn import draft
from formflow.admin.learn.labels import Certainty
from formflow.admin.learn.pairing import Pair
from formflow.core.errors import FormFlowError
from formflow.forms import catalogue
from formflow.forms.catalogue import Form

CORPUS = Path(__file__).parents[2] / "shared" / "corpus" / "agency"
ALIKE = 80.0  # of 100: so like are the words found to the words printed
SAYS_NO = re.compile(r"(?:.*[ _\-:.])?(no|not known|unknown|n/?a)\W*", re.IGNORECASE | re.DOTALL)


@dataclass(slots=True)
class Figures:
    """What was found on one form or on several: boxes, and ticks that say yes or no."""

    right: int = 0
    wrong: int = 0
    unsure: int = 0
    sure_right: int = 0
    sure_wrong: int = 0
    grouped: int = 0  # questions whose yes and no are known
    unclear: int = 0  # ticks of which a person must say what they mean
    inverted: int = 0  # boxes that say no, and are read as yes
    boxes: int = 0
    sure: int = 0  # of all boxes, also those whose label nobody has written down

    def __iadd__(self, other: Figures) -> Self:
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))
        return self


def is_held_out(name: str) -> bool:
    """Return whether nobody may learn from a form."""
    return sha256(name.encode()).digest()[-1] % 2 == 0


def agree(found: str, printed: str) -> bool:
    """Return whether a person would take a label for the printed one.

    `printed` may have a remark in brackets, and " – " between the words of a question and of its answer.
    """
    said = _plain(found)
    if not said:
        return False
    wanted = [printed, re.sub(r"\([^)]*\)", "", printed), *printed.split(" – ")]
    return any(_alike(said, _plain(one)) for one in wanted if _plain(one))


def _alike(said: str, wanted: str) -> bool:
    shorter, longer = sorted((said, wanted), key=len)
    if fuzz.token_sort_ratio(said, wanted) >= ALIKE:
        return True
    # "The full name of the child as on the certificate" is the label "The full name of the child".
    return len(shorter.split()) > 1 and f" {shorter} " in f" {longer} "


def _plain(words: str) -> str:
    return " ".join(re.findall(r"\w+", words.casefold().replace("’", "").replace("'", "")))


def figures(path: Path, printed: dict[str, str], ours: Form, say: list[str]) -> Figures:
    """Return what was found on one form; add a line for each label that is wrong to `say`."""
    made = draft.draft(path, ours)
    found = {name: pair for pair in made.pairs for name in _names(pair)}
    got = Figures(
        boxes=len(found), sure=sum(pair.certainty is Certainty.SURE for pair in found.values())
    )
    for name, label in printed.items():
        pair = found.get(name)
        if pair is None or pair.certainty is Certainty.UNSURE:
            got.unsure += 1
            say.append(f"  ?  {name}: {pair.label if pair else 'no such box'!r} for {label!r}")
            continue
        is_right = agree(pair.label, label)
        got.right += is_right
        got.wrong += not is_right
        got.sure_right += is_right and pair.certainty is Certainty.SURE
        got.sure_wrong += not is_right and pair.certainty is Certainty.SURE
        if not is_right:
            say.append(
                f"  {'!!' if pair.certainty is Certainty.SURE else '!'}  {name}: {pair.label!r} for {label!r}"
            )
    got.grouped = sum(_is_yes_and_no(pair) for pair in made.pairs)
    got.unclear = sum(pair.is_unclear for pair in made.pairs)
    for pair in made.pairs:
        for stored in _inverted(pair):
            got.inverted += 1
            say.append(f"  !!! {stored} is read as yes")
    return got


def _names(pair: Pair) -> Iterator[str]:
    return (box.name for box in pair.boxes)


def _is_yes_and_no(pair: Pair) -> bool:
    return pair.means is not None and {"yes", "no"} <= set(pair.means.values())


def _inverted(pair: Pair) -> Iterator[str]:
    """Yield the boxes, or states of circles, that say "no" and are read as yes."""
    for stored, said in (pair.means or {}).items():
        name, _, state = stored.rpartition("=")
        names = [name] if name else [box.name for box in pair.boxes]
        one_state = bool(name) or len(pair.means or {}) == 1
        signs = [state, *(names if one_state else ())]
        signs += [box.tooltip for box in pair.boxes if one_state and not name]
        if said == "yes" and any(SAYS_NO.fullmatch(sign) for sign in signs):
            yield stored


def main() -> None:
    """Print the table; with --mistakes also what is wrong in the half to learn from, with --programs how filled ones are read."""
    if not CORPUS.is_dir():
        print("The public forms are not here: nothing is measured.")
        return
    labels = json.loads((CORPUS / "labels.json").read_text("utf-8"))
    ours = catalogue.shipped()[0]
    halves = {False: Figures(), True: Figures()}
    print(
        f"{'form':40} right wrong unsure  sure: right wrong  yes/no: grouped unsure inverted  boxes sure"
    )
    for name, entry in labels.items():
        said: list[str] = []
        try:
            one = figures(CORPUS / name, entry["labels"]["printed"], ours, said)
        except (FormFlowError, pikepdf.PdfError, ValueError) as problem:
            print(f"{name:30} not learned: {problem}")
            halves[is_held_out(name)].unsure += len(entry["labels"]["printed"])
            continue
        halves[is_held_out(name)] += one
        _print(f"{name}{' (held out)' if is_held_out(name) else ''}", one)
        if "--mistakes" in sys.argv and not is_held_out(name):
            print("\n".join(said))
    _print("to learn from", halves[False])
    _print("held out", halves[True])
    halves[False] += halves[True]
    _print("all", halves[False])
    learn_filled.main(CORPUS)
    if "--programs" in sys.argv:
        learn_programs.main(CORPUS, list(labels))


def _print(name: str, one: Figures) -> None:
    print(
        f"{name[:41]:41}{one.right:5}{one.wrong:6}{one.unsure:7}{one.sure_right:13}{one.sure_wrong:6}"
        f"{one.grouped:17}{one.unclear:7}{one.inverted:9}{one.boxes:7}{one.sure:5}"
    )


if __name__ == "__main__":
    main()
