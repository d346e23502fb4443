"""The pupil list over time: read again when it changes, kept for when it is away, told by a code alone."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path

import pytest

from formflow.core.settings_roster import Roster
from formflow.storage import roster
from formflow.storage.roster import Found, PupilList, last_found

HEAD = b"Surname,Forename,DOB\n"
ROWAN, KIT = b"Ashby,Rowan,2013-03-01\n", b"Moor,Kit,2012-02-02\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "Pupils.csv"
    made.write_bytes(HEAD + ROWAN)
    (tmp_path / "state").mkdir()
    return made


def opened(file: Path, **settings: object) -> PupilList:
    said = Roster.model_validate({"file": file, **settings})
    pupils = PupilList(said, file.parent / "state")
    pupils.look()
    return pupils


def names(pupils: PupilList) -> list[str]:
    return [one.name for one in pupils.roster.pupils]


def test_a_list_that_changes_is_read_when_it_has_stayed_as_it_is(file: Path) -> None:
    pupils = opened(file)
    file.write_bytes(HEAD + ROWAN + KIT)
    pupils.look()  # it may still be written
    assert names(pupils) == ["Rowan Ashby"]
    pupils.look()
    assert names(pupils) == ["Rowan Ashby", "Kit Moor"]
    assert pupils.version == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "FF-513"),
        (HEAD + ROWAN + b"Moor,K", "FF-514"),
        (b"\0\0\0", "FF-514"),
        (b"", "FF-515"),
        (HEAD, "FF-515"),
        (b"Surname,Forename,House\nAshby,Rowan,Red\n", "FF-515"),
    ],
)
def test_whatever_is_wrong_the_last_good_one_counts_also_after_a_restart(
    file: Path, content: bytes | None, code: str
) -> None:
    pupils = opened(file)
    file.unlink() if content is None else file.write_bytes(content)
    pupils.look()
    pupils.look()
    assert (names(pupils), pupils.code) == (["Rowan Ashby"], code)
    again = opened(file)
    assert (names(again), again.code) == (["Rowan Ashby"], code)
    assert last_found(file.parent / "state") == Found(1, code)
    file.write_bytes(HEAD + KIT)
    again.look()
    again.look()
    assert (names(again), again.code) == (["Kit Moor"], "")


def test_a_share_that_hangs_holds_up_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pupils = opened(file)
    hung = threading.Event()
    monkeypatch.setattr(roster, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(PupilList, "_look", lambda _: hung.wait())
    pupils.look()
    pupils.look()
    assert (names(pupils), pupils.code) == (["Rowan Ashby"], "FF-513")
    hung.set()


def test_a_list_that_is_open_elsewhere_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pupils = opened(file)
    file.write_bytes(HEAD + ROWAN + KIT)
    pupils.look()

    def locked(_: Path) -> bytes:
        raise PermissionError(13, "locked")

    with monkeypatch.context() as excel:
        excel.setattr(roster, "read", locked)
        pupils.look()
    assert pupils.code == "FF-513"
    pupils.look()
    assert (len(names(pupils)), pupils.code) == (2, "")


@pytest.mark.skipif(sys.platform == "win32", reason="rights there are lists of accounts")
def test_what_is_kept_is_for_formflows_account_alone(file: Path) -> None:
    opened(file)
    kept = file.parent / "state" / "roster"
    assert kept.stat().st_mode & 0o077 == 0
    assert all(one.stat().st_mode & 0o077 == 0 for one in kept.iterdir())
    assert sorted(one.name for one in kept.iterdir()) == ["found.json", "list.csv"]


def test_the_log_holds_one_line_and_no_name(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    pupils = opened(file)
    pupils.look()
    assert [record.getMessage() for record in caplog.records] == ["the pupil list: 1 pupils"]
    file.unlink()
    pupils.look()
    assert caplog.records[-1].getMessage() == "the pupil list: FF-513, 1 pupils"
