"""What a destination would be given, and where it would be written. Only `prepare` is asked: nothing is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from formflow.core.errors import ExitCode, FormFlowError
from formflow.core.settings import Settings
from formflow.delivery import calls
from formflow.sdk.contract import Connector, Operation, Prepared
from formflow.sdk.field_format import in_words
from formflow.sdk.field_map import decode_row, has_map
from formflow.sdk.parcels import Parcel

MOST_SHOWN = 2_000  # letters of what a destination without a map would get


class NotPrepared(FormFlowError):
    """A destination that cannot say what it would write."""

    exit_code = ExitCode.DESTINATION


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be written where."""

    destination: str
    kind: str
    where: str  # file or folder of the settings, "" for none
    operation: Operation
    columns: Mapping[
        str, str
    ]  # heading -> what would stand there; {} for a destination without columns
    text: str  # what it would get instead, as far as it can be shown
    files: tuple[str, ...]  # what would go along, by name
    size: int  # bytes

    @property
    def as_json(self) -> dict[str, Any]:
        """The same for another program."""
        return {name: getattr(self, name) for name in self.__slots__}


def preview(settings: Settings, name: str, connector: Connector, parcel: Parcel) -> Preview:
    """Return what a destination would be given of a parcel. Raise NotPrepared."""
    try:
        made = calls.prepare(connector, parcel)
    except Exception as problem:  # noqa: BLE001 - whatever it is, it is said
        why = calls.why(problem)
        raise NotPrepared(why.text or why.code) from None
    destination = next(one for one in settings.destinations() if one.name == name)
    own = destination.own_settings
    columns = _columns(connector, made)
    return Preview(
        name,
        connector.kind,
        str(own.get("file") or own.get("folder") or ""),
        parcel.operation,
        columns,
        "" if columns else _text(made.body),
        tuple(one.name for one in made.attachments),
        len(made.body),
    )


def _columns(connector: Connector, made: Prepared) -> dict[str, str]:
    if not has_map(calls.settings_of(connector)):
        return {}
    try:
        return {heading: in_words(value) for heading, value in decode_row(made.body).items()}
    except (ValueError, TypeError):  # a kind with a form of its own
        return {}


def _text(body: bytes) -> str:
    try:
        text = body.decode()
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)[:MOST_SHOWN]
    except ValueError:
        pass
    printed = body.decode("utf-8", "replace")
    is_text = "\0" not in printed and printed.count("\ufffd") == 0
    return printed[:MOST_SHOWN] if is_text else ""


def in_lines(shown: Preview) -> list[tuple[str, str]]:
    """Return a preview as the two columns of a table."""
    rows = [("Destination", shown.destination), ("Kind", shown.kind)]
    rows += [("Where", shown.where)] if shown.where else []
    rows += [(heading, text.replace("\n", " / ")) for heading, text in shown.columns.items()]
    rows += [("File", name) for name in shown.files]
    return rows if shown.columns else [*rows, ("Size", f"{shown.size} bytes")]
