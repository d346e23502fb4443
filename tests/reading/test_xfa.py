"""Answers that are in the XFA part alone are found, and nothing outside the file is ever fetched."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Pdf, String

from formflow.core.model import AnswerState, Reading, Unread
from tests.support.papers import ANSWERS, paper, read

DATA = """<xfa:datasets xmlns:xfa="http://www.xfa.org/schema/xfa-data/1.0/"><xfa:data><form1>
<child_a_name>Zoë Świątek</child_a_name><incident_at>14/11/2026 at 1.45pm</incident_at>
<context_planned>yes</context_planned><context_force>Off</context_force>
<context_threat>perhaps</context_threat>
</form1></xfa:data></xfa:datasets>"""
NO_ANSWERS: dict[str, str] = {}


def read_with(path: Path, data: str, *, in_one: bool = False) -> Reading | Unread:
    def change(pdf: Pdf) -> None:
        packet = pdf.make_stream(data.encode())
        pdf.Root.AcroForm.XFA = packet if in_one else Array([String("datasets"), packet])

    return read(paper(path, NO_ANSWERS, change))


@pytest.mark.parametrize("in_one", [False, True])
def test_answers_of_the_xfa_part_are_read_and_must_be_confirmed(
    tmp_path: Path, in_one: bool
) -> None:
    data = f'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/">{DATA}</xdp:xdp>' if in_one else DATA
    reading = read_with(tmp_path / "a.pdf", data, in_one=in_one)
    assert isinstance(reading, Reading)
    assert (reading.via, reading.confirm) == ("xfa", True)
    assert "FF-128" in {hold.code for hold in reading.held}
    found = {n: a.value for n, a in reading.answers.items() if a.state is AnswerState.GIVEN}
    assert found == {
        "child_a_name": "Zoë Świątek",
        "incident_at": "14/11/2026 at 1.45pm",
        "context_planned": "yes",
    }
    assert reading.answers["context_force"].state is AnswerState.BLANK
    assert reading.answers["context_threat"].state is AnswerState.UNREADABLE


def test_boxes_that_hold_answers_are_believed_before_the_xfa_part(tmp_path: Path) -> None:
    def change(pdf: Pdf) -> None:
        pdf.Root.AcroForm.XFA = Array([String("datasets"), pdf.make_stream(DATA.encode())])

    reading = read(paper(tmp_path / "a.pdf", ANSWERS, change))
    assert isinstance(reading, Reading)
    assert (reading.via, reading.held) == ("acroform", ())


@pytest.mark.parametrize(
    "data",
    [
        "",
        "<not closed",
        "<xfa:datasets xmlns:xfa='x'/>",
        "<a>" * 40 + "</a>" * 40,
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><x>&b;</x>',
    ],
)
def test_a_packet_that_is_none_leaves_a_blank_form(tmp_path: Path, data: str) -> None:
    reading = read_with(tmp_path / "a.pdf", data)
    assert isinstance(reading, Reading)
    assert reading.via == "acroform"
    assert "FF-115" in {hold.code for hold in reading.held}


def test_a_packet_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    unread = read_with(tmp_path / "a.pdf", f"<x>{'a' * (5 << 20)}</x>")
    assert isinstance(unread, Unread)
    assert unread.reason == "FF-119"


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A server that remembers who asked it for anything."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)

        def listen() -> None:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            asked.append(connection.recv(100))
            connection.close()

        threading.Thread(target=listen, daemon=True).start()
        yield server.getsockname()[1], asked


def test_nothing_outside_the_file_is_fetched(
    tmp_path: Path, listener: tuple[int, list[bytes]]
) -> None:
    port, asked = listener
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret")
    for where in (secret.as_uri(), f"http://127.0.0.1:{port}/x"):
        data = DATA.replace("Zoë Świątek", "&out;")
        reading = read_with(
            tmp_path / "a.pdf", f'<!DOCTYPE x [<!ENTITY out SYSTEM "{where}">]>{data}'
        )
        assert isinstance(reading, Reading)
        assert "a secret" not in repr(reading)
    assert asked == []


def test_the_corpus_form_with_its_boxes_emptied_is_read_from_its_xfa_part(
    fillers: Path, tmp_path: Path
) -> None:
    from tests.reading.test_agency_form import read as read_agency

    with pikepdf.open(fillers / "x_xfa_hybrid.pdf") as pdf:
        for entry in pdf.Root.AcroForm.Fields:
            _empty(entry)
        pdf.save(tmp_path / "a.pdf")
    reading = read_agency(tmp_path / "a.pdf")
    assert isinstance(reading, Reading)
    assert (reading.via, reading.confirm) == ("xfa", True)
    values = {name: answer.value for name, answer in reading.answers.items()}
    assert values["child_a_name"] == "Zoë O'Connor-Świątek"
    assert values["incident_at"] == "14/11/2026 13:45"
    assert values["relationship_kind"] == "unknown"
    assert values["author_role"] == "dsl"
    assert values["score_one"] == "significant"


def _empty(entry: pikepdf.Object) -> None:
    for one in (entry, *entry.get("/Kids", [])):
        if str(one.get("/T", "")) in ("form", "id"):
            return
        for key in ("/V", "/AS"):
            if key in one:
                del one[key]
        if "/AP" in one and one.get("/FT") != "/Btn" and entry.get("/FT") != "/Btn":
            del one["/AP"]
        if one is not entry and "/T" in one:
            _empty(one)
