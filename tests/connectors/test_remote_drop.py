"""Folders on servers that lie: what was given is read back, and nothing counts that is not there."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from typing import Any

import pytest

from formflow.sdk import Ambiguous, DeliveredAs, Unavailable
from formflow.sdk.conformance import pretend_context
from formflow_connectors.record_files import HANDED_OVER, RecordFilesSettings
from formflow_connectors.remote.drop import Missing, RemoteDrop, Taken
from tests.connectors.conftest import ORIGINAL, a_parcel


class Memory:
    """A folder that is kept in memory. What it says yes to and does not do can be set."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.lies_about = ""
        self.most = 1 << 30  # bytes that it keeps of a file

    def size(self, name: str) -> int | None:
        if not name:
            return 0
        return len(self.files[name]) if name in self.files else None

    def read(self, name: str, size: int) -> bytes:
        if name not in self.files:
            raise Missing
        return self.files[name][:size]

    def put(self, name: str, content: bytes) -> None:
        if self.lies_about != "put":
            self.files[name] = content[: self.most]

    def move(self, name: str, final: str) -> None:
        if final in self.files:
            raise Taken
        if name not in self.files:
            raise Missing
        if self.lies_about != "move":
            self.files[final] = self.files.pop(name)

    def remove(self, name: str) -> None:
        self.files.pop(name, None)

    def make(self, name: str) -> None:
        pass

    def names(self, name: str) -> Collection[str]:
        return [one.removeprefix(f"{name}/") for one in self.files if one.startswith(f"{name}/")]


class Drop(RemoteDrop[RecordFilesSettings]):
    """Gives files to a folder in memory."""

    kind = "a drop"
    Settings = RecordFilesSettings
    where = "memory"

    def __init__(self, memory: Memory, **own: Any) -> None:
        super().__init__(RecordFilesSettings(**own), pretend_context([ORIGINAL]))
        self.memory = memory

    @contextlib.contextmanager
    def connected(self) -> Iterator[Memory]:
        """Yield the folder."""
        yield self.memory


@pytest.mark.parametrize(
    ("lie", "expected"), [("put", Unavailable), ("move", Unavailable), ("all", Unavailable)]
)
def test_a_server_that_says_yes_and_keeps_nothing_is_not_believed(
    lie: str, expected: type[Exception]
) -> None:
    memory = Memory()
    drop = Drop(memory)
    prepared = drop.prepare(a_parcel())
    memory.lies_about = lie
    memory.most = 10 if lie == "all" else memory.most
    with pytest.raises((expected, Ambiguous)):
        drop.deliver(prepared)
    assert drop.look_up(prepared.key) is None
    assert not drop.check().lines[0].ok
    memory.lies_about, memory.most = "", 1 << 30
    assert drop.check().ok
    assert drop.deliver(prepared).how is DeliveredAs.CREATED
    assert memory.files["FF-2026-000123 r1.pdf"] == ORIGINAL
    assert sorted(memory.files) == [f"{HANDED_OVER}/{prepared.key}.json", "FF-2026-000123 r1.pdf"]


def test_a_rename_that_was_done_by_half_is_finished() -> None:
    memory = Memory()
    drop = Drop(memory, done_file=".done")
    prepared = drop.prepare(a_parcel())
    drop.deliver(prepared)
    memory.files[f"{HANDED_OVER}/{prepared.key}.0"] = (
        ORIGINAL  # linked there, and not yet unlinked here
    )
    assert drop.look_up(prepared.key) is None
    assert drop.look_up_many([prepared.key]) == []
    drop.deliver(prepared)
    assert drop.look_up(prepared.key) is not None
    assert f"{HANDED_OVER}/{prepared.key}.0" not in memory.files


def test_a_key_that_is_none_is_looked_for_nowhere() -> None:
    memory = Memory()
    memory.files[f"{HANDED_OVER}/../other.json"] = b"[]"
    assert Drop(memory).look_up("../other") is None
