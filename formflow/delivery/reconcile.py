"""Does a destination still hold what was delivered to it? Compared here; what is missing can be sent again.

Compared is what stays where it was filed: records, alerts that nobody has seen, and the pages and sheets of
cases that are undecided. Receipts, returned forms and reminders are taken away by people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from formflow.core.clock import utc_now
from formflow.core.messages import notice
from formflow.core.references import find_revision
from formflow.core.settings import Settings
from formflow.delivery import calls, places
from formflow.sdk.contract import Connector, Operation, RepeatSafe
from formflow.storage import again, filed, parcels, tasks
from formflow.storage.audit_trail import AuditEvent, Happened, Trail
from formflow.storage.database import Connection, Engine, reading, writing
from formflow.storage.filed import Filed

CANNOT_LOOK = "This destination cannot say what it holds."
TAKEN_AWAY = "Not compared: people remove files from here."
_STAYS = {Operation.RECORD, Operation.ALERT, Operation.DECIDE}


@dataclass(frozen=True, slots=True)
class Compared:
    """What one destination should hold, and what of it is not there."""

    destination: str
    expected: int = 0
    missing: tuple[Filed, ...] = ()
    note: str = ""  # why nothing was compared
    is_in_doubt: bool = False  # it could not be compared, and a person should see why

    @property
    def is_right(self) -> bool:
        """Return whether nothing is known to be missing or in doubt."""
        return not (self.missing or self.is_in_doubt)


def compare(
    settings: Settings, engine: Engine, destinations: Mapping[str, Connector]
) -> Iterator[Compared]:
    """Yield for each destination what is missing. Changes nothing, in the ledger or at a destination."""
    targets = dict(places.targets(settings))
    for name, connector in destinations.items():
        target = targets.get(name)
        if not connector.capabilities.operations & _STAYS:
            yield Compared(name, note=TAKEN_AWAY)
        elif not calls.can_look_up(connector):
            yield Compared(name, note=CANNOT_LOOK)
        elif target and (code := places.trouble_at(target)):
            yield Compared(name, note=notice(code).text, is_in_doubt=True)
        else:
            yield _compared(engine, name, connector)


def deliver_again(
    engine: Engine, trail: Trail, name: str, connector: Connector, missing: Sequence[Filed]
) -> int:
    """Have what is missing delivered again at the next turn, as it was stored; return how many parcels.

    What waited for the destination meanwhile goes with it.
    """
    numbers = [number for one in missing for number in one.parcels]
    # Others look for the key by themselves, and many at a time.
    is_asked_first = connector.capabilities.repeat_safe is RepeatSafe.LOOK_UP
    with writing(engine) as connection:
        made_due = again.deliver(connection, numbers, unclear=is_asked_first)
        parcels.forget_delivered(connection, made_due)
        tasks.retry(connection, name, set_aside_too=False)
        told = Happened(AuditEvent.RETRIED, place=name, detail=f"{len(made_due)} were missing")
        trail.note(connection, utc_now(), told)
    return len(made_due)


def _compared(engine: Engine, name: str, connector: Connector) -> Compared:
    with reading(engine) as connection:
        expected = filed.kept(connection, name)
    try:
        wanted = {one.key: find_revision(one.subject) or (one.subject, 0) for one in expected}
        there = calls.look_up_many(connector, wanted)
    except Exception as problem:  # noqa: BLE001 - not to know is no answer, see why
        why = calls.why(problem)
        return Compared(name, note=why.text or why.code, is_in_doubt=True)
    with reading(engine) as connection:
        still = _keys(connection, name)  # a page may have been renewed meanwhile
    missing = tuple(one for one in expected if one.key not in there and one.key in still)
    return Compared(name, len(expected), missing)


def _keys(connection: Connection, name: str) -> set[str]:
    return {one.key for one in filed.kept(connection, name)}
