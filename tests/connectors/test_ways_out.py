"""No stored name leads out of a destination, and what others put there in place of a file hangs nobody."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as property_tests
from hypothesis import strategies as st

from formflow.core import files
from formflow.sdk.contract import Attachment, Retryable
from tests.connectors.conftest import FOLDER_KINDS, FULL, SHA256

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
MakePlace = Callable[[str], Any]


@pytest.fixture(autouse=True)
def nobody_waits() -> Iterator[None]:
    """End a test that hangs on a pipe, with its traceback."""

    def hangs(*_: object) -> None:
        raise AssertionError("FormFlow waits for a pipe")

    signal.signal(signal.SIGALRM, hangs)
    signal.alarm(60)
    yield
    signal.alarm(0)


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        ("alert_folder", "name"),
        ("receipt_folder", "name"),
        ("attention_folder", "note"),
        ("decision_folder", "page"),
        ("decision_folder", "folder"),
        ("child_files", "home"),
        ("child_files", "as_read"),
        ("csv_file", "stem"),
    ],
)
def test_no_header_of_a_stored_parcel_leads_out_of_its_destination(
    make_place: MakePlace, kind: str, header: str
) -> None:
    place = make_place(kind)
    connector = place.connector()
    prepared = connector.prepare(place.parcel())
    bad = replace(prepared, headers={**prepared.headers, header: "../../stolen"})
    with pytest.raises(Retryable, match="FF-430"):
        connector.deliver(bad)
    assert place.landed() == []
    assert not list(place.root.parent.rglob("stolen*"))


def test_a_childs_folder_that_is_a_link_elsewhere_gets_nothing_and_holds_back_no_other_child(
    make_place: MakePlace, tmp_path: Path
) -> None:
    place = make_place("child_files")
    (tmp_path / "elsewhere").mkdir()
    (place.root / "C-000045").symlink_to(tmp_path / "elsewhere")
    connector = place.connector()
    with pytest.raises(Retryable, match="FF-430"):
        connector.deliver(connector.prepare(place.parcel()))
    other = connector.prepare(place.parcel(child_reference="C-000046", reference="FF-2026-000124"))
    connector.deliver(other)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert place.landed() == [other.key]


@pytest.mark.parametrize("kind", ["attention_folder", "decision_folder", "child_files"])
def test_no_attachment_of_a_stored_parcel_leads_out_of_its_destination(
    make_place: MakePlace, kind: str
) -> None:
    place = make_place(kind)
    connector = place.connector()
    prepared = connector.prepare(place.parcel())
    with pytest.raises(Retryable, match="FF-430"):
        connector.deliver(replace(prepared, attachments=(Attachment("../../stolen", SHA256),)))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("alert_folder", "1 RED FF-2026-000123 r1.html"),
        ("receipt_folder", "FF-2026-000123 r1 received.html"),
        ("attention_folder", "FF-2026-000123.txt"),
        ("decision_folder", "FF-2026-000123/FF-2026-000123 what is open.html"),
        ("child_files", "C-000045/Chronology.html"),
        ("csv_file", "Sexual Behaviour Recording Form records 2026-11.csv"),
        ("workbook", "Register.xlsx"),
    ],
)
def test_a_pipe_in_a_destination_hangs_nobody(make_place: MakePlace, kind: str, name: str) -> None:
    place = make_place(kind)
    pipe = place.own["file"] if "file" in place.own else place.root / name
    Path(pipe).parent.mkdir(exist_ok=True)
    os.mkfifo(pipe)
    connector = place.connector()
    prepared = connector.prepare(place.parcel())
    connector.check()
    with contextlib.suppress(files.NotAFile):
        connector.look_up(prepared.key)
    if kind in ("child_files", "csv_file", "decision_folder", "workbook"):
        with pytest.raises(Retryable, match="FF-431"):
            connector.deliver(prepared)
    else:  # it lies there instead of the pipe
        connector.deliver(prepared)
        assert place.landed() == [prepared.key]


NAMES = st.lists(
    st.sampled_from(["..", "/", "\\", "stolen", "NUL", "C:", ".", "\0", "\n", "é", "<!--", " "]),
    min_size=1,
    max_size=5,
).map("".join)


@pytest.mark.parametrize("kind", FOLDER_KINDS)
@property_tests(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reference=NAMES, title=NAMES, child=NAMES, suffix=NAMES)
def test_whatever_is_in_a_parcel_nothing_is_written_outside_its_destination(
    make_place: MakePlace,
    tmp_path: Path,
    kind: str,
    reference: str,
    title: str,
    child: str,
    suffix: str,
) -> None:
    shutil.rmtree(tmp_path / f"a {kind}", ignore_errors=True)
    place = make_place(kind)
    said = {
        "reference": reference,
        "form_title": title,
        "child_reference": child,
        "original_suffix": suffix,
    }
    (operation,) = place.connector().capabilities.operations
    has = {one.name for one in fields(FULL[operation])}
    parcel = place.parcel(**{name: text for name, text in said.items() if name in has})
    with contextlib.suppress(Exception):  # what cannot be written is not; where to, is looked at
        place.connector().deliver(place.connector().prepare(parcel))
    outside = {path for path in tmp_path.rglob("*") if place.root not in (path, *path.parents)}
    assert outside == {tmp_path / "paper.pdf"}
