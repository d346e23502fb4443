"""A folder on a WebDAV server, as drop.py needs it. RFC 4918; names are looked for by PROPFIND, none is ever written over."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, unquote, urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from formflow.sdk import Retryable, SettingsError, Unavailable, ending
from formflow_connectors.remote.drop import Missing, Taken
from formflow_connectors.remote.web_server import Answer, WebServer
from formflow_connectors.webhook_post import refuse

_NONE_YET = {"If-None-Match": "*"}
_NO_MOVE = (405, 501)
_LARGEST_LIST = 32 << 20  # bytes: some hundred for each delivery
_ASKED = b"""<?xml version="1.0" encoding="utf-8"?>
<propfind xmlns="DAV:"><prop><getcontentlength/></prop></propfind>"""


class DavFolder:
    """A folder on the server, while there is a call to answer."""

    def __init__(self, server: WebServer) -> None:
        self._server = server

    def size(self, name: str) -> int | None:
        """Return how many bytes a file has, None where there is none."""
        return next(iter(self._listed(name, "0").values()), None)

    def read(self, name: str, size: int) -> bytes:
        """Return a file, no more than so many bytes of it. Raise Missing."""
        answer = self._server.ask("GET", _path(name), most=size)
        if answer.status == 404:
            raise Missing
        _take(answer)
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
        where = {"Destination": self._server.absolute(_path(final)), "Overwrite": "F"}
        answer = self._server.ask("MOVE", _path(name), headers=where)
        if answer.status == 404:
            raise Missing
        if answer.status == 412:
            raise Taken
        if answer.status in _NO_MOVE:
            self._copy(name, final)
            return
        _take(answer)

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        answer = self._server.ask("DELETE", _path(name))
        if answer.status != 404:
            _take(answer)

    def make(self, name: str) -> None:
        """Make a folder, if it is not there."""
        answer = self._server.ask("MKCOL", _path(name))
        if answer.status in (404, 409):
            raise ending(SettingsError, "FF-583", why="there is no such folder")
        if answer.status != 405:  # it is there
            _take(answer)

    def names(self, name: str) -> set[str]:
        """Return the names of what is in a folder, none where it is not there."""
        return set(self._listed(name, "1")) - {name.rpartition("/")[2]}

    def _put_new(self, name: str, content: bytes) -> None:
        answer = self._server.ask("PUT", _path(name), content, _NONE_YET)
        if answer.status in (404, 409):
            raise Missing
        if answer.status == 412:
            raise Taken
        _take(answer)

    def _copy(self, name: str, final: str) -> None:
        """Do in three steps what a server that cannot rename does not do in one."""
        size = self.size(name)
        if size is None:
            raise Missing
        self._put_new(final, self.read(name, size))
        self.remove(name)

    def _listed(self, name: str, depth: str) -> Mapping[str, int]:
        """Return the names and sizes of what is there: the file or folder itself, and what is in it."""
        headers = {"Depth": depth, "Content-Type": "application/xml"}
        answer = self._server.ask("PROPFIND", _path(name), _ASKED, headers, _LARGEST_LIST)
        if answer.status == 404:
            return {}
        _take(answer)
        try:
            tree = ElementTree.fromstring(answer.body, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            raise ending(Unavailable, "FF-584") from None
        return dict(_one(each) for each in tree.iter("{DAV:}response"))


def _one(response: Element) -> tuple[str, int]:
    """Return the name and the size of what a part of an answer is about."""
    path = urlsplit(response.findtext("{DAV:}href", "")).path.rstrip("/")
    size = response.findtext(".//{DAV:}getcontentlength", "")
    return unquote(path.rpartition("/")[2]), int(size) if size.isdecimal() else 0


def _take(answer: Answer) -> None:
    """Raise what an answer means, unless it is a yes."""
    if answer.status == 423:  # somebody has it open
        raise ending(Retryable, "FF-564", answer="423")
    refuse(answer.status, answer.later)


def _path(name: str) -> str:
    return "/" + quote(name)
