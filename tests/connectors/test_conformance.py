"""Our own connectors keep what every author's must keep, by the same checks; and the checks find who does not."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import ConfigDict

from formflow.sdk import (
    BaseConnector,
    Capabilities,
    ConnectorSettings,
    Context,
    DataClass,
    Delivered,
    DeliveredAs,
    Operation,
    Prepared,
    RecordParcel,
    RepeatSafe,
    Retryable,
    registry,
)
from formflow.sdk.conformance import Trial, delivering, making, trouble
from formflow.sdk.conformance.suite import ConnectorTests
from tests.connectors.conftest import FOLDER_KINDS, Place, place_of
from tests.support.systems import ON_WINE

Check = Callable[[Trial], None]


def trial_of(place: Place) -> Trial:
    kind = registry.load(place.kind)
    settings = kind.Settings.model_validate(place.own)

    @contextlib.contextmanager
    def away() -> Iterator[None]:
        place.root.rename(place.root.with_suffix(".away"))
        yield
        place.root.with_suffix(".away").rename(place.root)

    # Named points are tested besides, each of them.
    return Trial(lambda context: kind(settings, context), place.landed, away, kills=20)


class OurFolders(ConnectorTests):
    """What every kind of ours that writes to folders must do."""

    kind: ClassVar[str]

    def trial(self, place: Path) -> Trial:
        """Return the kind with a folder of its own."""
        return trial_of(place_of(self.kind, place))


for _kind in FOLDER_KINDS:
    _name = "Test" + _kind.title().replace("_", "")
    globals()[_name] = type(_name, (OurFolders,), {"kind": _kind, "__module__": __name__})


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


class Insisting(Careful):
    """Says each time that it is new."""

    def deliver(self, prepared: Prepared) -> Delivered:
        """Deliver, and say so."""
        return replace(super().deliver(prepared), how=DeliveredAs.CREATED)


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


class Halves(BaseConnector[LinesSettings]):
    """Writes a file for each parcel straight into its place, in two halves."""

    kind = "halves"
    api_version = 2
    Settings = LinesSettings
    capabilities = Capabilities(RepeatSafe.KEY, frozenset({Operation.RECORD}), DataClass.FULL)

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return an answer, and a full stop."""
        return Prepared(parcel.key, f"{parcel.answers[0].text}.".encode())

    def deliver(self, prepared: Prepared) -> Delivered:
        """Write the file."""
        file = self.settings.file.with_name(f"{prepared.key}.txt")
        if file.exists():
            return Delivered(prepared.key, DeliveredAs.ALREADY_THERE, file.name)
        with file.open("wb", buffering=0) as stream:
            stream.write(prepared.body[:5])
            stream.write(prepared.body[5:])
        return Delivered(prepared.key, DeliveredAs.CREATED, file.name)


class Loose(Careful):
    """Takes any setting."""

    class Settings(LinesSettings):
        model_config = ConfigDict(extra="ignore")


class Local(Careful):
    """Prepares what depends on where it is."""

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the line with the hour of this computer."""
        return Prepared(parcel.key, f"{parcel.key} {parcel.recorded_at.astimezone()}\n".encode())


class Hasty(Careful):
    """Writes as soon as it is made."""

    def __init__(self, settings: LinesSettings, context: Context) -> None:
        super().__init__(settings, context)
        settings.file.touch()


class Choosy(Careful):
    """Takes for granted that there is an answer."""

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the line with the first answer."""
        return Prepared(parcel.key, f"{parcel.key} {bool(parcel.answers[0].text)}\n".encode())


class Forgetful(Appender):
    """Keeps the last that was delivered of a record, whichever that is."""

    def deliver(self, prepared: Prepared) -> Delivered:
        """Put it in the place of whatever was there."""
        self.settings.file.write_bytes(prepared.body)
        return Delivered(prepared.key, DeliveredAs.CREATED, "lines")


class Clinging(Careful):
    """Leaves a socket open for each parcel."""

    held: ClassVar[list[socket.socket]] = []

    def deliver(self, prepared: Prepared) -> Delivered:
        """Deliver, and keep something."""
        self.held.append(socket.socket())
        return super().deliver(prepared)


class Chatty(Telling):
    """Logs a name."""

    def deliver(self, prepared: Prepared) -> Delivered:
        """Say more than it should."""
        self.context.log.debug("delivers what %s did", prepared.headers["name"])
        return Careful.deliver(self, prepared)


class Roaming(Careful):
    """Speaks to a computer that its settings do not name."""

    def deliver(self, prepared: Prepared) -> Delivered:
        """Look for it."""
        socket.getaddrinfo("127.0.0.1", 9)
        return super().deliver(prepared)


