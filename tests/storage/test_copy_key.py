"""The key of the tokens: made once, the same for every worker, for nobody else to read."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from formflow.core.errors import StorageProblem
from formflow.storage import copy_key, counters, database
from tests.support.systems import needs_links


def test_the_key_is_made_once_and_is_the_same_for_every_worker(tmp_path: Path) -> None:
    engine = database.open_ledger(tmp_path)
    with ThreadPoolExecutor(4) as workers:
        found = list(workers.map(lambda _: copy_key.open_key(tmp_path, engine), range(4)))
    key = (tmp_path / copy_key.FILE).read_bytes()
    assert {one.key for one in found} == {key}
    assert len(key) == 32
    assert not copy_key.is_lost(tmp_path, engine)
    engine.dispose()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps lists of accounts instead")
def test_nobody_else_can_read_the_key_also_where_the_folder_is_open(tmp_path: Path) -> None:
    tmp_path.chmod(0o775)
    engine = database.open_ledger(tmp_path)
    copy_key.open_key(tmp_path, engine)
    assert (tmp_path / copy_key.FILE).stat().st_mode & 0o777 == 0o600
    engine.dispose()


@pytest.mark.parametrize("damage", [b"", b"short"])
def test_a_key_that_is_gone_is_made_anew_and_said_where_something_is_recorded(
    tmp_path: Path, damage: bytes
) -> None:
    engine = database.open_ledger(tmp_path)
    assert not copy_key.is_lost(tmp_path, engine)
    before = copy_key.open_key(tmp_path, engine)
    with database.writing(engine) as connection:
        counters.next_of(connection, counters.ENTRIES)
    file = tmp_path / copy_key.FILE
    file.write_bytes(damage) if damage else file.unlink()
    assert copy_key.is_lost(tmp_path, engine)
    after = copy_key.open_key(tmp_path, engine)
    assert after.key != before.key
    assert not copy_key.is_lost(tmp_path, engine)
    engine.dispose()


@needs_links
def test_a_link_in_its_place_is_a_plain_problem(tmp_path: Path) -> None:
    engine = database.open_ledger(tmp_path)
    (tmp_path / "elsewhere").write_bytes(bytes(32))
    (tmp_path / copy_key.FILE).symlink_to(tmp_path / "elsewhere")
    for asked in (copy_key.is_lost, copy_key.open_key):
        with pytest.raises(StorageProblem, match=r"copies\.key"):
            asked(tmp_path, engine)
    engine.dispose()
