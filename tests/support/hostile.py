"""Files that were made to hang, swell or break a reader: by their boxes and what is in them.

Each comes from a function of its own, named after what it does.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

MEGABYTE = 1 << 20
VALUE = b"<< /T (a) /FT /Tx /V 5 0 R >>"  # what is in the box is the next object


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


def form_of_one(*objects: bytes) -> bytes:
    """Return a PDF whose form lists the first of these objects alone."""
    return form(*objects).replace(
        b" ".join(b"%d 0 R" % (4 + n) for n in range(len(objects))), b"4 0 R", 1
    )


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """Return a compressed stream object."""
    head = b"<< /Length %d /Filter /FlateDecode %b >>" % (len(content), entries)
    return b"%b stream\n%b\nendstream" % (head, content)


def packed(content: bytes, filters: bytes, entries: bytes = b"") -> bytes:
    """Return a stream object whose content is packed by these filters already."""
    told = b"<< /Length %d /Filter [ %b ] %b >>" % (len(content), filters, entries)
    return b"%b stream\n%b\nendstream" % (told, content)


def zeros(megabytes: int) -> bytes:
    """Return zeros in Flate, quickly: the same compressed block again and again."""
    press = zlib.compressobj(9)
    head = press.compress(bytes(MEGABYTE)) + press.flush(zlib.Z_FULL_FLUSH)
    block = press.compress(bytes(MEGABYTE)) + press.flush(zlib.Z_FULL_FLUSH)
    return head + block * (megabytes - 1) + press.flush()


def zeros_in_lzw() -> bytes:
    """Return half a gigabyte of zeros in LZW: every code stands for one zero more than the last."""
    codes = [0, *range(258, 4094), 256]
    block = "".join(f"{code:0{max(9, (at + 257).bit_length())}b}" for at, code in enumerate(codes))
    return int(block * 8, 2).to_bytes(len(block)) * 9


def bomb_in_a_value() -> bytes:
    return form(VALUE, stream(zeros(2048)))


def bomb_of_bombs_in_a_value() -> bytes:
    inner = zlib.compress(zeros(1024), 9)
    return form(VALUE, packed(inner, b"/FlateDecode /FlateDecode"))


def bomb_in_lzw() -> bytes:
    return form(VALUE, packed(zeros_in_lzw(), b"/LZWDecode"))


def bomb_of_runs() -> bytes:
    return form(VALUE, packed(b"\x81x" * (8 * MEGABYTE), b"/RunLengthDecode"))


def a_chain_of_filters() -> bytes:
    return form(VALUE, packed(b">", b"/ASCIIHexDecode " * 90_000))


def rows_of_two_billion_columns() -> bytes:
    wide = b"/DecodeParms << /Predictor 15 /Columns 2147483647 /Colors 32 /BitsPerComponent 16 >>"
    return form(VALUE, stream(zeros(1), wide))


def fifty_megabytes_in_a_value() -> bytes:
    return form(b"<< /T (a) /FT /Tx /V (%b) >>" % (b"x" * (50 * MEGABYTE)))


def a_name_of_ten_megabytes() -> bytes:
    return form(b"<< /T (%b) /FT /Tx /V /%b >>" % (b"n" * (10 * MEGABYTE), b"v" * MEGABYTE))


def hundred_thousand_fields() -> bytes:
    return form(*(b"<< /T (f%d) /FT /Tx /V (x) >>" % number for number in range(100_000)))


def hundred_thousand_labels() -> bytes:
    labels = b"".join(b"[ (%d) (Label %d) ]" % (number, number) for number in range(99_999))
    return form(b"<< /T (a) /FT /Ch /V (1) /Opt [ %b ] >>" % labels)


def a_million_circles() -> bytes:
    return form_of_one(
        b"<< /T (a) /FT /Btn /Kids [ %b ] >>" % (b"5 0 R " * 1_000_000), b"<< /AS /x >>"
    )


def circles_in_the_fields() -> bytes:
    return form(
        b"<< /T (a) /FT /Tx /Kids [ 5 0 R ] /Parent 5 0 R >>",
        b"<< /T (b) /FT /Tx /Kids [ 4 0 R 5 0 R ] /Parent 4 0 R >>",
    )


def fields_deep_inside_each_other() -> bytes:
    last = 20_000 + 3
    deep = (b"<< /T (a) /Kids [ %d 0 R ] >>" % (n + 1) for n in range(4, last))
    return form_of_one(*deep, b"<< /T (a) /FT /Tx >>")


def arrays_deep_inside_each_other() -> bytes:
    return form(b"<< /T (a) /FT /Tx /V %b%b >>" % (b"[" * 100_000, b"]" * 100_000))


def dictionaries_deep_inside_each_other() -> bytes:
    return form(b"<< /T (a) /FT /Tx /V %b%b >>" % (b"<</a" * 100_000, b">>" * 100_000))


def brackets_deep_inside_a_text() -> bytes:
    return form(b"<< /T (a) /FT /Tx /V (%b%b) >>" % (b"(" * 5_000_000, b")" * 5_000_000))


def lengths_that_lie() -> bytes:
    lengths = (b"99999999999999999999", b"-1", b"4 0 R", b"(x)", b"2147483647")
    streams = (b"<< /Length %b >> stream\nx\nendstream" % length for length in lengths)
    return form_of_one(b"<< /T (a) /FT /Tx /V [ 5 0 R 6 0 R 7 0 R 8 0 R 9 0 R ] >>", *streams)


def numbers_without_end() -> bytes:
    long = b"9" * 1_000_000
    return form(
        b"<< /T (a) /FT /Tx /V (x) /Ff -%b /F %b.%b /Rect [ -%b 1e999 0 %b ] >>"
        % (long, long, long, long, long)
    )


HOSTILE: tuple[Callable[[], bytes], ...] = (
    bomb_in_a_value,
    bomb_of_bombs_in_a_value,
    bomb_in_lzw,
    bomb_of_runs,
    a_chain_of_filters,
    rows_of_two_billion_columns,
    fifty_megabytes_in_a_value,
    a_name_of_ten_megabytes,
    hundred_thousand_fields,
    hundred_thousand_labels,
    a_million_circles,
    circles_in_the_fields,
    fields_deep_inside_each_other,
    arrays_deep_inside_each_other,
    dictionaries_deep_inside_each_other,
    brackets_deep_inside_a_text,
    lengths_that_lie,
    numbers_without_end,
)


def write(make: Callable[[], bytes], folder: Path) -> Path:
    """Write one of them as the vault would hold it."""
    path = folder / f"{make.__name__}.pdf"
    path.write_bytes(make())
    return path
