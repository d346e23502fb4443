"""Text as it is compared: one form of letters and line ends, whatever program stored it."""

from __future__ import annotations

import unicodedata

REPLACEMENT = "\ufffd"


def normalised(raw: str) -> str:
    """Return text in NFC with "\\n" line ends, lone surrogates replaced, outer white space trimmed."""
    text = raw.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if any("\ud800" <= c <= "\udfff" for c in text):
        # A program stored an emoji as two halves: joined where both are there, else replaced.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unicodedata.normalize("NFC", text).strip()
