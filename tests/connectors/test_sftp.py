"""Files for another system on a real SFTP server: whose key is pinned, what lands, what comes of every trouble."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from formflow.sdk import (
    Ambiguous,
    Delivered,
    DeliveredAs,
    Ending,
    Rejected,
    SettingsError,
    Unavailable,
)
from formflow.sdk.conformance import Trial, pretend_context
from formflow.sdk.conformance.suite import ConnectorTests
from formflow.sdk.conformance.wire import Wire
from formflow_connectors.record_files import HANDED_OVER
from formflow_connectors.sftp import Sftp, SftpSettings
from tests.connectors.conftest import ORIGINAL, SHA256, a_parcel
from tests.support.ssh_server import SshServer, ssh_server

OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPvYhxAJSOeSLIA2rQ1a1yCuBNEyNbVTrhVFCEKxlQHn"
RSA_KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB"


@dataclass
class Drop:
    """A folder on a server, and how the other system sees it."""

    server: SshServer
    root: Path
    own: dict[str, Any] = field(default_factory=dict)

    def connector(self, **changes: Any) -> Sftp:
        server = self.server
        known = {
            "host": "127.0.0.1",
            "port": server.port,
            "host_key": server.host_key,
            "username": server.username,
            "private_key": server.private_key,
            "folder": str(self.root),
        }
        settings = SftpSettings.model_validate(known | self.own | changes)
        return Sftp(settings, pretend_context([ORIGINAL]))

    def deliver(self, **changes: Any) -> Delivered:
        connector = self.connector()
        return connector.deliver(connector.prepare(a_parcel(**changes)))

    def there(self) -> dict[str, bytes]:
        files = (path for path in self.root.iterdir() if path.is_file())
        return {path.name: path.read_bytes() for path in sorted(files)}

    def landed(self) -> list[str]:
        """Return the key of each paper that lies there, by the lists of what was given."""
        lists = sorted(self.root.glob(f"{HANDED_OVER}/*.json"))
        given = {path.stem: path.read_text() for path in lists}
        return [
            key for name in self.there() for key, names in given.items() if f'"{name}"' in names
        ]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with ssh_server(tmp_path_factory.mktemp("ssh") / "server") as running:
        yield running


@pytest.fixture
def drop(server: SshServer, tmp_path: Path) -> Drop:
    root = tmp_path / "Import"
    root.mkdir()
    return Drop(server, root)


def test_the_paper_comes_with_its_checksum_and_then_what_says_that_all_is_there(
    drop: Drop,
) -> None:
    drop.own = {"checksum": True, "done_file": ".done"}
    key, last = a_parcel().key, "FF-2026-000123 r1.done"
    assert drop.deliver() == Delivered(key, DeliveredAs.CREATED, last)
    assert drop.there() == {
        "FF-2026-000123 r1.pdf": ORIGINAL,
        "FF-2026-000123 r1.pdf.sha256": f"{SHA256}  FF-2026-000123 r1.pdf\n".encode(),
        last: b"",
    }
    assert [path.name for path in (drop.root / HANDED_OVER).iterdir()] == [f"{key}.json"]
    assert drop.deliver() == Delivered(key, DeliveredAs.ALREADY_THERE, last)
    assert drop.connector().look_up(key) == Delivered(key, DeliveredAs.ALREADY_THERE, last)


def test_what_was_taken_away_does_not_come_again(drop: Drop) -> None:
    drop.deliver()
    (drop.root / "FF-2026-000123 r1.pdf").unlink()
    assert drop.deliver().how is DeliveredAs.ALREADY_THERE
    assert drop.there() == {}
    assert [one.key for one in drop.connector().look_up_many([a_parcel().key, "f" * 64])] == [
        a_parcel().key
    ]


def test_a_template_of_the_agencys_is_filled_in(drop: Drop, tmp_path: Path) -> None:
    template = tmp_path / "record.json.j2"
    template.write_text('{"said": {{ plain }}, "file": {{ paper }}}')
    drop.own = {"template": template, "columns": {"plain": "{plain}"}}
    assert drop.connector().check().ok
    drop.deliver()
    made = drop.there()["FF-2026-000123 r1.json"]
    assert made == b'{"said": "Charlie was calm.", "file": "FF-2026-000123 r1.pdf"}'
    template.write_text("{{ nothing }}")
    assert [line.ok for line in drop.connector().check().lines] == [True, False]


def test_nothing_is_written_over_what_another_has_put_there(drop: Drop) -> None:
    paper = drop.root / "FF-2026-000123 r1.pdf"
    for other in (b"another's", b"x" * len(ORIGINAL)):
        paper.write_bytes(other)
        with pytest.raises(Rejected, match="FF-420"):
            drop.deliver()
        assert drop.there() == {paper.name: other}
    assert list((drop.root / HANDED_OVER).glob("*")) == []


def test_what_is_there_already_by_name_and_content_is_not_sent_again(drop: Drop) -> None:
    paper = drop.root / "FF-2026-000123 r1.pdf"
    paper.write_bytes(ORIGINAL)
    before = paper.stat()
    drop.deliver()
    assert (paper.stat().st_ino, paper.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert drop.connector().look_up(a_parcel().key) is not None


def test_a_list_that_is_damaged_is_written_again(drop: Drop) -> None:
    drop.deliver()
    listed = drop.root / HANDED_OVER / f"{a_parcel().key}.json"
    whole = listed.read_bytes()
    listed.write_bytes(whole[:20])
    drop.deliver()
    assert listed.read_bytes() == whole
    assert list(drop.there()) == ["FF-2026-000123 r1.pdf"]


def test_a_test_is_taken_back(drop: Drop) -> None:
    connector = drop.connector(done_file=".done")
    prepared = connector.prepare(a_parcel())
    connector.deliver(prepared)
    assert connector.take_back(prepared)
    assert (drop.there(), list((drop.root / HANDED_OVER).iterdir())) == ({}, [])
    assert not connector.take_back(prepared)


@pytest.mark.parametrize("pinned", [OTHER_KEY, RSA_KEY])
def test_a_server_with_another_key_gets_nothing_and_its_key_is_told(
    drop: Drop, pinned: str
) -> None:
    log = drop.server.folder / "log"
    connector, before = drop.connector(host_key=pinned), log.read_text().count("Accepted")
    with pytest.raises(SettingsError, match="FF-581") as problem:
        connector.deliver(connector.prepare(a_parcel()))
    assert drop.server.host_key in problem.value.text
    assert not connector.check().ok
    assert log.read_text().count("Accepted") == before


def test_the_pinned_key_may_be_a_line_of_ssh_keyscan(drop: Drop) -> None:
    line = f"[127.0.0.1]:{drop.server.port} {drop.server.host_key} a comment"
    assert drop.connector(host_key=line).check().ok


def _made_key(folder: Path, *options: str) -> str:
    subprocess.run(["ssh-keygen", "-q", *options, "-f", str(folder / "key")], check=True)
    return (folder / "key").read_text()


@pytest.mark.parametrize(
    ("options", "phrase", "says"),
    [
        (("-t", "ed25519", "-N", ""), None, "wrong user name, password or key"),
        (("-t", "rsa", "-b", "1024", "-m", "PEM", "-N", ""), None, "wrong user name"),
        (("-t", "ecdsa", "-a", "1", "-N", "some words"), "some words", "wrong user name"),
        (("-t", "ecdsa", "-a", "1", "-N", "some words"), "other words", "cannot be read"),
        (("-t", "ed25519", "-a", "1", "-N", "some words"), None, "cannot be read"),
        ((), None, "cannot be read"),
    ],
)
def test_a_key_that_opens_nothing_is_told(
    drop: Drop, tmp_path: Path, options: tuple[str, ...], phrase: str | None, says: str
) -> None:
    key = _made_key(tmp_path, *options) if options else "no key at all"
    connector = drop.connector(private_key=key, passphrase=phrase)
    with pytest.raises(SettingsError, match=f"FF-582.*{says}") as problem:
        connector.deliver(connector.prepare(a_parcel()))
    assert key not in str(problem.value) + repr(connector.settings)


def test_a_password_that_a_server_does_not_take_is_told_and_not_shown(drop: Drop) -> None:
    connector = drop.connector(private_key=None, password="nobody-may-see-this")
    (line,) = connector.check().lines
    assert (line.ok, "wrong user name, password or key" in line.text) == (False, True)
    assert "nobody-may-see-this" not in line.text + repr(connector.settings)


def test_a_folder_that_is_not_there_is_not_made(drop: Drop) -> None:
    connector = drop.connector(folder=str(drop.root / "other"))
    with pytest.raises(SettingsError, match=r"FF-583: .*there is no such folder"):
        connector.deliver(connector.prepare(a_parcel()))
    assert not connector.check().ok
    assert list(drop.root.iterdir()) == []


def test_a_server_that_may_only_be_read_is_told(drop: Drop, tmp_path: Path) -> None:
    with ssh_server(tmp_path / "server", "internal-sftp -R") as running:
        read_only = Drop(running, drop.root)
        with pytest.raises(SettingsError, match=r"FF-583: .*may not read, write and rename"):
            read_only.deliver()
        assert not read_only.connector().check().ok


@pytest.mark.parametrize("refused", ["rename", "posix-rename"])
def test_one_way_to_rename_is_enough(drop: Drop, tmp_path: Path, refused: str) -> None:
    with ssh_server(tmp_path / "server", f"internal-sftp -P {refused}") as running:
        assert Drop(running, drop.root).deliver().how is DeliveredAs.CREATED
    assert list(drop.there()) == ["FF-2026-000123 r1.pdf"]


@pytest.mark.parametrize("bytes_said", [1500, 3500, 4500, 5500])
def test_cut_off_anywhere_the_files_come_once_although_they_are_taken_away_at_once(
    drop: Drop, bytes_said: int
) -> None:
    drop.own = {"done_file": ".done"}
    with Wire(drop.server.port, asked=bytes_said) as wire:
        connector = drop.connector(port=wire.port)
        prepared = connector.prepare(a_parcel())
        got: list[str] = []
        with wire.faults["the answer lost"](), pytest.raises((Unavailable, Ambiguous)):
            connector.deliver(prepared)
        got += _taken(drop)
        if connector.look_up(prepared.key) is None:
            connector.deliver(prepared)
        got += _taken(drop)
    assert got == ["FF-2026-000123 r1.pdf", "FF-2026-000123 r1.done"]


def _taken(drop: Drop) -> list[str]:
    """Take the files away as the other system does, the done-file last; return their names."""
    names = sorted(drop.there(), reverse=True)
    for name in names:
        (drop.root / name).unlink()
    return names


def test_without_the_library_it_says_how_to_get_it(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "paramiko", None)
    connector = drop.connector()
    prepared = connector.prepare(a_parcel())
    with pytest.raises(SettingsError, match=r'FF-586.*pip install "formflow\[sftp\]"'):
        connector.deliver(prepared)
    with pytest.raises(SettingsError, match="FF-586"):
        connector.look_up(prepared.key)
    assert not connector.check().ok


@pytest.mark.parametrize(
    "changes",
    [
        {"private_key": None},
        {"password": "besides the key"},
        {"private_key": None, "password": "a word", "passphrase": "of no key"},
        {"host_key": ""},
        {"host_key": "SHA256:Bt7mzkIcZtQJYdFcWsqirIBe9tJ23pHwKa5DkqEg/Po"},
        {"host_key": "ssh-ed25519 AAAA"},
        {"host_key": "ssh-rsa " + OTHER_KEY.split(" ")[1]},
        {"port": 0},
        {"folder": ""},
        {"paper": False},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(drop: Drop, changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        drop.connector(**changes)


class TestSftp(ConnectorTests):
    """What every connector must do, in front of a real server."""

    @pytest.fixture(autouse=True)
    def _served(self, server: SshServer) -> Iterator[None]:
        self.server = server
        with Wire(server.port, asked=4000) as self.wire:
            yield

    def trial(self, place: Path) -> Trial:
        """Return the connector in front of the server."""
        root = place / "Import"
        root.mkdir()
        drop = Drop(self.server, root)

        def opened(**changes: Any) -> Callable[[Any], Sftp]:
            settings = drop.connector(port=self.wire.port, **changes).settings
            return lambda context: Sftp(settings, context)

        return Trial(
            opened(),
            drop.landed,
            faults=self.wire.faults,
            unusable=[opened(host_key=OTHER_KEY), opened(folder=str(root / "none"))],
            hosts={"127.0.0.1"},
            kills=4,
        )


def test_endings_hold_no_words_of_the_servers(drop: Drop, tmp_path: Path) -> None:
    odd = tmp_path / "Zoë-Anne Sample"
    odd.mkdir()
    (odd / HANDED_OVER).write_text("a file where the folder should be")
    connector = drop.connector(folder=str(odd))
    with pytest.raises(Ending) as problem:
        connector.deliver(connector.prepare(a_parcel()))
    assert "Sample" not in str(problem.value)
