"""A workbook file as the archive that it is: read within limits, written with every other part as it was.

A part that is not changed keeps its compressed bytes, its header and its place, so nothing of it is packed
anew.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from formflow_connectors.ooxml.part_xml import NotPlain

MOST_BYTES = 40 << 20  # of the file; a workbook of 10,000 rows has about 1 MB
MOST_INFLATED = 400 << 20  # of all parts together
LEVEL = 3  # packs a large sheet in half the time of level 6, and a twelfth larger
MOST_OF_A_PART = 120 << 20  # of one that is read as XML
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_HAS_DESCRIPTOR, _IS_ENCRYPTED = 0x8, 0x1
_ZIP64 = 0x0001  # an extra field: sizes that need more than 32 bits
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

WhyNot = Literal["damaged", "large", "password", "old"]


class NoWorkbook(Exception):
    """The bytes are no workbook that can be read here; `why` says in which way."""

    def __init__(self, why: WhyNot) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Archive:
    """A workbook as it was read. Parts are lent by name."""

    content: bytes
    parts: Mapping[str, zipfile.ZipInfo]  # in the order of the directory
    comment: bytes
    _inflated: dict[str, bytes] = field(default_factory=dict)

    def read(self, name: str) -> bytes:
        """Return a part, inflated once. Raise NoWorkbook where it is damaged, KeyError where there is none."""
        if name not in self._inflated:
            self._inflated[name] = self._inflate(name)
        return self._inflated[name]

    def _inflate(self, name: str) -> bytes:
        info = self.parts[name]
        if info.file_size > MOST_OF_A_PART:
            raise NoWorkbook("large")
        try:
            with zipfile.ZipFile(io.BytesIO(self.content)) as book:
                return book.read(name)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError):
            raise NoWorkbook("damaged") from None


def opened(content: bytes) -> Archive:
    """Return a workbook file as its parts. Raise NoWorkbook or NotPlain."""
    if len(content) > MOST_BYTES:
        raise NoWorkbook("large")
    if content.startswith(_OLD_OFFICE):
        # With a password Office packs the whole workbook into a container of the old kind.
        raise NoWorkbook("password" if "EncryptedPackage".encode("utf-16-le") in content else "old")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            infos, comment = book.infolist(), book.comment
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise NoWorkbook("damaged") from None
    if sum(info.file_size for info in infos) > MOST_INFLATED:
        raise NoWorkbook("large")
    if len({info.filename.casefold() for info in infos}) != len(infos):
        raise NotPlain("two of its parts have one name")
    if any(info.flag_bits & _IS_ENCRYPTED for info in infos):
        raise NoWorkbook("password")
    return Archive(content, {info.filename: info for info in infos}, comment)


def rewritten(archive: Archive, changed: Mapping[str, bytes]) -> bytes:
    """Return the file with some parts changed and all others as they are, in the same places and order."""
    content, out = archive.content, io.BytesIO()
    infos = list(archive.parts.values())
    places = _places(archive)
    out.write(content[: places[0][0].header_offset] if places else b"")
    made: dict[str, _Made] = {}
    for info, end in places:
        at = out.tell()
        if info.filename in changed:
            packed, made[info.filename] = _packed(info, changed[info.filename], at)
            out.write(_local_header(content, info, made[info.filename]) + packed)
        else:
            made[info.filename] = _Made(
                at, info.CRC, info.compress_size, info.file_size, info.flag_bits, info.compress_type
            )
            out.write(content[info.header_offset : end])
    start = out.tell()
    raw = _directory_records(content, len(infos))
    for info, record in zip(infos, raw, strict=True):
        out.write(_central_header(record, made[info.filename]))
    size = out.tell() - start
    count, comment = len(infos), archive.comment
    out.write(
        struct.pack("<4s4H2LH", _END, 0, 0, count, count, size, start, len(comment)) + comment
    )
    return out.getvalue()


def raw_parts(archive: Archive) -> dict[str, bytes]:
    """Return each part as it lies in the file: its header, its packed bytes and what follows them."""
    return {
        info.filename: archive.content[info.header_offset : end] for info, end in _places(archive)
    }


def _places(archive: Archive) -> list[tuple[zipfile.ZipInfo, int]]:
    """Return the parts in the order in which they lie in the file, each with where it ends."""
    infos = sorted(archive.parts.values(), key=lambda info: info.header_offset)
    ends = [info.header_offset for info in infos[1:]] + [_directory_start(archive.content)]
    return list(zip(infos, ends, strict=True))


@dataclass(frozen=True, slots=True)
class _Made:
    """What the directory says of a part in the new file."""

    offset: int
    crc: int
    packed: int
    size: int
    flags: int
    method: int


def _packed(info: zipfile.ZipInfo, new: bytes, at: int) -> tuple[bytes, _Made]:
    if info.compress_type == zipfile.ZIP_STORED:
        packed, method = new, zipfile.ZIP_STORED
    else:
        deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -15)
        packed, method = deflate.compress(new) + deflate.flush(), zipfile.ZIP_DEFLATED
    flags = info.flag_bits & ~_HAS_DESCRIPTOR
    return packed, _Made(at, zlib.crc32(new), len(packed), len(new), flags, method)


def _local_header(content: bytes, info: zipfile.ZipInfo, made: _Made) -> bytes:
    at = info.header_offset
    name_length, extra_length = struct.unpack_from("<2H", content, at + 26)
    name = content[at + 30 : at + 30 + name_length]
    extra = _without_zip64(content[at + 30 + name_length : at + 30 + name_length + extra_length])
    head = bytearray(content[at : at + 30])
    struct.pack_into("<2H", head, 6, made.flags, made.method)
    struct.pack_into("<3L2H", head, 14, made.crc, made.packed, made.size, len(name), len(extra))
    return bytes(head) + name + extra


def _central_header(record: bytes, made: _Made) -> bytes:
    name_length, extra_length = struct.unpack_from("<2H", record, 28)
    name = record[46 : 46 + name_length]
    extra = _without_zip64(record[46 + name_length : 46 + name_length + extra_length])
    comment = record[46 + name_length + extra_length :]
    head = bytearray(record[:46])
    struct.pack_into("<2H", head, 8, made.flags, made.method)
    struct.pack_into("<3L2H", head, 16, made.crc, made.packed, made.size, len(name), len(extra))
    struct.pack_into("<L", head, 42, made.offset)
    return bytes(head) + name + extra + comment


def _without_zip64(extra: bytes) -> bytes:
    kept, at = b"", 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind != _ZIP64:
            kept += extra[at : at + 4 + length]
        at += 4 + length
    return kept + extra[at:]


def _directory_start(content: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return int(book.start_dir)


def _directory_records(content: bytes, count: int) -> list[bytes]:
    records, at = [], _directory_start(content)
    for _ in range(count):
        if content[at : at + 4] != _CENTRAL:
            raise NoWorkbook("damaged")
        end = at + 46 + sum(struct.unpack_from("<3H", content, at + 28))
        records.append(content[at:end])
        at = end
    return records
