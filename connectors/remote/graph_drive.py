"""A folder in a document library of SharePoint, as drop.py needs it. Names are asked for by path; none is ever written over.

https://learn.microsoft.com/graph/api/resources/driveitem
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from formflow.sdk import SettingsError, Unavailable, ending
from formflow_connectors.remote.drop import Missing, Taken
from formflow_connectors.remote.graph import Graph, GraphSettings
from formflow_connectors.remote.web_server import Answer
from formflow_connectors.webhook_post import refuse

SMALL = 4 << 20  # bytes that go in one request; what is larger goes in a session
PIECE = 10 * 320 << 10  # bytes: each part of a session is a multiple of 320 KiB
_FAIL = "@microsoft.graph.conflictBehavior"
_DOWNLOAD = "@microsoft.graph.downloadUrl"
_LARGEST_LIST = 8 << 20  # bytes of one page
_MOST_PAGES = 200
_JSON = {"Content-Type": "application/json"}


class GraphDrive:
    """A folder of a library, while there is a call to answer."""

    _ids: ClassVar[dict[tuple[GraphSettings, str, str], str]] = {}  # of libraries, in memory alone

    def __init__(self, graph: Graph, settings: GraphSettings, site: str, library: str, folder: str):
        self._graph, self._site, self._folder = graph, site, folder.strip("/")
        known = (settings, site, library)
        if known not in self._ids:
            self._ids[known] = self._library(library)
        self._root = f"/drives/{quote(self._ids[known])}/root"

    def size(self, name: str) -> int | None:
        """Return how many bytes a file has, None where there is none."""
        item = self._item(name)
        return None if item is None else int(item.get("size", 0))

    def read(self, name: str, size: int) -> bytes:
        """Return a file, no more than so many bytes of it. Raise Missing."""
        item = self._item(name)
        if item is None:
            raise Missing
        answer = self._elsewhere("GET", str(item.get(_DOWNLOAD, "")), most=size)
        if answer.status == 404:
            raise Missing
        refuse(answer.status, answer.later)
        return answer.body[:size]

    def put(self, name: str, content: bytes) -> None:
        """Write a file; one of that name is replaced. Raise Missing where its folder is not there."""
        try:
            self._put_new(name, content)
        except Taken:  # what an earlier try has left
            self.remove(name)
            self._put_new(name, content)

    def move(self, name: str, final: str) -> None:
        """Rename a file; never over another. Raise Missing or Taken."""
        folder, _, last = final.rpartition("/")
        parent = self._item(folder)
        if parent is None:
            raise Missing
        told = {"name": last, "parentReference": {"id": parent.get("id", "")}}
        path = f"{self._at(name)}?{_FAIL}=fail"
        self._taken(self._graph.ask("PATCH", path, json.dumps(told).encode(), _JSON))

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        answer = self._graph.ask("DELETE", self._at(name))
        if answer.status != 404:
            refuse(answer.status, answer.later)

    def make(self, name: str) -> None:
        """Make a folder, if it is not there."""
        folder, _, last = name.rpartition("/")
        told = {"name": last, "folder": {}, _FAIL: "fail"}
        path = self._at(folder, "children")
        answer = self._graph.ask("POST", path, json.dumps(told).encode(), _JSON)
        if answer.status == 404:
            raise ending(SettingsError, "FF-583", why="there is no such folder")
        if answer.status != 409:  # it is there
            refuse(answer.status, answer.later)

    def names(self, name: str) -> set[str]:
        """Return the names of what is in a folder, none where it is not there."""
        return {str(item.get("name", "")) for item in self._children(name)}

    def _children(self, name: str) -> Iterator[Mapping[str, Any]]:
        path = f"{self._at(name, 'children')}?$select=name&$top=999"
        for _ in range(_MOST_PAGES):
            answer = self._graph.ask("GET", path, most=_LARGEST_LIST)
            if answer.status == 404:
                return
            page = _said(answer)
            yield from page.get("value", ())
            if not (path := self._graph.path_of(str(page.get("@odata.nextLink", "")))):
                return

    def _put_new(self, name: str, content: bytes) -> None:
        if len(content) <= SMALL:
            path = f"{self._at(name, 'content')}?{_FAIL}=fail"
            headers = {"Content-Type": "application/octet-stream"}
            self._taken(self._graph.ask("PUT", path, content, headers))
            return
        told = json.dumps({"item": {_FAIL: "fail"}}).encode()
        begun = self._graph.ask("POST", self._at(name, "createUploadSession"), told, _JSON)
        self._taken(begun)
        url = str(_said(begun).get("uploadUrl", ""))
        for start in range(0, len(content), PIECE):
            part = content[start : start + PIECE]
            span = f"bytes {start}-{start + len(part) - 1}/{len(content)}"
            self._taken(self._elsewhere("PUT", url, part, {"Content-Range": span}))

    def _elsewhere(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        most: int = SMALL,
    ) -> Answer:
        """Ask an address that Graph has given, without the token: it holds a key of its own.

        Raise SettingsError where it is not the site's own host: nothing goes to anybody else.
        """
        given, site = urlsplit(url), urlsplit(self._site)
        if (given.scheme, given.netloc) != ("https", site.netloc):
            raise ending(SettingsError, "FF-569")
        query = f"?{given.query}" if given.query else ""
        return self._graph.at(f"https://{given.netloc}").ask(
            method, given.path + query, body, headers, most
        )

    def _item(self, name: str) -> Mapping[str, Any] | None:
        answer = self._graph.ask("GET", self._at(name))
        return None if answer.status == 404 else _said(answer)

    def _at(self, name: str, action: str = "") -> str:
        path = "/".join(part for part in (self._folder, name) if part)
        where = f":/{quote(path)}" if path else ""
        colon = ":" if path else ""
        return f"{self._root}{where}{colon}/{action}" if action else f"{self._root}{where}"

    def _library(self, name: str) -> str:
        """Return the number of a library of the site. Raise SettingsError where there is none of that name."""
        site = urlsplit(self._site)
        path = f"/sites/{quote(site.hostname or '')}:{quote(site.path.rstrip('/'))}"
        found = _said(self._graph.ask("GET", path))
        answer = self._graph.ask("GET", f"/sites/{quote(str(found.get('id', '')))}/drives")
        drives = {str(one.get("name")): str(one.get("id")) for one in _said(answer)["value"]}
        if name not in drives:
            raise ending(SettingsError, "FF-583", why=f"the site has no library “{name}”")
        return drives[name]

    def _taken(self, answer: Answer) -> None:
        """Raise what the answer to a change means, unless it is a yes."""
        if answer.status == 404:
            raise Missing
        if answer.status == 409:
            raise Taken
        refuse(answer.status, answer.later)


def _said(answer: Answer) -> dict[str, Any]:
    """Return what an answer says. Raise what it means where it is no yes, Unavailable where it makes no sense."""
    refuse(answer.status, answer.later)
    try:
        told = json.loads(answer.body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise ending(Unavailable, "FF-593")
    return told
