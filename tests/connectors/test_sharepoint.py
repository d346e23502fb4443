"""The files of records in a document library, against a server that behaves as Microsoft's documents say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from formflow.sdk import Delivered, DeliveredAs, Rejected, SettingsError, Unavailable
from formflow.sdk.conformance import Trial, pretend_context
from formflow.sdk.conformance.suite import ConnectorTests
from formflow.sdk.conformance.wire import Wire
from formflow_connectors.record_files import HANDED_OVER
from formflow_connectors.remote.graph import Graph
from formflow_connectors.remote.graph_drive import GraphDrive
from formflow_connectors.sharepoint import SharePoint, SharePointSettings
from tests.connectors.conftest import ORIGINAL, SHA256, a_parcel
from tests.connectors.servers.graph_server import (
    CLIENT,
    SECRET,
    TENANT,
    GraphServer,
    Handler,
    graph_server,
)
from tests.support.certificates import Authority

PAPER = "FF-2026-000123 r1.pdf"
FOLDER = "Forms/For import"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def graph(authority: Authority) -> Iterator[GraphServer]:
    Graph._tokens.clear()
    GraphDrive._ids.clear()
    with graph_server(authority.for_server("127.0.0.1")) as running:
        running.library.items |= {"Forms": None, FOLDER: None}
        yield running


def library(port: int, authority: Authority, *more: bytes, **changes: Any) -> SharePoint:
    own = {
        "tenant": TENANT,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "login_url": f"https://127.0.0.1:{port}",
        "graph_url": f"https://127.0.0.1:{port}/v1.0",
        "site": f"https://127.0.0.1:{port}/sites/Safeguarding",
        "ca_file": authority.file,
        "folder": FOLDER,
    } | changes
    return SharePoint(SharePointSettings.model_validate(own), pretend_context([ORIGINAL, *more]))


def deliver(connector: SharePoint, **changes: Any) -> Delivered:
    return connector.deliver(connector.prepare(a_parcel(**changes)))


def there(graph: GraphServer) -> dict[str, bytes]:
    """Return the files that a person sees in the folder."""
    inside = f"{FOLDER}/"
    return {
        path.removeprefix(inside): content
        for path, content in graph.library.items.items()
        if content is not None and path.startswith(inside) and HANDED_OVER not in path
    }


def test_the_files_of_a_record_come_into_the_folder_and_no_second_time(
    graph: GraphServer, authority: Authority
) -> None:
    connector = library(graph.port, authority, checksum=True, done_file=".done")
    assert connector.check().ok
    assert there(graph) == {}
    assert deliver(connector).how is DeliveredAs.CREATED
    assert there(graph) == {
        PAPER: ORIGINAL,
        f"{PAPER}.sha256": f"{SHA256}  {PAPER}\n".encode(),
        "FF-2026-000123 r1.done": b"",
    }
    del graph.library.items[f"{FOLDER}/{PAPER}"]
    assert deliver(connector).how is DeliveredAs.ALREADY_THERE
    assert PAPER not in there(graph)
    key = a_parcel().key
    assert [one.key for one in connector.look_up_many([key, "f" * 64])] == [key]


def test_a_large_file_goes_in_parts(graph: GraphServer, authority: Authority) -> None:
    large = b"%PDF-1.7 " + bytes(9 << 20) + b"%%EOF"
    sha256 = hashlib.sha256(large).hexdigest()
    deliver(library(graph.port, authority, large), original_sha256=sha256)
    assert there(graph) == {PAPER: large}
    assert len([one for one in graph.asked if "/_upload/" in one]) == 3


def test_another_file_of_that_name_is_left_alone(graph: GraphServer, authority: Authority) -> None:
    graph.library.items[f"{FOLDER}/{PAPER}"] = b"another's"
    with pytest.raises(Rejected, match="FF-420"):
        deliver(library(graph.port, authority))
    assert there(graph) == {PAPER: b"another's"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_secret": "another"}, "FF-568"),
        ({"library": "Old forms"}, "FF-583"),
        ({"folder": "Nowhere"}, "FF-583"),
        ({"ca_file": None}, "FF-561"),
    ],
)
def test_what_is_wrong_in_the_settings_is_said_without_a_secret(
    graph: GraphServer, authority: Authority, changes: dict[str, Any], code: str
) -> None:
    connector = library(graph.port, authority, **changes)
    with pytest.raises(SettingsError, match=code) as problem:
        deliver(connector)
    assert SECRET not in str(problem.value) + repr(connector.settings)
    assert not connector.check().ok
    assert there(graph) == {}


def test_nothing_goes_to_an_address_that_is_not_the_sites(
    graph: GraphServer, authority: Authority
) -> None:
    def says(handler: Handler) -> bool:
        if handler.command != "GET" or "root:/" not in handler.path:
            return False
        url = "https://files.example/x"
        handler.tell(200, {"id": "x", "size": 9, "@microsoft.graph.downloadUrl": url})
        return True

    graph.says = says
    with pytest.raises(SettingsError, match="FF-569"):
        deliver(library(graph.port, authority))


def test_an_answer_that_makes_no_sense_waits(graph: GraphServer, authority: Authority) -> None:
    def says(handler: Handler) -> bool:
        if "/sites/" not in handler.path:
            return False
        handler.tell(200, [json.dumps("what?")])
        return True

    graph.says = says
    with pytest.raises(Unavailable, match="FF-593"):
        deliver(library(graph.port, authority))


def test_a_test_is_taken_back(graph: GraphServer, authority: Authority) -> None:
    connector = library(graph.port, authority, done_file=".done")
    prepared = connector.prepare(a_parcel())
    connector.deliver(prepared)
    assert connector.take_back(prepared)
    assert there(graph) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"site": "http://school.sharepoint.example/sites/x"},
        {"site": "https://school.sharepoint.example/sites/x?a=b"},
        {"folder": "../x"},
        {"folder": "a:b"},
        {"library": ""},
    ],
)
def test_settings_that_make_no_sense_are_refused(
    authority: Authority, changes: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        library(443, authority, **changes)


class TestSharePoint(ConnectorTests):
    """What every connector must do."""

    @pytest.fixture(autouse=True)
    def _served(self, graph: GraphServer, authority: Authority) -> Iterator[None]:
        self.graph, self.authority = graph, authority
        with Wire(graph.port) as self.wire:
            yield

    def trial(self, place: Path) -> Trial:  # noqa: ARG002 - its folder is the server's
        """Return the connector in front of the server."""

        def opened(port: int = self.wire.port, **changes: Any) -> Callable[[Any], SharePoint]:
            settings = library(port, self.authority, **changes).settings
            return lambda context: SharePoint(settings, context)

        def landed() -> list[str]:
            lists = {
                path: content
                for path, content in self.graph.library.items.items()
                if path.endswith(".json") and content
            }
            told = {one["name"]: path[-69:-5] for path, c in lists.items() for one in json.loads(c)}
            return [told[name] for name in there(self.graph) if name in told]

        return Trial(
            opened(),
            landed,
            faults=self.wire.faults,
            unusable=[opened(port=1), opened(client_secret="another")],
            hosts={"127.0.0.1"},
            kills=4,
        )
