"""`formflow connectors send-test`: one marked row, file or message, and away with it where the destination allows."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from formflow.admin import trial_parcels
from formflow.admin.field_names import known_fields
from formflow.core.messages import notice
from formflow.core.settings import Settings
from formflow.delivery import calls, places
from formflow.delivery.calls import Result, Undelivered
from formflow.delivery.destinations import open_destinations
from formflow.forms import catalogue
from formflow.sdk import deadline
from formflow.sdk.contract import Connector, Delivered, DeliveredAs, Ending, Prepared, TakesBack
from formflow.storage.audit_trail import AuditEvent, Happened, Trail
from formflow.storage.database import Engine, writing
from formflow.storage.originals import Vault

NOT_DELIVERED, STAYS, TAKEN_AWAY = "not delivered", "stays there", "taken away again"


class _Once:
    """A round of one delivery."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def may_go_on(self) -> bool:
        """Go on."""
        return True

    def begin(self, parcels: int) -> None:
        """Note nothing."""

    def note(self, results: Sequence[Result]) -> None:
        """Note what came of it."""
        self.results += results


def send_test(
    settings: Settings, name: str, engine: Engine, trail: Trail, now: datetime
) -> tuple[bool, str]:
    """Send a destination something that is marked as a test; return whether it arrived, and what came of it in words."""
    destination = next(one for one in settings.destinations() if one.name == name)
    target = places.target_of(destination)
    if target is not None and (code := places.trouble_at(target)):
        return False, notice(code).text
    with tempfile.TemporaryDirectory() as scratch:
        vault = Vault(Path(scratch) / "originals")
        paper = vault.keep_bytes(catalogue.shipped()[0].blank.read_bytes())
        alone = settings.model_copy(update={"destination": (destination,)})
        connector = open_destinations(alone, vault, engine)[name]
        with closing(connector):
            became, told = _sent(settings, connector, paper, now)
    with writing(engine) as connection:
        trail.note(connection, now, Happened(AuditEvent.TESTED, place=name, detail=became))
    return became != NOT_DELIVERED, told


def _sent(settings: Settings, connector: Connector, paper: str, now: datetime) -> tuple[str, str]:
    """Return what became of it, for the audit trail and in words."""
    known = known_fields(settings.folders.forms)
    parcel = trial_parcels.marked(connector, known, settings, now, paper)
    try:
        prepared = calls.prepare(connector, parcel)
    except Exception as problem:  # noqa: BLE001 - whatever it is, it is said
        why = calls.why(problem)
        return NOT_DELIVERED, why.text or why.code
    once = _Once()
    calls.deliver_all(connector, [prepared], once)
    (came,) = once.results
    if isinstance(came, Undelivered):
        return NOT_DELIVERED, came.text or came.code
    if came.how is not DeliveredAs.CREATED:
        return STAYS, f"“{parcel.reference}” was there already, from an earlier test; it stays"
    if _is_taken_back(connector, prepared):
        return TAKEN_AWAY, "it arrived, and was taken away again"
    return STAYS, f"it arrived, and stays there until someone removes it ({_place(came)})"


def _is_taken_back(connector: Connector, prepared: Prepared) -> bool:
    if not isinstance(connector, TakesBack):
        return False
    try:
        with deadline.of(calls.CALL_SECONDS):
            return connector.take_back(prepared)
    except (Ending, OSError):
        return False


def _place(came: Delivered) -> str:
    return came.where or "it does not say where"