class Denying(Careful):
    """Delivers, and says that it could not."""

    def deliver(self, prepared: Prepared) -> Delivered:
        """Say so the first time."""
        came = super().deliver(prepared)
        if came.how is DeliveredAs.CREATED:
            raise Retryable("full", "The disk is full.")
        return came


@pytest.mark.parametrize(
    ("connector", "check", "says"),
    [
        (Appender, delivering.delivers_once, "it is there 2 times"),
        pytest.param(
            Appender,
            delivering.delivers_once_when_killed,
            "it is there 2 times",
            marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork"),
        ),
        (Insisting, delivering.delivers_once, "says that it has made it again"),
        (Keyless, delivering.delivers_once, "is not found by its key"),
        (Telling, making.keeps_names_inside, "a name is where it is delivered"),
        (Moody, making.prepares_the_same_every_time, "prepared in two ways"),
        (Boasting, delivering.looks_up_the_truth, "before it is"),
        (Silent, delivering.delivers_once, "did not answer with Delivered"),
        (Eager, making.checks_without_a_trace, "checking has put something there"),
        (Unversioned, making.declares_itself, "for which version"),
        (Batches, delivering.takes_many, "not one answer for each parcel"),
        (Loose, making.refuses_settings_that_it_does_not_know, "does not know"),
        pytest.param(
            Local,
            making.prepares_the_same_elsewhere,
            "another way elsewhere",
            marks=pytest.mark.skipif(
                sys.platform == "win32", reason="all of Windows has one time zone"
            ),
        ),
        (Hasty, making.prepares_the_same_elsewhere, "touches something before"),
        (Choosy, making.manages_with_little, "could not be prepared"),
        (Boasting, making.says_what_is_wrong_with_its_settings, "says that all is well"),
        (Appender, delivering.keeps_what_lies_under_a_key, "made a second one"),
        (Forgetful, delivering.keeps_the_later_revision, "not found by its key"),
        pytest.param(
            Clinging,
            delivering.holds_on_to_nothing,
            "holds on to",
            marks=pytest.mark.skipif(ON_WINE, reason="Wine does not count what is open"),
        ),
        (Appender, delivering.delivers_what_an_earlier_version_prepared, "not found by its key"),
        (Chatty, trouble.logs_no_name, "a name is in the log"),
        (Roaming, trouble.speaks_to_its_own_hosts_alone, "speaks to 127.0.0.1"),
        (Denying, trouble.ends_in_words_in_any_trouble, "it is there, and that is not said"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_the_kit_finds_who_does_not_keep_the_contract(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    connector: type[Appender],
    check: Check,
    says: str,
) -> None:
    # No server has to close its side here.
    monkeypatch.setattr(delivering, "PATIENCE_SECONDS", 0.2)
    file = tmp_path / "lines.txt"

    def landed() -> list[str]:
        return re.findall("[0-9a-f]{64}", file.read_text() if file.exists() else "")

    def opened(context: Context) -> Appender:
        return connector(connector.Settings(file=file), context)

    trial = Trial(
        opened,
        landed,
        faults={"none at all": contextlib.nullcontext},
        unusable=[opened],
        earlier=[Prepared("e" * 64, b"as it was prepared once")],
    )
    with pytest.raises(AssertionError, match=says):
        check(trial)
    while Clinging.held:
        Clinging.held.pop().close()


@pytest.mark.parametrize(
    "check",
    [
        delivering.shows_no_half,
        pytest.param(
            delivering.delivers_once_when_killed,
            marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork"),
        ),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_the_kit_finds_who_leaves_half_a_file(tmp_path: Path, check: Check) -> None:
    files = tmp_path / "files"
    files.mkdir()

    def whole() -> dict[str, dict[str, str]]:
        read = {path.stem: path.read_text("utf-8", "replace") for path in files.glob("*.txt")}
        return {key: {} for key, text in read.items() if text.endswith(".")}

    def opened(context: Context) -> Halves:
        return Halves(LinesSettings(file=files / "any"), context)

    trial = Trial(opened, lambda: [path.stem for path in files.glob("*.txt")], texts=whole)
    with pytest.raises(AssertionError, match=r"half of it|no whole one"):
        check(trial)


def test_what_raises_no_ending_while_its_destination_is_away_is_found(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "lines.txt"
    trial = Trial(
        lambda context: Undead(LinesSettings(file=file), context), list, contextlib.nullcontext
    )
    with pytest.raises(AssertionError, match="check says that all is well"):
        trouble.ends_in_words_when_out_of_reach(trial)
