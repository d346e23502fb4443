"""Connectors as they should not be. Installed by tests as a package of a stranger, never imported here."""

# ruff: noqa: ARG002

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field

from formflow.sdk import (
    AlertParcel,
    Attachment,
    BaseConnector,
    Capabilities,
    CheckLine,
    CheckReport,
    ConnectorSettings,
    Context,
    DataClass,
    Delivered,
    DeliveredAs,
    Ending,
    FieldMap,
    Operation,
    Prepared,
    RecordParcel,
    Rejected,
    RepeatSafe,
    decode_row,
    encode_row,
)

NAUGHTY = "Alex Example"  # a name that must stand nowhere


class KeyFolderSettings(ConnectorSettings):
    """Where the keys are kept."""

    folder: Path = Field(description="Holds one empty file for each parcel.")


class Good(BaseConnector[KeyFolderSettings]):
    """Keeps one file for each key: what a stranger's connector should be like."""

    kind = "good"
    api_version = 2
    Settings = KeyFolderSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.KEY,
        operations=frozenset({Operation.RECORD}),
        carries=DataClass.FULL,
    )

    def __init__(self, settings: KeyFolderSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._folder = settings.folder

    def check(self) -> CheckReport:
        """Say that all is well."""
        return CheckReport((CheckLine(True, "The folder is there."),))

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Keep the reference."""
        paper = parcel.original_sha256
        papers = (Attachment("a.pdf", paper),) if paper else ()
        return Prepared(parcel.key, parcel.reference.encode(), {"name": "a"}, papers)

    def deliver(self, prepared: Prepared) -> Delivered:
        """Keep the key."""
        for paper in prepared.attachments:
            with self.context.open_original(paper.sha256) as stream:
                assert hashlib.sha256(stream.read()).hexdigest() == paper.sha256
        (self._folder / prepared.key).write_bytes(prepared.body)
        return Delivered(prepared.key, DeliveredAs.CREATED, "folder")

    def look_up(self, key: str) -> Delivered | None:
        """Look for the key."""
        there = (self._folder / key).exists()
        return Delivered(key, DeliveredAs.ALREADY_THERE, "folder") if there else None


class LooksUpMany(Good):
    """Says of many keys at once which of them it keeps."""

    kind = "looks_up_many"

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:
        """Look through the folder once."""
        there = {path.name for path in self._folder.iterdir()} & set(keys)
        return [Delivered(key, DeliveredAs.ALREADY_THERE, "folder") for key in there]


class MappedSettings(KeyFolderSettings):
    """What stands in its columns."""

    columns: FieldMap = Field(
        default=FieldMap.parse({"Level": "{level}", "On": "{incident_day}"}),
        description="Its columns.",
    )


class Mapped(Good):
    """Keeps a row for each record, and no key."""

    kind = "mapped"
    Settings = MappedSettings

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Keep the row, and all else that came."""
        assert isinstance(self.settings, MappedSettings)
        row = self.settings.columns.row(parcel)
        came = ",".join(one.field for one in (*parcel.answers, *parcel.named))
        told = {"came": came, "paper": parcel.original_sha256 or ""}
        return Prepared(parcel.key, encode_row({"Ref": parcel.reference, **row}), told)

    def deliver(self, prepared: Prepared) -> Delivered:
        """Keep the row by its reference."""
        row = decode_row(prepared.body)
        (self._folder / str(row["Ref"])).write_text(repr(row), "utf-8")
        return Delivered(prepared.key, DeliveredAs.CREATED, "folder")

    def look_up_by_reference(self, wanted: Mapping[str, tuple[str, int]]) -> list[Delivered]:
        """Look for the rows."""
        there = [key for key, (name, _) in wanted.items() if (self._folder / name).exists()]
        return [Delivered(key, DeliveredAs.ALREADY_THERE, "folder") for key in there]


class Hangs(Good):
    """Does not answer, and starts a program that does not end either."""

    kind = "hangs"

    def deliver(self, prepared: Prepared) -> Delivered:
        """Never end."""
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        (self._folder / "pids").write_text(f"{os.getpid()} {child.pid}")
        while True:
            time.sleep(3600)


class HangsInPrepare(Good):
    """Does not prepare."""

    kind = "hangs_in_prepare"

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Never end."""
        while True:
            time.sleep(3600)


class HangsWhenAsked(Good):
    """Delivers alerts, and does not say what has been acknowledged."""

    kind = "hangs_when_asked"
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.KEY,
        operations=frozenset({Operation.ALERT}),
        carries=DataClass.FULL,
    )

    def prepare(self, parcel: AlertParcel) -> Prepared:  # type: ignore[override]
        """Keep the reference."""
        return Prepared(parcel.key, parcel.reference.encode(), {"name": "a"}, ())

    def acknowledged(self, waiting: Mapping[str, tuple[str, int]]) -> set[str]:
        """Never end."""
        while True:
            time.sleep(3600)


class HangsWhenChecked(Good):
    """Does not say whether it is well."""

    kind = "hangs_when_checked"

    def check(self) -> CheckReport:
        """Never end."""
        while True:
            time.sleep(3600)


class Dies(Good):
    """Ends its process."""

    kind = "dies"

    def deliver(self, prepared: Prepared) -> Delivered:
        """End everything."""
        os._exit(0)


class Crashes(Good):
    """Crashes as a library written in C does."""

    kind = "crashes"

    def deliver(self, prepared: Prepared) -> Delivered:
        """Abort: where it reads from nowhere, ctypes for Windows makes an OSError of that."""
        os.abort()


class Eats(Good):
    """Takes all the memory there is."""

    kind = "eats"

    def deliver(self, prepared: Prepared) -> Delivered:
        """Take more and more."""
        taken = []
        while True:
            taken.append(bytearray(16 << 20))


class Exits(Good):
    """Ends the program, as a script would."""

    kind = "exits"

    def deliver(self, prepared: Prepared) -> Delivered:
        """Exit."""
        raise SystemExit(NAUGHTY)


class Interrupts(Good):
    """Raises what Ctrl-C raises."""

    kind = "interrupts"

    def deliver(self, prepared: Prepared) -> Delivered:
        """Interrupt."""
        raise KeyboardInterrupt(NAUGHTY)


class _Unmakeable(Rejected):
    """An ending that lacks what endings have."""

    def __init__(self) -> None:
        del self  # and never calls what makes an Ending


class Nameless(Good):
    """Refuses with an ending that has no code."""

    kind = "nameless"

    def deliver(self, prepared: Prepared) -> Delivered:
        """Refuse."""
        raise _Unmakeable


class Lies(Good):
    """Answers with the key of another parcel."""

    kind = "lies"

    def deliver(self, prepared: Prepared) -> Delivered:
        """Speak of another."""
        return Delivered("0" * 64, DeliveredAs.CREATED, "folder")


class Silent(Good):
    """Answers nothing."""

    kind = "silent"

    def deliver(self, prepared: Prepared) -> Any:
        """Return None."""


class Miscounts(Good):
    """Takes many at once, and answers for one less."""

    kind = "miscounts"
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.KEY,
        operations=frozenset({Operation.RECORD}),
        carries=DataClass.FULL,
        batch=50,
    )

    def deliver_batch(self, prepared: Sequence[Prepared]) -> list[Delivered | Ending]:
        """Forget the last."""
        return [super(Miscounts, self).deliver(one) for one in prepared[:-1]]

    def deliver(self, prepared: Prepared) -> Any:
        """Return a list where one answer belongs."""
        return [super().deliver(prepared)] * 2


class Peeks(Good):
    """Asks for a paper that its parcel does not name."""

    kind = "peeks"

    def deliver(self, prepared: Prepared) -> Delivered:
        """Read what is another's."""
        self.context.open_original("f" * 64)
        return super().deliver(prepared)


class Floods(Good):
    """Answers without end."""

    kind = "floods"

    def deliver(self, prepared: Prepared) -> Delivered:
        """Say far too much."""
        return Delivered(prepared.key, DeliveredAs.CREATED, "x" * (4 << 20))


class Explains(Good):
    """Says no, and why."""

    kind = "explains"

    def deliver(self, prepared: Prepared) -> Delivered:
        """Refuse in words, with the seconds that are left."""
        raise Rejected("full", f"The board is full.\n{self.context.seconds_left > 0}", 30.0)


class StartsLate(Good):
    """Takes its time until it is made, and says how much is left of the call."""

    kind = "starts_late"

    def __init__(self, settings: KeyFolderSettings, context: Context) -> None:
        time.sleep(1)
        super().__init__(settings, context)

    def deliver(self, prepared: Prepared) -> Delivered:
        """Refuse, and ask for another try after what is left."""
        raise Rejected("left", "", self.context.seconds_left)


class Sorts(Good):
    """Takes many at once, and refuses every second."""

    kind = "sorts"
    capabilities = replace(Good.capabilities, batch=50)

    def deliver_batch(self, prepared: Sequence[Prepared]) -> list[Delivered | Ending]:
        """Say of each what came of it."""
        return [
            Rejected("odd", "This one is odd.") if number % 2 else self.deliver(one)
            for number, one in enumerate(prepared)
        ]
