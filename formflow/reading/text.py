"""Text as it is compared: one form of letters and line ends, whatever program stored it."""

from __future__ import annotations

import codecs
import unicodedata

import pikepdf  # noqa: F401 - brings the codec of PDFDocEncoding

WIDE_MARKS = (codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)


def decoded(content: bytes) -> str:
    """Return the characters of a stored string: UTF-16 or UTF-8 by its mark, else PDFDocEncoding.

    Half an emoji, which some programs store, becomes the replacement character: it stays visible.
    """
    if content.isascii() and (text := content.decode("ascii")).isprintable():
        return text  # in every encoding the same, and by far the quickest
    if content[:2] in WIDE_MARKS:
        return content.decode("utf-16", "replace")
    if content[:3] == codecs.BOM_UTF8:
        return content[3:].decode("utf-8", "replace")
    return content.decode("pdfdoc_pikepdf", "replace")


def normalised(raw: str) -> str:
    """Return text in NFC, with "\\n" line ends and no white space around it."""
    if raw.isascii() and "\r" not in raw and "\0" not in raw:
        return raw.strip()
    text = raw.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return unicodedata.normalize("NFC", text).strip()
