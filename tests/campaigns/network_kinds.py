"""The kinds that write over a network: a server for each, before it what can answer in its place, and a wire that can be broken.

OpenSSH, wsgidav and Radicale are real servers; Graph, paperless-ngx and Primero are the small ones of the tests.
"""

from __future__ import annotations

import copy
import email
import os
import re
import shutil
import ssl
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from formflow.sdk.conformance.wire import Wire
from tests.connectors.servers import graph_server as graph
from tests.connectors.servers import paperless, primero
from tests.connectors.servers.web import Site, served
from tests.connectors.test_notify import Messages
from tests.support import caldav_server as caldav
from tests.support import dav_server as dav
from tests.support.certificates import Authority
from tests.support.front import Front, before
from tests.support.ssh_server import ssh_server

ASKED = 1000  # bytes of a delivery after which all of it is asked
_UID = re.compile(r"^UID:(\S+)", re.MULTILINE)
_SUMMARY = re.compile(r"^SUMMARY:(.*?): ", re.MULTILINE)
Forget = Callable[[], None]


def _forget_nothing() -> None:
    pass


@dataclass(frozen=True)
class Standing:
    """What stands behind one kind."""

    wire: Wire
    settings: str
    titles: Callable[[Path], list[str]]  # by the agency's root: one for each record that lies there
    # Notes what lies there; what it returns makes it so again.
    note: Callable[[], Forget] = lambda: _forget_nothing
    front: Front | None = None  # None for what speaks no HTTP


class Behind:
    """What stands behind the kinds, each begun when it is asked for, for as long as a block lasts."""

    def __init__(self, folder: Path, own: str, ca: str, authority: Authority) -> None:
        self.folder = folder  # of the campaign: each kind's agency lies in a folder of its name
        self.own = own  # the folder of the agency with what is its own
        self.ca = ca  # the file with whom FormFlow trusts, in the agency's root
        self.authority, self.block = authority, ExitStack()
        makers = (self.webdav, self.sftp, self.sharepoint, self.graph_mail, self.calendar)
        more = (self.paperless, self.primero, self.notify)
        self._makers = {maker.__name__: maker for maker in (*makers, *more)}
        self._made: dict[str, Standing] = {}

    def of(self, kind: str) -> Standing | None:
        """Return what stands behind a kind, None for one that writes over no network of these."""
        if kind not in self._makers:
            return None
        if kind not in self._made:
            self._made[kind] = self._makers[kind]()
        return self._made[kind]

    def webdav(self) -> Standing:
        """Serve the folder of the campaign by wsgidav."""
        self.authority.for_server("127.0.0.1")
        certificate = self.authority.file.parent / "127.0.0.1.1.pem"
        port = self.block.enter_context(dav.dav_server(self.folder, certificate))
        front, wire = self._before(port)
        own = {
            "url": f"{_at(wire)}/webdav/{self.own}/",
            "username": dav.USER,
            "password": dav.PASSWORD,
        }
        return Standing(wire, self._settings("webdav", own), self._papers, front=front)

    def sftp(self) -> Standing:
        """Serve this computer's files by OpenSSH."""
        server = self.block.enter_context(ssh_server(self.folder / "ssh"))
        wire = self.block.enter_context(Wire(server.port, ASKED))
        own = {"host": "127.0.0.1", "port": wire.port, "host_key": server.host_key}
        own |= {"username": server.username, "private_key": server.private_key}
        own |= {"folder": (self.folder / "sftp" / self.own).as_posix()}
        return Standing(wire, self._settings("sftp", own, ca=""), self._papers)

    def sharepoint(self) -> Standing:
        """Serve a document library."""
        server, front, wire = self._graph()
        server.library.items |= {self.own: None}
        own = {"site": f"{_at(wire)}/sites/Safeguarding", "folder": self.own}
        of_records = f"{self.own}/FF-"
        return Standing(
            wire,
            self._settings("sharepoint", own | _app(wire)),
            lambda _: [name for name in server.library.items if name.startswith(of_records)],
            _noting(server.library.items),
            front,
        )

    def graph_mail(self) -> Standing:
        """Serve a mailbox of Microsoft 365."""
        server, front, wire = self._graph()
        own = {"sender": graph.SENDER, "recipient": "lead@school.example"} | _app(wire)
        return Standing(
            wire,
            self._settings("graph_mail", own),
            lambda _: [subject for _, subject in sorted(_mails(server.sent).items())],
            _noting_list(server.sent),
            front,
        )

    def calendar(self) -> Standing:
        """Serve a calendar by Radicale."""
        folder = self.folder / "calendars"
        folder.mkdir()
        shown = self.authority.for_server("127.0.0.1")
        server = self.block.enter_context(caldav.caldav_server(folder, shown, self.authority.file))
        server.begin()
        front, wire = self._before(server.port)
        own = {"url": f"{_at(wire)}{caldav.CALENDAR}/", "username": caldav.USER}
        own |= {"password": caldav.PASSWORD}

        def note() -> Forget:
            before, kept = folder / "collections", folder / "kept"
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(before, kept)

            def forget() -> None:
                shutil.rmtree(before)
                shutil.copytree(kept, before)

            return forget

        return Standing(
            wire,
            self._settings("calendar", own),
            lambda _: _cases(server.calendar()),
            note,
            front,
        )

    def paperless(self) -> Standing:
        """Serve documents."""
        server = paperless.PaperlessServer()
        front, wire = self._site(server)
        own = {"url": _at(wire), "token": paperless.TOKEN, "key_field": "FormFlow key"}
        return Standing(
            wire,
            self._settings("paperless", own),
            lambda _: [one["stated"]["title"][0] for one in server.documents.values()],
            _noting(server.documents),
            front,
        )

    def primero(self) -> Standing:
        """Serve incidents."""
        server = primero.PrimeroServer()
        front, wire = self._site(server)
        own = {"url": _at(wire), "username": primero.USER, "password": primero.PASSWORD}
        own |= {"reference_field": "ff_reference"}
        columns = '[destination.columns]\ndescription = "{child_a_name}"\n'
        return Standing(
            wire,
            self._settings("primero", own) + columns,
            lambda _: [str(one["ff_reference"]) for one in server.records.values()],
            _noting(server.records),
            front,
        )

    def notify(self) -> Standing:
        """Take messages for apprise, which is given no authority: by plain HTTP."""
        server = Messages()
        self.block.enter_context(served(server, None))
        front = self.block.enter_context(before(server.port, None, None))
        wire = self.block.enter_context(Wire(front.port, ASKED))
        own = {"url": f"json://127.0.0.1:{wire.port}/alerts"}

        def titles(_: Path) -> list[str]:
            return list(dict.fromkeys(one["title"] for one in server.told))  # two may come of one

        settings = self._settings("notify", own, ca="")
        return Standing(wire, settings, titles, _noting_list(server.told), front)

    def _papers(self, root: Path) -> list[str]:
        return [one.name for one in (root / self.own).iterdir() if one.suffix == ".pdf"]

    def _graph(self) -> tuple[graph.GraphServer, Front, Wire]:
        shown = self.authority.for_server("127.0.0.1")
        server = self.block.enter_context(graph.graph_server(shown))
        return server, *self._before(server.port)

    def _site(self, server: Site) -> tuple[Front, Wire]:
        self.block.enter_context(served(server, self.authority.for_server("127.0.0.1")))
        return self._before(server.port)

    def _before(self, port: int) -> tuple[Front, Wire]:
        shown = self.authority.for_server("127.0.0.1")
        trusted = ssl.create_default_context(cafile=self.authority.file)
        front = self.block.enter_context(before(port, shown, trusted))
        return front, self.block.enter_context(Wire(front.port, ASKED))

    def _settings(self, kind: str, own: Mapping[str, Any], ca: str | None = None) -> str:
        """Return the lines of a destination; what nobody may see comes from the environment."""
        lines = {"timeout_seconds": 2} | dict(own)
        if ca is None:
            lines["ca_file"] = self.ca
        for name in lines.keys() & {"password", "private_key", "token", "client_secret"}:
            variable = f"TRIED_{kind}_{name}".upper()
            os.environ[variable] = lines[name]
            lines[name] = f"env:{variable}"
        if kind == "notify":
            os.environ["TRIED_NOTIFY_URL"] = lines["url"]
            lines["url"] = "env:TRIED_NOTIFY_URL"
        return "".join(
            f"{name} = {value}\n" if isinstance(value, int) else f'{name} = "{value}"\n'
            for name, value in lines.items()
        )


