"""The token in the hidden box of a copy: shows that FormFlow made it for just this record, child and form. Pure.

A reference is printed on receipts, so anybody can write it on a sheet. The token cannot be worked out without
the key, and fits no other record, child or form. It is never shown, logged or sent by itself.
"""

from __future__ import annotations

import dataclasses
import hmac
from dataclasses import dataclass, replace

from formflow.core.references import CopyReference

KEY_BYTES = 32
TOKEN_DIGITS = 32  # hex: 128 bits


@dataclass(frozen=True, slots=True)
class Tokens:
    """Gives tokens to copies and knows them again."""

    key: bytes = dataclasses.field(repr=False)

    def given(self, said: CopyReference, origin: str, form_id: str) -> CopyReference:
        """Return what the hidden box of a copy says, with its token.

        `origin` tells the record from one of the same reference in another copy of the ledger.
        """
        return replace(said, token=self._token(said, origin, form_id))

    def fits(self, said: CopyReference, origin: str, form_id: str) -> bool:
        """Return whether FormFlow made a copy for what it says of itself."""
        return hmac.compare_digest(said.token, self._token(said, origin, form_id))

    def _token(self, said: CopyReference, origin: str, form_id: str) -> str:
        words = "\n".join((origin, form_id, said.claim))
        return hmac.digest(self.key, words.encode(), "sha256").hex()[:TOKEN_DIGITS]
