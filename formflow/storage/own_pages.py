"""The further pages that FormFlow made: the ledger keeps their fingerprints, and no others count.

A copy says by itself how many of its last pages are FormFlow's own. Anybody can write that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection, bindparam, select

from formflow.core.model import Hold, Reading
from formflow.forms.catalogue import FURTHER_PAGES
from formflow.storage.schema import OwnPage, table_of
from formflow.storage.sqlite import upsert

STRANGE = "FF-135"
_MARK = f"/{FURTHER_PAGES}".encode()


def note(connection: Connection, fingerprints: Iterable[str]) -> None:
    """Note further pages that FormFlow made, in the caller's transaction."""
    for fingerprint in fingerprints:
        connection.execute(_ADD, {"fingerprint": fingerprint})


def compared(connection: Connection, read: Reading) -> Reading:
    """Return a reading, held where a page that it says is FormFlow's own is not."""
    if all(connection.execute(_KNOWN, {"fingerprint": one}).first() for one in read.further):
        return read
    return replace(read, held=(*read.held, Hold(STRANGE)))


def of(content: bytes) -> tuple[str, ...]:
    """Return the fingerprints of a copy's further pages, () where it has none."""
    if _MARK not in content:
        return ()
    # Imported here: pikepdf takes 15 MB, and few copies have further pages.
    from formflow.reading.page_fingerprint import last_prints

    return last_prints(content)


_PAGE = table_of(OwnPage)
_ADD = upsert(_PAGE).on_conflict_do_nothing()
_KNOWN = select(_PAGE.c.fingerprint).where(_PAGE.c.fingerprint == bindparam("fingerprint"))
