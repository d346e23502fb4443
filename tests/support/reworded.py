"""Prints of a form whose words are not the blank's, under healthy boxes: the same seed gives the same ones."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pikepdf
from pikepdf import Matrix, Operator, Pdf, String

_WORD = re.compile(r"[A-Za-z]{3,}")
_NEGATION = re.compile(r"\b(not|no|never|without|nobody)\b ?", re.IGNORECASE)
NEARLY = ("played", "wanted", "older", "often", "Yes", "hurt", "any", "other")
COVERED = 0.5  # of a letter's size: what a patch that covers words goes below their line


@dataclass
class Text:
    """Words of a page: which order draws them, where, and how large."""

    at: int  # in the page's orders
    words: str
    x: float  # points
    y: float
    size: float


Orders = list[Any]
Change = Callable[[Orders, Sequence[Text], random.Random], bool]


def reworded(papers: Sequence[bytes], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield what was done, with its words, and the changed paper; each paper and each change in turn."""
    chance = random.Random(seed)  # noqa: S311 - spreads changes, guards nothing
    made = 0
    while made < count:
        change = CHANGES[made % len(CHANGES)]
        with pikepdf.open(io.BytesIO(papers[made // len(CHANGES) % len(papers)])) as pdf:
            page = chance.choice(pdf.pages)
            orders = list(pikepdf.parse_content_stream(page))
            texts = list(_texts(orders))
            if not texts or not change(orders, texts, chance):
                continue
            page.obj.Contents = pdf.make_stream(pikepdf.unparse_content_stream(orders))
            made += 1
            yield change.__name__, _saved(pdf)


def _saved(pdf: Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def _texts(orders: Orders) -> Iterator[Text]:
    """Yield the words of a page as its orders draw them, where they are no more than moved."""
    outer, kept, place, size = Matrix(), [], Matrix(), 0.0
    for at, (given, operator) in enumerate(orders):
        match str(operator):
            case "q":
                kept.append(outer)
            case "Q":
                outer = kept.pop()
            case "cm":
                outer = Matrix(*map(float, given)) @ outer
            case "BT":
                place = Matrix()
            case "Tm":
                place = Matrix(*map(float, given))
            case "Td":
                place = Matrix(1, 0, 0, 1, *map(float, given)) @ place
            case "Tf":
                size = float(given[1])
            case "Tj" if (words := bytes(given[0]).decode("cp1252", "replace")).strip():
                x, y = (place @ outer).transform((0, 0))
                yield Text(at, words, x, y, size)
            case _:
                pass


def _write(orders: Orders, text: Text, words: str) -> bool:
    content = words.encode("cp1252", "replace")
    orders[text.at] = ([String(content)], Operator("Tj"))
    return words != text.words


def another_word(orders: Orders, texts: Sequence[Text], chance: random.Random) -> bool:
    text = chance.choice(texts)
    found = list(_WORD.finditer(text.words))
    if not found:
        return False
    there = chance.choice(found)
    others = [word for word in NEARLY if word != there[0]]
    return _write(
        orders,
        text,
        text.words[: there.start()] + chance.choice(others) + text.words[there.end() :],
    )


def another_letter(orders: Orders, texts: Sequence[Text], chance: random.Random) -> bool:
    text = chance.choice(texts)
    at = chance.randrange(len(text.words))
    if not text.words[at].isalpha():
        return False
    letter = "o" if text.words[at] != "o" else "a"
    return _write(orders, text, text.words[:at] + letter + text.words[at + 1 :])


def two_exchanged(orders: Orders, texts: Sequence[Text], chance: random.Random) -> bool:
    """The heads of two columns, such as “Yes” and “No”, or two questions."""
    heads = [text for text in texts if text.words in ("Yes", "No", "Not known")]
    among = heads if len({text.words for text in heads}) > 1 else texts
    one, other = chance.choice(among), chance.choice(among)
    return _write(orders, one, other.words) and _write(orders, other, one.words)


def covered(orders: Orders, texts: Sequence[Text], chance: random.Random) -> bool:
    text = chance.choice(texts)
    low, wide, high = text.y - COVERED * text.size, text.size * len(text.words), 2 * text.size
    patch = [text.x - 1, low, wide, high]
    orders[:0] = [([], Operator("q"))]
    for given, operator in (([], "Q"), ([1], "g"), (patch, "re"), ([], "f")):
        orders.append((given, Operator(operator)))
    return True


def negation_put_in(orders: Orders, texts: Sequence[Text], chance: random.Random) -> bool:
    text = chance.choice(texts)
    at = chance.choice([0, *[found.end() for found in re.finditer(" ", text.words)]])
    return _write(orders, text, f"{text.words[:at]}not {text.words[at:]}")


def negation_taken_out(orders: Orders, texts: Sequence[Text], chance: random.Random) -> bool:
    able = [text for text in texts if _NEGATION.search(text.words)]
    if not able:
        return False
    text = chance.choice(able)
    return _write(orders, text, _NEGATION.sub("", text.words, count=1))


def moved(orders: Orders, texts: Sequence[Text], chance: random.Random) -> bool:
    """Words in another place: down by a line, as beside the next row of circles, or by a few points."""
    text = chance.choice(texts)
    across, up = chance.choice([(0, -18), (0, 18), (44, 0), (-44, 0), (3, 0), (0, -2)])
    orders[text.at : text.at + 1] = [
        ([across, up], Operator("Td")),
        orders[text.at],
        ([-across, -up], Operator("Td")),
    ]
    return True


def taken_away(orders: Orders, texts: Sequence[Text], chance: random.Random) -> bool:
    return _write(orders, chance.choice(texts), " ")


CHANGES: Sequence[Change] = (
    another_word, another_letter, two_exchanged, covered, negation_put_in, negation_taken_out, moved,
    taken_away,
)  # fmt: skip