@contextmanager
def standing(folder: Path, own: str, ca: str, authority: Authority) -> Iterator[Behind]:
    """Lend what stands behind the kinds."""
    behind = Behind(folder, own, ca, authority)
    with behind.block:
        yield behind


def _at(wire: Wire) -> str:
    return f"https://127.0.0.1:{wire.port}"


def _app(wire: Wire) -> dict[str, str]:
    own = {"tenant": graph.TENANT, "client_id": graph.CLIENT, "client_secret": graph.SECRET}
    return own | {"login_url": _at(wire), "graph_url": f"{_at(wire)}/v1.0"}


def _mails(sent: list[bytes]) -> dict[str, str]:
    """Return the subject of each mail by its number: what came twice has the same."""
    mails = map(email.message_from_bytes, sent)
    return {str(mail["Message-ID"]): str(mail["Subject"]) for mail in mails}


def _cases(calendar: str) -> list[str]:
    """Return each case once that has events, and once more for each that is there twice."""
    events = calendar.replace("\r\n ", "").split("BEGIN:VEVENT")[1:]
    seen = [(_UID.findall(one)[0], _SUMMARY.findall(one)[0]) for one in events]
    twice = [case for place, (uid, case) in enumerate(seen) if uid in dict(seen[:place])]
    return [*dict.fromkeys(case for _, case in seen), *twice]


def _noting(kept: MutableMapping[Any, Any]) -> Callable[[], Forget]:
    def note() -> Forget:
        before = copy.deepcopy(dict(kept))

        def forget() -> None:
            kept.clear()
            kept.update(before)

        return forget

    return note


def _noting_list(kept: list[Any]) -> Callable[[], Forget]:
    def note() -> Forget:
        before = kept[:]

        def forget() -> None:
            kept[:] = before

        return forget

    return note
