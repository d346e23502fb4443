"""Pages of ours behind those of a form that can be read aloud: what they say is put behind what the form says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, NumberTree, Pdf, String

from formflow.documents.structure import LANGUAGE

Copies = Mapping[
    tuple[int, int], pikepdf.Object
]  # of pages and boxes, by the number of each in its own file


def join_structure(pdf: Pdf, more: Pdf) -> None:
    """Put the structure of `more`, whose pages are the last of `pdf` already, behind that of `pdf`."""
    root, theirs = pdf.Root.StructTreeRoot, more.Root.StructTreeRoot
    tree = NumberTree(root.ParentTree)
    first = max([int(root.get("/ParentTreeNextKey", 0)), *(key + 1 for key in tree)])
    copies = dict(_copies(pdf, more, first))
    document = pdf.make_indirect(
        Dictionary(Type=Name.StructElem, S=Name.Document, P=root, Lang=String(LANGUAGE))
    )
    elements = {}
    for one in _listed(_listed(theirs.K)[0].K):
        element = Dictionary(Type=Name.StructElem, S=one.S, P=document, Pg=copies[one.Pg.objgen])
        kids = [_kid(kid, copies) for kid in _listed(one.K)]
        element.K = Array(kids) if isinstance(one.K, Array) else kids[0]
        elements[one.objgen] = pdf.make_indirect(element)
    document.K = Array(elements.values())
    root.K = Array([*_listed(root.K), document])
    for key, owner in NumberTree(theirs.ParentTree).items():
        is_page = isinstance(owner, Array)
        of = Array([elements[one.objgen] for one in owner]) if is_page else elements[owner.objgen]
        tree[first + key] = of
    root.ParentTreeNextKey = first + int(theirs.ParentTreeNextKey)


def _copies(pdf: Pdf, more: Pdf, first: int) -> Iterator[tuple[tuple[int, int], pikepdf.Object]]:
    """Yield each page and box of `more` with its copy, which is tied to keys from `first` now."""
    ours = list(more.pages)
    for page, copy in zip(ours, list(pdf.pages)[-len(ours) :], strict=True):
        copy.obj.StructParents = first + int(page.obj.StructParents)
        yield page.obj.objgen, copy.obj
        for box, copied in zip(page.obj.Annots, copy.obj.Annots, strict=True):
            if "/StructParent" in box:
                copied.StructParent = first + int(box.StructParent)
                yield box.objgen, copied


def _listed(kids: Any) -> list[Any]:
    return list(kids) if isinstance(kids, Array) else [kids]


def _kid(kid: Any, copies: Copies) -> Any:
    """Return what is below an element, a mark or a box, as it is in the other file."""
    if isinstance(kid, int):
        return kid
    told = {"/Type": kid.Type, "/Pg": copies[kid.Pg.objgen]}
    box = {"/Obj": copies[kid.Obj.objgen]} if "/Obj" in kid else {"/MCID": kid.MCID}
    return Dictionary(told | box)
