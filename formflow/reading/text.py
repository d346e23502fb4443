"""Text as it is compared: one form of letters and line ends, whatever program stored it."""

from __future__ import annotations

import codecs
import re
import unicodedata

import pikepdf  # noqa: F401 - brings the codec of PDFDocEncoding

ZEROS_INSIDE, OTHER_TABLE = "FF-148", "FF-149"
# What bytes of Windows, of a Mac or of UTF-8 look like when they are read as a PDF's own: signs that
# nobody types, or that are where no word has them.
_GARBLED = re.compile(
    r"[™ﬁﬂ‚\ufffd]|[^\W\d_][“”„‹›†‡•‰ƒ−][^\W\d_]|(?<!\w)[ŒŠŸ](?!\w)|[a-z][ŒŠŸŽŁ]|[ÂÃÅÄ][\x80-\xbf•-‰]"
)
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


def doubt(content: bytes) -> str:
    """Return the notice about a stored string that may be stored wrongly, "" for none.

    Zero bytes inside it hide what a program made of it; bytes of another table come out as other letters.
    """
    text = decoded(content)
    if "\0" in text.strip("\0 \t\r\n"):
        return ZEROS_INSIDE
    if content.isascii() or content[:2] in WIDE_MARKS or content[:3] == codecs.BOM_UTF8:
        return ""
    return OTHER_TABLE if _is_utf8(content) or _GARBLED.search(text) else ""


def _is_utf8(content: bytes) -> bool:
    """Return whether bytes are UTF-8 for letters of Europe or for quotes and dashes, and not so by chance."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(sign < "\u0530" or "\u1e00" <= sign <= "\u20bf" for sign in text)
