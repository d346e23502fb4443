"""Files that were made to hang, swell or break a reader: by their tables, their pages and their kind."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Sequence

from PIL import Image

from tests.support.hostile import form, form_of_one, packed, pdf, stream, zeros

NO_PAGES = b"<< /Type /Pages /Kids [ ] /Count 0 >>"
A_BOX = b"<< /T (a) /FT /Tx /V (x) >>"
PICTURE = b"/XObject << /P 5 0 R >>"
LAUGHS = b'<!DOCTYPE x [ <!ENTITY l0 "ha"> %b ]>' % b"".join(
    b'<!ENTITY l%d "%b">' % (number, b"&l%d;" % (number - 1) * 10) for number in range(1, 10)
)


def streamed(
    objects: Sequence[bytes], inside: Sequence[tuple[int, int]] = (), entries: bytes = b""
) -> bytes:
    """Return a PDF of these objects whose table is a stream: the object after them.

    Further objects lie `inside` others: the number of the object stream, and their place in it.
    """
    content, rows = bytearray(b"%PDF-1.7\n"), bytearray(6)
    for number, body in enumerate(objects, 1):
        rows += b"\1%b\0" % len(content).to_bytes(4)
        content += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    rows += b"\1%b\0" % len(content).to_bytes(4)
    rows += b"".join(b"\2%b%c" % (number.to_bytes(4), place) for number, place in inside)
    told = b"/Type /XRef /Size %d /W [ 1 4 1 ] /Root 1 0 R %b" % (len(rows) // 6, entries)
    table = stream(zlib.compress(rows), told)
    start = len(content)
    content += b"%d 0 obj\n%b\nendobj\n" % (len(objects) + 1, table)
    return bytes(content) + b"startxref\n%d\n%%%%EOF\n" % start


def bomb_in_the_objects() -> bytes:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R >>",
        NO_PAGES,
        stream(zeros(2048), b"/Type /ObjStm /N 1 /First 4"),
    ]
    return streamed(objects, [(3, 0)])


def bomb_in_the_table() -> bytes:
    rows = stream(zeros(2048), b"/Type /XRef /Size 300000000 /W [ 1 4 1 ] /Root 1 0 R")
    content = pdf([b"<< /Type /Catalog /Pages 2 0 R >>", NO_PAGES, rows])
    start, table = content.index(b"3 0 obj"), content.rindex(b"startxref")
    return content[:table] + b"startxref\n%d\n%%%%EOF\n" % start


def rows_of_two_billion_columns_in_the_table() -> bytes:
    wide = b"/DecodeParms << /Predictor 12 /Columns 2147483647 >>"
    return streamed([b"<< /Type /Catalog /Pages 2 0 R >>", NO_PAGES], entries=wide)


def a_table_that_points_at_itself() -> bytes:
    content = form(b"<< /T (a) /FT /Tx >>")
    table = content.rindex(b"xref\n0")
    return content.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % table)


def a_table_of_a_billion() -> bytes:
    return form(b"<< /T (a) /FT /Tx >>").replace(b"xref\n0 5", b"xref\n0 1000000000")


def circles_in_the_table_streams() -> bytes:
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", NO_PAGES]
    content = streamed(objects, entries=b"/Prev 0000000000")
    return content.replace(b"/Prev 0000000000", b"/Prev %010d" % int(content.split()[-2]))


def circles_between_two_kinds_of_table() -> bytes:
    content = form(b"<< /T (a) /FT /Tx >>")
    table = content.rindex(b"xref\n0")
    return content.replace(b"/Root 1 0 R", b"/Root 1 0 R /XRefStm %d /Prev 9" % table)


def objects_inside_themselves() -> bytes:
    root = b"<< /Type /Catalog /Pages 2 0 R /AcroForm 4 0 R >>"
    return streamed([root, NO_PAGES], [(4, 0)])


def object_streams_that_extend_each_other() -> bytes:
    root = b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>"
    one, other = (
        stream(zlib.compress(b"9 0 << >>"), b"/Type /ObjStm /N 1 /First 4 /Extends %d 0 R" % number)
        for number in (4, 3)
    )
    return streamed([root, NO_PAGES, one, other], [(3, 1)])


def objects_without_a_table() -> bytes:
    objects = (b"%d 0 obj<</T(a)/FT/Tx>>endobj\n" % number for number in range(9, 300_000))
    return form(b"<< /T (a) /FT /Tx >>").replace(b"xref\n0", b"".join(objects) + b"lost\n0")


def locked_with_nonsense() -> bytes:
    lock = b"/Encrypt << /Filter /Standard /V 5 /R 6 /Length 9999999 /P 1e99 /O (x) /U <00> /OE 1"
    lock += b" /CF << /StdCF << /CFM /AESV3 >> >> /StmF /StdCF /StrF /StdCF >> /ID [ 1 (x) ]"
    return form(b"<< /T (a) /FT /Tx /V (x) >>").replace(b"/Root 1", lock + b" /Root 1")


def three_million_slashes() -> bytes:
    return form(b"<< /T (a) /FT /Tx >>\n%%%b" % (b"/" * 3_000_000))


def a_web_page_that_is_a_form() -> bytes:
    page = b"<!DOCTYPE html><script>location='http://127.0.0.1:9/'</script><!--\n"
    return page + form(b"<< /T (a) /FT /Tx /V (x) >>") + b"--></html>\n"


def a_form_in_a_zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as folder:
        folder.writestr(zipfile.ZipInfo("form.pdf"), form(b"<< /T (a) /FT /Tx /V (x) >>"))
    return content.getvalue()


def circles_in_the_pages() -> bytes:
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [ 3 0 R ] >> >>",
            b"<< /Type /Pages /Kids [ 2 0 R 2 0 R ] /Count 99 >>",
            b"<< /T (a) /FT /Tx >>",
        ]
    )


def circles_in_the_parents() -> bytes:
    return form(b"<< /T (a) /FT /Tx >>").replace(
        b"/Parent 2 0 R /MediaBox [ 0 0 9 9 ]", b"/Parent 3 0 R"
    )


def page(
    content: bytes = b"stream\n\nendstream",
    resources: bytes = b"",
    *more: bytes,
    entries: bytes = b"/MediaBox [ 0 0 595 842 ]",
) -> bytes:
    """Return a PDF of one page without boxes; the objects that it uses are numbered from 5."""
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [ 3 0 R ] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << %b >> %b >>"
            % (resources, entries),
            content,
            *more,
        ]
    )


def drawing(content: bytes, entries: bytes = b"") -> bytes:
    """Return a stream object with these orders to draw."""
    return stream(zlib.compress(content, 1), entries)


def bomb_in_the_page() -> bytes:
    return page(stream(zeros(2048)))


def orders_deep_inside_each_other() -> bytes:
    return page(drawing(b"q " * 50_000 + b"BT " + b"[" * 50_000))


def hundred_thousand_words() -> bytes:
    font = b"/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
    return page(drawing(b"BT /F 9 Tf " + b"1 1 Td (word ) Tj " * 100_000 + b"ET"), font)


def drawings_that_draw_each_other() -> bytes:
    def shape(below: int) -> bytes:
        told = b"/Type /XObject /Subtype /Form /BBox [ 0 0 9 9 ] /Resources << /XObject << /X %d 0 R >> >>"
        return drawing(b"/X Do " * 20, told % below)

    shapes = [shape(number) for number in range(6, 26)]
    return page(drawing(b"/X Do"), b"/XObject << /X 5 0 R >>", *shapes, shape(5))


def a_picture_of_a_trillion_dots() -> bytes:
    told = (
        b"/Subtype /Image /Width 1000000 /Height 1000000 /ColorSpace /DeviceRGB /BitsPerComponent 8"
    )
    return page(drawing(b"500 0 0 800 0 0 cm /P Do"), PICTURE, stream(zeros(1024), told))


def a_photograph_that_lies_about_its_size() -> bytes:
    photograph = io.BytesIO()
    Image.new("RGB", (8, 8)).save(photograph, "JPEG")
    content = photograph.getvalue().replace(b"\x00\x08\x00\x08", b"\xff\xdc\xff\xdc")
    told = b"/Subtype /Image /Width 65500 /Height 65500 /ColorSpace /DeviceRGB /BitsPerComponent 8"
    return page(drawing(b"500 0 0 800 0 0 cm /P Do"), PICTURE, packed(content, b"/DCTDecode", told))


def a_font_with_four_billion_letters() -> bytes:
    table = b"1 begincodespacerange <00000000> <ffffffff> endcodespacerange\n1 beginbfrange\n"
    table += b"<00000000> <ffffffff> <0000>\nendbfrange"
    font = b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding 6 0 R /ToUnicode 6 0 R"
    font += (
        b" /DescendantFonts [ << /Subtype /CIDFontType2 /BaseFont /X /W [ 0 4000000000 1 ] >> ] >>"
    )
    words = drawing(b"BT /F 9 Tf (abcd) Tj ET")
    return page(words, b"/Font << /F 5 0 R >>", font, drawing(table, b"/Type /CMap"))


def a_page_larger_than_a_town() -> bytes:
    return page(entries=b"/UserUnit 75000 /MediaBox [ -2e9 -2e9 2e9 2e9 ]")


def hundred_thousand_notes_on_a_page() -> bytes:
    note = b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /V (x) /Rect [ 0 0 9 9 ] >>"
    notes = b"/MediaBox [ 0 0 595 842 ] /Annots [ %b ]"
    return page(entries=notes % b" ".join([note] * 99_999))


def two_hundred_thousand_pages() -> bytes:
    listed = b" ".join(b"%d 0 R" % number for number in range(3, 200_003))
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [ %b ] >> >>" % A_BOX,
            b"<< /Type /Pages /Kids [ %b ] /Count 200000 /MediaBox [ 0 0 9 9 ] >>" % listed,
            *[b"<< /Type /Page /Parent 2 0 R >>"] * 200_000,
        ]
    )


def pages_deep_inside_each_other() -> bytes:
    tree = (
        b"<< /Type /Pages /Parent %d 0 R /Kids [ %d 0 R ] /Count 1 >>" % (number - 1, number + 1)
        for number in range(2, 20_000)
    )
    root = b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [ %b ] >> >>" % A_BOX
    return pdf([root, *tree, b"<< /Type /Page /MediaBox [ 0 0 9 9 ] >>"])


def circles_in_the_outlines() -> bytes:
    line = b"<< /Title (x) /Parent 5 0 R /First 5 0 R /Last 5 0 R /Next 5 0 R /Prev 5 0 R >>"
    return form(A_BOX, line).replace(b"/Pages", b"/PageMode /UseOutlines /Outlines 5 0 R /Pages", 1)


def names_that_branch_for_ever() -> bytes:
    branches = (b"<< /Kids [ %b ] >>" % (b"%d 0 R " % (number + 1) * 50) for number in range(5, 64))
    last = b"<< /Names [ (a) << /EF << /F 5 0 R >> >> ] >>"
    names = b"/Names << /EmbeddedFiles 5 0 R /JavaScript 5 0 R /Dests 5 0 R >> /Pages"
    return form_of_one(A_BOX, *branches, last).replace(b"/Pages", names, 1)


def laughs_about_the_document() -> bytes:
    return told_about(LAUGHS + b"<x>&l9;</x>")


def files_from_elsewhere_about_the_document() -> bytes:
    return told_about(outside("file:///etc/passwd", "http://127.0.0.1:9/") + b"<x>&a;&b;</x>")


def told_about(words: bytes) -> bytes:
    """Return a form with these words about itself, as XMP."""
    about = stream(zlib.compress(words), b"/Type /Metadata /Subtype /XML")
    return form(A_BOX, about).replace(b"/Pages", b"/Metadata 5 0 R /Pages", 1)


def outside(*places: str) -> bytes:
    """Return the head of an XML document that fetches &a;, &b; and so on from these places."""
    found = (f'<!ENTITY {chr(97 + at)} SYSTEM "{place}">' for at, place in enumerate(places))
    return f'<?xml version="1.0"?><!DOCTYPE x SYSTEM "{places[-1]}" [{"".join(found)}]>'.encode()


HOSTILE_FILES: tuple[Callable[[], bytes], ...] = (
    bomb_in_the_objects,
    bomb_in_the_table,
    rows_of_two_billion_columns_in_the_table,
    a_table_that_points_at_itself,
    a_table_of_a_billion,
    circles_in_the_table_streams,
    circles_between_two_kinds_of_table,
    objects_inside_themselves,
    object_streams_that_extend_each_other,
    objects_without_a_table,
    locked_with_nonsense,
    three_million_slashes,
    a_web_page_that_is_a_form,
    a_form_in_a_zip,
    circles_in_the_pages,
    circles_in_the_parents,
    bomb_in_the_page,
    orders_deep_inside_each_other,
    hundred_thousand_words,
    drawings_that_draw_each_other,
    a_picture_of_a_trillion_dots,
    a_photograph_that_lies_about_its_size,
    a_font_with_four_billion_letters,
    a_page_larger_than_a_town,
    hundred_thousand_notes_on_a_page,
    two_hundred_thousand_pages,
    pages_deep_inside_each_other,
    circles_in_the_outlines,
    names_that_branch_for_ever,
    laughs_about_the_document,
    files_from_elsewhere_about_the_document,
)
