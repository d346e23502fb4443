"""Parcels are prepared outside the lock and stored before they are sent, by the lane of their destination.

What fails holds its own parcel: it is put back with growing patience like a delivery, and set aside for a
person when it is a mistake, or when too many workers died of it. Nothing that was stored is made again, but rows whose
columns have other settings now.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from formflow.core.crash_points import crash_at
from formflow.core.messages import notice
from formflow.core.trouble import ENOUGH, OF_THE_COMPUTER
from formflow.delivery import calls
from formflow.delivery.calls import Undelivered
from formflow.delivery.contents import NothingToTell, parcel_of
from formflow.delivery.context import DeliveryContext
from formflow.delivery.lanes import Round
from formflow.delivery.unusable import Unusable
from formflow.sdk.contract import Connector, Prepared, Retryable
from formflow.storage import own_pages, parcels
from formflow.storage.database import reading, writing
from formflow.storage.failures import trouble_of
from formflow.storage.originals import Vault
from formflow.storage.parcels import Posted
from formflow.storage.tasks import Claimed

log = logging.getLogger("formflow")

NOT_DRAWN = "FF-428"
NOT_TAKEN = "not-taken"


class _Sheets:
    """Keeps sheets in the vault, durably, and remembers the further pages that FormFlow made for them."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self.further: list[str] = []  # fingerprints

    def keep(self, content: bytes) -> str:
        """Keep a sheet; return its sha256."""
        self.further += own_pages.of(content)
        return self._vault.keep_bytes(content)


def prepare(
    context: DeliveryContext, connector: Connector, claimed: Sequence[Claimed], now: Round
) -> list[Prepared]:
    """Return what is to be sent, made and stored where it was not yet.

    `now.tasks` are in the same order, behind those of which nothing could be made and `now` knows why.
    Raise LeaseLost, or whatever says that this computer cannot draw or store just now.
    """
    with reading(context.engine) as connection:
        found = parcels.to_deliver(connection, [task.ref_id for task in claimed])
    sheets = _Sheets(context.vault)
    failed, waiting = list[Claimed](), list(claimed)
    ready, fresh = dict[Claimed, Prepared](), dict[Claimed, Prepared]()
    while waiting and now.may_go_on():
        now.tasks = [*failed, *waiting, *ready]  # the one in hand comes behind those that are noted
        task = waiting.pop(0)
        posted, made = found[task.ref_id]
        if made is None or calls.is_outdated(connector, made):
            now.begin(1)
            result = _made(context, connector, task, posted, sheets)
            now.note([result] if isinstance(result, Undelivered) else [])
            if isinstance(result, Undelivered):
                failed.append(task)
                continue
            made = fresh[task] = result
        ready[task] = made
    now.tasks = [*failed, *ready, *waiting]
    if fresh:
        _store(context, fresh, sheets.further)
    return list(ready.values())


def _store(
    context: DeliveryContext, fresh: Mapping[Claimed, Prepared], further: Sequence[str]
) -> None:
    crash_at("prepare.before-commit")
    with writing(context.engine) as connection:
        for task, made in fresh.items():
            parcels.store(connection, task, context.owner.name, made)
        own_pages.note(connection, further)
    crash_at("prepare.after-commit")


def _made(
    context: DeliveryContext, connector: Connector, task: Claimed, posted: Posted, sheets: _Sheets
) -> Prepared | Undelivered:
    """Draw a parcel and have it prepared; return why where that was not possible."""
    if posted.operation not in connector.capabilities.operations:
        return Undelivered(NOT_TAKEN)  # put on its list while nobody could say what it takes
    if isinstance(connector, Unusable):
        return calls.why(connector.problem)
    if task.weight >= ENOUGH:
        return _not_drawn()
    try:
        parcel = parcel_of(context, posted, connector.capabilities, sheets.keep)
    except Retryable as problem:
        return calls.why(problem)
    except NothingToTell:
        return Undelivered(NOT_TAKEN)
    except Exception as problem:
        if trouble_of(problem).code in OF_THE_COMPUTER:
            raise  # nobody's mistake, and the others would meet it too
        log.error("a page or sheet could not be drawn: %s", type(problem).__name__)  # noqa: TRY400
        return _not_drawn()
    try:
        return calls.prepare(connector, parcel)
    except BaseException as problem:  # noqa: BLE001 - any failure keeps the parcel, see why
        return calls.why(problem)


def _not_drawn() -> Undelivered:
    return Undelivered(NOT_DRAWN, text=notice(NOT_DRAWN).text)
