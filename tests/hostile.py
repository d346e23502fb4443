"""Files that were made to hang, swell or break a reader."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

MEGABYTE = 1 << 20


def pdf(objects: Iterable[bytes], root: int = 1) -> bytes:
    """Return a PDF of these objects, numbered from 1, with a right table and end."""
    content, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
    content += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    content += b"trailer\n<< /Size %d /Root %d 0 R >>\n" % (len(offsets) + 1, root)
    return bytes(content) + b"startxref\n%d\n%%%%EOF\n" % table


def form(*fields: bytes) -> bytes:
    """Return a PDF with a form of these fields; the first of them is object 4."""
    listed = b" ".join(b"%d 0 R" % (4 + position) for position in range(len(fields)))
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [ %b ] >> >>" % listed,
            b"<< /Type /Pages /Kids [ 3 0 R ] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [ 0 0 9 9 ] >>",
            *fields,
        ]
    )


def zeros(megabytes: int) -> bytes:
    """Return zeros in Flate, quickly: the same compressed block again and again."""
    press = zlib.compressobj(9)
    head = press.compress(bytes(MEGABYTE)) + press.flush(zlib.Z_FULL_FLUSH)
    block = press.compress(bytes(MEGABYTE)) + press.flush(zlib.Z_FULL_FLUSH)
    return head + block * (megabytes - 1) + press.flush()


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """Return a compressed stream object."""
    head = b"<< /Length %d /Filter /FlateDecode %b >>" % (len(content), entries)
    return b"%b stream\n%b\nendstream" % (head, content)


def bomb_in_a_value() -> bytes:
    return form(b"<< /T (a) /FT /Tx /V 5 0 R >>", stream(zeros(2048)))


def bomb_of_bombs_in_a_value() -> bytes:
    inner = zlib.compress(zeros(1024), 9)
    head = b"<< /Length %d /Filter [ /FlateDecode /FlateDecode ] >>" % len(inner)
    return form(b"<< /T (a) /FT /Tx /V 5 0 R >>", b"%b stream\n%b\nendstream" % (head, inner))


def bomb_in_the_objects() -> bytes:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R >>",
        b"<< /Type /Pages /Kids [ ] /Count 0 >>",
        stream(zeros(2048), b"/Type /ObjStm /N 1 /First 4"),
    ]
    content, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    rows = [b"\0\0\0\0\0\0", *(b"\1" + o.to_bytes(4) + b"\0" for o in offsets)]
    rows += [b"\1" + len(content).to_bytes(4) + b"\0", b"\2" + (3).to_bytes(4) + b"\0"]
    entries = b"/Type /XRef /Size 6 /W [ 1 4 1 ] /Root 1 0 R"
    table = b"4 0 obj\n%b\nendobj\n" % stream(zlib.compress(b"".join(rows)), entries)
    return bytes(content) + table + b"startxref\n%d\n%%%%EOF\n" % len(content)


def circles_in_the_fields() -> bytes:
    return form(
        b"<< /T (a) /FT /Tx /Kids [ 5 0 R ] /Parent 5 0 R >>",
        b"<< /T (b) /FT /Tx /Kids [ 4 0 R 5 0 R ] /Parent 4 0 R >>",
    )


def circles_in_the_pages() -> bytes:
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [ 3 0 R ] >> >>",
            b"<< /Type /Pages /Kids [ 2 0 R 2 0 R ] /Count 99 >>",
            b"<< /T (a) /FT /Tx >>",
        ]
    )


def hundred_thousand_fields() -> bytes:
    return form(*(b"<< /T (f%d) /FT /Tx /V (x) >>" % number for number in range(100_000)))


def fifty_megabytes_in_a_value() -> bytes:
    return form(b"<< /T (a) /FT /Tx /V (%b) >>" % (b"x" * (50 * MEGABYTE)))


def fields_deep_inside_each_other() -> bytes:
    last = 20_000 + 3
    deep = (b"<< /T (a) /Kids [ %d 0 R ] >>" % (n + 1) for n in range(4, last))
    return form_of_one(*deep, b"<< /T (a) /FT /Tx >>")


def form_of_one(*objects: bytes) -> bytes:
    """Return a PDF whose form lists the first of these objects alone."""
    return form(*objects).replace(
        b" ".join(b"%d 0 R" % (4 + n) for n in range(len(objects))), b"4 0 R", 1
    )


def arrays_deep_inside_each_other() -> bytes:
    return form(b"<< /T (a) /FT /Tx /V %b%b >>" % (b"[" * 100_000, b"]" * 100_000))


def a_million_circles() -> bytes:
    return form_of_one(
        b"<< /T (a) /FT /Btn /Kids [ %b ] >>" % (b"5 0 R " * 1_000_000), b"<< /AS /x >>"
    )


def a_table_that_points_at_itself() -> bytes:
    content = form(b"<< /T (a) /FT /Tx >>")
    table = content.rindex(b"xref\n0")
    return content.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % table)


def a_table_of_a_billion() -> bytes:
    return form(b"<< /T (a) /FT /Tx >>").replace(b"xref\n0 5", b"xref\n0 1000000000")


HOSTILE: tuple[Callable[[], bytes], ...] = (
    bomb_in_a_value,
    bomb_of_bombs_in_a_value,
    bomb_in_the_objects,
    circles_in_the_fields,
    circles_in_the_pages,
    hundred_thousand_fields,
    fifty_megabytes_in_a_value,
    fields_deep_inside_each_other,
    arrays_deep_inside_each_other,
    a_million_circles,
    a_table_that_points_at_itself,
    a_table_of_a_billion,
)


def write(make: Callable[[], bytes], folder: Path) -> Path:
    """Write one of them as the vault would hold it."""
    path = folder / f"{make.__name__}.pdf"
    path.write_bytes(make())
    return path
