"""Our own connectors keep what every author's must keep, by the same checks; and the checks find who does not."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from formflow.sdk import (
    BaseConnector,
    Capabilities,
    ConnectorSettings,
    DataClass,
    Delivered,
    DeliveredAs,
    Operation,
    Prepared,
    RecordParcel,
    RepeatSafe,
    conformance,
    registry,
)
from formflow.sdk.conformance import Trial
from tests.connectors.conftest import FOLDER_KINDS, Place

Check = Callable[[Trial], None]


def named(check: Check) -> str:
    return check.__name__


def trial_of(place: Place) -> Trial:
    kind = registry.load(place.kind)
    settings = kind.Settings.model_validate(place.own)

    @contextlib.contextmanager
    def away() -> Iterator[None]:
        place.root.rename(place.root.with_suffix(".away"))
        yield
        place.root.with_suffix(".away").rename(place.root)

    return Trial(lambda context: kind(settings, context), place.landed, away)


@pytest.mark.parametrize("kind", FOLDER_KINDS)
@pytest.mark.parametrize("check", conformance.CHECKS, ids=named)
def test_our_connectors_keep_the_contract(
    make_place: Callable[[str], Place], monkeypatch: pytest.MonkeyPatch, kind: str, check: Check
) -> None:
    monkeypatch.setattr(
        conformance, "MOST_KILLS", 20
    )  # named points are tested besides, each of them
    check(trial_of(make_place(kind)))


# Connectors as they should not be, each with what finds it.


class LinesSettings(ConnectorSettings):
    """Where the lines are."""

    file: Path


class Appender(BaseConnector[LinesSettings]):
    """Adds a line for each parcel, and looks for nothing."""

    kind = "appender"
    api_version = 2
    Settings = LinesSettings
    capabilities = Capabilities(RepeatSafe.KEY, frozenset({Operation.RECORD}), DataClass.FULL)

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the line."""
        return Prepared(parcel.key, f"{parcel.key} {parcel.reference}\n".encode())

    def deliver(self, prepared: Prepared) -> Delivered:
        """Add the line."""
        with self.settings.file.open("ab") as lines:
            lines.write(prepared.body)
        return Delivered(prepared.key, DeliveredAs.CREATED, "lines")


class Keyless(Appender):
    """Adds a line without a key, so that nobody can tell one from another."""

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the line."""
        return Prepared(parcel.key, f"{parcel.reference}\n".encode())


class Careful(Appender):
    """Looks for the key first, but writes the line in two halves."""

    def deliver(self, prepared: Prepared) -> Delivered:
        """Add the line once."""
        lines = self.settings.file.read_bytes() if self.settings.file.exists() else b""
        if prepared.key.encode() in lines:
            return Delivered(prepared.key, DeliveredAs.ALREADY_THERE, "lines")
        with self.settings.file.open("ab", buffering=0) as file:
            file.write(prepared.body[:70])
            file.write(prepared.body[70:])
        return Delivered(prepared.key, DeliveredAs.CREATED, "lines")


class Telling(Careful):
    """Puts a name where it says where it delivered."""

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the line."""
        name = next(one.text for one in parcel.answers if one.field == "child_a_name")
        return Prepared(parcel.key, f"{parcel.key}\n".encode(), {"name": name})

    def deliver(self, prepared: Prepared) -> Delivered:
        """Say more than it should."""
        super().deliver(prepared)
        return Delivered(prepared.key, DeliveredAs.CREATED, prepared.headers["name"])


class Moody(Careful):
    """Prepares the same in two ways."""

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the line, and who prepared it."""
        return Prepared(parcel.key, f"{parcel.key} {id(self)}\n".encode())


class Boasting(Careful):
    """Says that everything is there."""

    def look_up(self, key: str) -> Delivered | None:
        """Say so."""
        return Delivered(key, DeliveredAs.ALREADY_THERE, "lines")


class Silent(Careful):
    """Delivers and does not say so."""

    def deliver(self, prepared: Prepared) -> Any:
        """Say nothing."""
        super().deliver(prepared)


class Eager(Careful):
    """Puts something there when it is checked."""

    def check(self) -> Any:
        """Write."""
        self.settings.file.write_text("f" * 64)
        return super().check()


class Unversioned(Careful):
    """Does not say for which version it was written."""

    api_version = None  # type: ignore[assignment]


class Batches(Careful):
    """Answers for one less than it was given."""

    capabilities = Capabilities(
        RepeatSafe.KEY, frozenset({Operation.RECORD}), DataClass.FULL, batch=50
    )

    def deliver_batch(self, prepared: list[Prepared]) -> Any:
        """Forget the last."""
        return [self.deliver(one) for one in prepared][:-1]


class Undead(Careful):
    """Holds on to nothing, and says no in its own way when it cannot write."""

    def deliver(self, prepared: Prepared) -> Delivered:
        """Raise what the system raises."""
        if not self.settings.file.parent.exists():
            raise FileNotFoundError(str(self.settings.file))
        return super().deliver(prepared)


@pytest.mark.parametrize(
    ("connector", "check", "says"),
    [
        (Appender, conformance.delivers_once, "it is there 2 times"),
        pytest.param(
            Appender,
            conformance.delivers_once_when_killed,
            "it is there 2 times",
            marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork"),
        ),
        (Keyless, conformance.delivers_once, "is not found by its key"),
        (Telling, conformance.keeps_names_inside, "a name is where it is delivered"),
        (Moody, conformance.prepares_the_same_every_time, "prepared in two ways"),
        (Boasting, conformance.looks_up_the_truth, "before it is"),
        (Silent, conformance.delivers_once, "did not answer with Delivered"),
        (Eager, conformance.checks_without_a_trace, "checking has put something there"),
        (Unversioned, conformance.declares_itself, "for which version"),
        (Batches, conformance.takes_many, "not one answer for each parcel"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_the_kit_finds_who_does_not_keep_the_contract(
    tmp_path: Path, connector: type[Appender], check: Check, says: str
) -> None:
    file = tmp_path / "lines.txt"

    def landed() -> list[str]:
        return re.findall("[0-9a-f]{64}", file.read_text() if file.exists() else "")

    trial = Trial(lambda context: connector(LinesSettings(file=file), context), landed)
    with pytest.raises(AssertionError, match=says):
        check(trial)


def test_what_raises_no_ending_while_its_destination_is_away_is_found(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "lines.txt"
    trial = Trial(
        lambda context: Undead(LinesSettings(file=file), context), list, contextlib.nullcontext
    )
    with pytest.raises(AssertionError, match="check says that all is well"):
        conformance.ends_in_words_when_out_of_reach(trial)
