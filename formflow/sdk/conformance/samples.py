"""What connectors are tried with: parcels of invented facts, and what the core would lend."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, BinaryIO

from formflow.core.model import Light, Outcome
from formflow.sdk.case_fields import samples
from formflow.sdk.contract import Connector, Context, Operation
from formflow.sdk.field_map import given
from formflow.sdk.parcels import (
    AlertParcel,
    DecisionParcel,
    NamedAnswer,
    Parcel,
    ReceiptParcel,
    RecordParcel,
    ReturnParcel,
)

NAME = "Zoë-Anne Sample"  # stands wherever a parcel may hold a name, and nowhere else
RECORDED = datetime(2026, 11, 23, 14, 2, 30, tzinfo=UTC)
PAPER = b"%PDF-1.7 a paper %%EOF\n"
_FULL: Mapping[Operation, type[Parcel]] = {
    Operation.RECORD: RecordParcel,
    Operation.ALERT: AlertParcel,
    Operation.RECEIPT: ReceiptParcel,
    Operation.RETURN: ReturnParcel,
    Operation.DECIDE: DecisionParcel,
}


def pretend_context(files: Collection[bytes] = (PAPER,)) -> Context:
    """Return what the core lends, with some files that a parcel may name."""
    known = {hashlib.sha256(one).hexdigest(): one for one in files}

    def open_original(sha256: str) -> BinaryIO:
        return io.BytesIO(known[sha256])

    return Context("a destination", open_original, logging.getLogger("formflow.destination"))


def sample(connector: Connector, operation: Operation, number: int = 1, **changes: Any) -> Parcel:
    """Return a parcel of invented facts, as the core gives it to this connector."""
    said = _everything(operation, number) | changes
    full = _FULL[operation](**said)
    return given(full, connector.capabilities, getattr(connector, "settings", None))


def _everything(operation: Operation, number: int) -> dict[str, Any]:
    reference = f"FF-2026-{number:06d}"
    paper = hashlib.sha256(PAPER).hexdigest()
    answers = (
        NamedAnswer("child_a_name", "Name", NAME),
        NamedAnswer("what_happened", "What happened?", "=1+1\n“quoted”, \U0001f622; last"),
    )
    known = {
        "key": hashlib.sha256(f"{reference}|{operation}".encode()).hexdigest(),
        "reference": reference,
        "revision": 1,
        "outcome": Outcome.RECORDED,
        "recorded_at": RECORDED,
        "form_title": "Sexual Behaviour Recording Form",
        "headline": "New form to review",
        "where_to_look": f"the page {reference} in the folder “Alerts”",
        "respond_by": RECORDED + timedelta(hours=4),
        "light": Light.RED,
        "where_filed": "the folder “C-4821-000045”",
        "page": f"<!doctype html>\n<p>{NAME}</p>\n" if operation is not Operation.RECEIPT else "<p>Received.</p>\n",
        "enclosed": {f"{reference} a sheet": paper},
        "case_key": hashlib.sha256(reference.encode()).hexdigest(),
        "child_reference": "C-4821-000045",
        "child_folder": f"{NAME} 2013-03-01",
        "case_folder": f"1 RED {NAME} {reference}",
        "incident_day": date(2026, 11, 20),
        "answers": answers,
        "original_sha256": paper,
        "as_read": PAPER,
        "named": (*samples(reference), *answers),
    }  # fmt: skip
    return {one.name: known[one.name] for one in fields(_FULL[operation]) if one.name in known}
