"""Papers that wait until it is clear whose folder is theirs: filed there once the pupil list, or a person, says so.

The core moves nothing: what waits is delivered once more, with its folder, and the destination takes away what waited.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from formflow.core.events import Event
from formflow.delivery import outbox, own_alerts
from formflow.pipeline.context import WorkContext
from formflow.sdk.contract import FilesByChild
from formflow.storage import entries, pupils, unmatched
from formflow.storage.database import reading, writing
from formflow.storage.pupils import Known

log = logging.getLogger("formflow")

ASK_SECONDS = 5.0  # how long a turn waits for a destination's answer


def file_waiting(context: WorkContext, now: datetime, *, has_news: bool) -> int:
    """Have papers that wait filed where that is clear now; return how often there may be something to deliver."""
    by_child = [name for name, one in context.destinations.items() if isinstance(one, FilesByChild)]
    if not by_child:
        return 0
    by_list = context.pupils.version
    is_due = context.looks.is_due(by_list, has_news=has_news)
    if not is_due or context.lanes.busy().intersection(by_child):
        return 0  # what is being delivered there may wait, too: looked at in the turn after it
    context.looks.begin(by_list)
    made_due, waits = 0, dict[str, list[str]]()
    for name in by_child:
        asked = _asked(context, name)
        if asked is None:
            continue  # what was known of it still holds
        came = {reference: _file(context, name, reference, now) for reference in asked}
        made_due += sum(count for count, _ in came.values())
        waits[name] = [reference for reference, (_, waits_on) in came.items() if waits_on]
    _note(context, waits)
    return made_due


def _note(context: WorkContext, waits: Mapping[str, Sequence[str]]) -> None:
    """Note for people what waits where."""
    try:
        unmatched.note(context.settings.state.folder, waits)
    except OSError as problem:  # noted at the next look
        log.warning(Event("not noted", said=type(problem).__name__))


def _asked(context: WorkContext, name: str) -> list[str] | None:
    connector = context.destinations[name]
    assert isinstance(connector, FilesByChild)  # noqa: S101 - asked before
    try:
        return context.lanes.ask(name, connector.unmatched, ASK_SECONDS)
    except Exception as problem:  # noqa: BLE001 - asked again at a later turn
        log.warning(Event("not asked", destination=name, said=type(problem).__name__))
        return None


def _file(context: WorkContext, name: str, reference: str, now: datetime) -> tuple[int, bool]:
    """Deliver every revision of what waits under a reference, or tell that its folder is not there.

    Return how often there may be something to deliver, and whether the papers wait on.
    """
    with reading(context.engine) as connection:
        numbers = entries.numbers(connection, reference)
        if not numbers:
            return 0, True  # a folder that somebody made
        known = pupils.of_entry(
            connection, context.pupils.roster, entries.entry(connection, numbers[-1])
        )
    is_there = _is_there(context, name, known.sure_folder) if known.sure_folder else False
    if is_there is None:
        return 0, True  # it does not answer: that says nothing of the folder
    if is_there:
        with writing(context.engine) as connection:
            found = [(number, entries.entry(connection, number)) for number in numbers]
            made_due = sum(
                outbox.file_again(connection, name, entry, number, known.sure_folder)
                for number, entry in found
            )
        return made_due, not made_due
    if known.pupil and not _is_for_a_person(known):
        words = {"reference": reference, "destination": name}
        with writing(context.engine) as connection:
            own_alerts.tell_today(connection, context, "FF-516", words, now)
        return 1, True
    return 0, True


def _is_for_a_person(known: Known) -> bool:
    """Whether the review sheet asks who it is, because a namesake's folder could be called the same."""
    return known.folder is not None and not known.sure_folder


def _is_there(context: WorkContext, name: str, folder: str) -> bool | None:
    connector = context.destinations[name]
    assert isinstance(connector, FilesByChild)  # noqa: S101 - asked before
    try:
        return context.lanes.ask(name, partial(connector.has_folder, folder), ASK_SECONDS)
    except Exception as problem:  # noqa: BLE001 - asked again at a later turn
        log.warning(Event("not asked", destination=name, said=type(problem).__name__))
        return None
