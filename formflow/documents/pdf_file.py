"""Objects of a PDF -> the file: numbers, cross-reference table, trailer. The same objects, the same bytes.

Always a whole new file, never an update at the end of another: readers doubt a file that was written
in two goes. PDF 32000-1, 7.5.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import accumulate

from formflow.core.pdf_syntax import dictionary, reference
from formflow.documents import fonts

HEAD = b"%PDF-1.7\n%\xbf\xf7\xa2\xfe\n"  # the second line says that this is no text


class PdfFile:
    """A PDF that is being put together: numbered objects, counted from 1."""

    def __init__(self, head: bytes = HEAD, objects: Sequence[bytes] = ()) -> None:
        """Begin with nothing, or with the head and the written objects of a file that is there."""
        self.letters = fonts.Letters()  # of everything drawn in this file
        self._head = head
        self._objects = list(objects)
        self._fonts: dict[str, int] = {}

    def room(self) -> int:
        """Return the number of an object that is yet to be written."""
        self._objects.append(b"")
        return len(self._objects)

    def put(self, at: int, body: bytes) -> None:
        """Write the object of a number, in the place of what it was."""
        self._objects[at - 1] = b"%d 0 obj\n%b\nendobj\n" % (at, body)

    def add(self, body: bytes) -> int:
        """Write a new object; return its number."""
        at = self.room()
        self.put(at, body)
        return at

    def resources(self, names: Iterable[str]) -> bytes:
        """Return the resources of a drawing that uses fonts of these names."""
        for name in names:
            if name not in self._fonts:
                self._fonts[name] = self.room()
        there = {b"/" + name.encode(): reference(self._fonts[name]) for name in names}
        return dictionary({b"/Font": dictionary(there)})

    def written(self, root: int, information: int) -> bytes:
        """Return the file. Its fonts are written last: by now it is known which letters they need."""
        for name, at in self._fonts.items():
            self.put(at, dictionary(fonts.described(name, self.letters, self.add)))
        *starts, at = accumulate(map(len, self._objects), initial=len(self._head))
        rows = (b"0000000000 65535 f \n", *(b"%010d 00000 n \n" % start for start in starts))
        body = b"".join((self._head, *self._objects))
        mark = b"<%b>" % hashlib.blake2b(body, digest_size=16).hexdigest().encode()
        trailer = {
            b"/Size": b"%d" % len(rows),
            b"/Root": reference(root),
            b"/Info": reference(information),
            b"/ID": b"[ %b %b ]" % (mark, mark),
        }
        end = (b"xref\n0 %d\n" % len(rows), *rows, b"trailer\n", dictionary(trailer))
        return b"".join((body, *end, b"\nstartxref\n%d\n%%%%EOF\n" % at))
