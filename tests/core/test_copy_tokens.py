"""A token fits the one record, child, form and copy that it was made for, and none without the key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from formflow.core.copy_tokens import KEY_BYTES, Tokens
from formflow.core.references import CopyReference

TOKENS = Tokens(bytes(range(KEY_BYTES)))
SAID = CopyReference("FF-2026-000001", 1, 2, 3)
ORIGIN, FORM = "4821|FF-2026-000001|1|2026-11-14T13:45:00+00:00|ab", "referral_b"
GIVEN = TOKENS.given(SAID, ORIGIN, FORM)


def test_a_token_fits_what_it_was_made_for() -> None:
    assert TOKENS.fits(GIVEN, ORIGIN, FORM)
    assert TOKENS.fits(CopyReference.parse(str(GIVEN)) or SAID, ORIGIN, FORM)
    assert TOKENS.given(GIVEN, ORIGIN, FORM) == GIVEN


@pytest.mark.parametrize(
    "other",
    [
        replace(GIVEN, record="FF-2026-000002"),
        replace(GIVEN, revision=2),
        replace(GIVEN, child=0),
        replace(GIVEN, after=4),
        replace(GIVEN, token=""),
        replace(GIVEN, token="0" * 32),
        replace(GIVEN, token=GIVEN.token[:-1]),
        replace(GIVEN, token=GIVEN.token[::-1]),
    ],
    ids=["record", "revision", "child", "copy", "none", "guessed", "cut", "turned round"],
)
def test_a_token_fits_nothing_else(other: CopyReference) -> None:
    assert not TOKENS.fits(other, ORIGIN, FORM)


def test_a_token_fits_no_other_form_ledger_or_key() -> None:
    assert not TOKENS.fits(GIVEN, ORIGIN, "referral_a")
    assert not TOKENS.fits(GIVEN, ORIGIN.replace("4821", "4822"), FORM)
    assert not Tokens(bytes(KEY_BYTES)).fits(GIVEN, ORIGIN, FORM)


def test_neither_key_nor_token_is_shown() -> None:
    assert repr(TOKENS) == "Tokens()"
    assert GIVEN.token not in repr(GIVEN)
