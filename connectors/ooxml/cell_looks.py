"""How cells look: dates, colours, texts that must stay texts. Found in a workbook, or added to it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from formflow_connectors.ooxml.book_parts import MAINS, Book, relations
from formflow_connectors.ooxml.part_xml import Edit, Element, NotPlain, attribute_set, scan

_WANTED = ("styleSheet", "numFmts", "numFmt", "fills", "fill", "patternFill", "fgColor", "cellXfs", "xf")  # fmt: skip
_FIRST_OF_OURS = 164  # numbers below are for layouts that every program has built in


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell looks, where that is more than a plain cell."""

    layout: str = ""  # of a number: "dd/mm/yyyy"
    colour: str = ""  # six hex digits
    is_quoted: bool = False  # a text, whatever it looks like


PLAIN = Look()


@dataclass(frozen=True, slots=True)
class Looks:
    """The numbers of the styles that cells get, and what adds those that the workbook had not."""

    part: str
    numbers: Mapping[Look, str]
    edits: Sequence[Edit]


def looks_of(book: Book, wanted: Collection[Look]) -> Looks:
    """Return the styles of a workbook for some looks. Raise NotPlain where it is written in an odd way."""
    kinds = relations(book.archive, book.part).values()
    part = next((to for kind, to in kinds if kind == "styles"), "")
    if part not in book.archive.parts:
        raise NotPlain("it has no styles")
    sheet = _StyleSheet(book.archive.read(part))
    for look in sorted(set(wanted) - sheet.there.keys(), key=repr):
        sheet.add(look)
    return Looks(part, sheet.there, list(sheet.edits()))


class _StyleSheet:
    """The part with the styles, and what is added to it."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        found = scan(content, _WANTED, namespaces=MAINS)
        self._lists = {
            one.name: one for one in found if one.name in ("numFmts", "fills", "cellXfs")
        }
        self._root = next(one for one in found if one.name == "styleSheet")
        layouts = [one for one in found if one.name == "numFmt" and one.above[-1] == "numFmts"]
        self._layouts = {
            one.attributes.get("formatCode", ""): one.attributes.get("numFmtId", "")
            for one in layouts
        }
        self._colours = list(_colours(found))
        self._xfs = sum(one.name == "xf" and one.above[-1] == "cellXfs" for one in found)
        if "fills" not in self._lists or not self._xfs:
            raise NotPlain("its styles are not written as a workbook’s are")
        self._new: dict[str, list[str]] = {"numFmts": [], "fills": [], "cellXfs": []}
        self.there = dict(self._known(found)) | {PLAIN: ""}

    def _known(self, found: Sequence[Element]) -> Iterator[tuple[Look, str]]:
        """Yield the looks of the styles that differ from a plain cell in nothing else."""
        layouts = {number: code for code, number in self._layouts.items()} | {"0": ""}
        styles = [one for one in found if one.name == "xf" and one.above[-1] == "cellXfs"]
        for number, style in enumerate(styles):
            said = style.attributes
            fill, layout = int(said.get("fillId", "0")), said.get("numFmtId", "0")
            is_plain = said.get("fontId", "0") == said.get("borderId", "0") == "0"
            is_plain = is_plain and style.is_empty_tag  # no alignment, no protection
            colour = self._colours[fill] if fill < len(self._colours) else None
            if is_plain and layout in layouts and colour is not None:
                is_quoted = said.get("quotePrefix") in ("1", "true")
                yield Look(layouts[layout], colour, is_quoted), str(number)

    def add(self, look: Look) -> None:
        """Add a style that the workbook has not."""
        quoted = ' quotePrefix="1"' if look.is_quoted else ""
        layout = self._layout(look.layout) if look.layout else "0"
        fill = self._fill(look.colour) if look.colour else 0
        self.there[look] = str(self._xfs + len(self._new["cellXfs"]))
        self._new["cellXfs"].append(
            f'xf numFmtId="{layout}" fontId="0" fillId="{fill}" borderId="0" xfId="0"'
            f' applyNumberFormat="1" applyFill="1"{quoted}/>'
        )

    def _layout(self, code: str) -> str:
        if code not in self._layouts:
            taken = [int(one) for one in self._layouts.values() if one.isdecimal()]
            self._layouts[code] = str(max([_FIRST_OF_OURS - 1, *taken]) + 1)
            self._new["numFmts"].append(
                f'numFmt numFmtId="{self._layouts[code]}" formatCode="{code}"/>'
            )
        return self._layouts[code]

    def _fill(self, colour: str) -> int:
        if colour not in self._colours:
            p = self._root.prefix
            self._colours.append(colour)
            self._new["fills"].append(
                f'fill><{p}patternFill patternType="solid"><{p}fgColor rgb="FF{colour}"/>'
                f"</{p}patternFill></{p}fill>"
            )
        return self._colours.index(colour)

    def edits(self) -> Iterator[Edit]:
        """Yield what adds the new styles, each at the end of its list."""
        p = self._root.prefix
        for name, new in self._new.items():
            written = "".join(f"<{p}{one}" for one in new)
            around = self._lists.get(name)
            if new and around is None:  # layouts alone may be missing; they come first
                whole = f'<{p}{name} count="{len(new)}">{written}</{p}{name}>'
                yield Edit(self._root.inside, self._root.inside, whole.encode())
            elif new and around is not None:
                yield Edit(around.inside_end, around.inside_end, written.encode())
                count = int(around.attributes.get("count", "0")) + len(new)
                yield attribute_set(self._content, around, "count", str(count))


def _colours(found: Sequence[Element]) -> Iterator[str | None]:
    """Yield the colour of each fill: "" for none, None for one that is no plain colour."""
    for fill in (one for one in found if one.name == "fill" and one.above[-1] == "fills"):
        inside = [one for one in found if fill.start < one.start < fill.end]
        kind = [
            one.attributes.get("patternType", "none") for one in inside if one.name == "patternFill"
        ]
        rgb = next((one.attributes.get("rgb", "") for one in inside if one.name == "fgColor"), "")
        if kind == ["none"]:
            yield ""
        else:
            yield rgb[-6:].upper() if kind == ["solid"] and len(rgb) == 8 else None
