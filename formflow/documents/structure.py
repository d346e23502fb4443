"""What a drawn PDF says to those who do not see it: its structure in reading order, its title and language (PDF/UA-1).

Whatever is drawn stands either in an element of the structure or in an artifact: a line, a page number. ISO 14289-1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from formflow.core.pdf_drawings import Drawing
from formflow.core.pdf_syntax import dictionary, plain_stream, reference, stream, text_string
from formflow.documents.pdf_file import PdfFile

LANGUAGE = "en-GB"
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" \
xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<pdfuaid:part>1</pdfuaid:part>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def metadata(title: str) -> bytes:
    """Return what the file says of itself as XMP: its title, its language, and that it is accessible."""
    return _XMP.format(title=escape(title), language=LANGUAGE).encode()


@dataclass(slots=True)
class Leaf:
    """A page that is being drawn."""

    number: int  # of its object
    key: int  # under which its elements are found
    drawing: Drawing
    owners: list[int] = field(default_factory=list)  # the element of each mark, by its number


@dataclass(slots=True)
class Element:
    """A heading or a paragraph, with its marks on pages."""

    number: int  # of its object
    kind: str
    page: int = 0  # of its first mark
    kids: list[bytes] = field(default_factory=list)  # its marks, as they are written


class Structure:
    """The structure of a file that is being drawn."""

    def __init__(self, file: PdfFile, document: int | None, first_key: int = 0) -> None:
        """Begin with nothing below the element `document`; pages get keys from `first_key`.

        None: pages are added to a file without a structure, and nothing on them is marked.
        """
        self._file, self._document = file, document
        self._elements: list[Element] = []
        self._leaves: list[Leaf] = []
        self._first_key = first_key
        self.kids: list[bytes] = []  # what is next below the document, as it is written

    @property
    def next_key(self) -> int:
        """The key that the next page would have."""
        return self._first_key + len(self._leaves)

    def leaf(self) -> Leaf:
        """Return a new page."""
        leaf = Leaf(self._file.room(), self.next_key, Drawing(self._file.letters.encode))
        self._leaves.append(leaf)
        return leaf

    def element(self, kind: str) -> Element:
        """Return a new element: the next one of the document."""
        element = Element(0 if self._document is None else self._file.room(), kind)
        self.kids.append(reference(element.number))
        self._elements.append(element)
        return element

    def begin(self, leaf: Leaf, element: Element) -> None:
        """Let what is drawn next on a page be part of an element, until `end`."""
        if self._document is None:
            return
        mark = len(leaf.owners)
        leaf.owners.append(element.number)
        leaf.drawing.begin(element.kind, mark)
        element.page = element.page or leaf.number
        if leaf.number == element.page:
            element.kids.append(b"%d" % mark)
        else:
            element.kids.append(b"<< /Type /MCR /Pg %d 0 R /MCID %d >>" % (leaf.number, mark))

    def end(self, leaf: Leaf) -> None:
        """End what was begun last on a page."""
        if self._document is not None:
            leaf.drawing.end()

    def rows(self) -> Iterator[bytes]:
        """Write the elements; yield the rows of the tree that leads from the marks of a page to them."""
        for one in self._elements:
            told = one.kind.encode(), self._document or 0, one.page, b" ".join(one.kids)
            self._file.put(one.number, b"<< /S /%b /P %d 0 R /Pg %d 0 R /K [ %b ] >>" % told)
        for leaf in self._leaves:
            yield b"%d [ %b ]" % (leaf.key, b" ".join(map(reference, leaf.owners)))

    def page(self, leaf: Leaf, pages: int, more: dict[bytes, bytes]) -> bytes:
        """Write a page; return what refers to it. `pages`: the number of the root of the pages."""
        if self._document is not None:
            more = more | {b"/StructParents": b"%d" % leaf.key, b"/Tabs": b"/S"}
        entries = {
            b"/Type": b"/Page",
            b"/Parent": reference(pages),
            **more,
            b"/Resources": self._file.resources(leaf.drawing.fonts),
            b"/Contents": reference(self._file.add(stream({}, leaf.drawing.content))),
        }
        self._file.put(leaf.number, dictionary(entries))
        return reference(leaf.number)


def catalogue(file: PdfFile, structure: Structure, document: int, title: str) -> dict[bytes, bytes]:
    """Write the structure of a file that is all ours; return what its catalogue says of it."""
    root = file.room()
    rows = b" ".join(structure.rows())
    about = {b"/S": b"/Document", b"/P": reference(root)}
    kids = b"[ %b ]" % b" ".join(structure.kids)
    file.put(document, dictionary(about | {b"/K": kids}))
    tree = {
        b"/Type": b"/StructTreeRoot",
        b"/K": reference(document),
        b"/ParentTree": dictionary({b"/Nums": b"[ %b ]" % rows}),
        b"/ParentTreeNextKey": b"%d" % structure.next_key,
    }
    file.put(root, dictionary(tree))
    described = plain_stream({b"/Type": b"/Metadata", b"/Subtype": b"/XML"}, metadata(title))
    return {
        b"/StructTreeRoot": reference(root),
        b"/MarkInfo": b"<< /Marked true >>",
        b"/Metadata": reference(file.add(described)),
        b"/Lang": text_string(LANGUAGE),
        b"/ViewerPreferences": dictionary({b"/DisplayDocTitle": b"true"}),
    }
