"""A form goes to another's SFTP server, into Nextcloud's kind of folder, to paperless-ngx and to Primero, and each holds it once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from formflow.admin import settings_file
from formflow.core.settings import Settings
from tests.connectors.servers import paperless, primero
from tests.connectors.servers.web import served
from tests.stories.test_decisions import HER_NAME
from tests.support import dav_server, worker
from tests.support.certificates import Authority
from tests.support.desk import Desk
from tests.support.offices import formflow, settled_at_once
from tests.support.ssh_server import ssh_server

RED = "red-planned-secrecy-pdfjs"
SECRETS = {
    "DAV_PASSWORD": dav_server.PASSWORD,
    "PAPERLESS_TOKEN": paperless.TOKEN,
    "PRIMERO_PASSWORD": primero.PASSWORD,
}
DESTINATIONS = """
[[destination]]
name = "Trust"
kind = "sftp"
host = "127.0.0.1"
port = {ssh_port}
host_key = "{host_key}"
username = "{ssh_user}"
private_key = "file:{private_key}"
folder = "{sftp_folder}"
done_file = ".done"

[[destination]]
name = "Cloud"
kind = "webdav"
url = "https://127.0.0.1:{dav_port}/Import"
ca_file = "{ca_file}"
username = "formflow"
password = "env:DAV_PASSWORD"
checksum = true

[[destination]]
name = "Documents"
kind = "paperless"
url = "https://127.0.0.1:{paperless_port}"
ca_file = "{ca_file}"
token = "env:PAPERLESS_TOKEN"
key_field = "FormFlow key"
[destination.columns]
"Date of incident" = "{{incident_day}}"

[[destination]]
name = "Case system"
kind = "primero"
url = "https://127.0.0.1:{primero_port}"
ca_file = "{ca_file}"
username = "formflow"
password = "env:PRIMERO_PASSWORD"
reference_field = "ff_reference"
[destination.columns]
incident_date = "{{incident_day}}"
level = {{ field = "level", values = {{ red = "high", amber = "medium" }} }}
"""


@dataclass(frozen=True)
class Servers:
    """What the school's papers go to."""

    sftp: Path
    dav: Path
    paperless: paperless.PaperlessServer
    primero: primero.PrimeroServer
    said: str  # in the settings

    def names(self, folder: Path) -> list[str]:
        return sorted(path.name for path in folder.iterdir() if path.is_file())


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    authority = Authority(tmp_path / "authority")
    shown = authority.for_server("127.0.0.1")
    sftp, dav = tmp_path / "sftp", tmp_path / "dav"
    sftp.mkdir()
    (dav / "Import").mkdir(parents=True)
    papers, cases = paperless.PaperlessServer(), primero.PrimeroServer()
    certificate = authority.file.parent / "127.0.0.1.1.pem"
    with (
        ssh_server(tmp_path / "ssh") as ssh,
        dav_server.dav_server(dav, certificate) as dav_port,
        served(papers, shown),
        served(cases, shown),
    ):
        said = DESTINATIONS.format(
            ssh_port=ssh.port,
            host_key=ssh.host_key,
            ssh_user=ssh.username,
            private_key=ssh.folder / "user",
            sftp_folder=sftp,
            dav_port=dav_port,
            ca_file=authority.file,
            paperless_port=papers.port,
            primero_port=cases.port,
        )
        yield Servers(sftp, dav / "Import", papers, cases, said)


@pytest.fixture
def school(office: Settings, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    file = office.folders.alerts.parents[2] / "formflow.toml"
    file.write_text(file.read_text("utf-8") + servers.said, "utf-8")
    return settled_at_once(settings_file.load_settings(file))


def test_a_case_is_on_all_four_and_follows_its_decision(school: Settings, servers: Servers) -> None:
    desk = Desk(school)
    desk.gets(RED)
    paper = "FF-2026-000001 r1.pdf"
    assert servers.names(servers.sftp) == ["FF-2026-000001 r1.done", paper]
    assert servers.names(servers.dav) == [paper, f"{paper}.sha256"]
    assert (servers.sftp / paper).read_bytes() == (servers.dav / paper).read_bytes()
    (document,) = servers.paperless.documents.values()
    assert document["title"] == "FF-2026-000001 r1"
    assert {"field": 5, "value": "2026-11-17"} in document["custom_fields"]
    (case,) = servers.primero.records.values()
    assert (case["ff_reference"], case["level"]) == ("FF-2026-000001", "high")
    answers = {"level": "concerning", "level_reason": "Seen once.", "lower_reason": "Seen once."}
    desk.fills_in("F2", None, None, **answers, **HER_NAME)
    assert [one["level"] for one in servers.primero.records.values()] == ["medium"]
    assert len(servers.paperless.documents) == 2
    assert "FF-2026-000001-F2 r1.done" in servers.names(servers.sftp)
    assert formflow(school, "reconcile").returncode == 0
    (servers.sftp / paper).unlink()  # taken away, as it may be
    servers.paperless.documents.popitem()
    told = formflow(school, "reconcile")
    assert "Documents" in told.stdout + told.stderr
    assert formflow(school, "reconcile", "--repair").returncode in (0, told.returncode)
    worker.settle(school)
    assert len(servers.paperless.documents) == 2
    assert paper not in servers.names(servers.sftp)


def test_what_would_be_sent_is_shown_and_a_test_says_where_it_is(
    school: Settings, servers: Servers
) -> None:
    worker.settle(school)
    for name in ("Trust", "Cloud", "Documents", "Case system"):
        checked = formflow(school, "connectors", "check", name)
        assert checked.returncode == 0, checked.stdout
        shown = formflow(school, "connectors", "preview", name)
        assert shown.returncode == 0, shown.stderr
        assert not servers.primero.records
        sent = formflow(school, "connectors", "send-test", name)
        is_gone = "taken away again" in sent.stdout + sent.stderr
        assert is_gone is (name in ("Trust", "Cloud")), sent.stdout + sent.stderr
        servers.primero.records.clear()
    assert servers.names(servers.sftp) == servers.names(servers.dav) == []
    assert len(servers.paperless.documents) == 1
