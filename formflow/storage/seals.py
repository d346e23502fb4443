"""Seals: a fingerprint of what was written, kept beside it and compared each time it is read. Pure.

SQLite does not notice a byte that changed within a text. A seal does, wherever an entry or a parcel is used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from formflow.core.errors import LedgerDamaged

# What never changes of an entry once it is written; the sha256 is its paper's. A new column of a later version
# has to stay out: the seals of earlier entries do not cover it.
OF_AN_ENTRY = (
    "reference",
    "revision",
    "supersedes",
    "outcome",
    "received_at",
    "recorded_at",
    "paper_id",
    "form_id",
    "form_version",
    "child_id",
    "child_b_id",
    "business_key",
    "values_sha256",
    "incident_day",
    "light",
    "highest_light",
    "possible_duplicate_of",
    "about",
    "urgent",
    "role",
    "epoch",
    "filed",
    "pictures",
    "answers",
    "notices",
    "proposal",
    "sha256",
)

OF_A_CASE_CHANGE = (
    "reference",
    "state",
    "at",
    "who",
    "reason",
    "reasons",
    "duplicate_of",
    "after_entry",
)

OF_A_DISPOSAL = ("reference", "at", "reason", "who", "and_who", "papers", "kept")


def of_entry(row: Mapping[Any, Any]) -> str:
    """Return the seal of an entry, as 64 hex digits, from its columns and the sha256 of its paper."""
    return _digest(json.dumps([row[name] for name in OF_AN_ENTRY]).encode())


def of_case_change(row: Mapping[Any, Any]) -> str:
    """Return the seal of a change of a case, as 64 hex digits, from its columns."""
    return _digest(json.dumps([row[name] for name in OF_A_CASE_CHANGE]).encode())


def of_disposal(row: Mapping[Any, Any]) -> str:
    """Return the seal of a tombstone, as 64 hex digits, from its columns."""
    return _digest(json.dumps([row[name] for name in OF_A_DISPOSAL]).encode())


def of_parcel(body: bytes, headers: str, attachments: str) -> str:
    """Return the seal of what a destination gets, as 64 hex digits."""
    return _digest(json.dumps([hashlib.sha256(body).hexdigest(), headers, attachments]).encode())


def compare(found: str, expected: str) -> None:
    """Raise LedgerDamaged where a seal is another one."""
    if found != expected:
        raise LedgerDamaged


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
