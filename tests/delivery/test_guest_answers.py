"""What a connector in a process of its own may read and say: no more than its parcel and the contract allow."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from formflow.delivery import calls, plugin_host
from formflow.delivery.calls import Result, Undelivered
from formflow.delivery.plugin_host import Guest
from formflow.sdk import (
    Attachment,
    BaseConnector,
    Capabilities,
    ConnectorSettings,
    DataClass,
    Delivered,
    DeliveredAs,
    Operation,
    Prepared,
    RecordParcel,
    Rejected,
    RepeatSafe,
    conformance,
    decode_row,
    registry,
)
from formflow.sdk.case_fields import samples
from tests.support import strangers

PAPERS = {hashlib.sha256(one).hexdigest(): one for one in (b"a paper" * 500_000, b"another")}
Opens = Callable[[str], Any]


class Once:
    """One round that notes what came."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def may_go_on(self) -> bool:
        """Always."""
        return True

    def begin(self, parcels: int) -> None:
        """Nothing to note."""

    def note(self, results: Sequence[Result]) -> None:
        """Note."""
        self.results += results


@pytest.fixture
def opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opens]:
    strangers.install(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    strangers.forget()
    opened: list[Guest] = []

    def lend(sha256: str) -> BinaryIO:
        return io.BytesIO(PAPERS[sha256])

    def guest(kind: str) -> Any:
        (tmp_path / "keys").mkdir(exist_ok=True)
        connector = registry.load(kind)
        settings = connector.Settings(folder=tmp_path / "keys")
        made = plugin_host.guest(connector, settings, "Bad place", lend)
        assert isinstance(made, Guest)
        opened.append(made)
        return made

    yield guest
    for one in opened:
        one.close()
    strangers.forget()


def parcels(count: int) -> list[Prepared]:
    papers = tuple(Attachment(f"{number}.pdf", sha256) for number, sha256 in enumerate(PAPERS))
    return [Prepared(f"{number:064}", b"FF", {}, papers) for number in range(count)]


def delivered(guest: Any, count: int = 1) -> list[Result]:
    once = Once()
    calls.deliver_all(guest, parcels(count), once)
    return once.results


def test_it_reads_what_its_parcel_names_in_pieces(opens: Opens) -> None:
    (one,) = delivered(opens("good"))  # it compares the sha256 of what it reads
    assert one == Delivered("0" * 64, DeliveredAs.CREATED, "folder")


def test_it_reads_nothing_else(opens: Opens) -> None:
    assert delivered(opens("peeks")) == [Undelivered("bug:LookupError")]


def test_an_answer_without_end_is_none(opens: Opens) -> None:
    assert delivered(opens("floods")) == [Undelivered(calls.BAD_ANSWER)]


def test_its_words_come_as_one_line_with_code_and_time(opens: Opens) -> None:
    assert delivered(opens("explains")) == [
        Undelivered("full", Rejected, 30.0, "The board is full. True")
    ]


def test_the_start_of_its_process_counts_against_the_call(
    opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A lane is given up after the time of one call, whatever its process was about.
    monkeypatch.setattr(plugin_host, "CALL_SECONDS", 3600.0)
    (refused,) = delivered(opens("starts_late"))  # a second late
    assert isinstance(refused, Undelivered)
    assert 0 < (refused.after_seconds or 0) <= 3599


def test_it_answers_for_each_of_many(opens: Opens) -> None:
    odd = Undelivered("odd", Rejected, None, "This one is odd.")
    good = [Delivered(one.key, DeliveredAs.CREATED, "folder") for one in parcels(4)]
    assert delivered(opens("sorts"), 4) == [good[0], odd, good[2], odd]


def test_what_it_attaches_must_be_of_its_parcel(opens: Opens) -> None:
    guest = opens("good")
    parcel = conformance.sample(guest, Operation.RECORD)
    made = calls.prepare(guest, parcel)
    assert made.attachments[0].sha256 == hashlib.sha256(conformance.PAPER).hexdigest()


def test_its_field_map_crosses_and_it_gets_no_more_than_that(opens: Opens, tmp_path: Path) -> None:
    guest = opens("mapped")
    full = conformance.sample(opens("good"), Operation.RECORD, named=samples("FF-2026-000001"))
    made = calls.prepare(guest, full)
    assert (made.headers["came"], made.headers["paper"]) == ("incident_day,level", "")
    assert decode_row(made.body)["On"] == date(2026, 11, 20)
    calls.deliver_all(guest, [made], Once())
    assert "datetime.date(2026, 11, 20)" in (tmp_path / "keys" / full.reference).read_text("utf-8")
    wanted = {full.key: (full.reference, 1), "f" * 64: ("FF-2026-000002", 1)}
    assert calls.can_look_up(guest)
    assert calls.look_up_many(guest, wanted) == {full.key}


PAPER = hashlib.sha256(conformance.PAPER).hexdigest()  # what the parcel names


class Liar(BaseConnector[ConnectorSettings]):
    """Prepares what a test wants."""

    kind = "liar"
    api_version = 2
    Settings = ConnectorSettings
    capabilities = Capabilities(RepeatSafe.KEY, frozenset({Operation.RECORD}), DataClass.FULL)
    made: Prepared

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Say what the test wants."""
        del parcel
        return self.made

    def deliver(self, prepared: Prepared) -> Delivered:
        """Never come here."""
        raise NotImplementedError


@pytest.mark.parametrize(
    "made",
    [
        {"attachments": (Attachment("a.pdf", "e" * 64),)},
        {"attachments": (Attachment("../a.pdf", PAPER),)},
        {"attachments": (Attachment("a\nb.pdf", PAPER),)},
        {"attachments": [("a.pdf", PAPER)]},
        {"headers": {"a": "b" * (65 << 10)}},
        {"key": "f" * 64},
        {"body": "text"},
    ],
    ids=["another's", "a way out", "two lines", "a list", "long", "key", "text"],
)
def test_what_is_prepared_against_the_contract_is_not_stored(made: dict[str, Any]) -> None:
    liar = Liar(ConnectorSettings(), conformance.pretend_context())
    parcel = conformance.sample(liar, Operation.RECORD)
    liar.made = Prepared(**{"key": parcel.key, "body": b""} | made)
    with pytest.raises(calls.BadAnswer):
        calls.prepare(liar, parcel)
