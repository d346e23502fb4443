"""Files for another system that takes them away: in the right order, each once, whatever happens in between."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree
from pydantic import ValidationError

from formflow.core import crash_points
from formflow.sdk import Rejected, SettingsError
from formflow.sdk.conformance import pretend_context
from formflow.sdk.contract import Delivered, DeliveredAs
from formflow_connectors.folder_drop import FolderDrop, FolderDropSettings
from formflow_connectors.record_files import HANDED_OVER
from tests.connectors.conftest import HARD_ANSWERS, ORIGINAL, SHA256, a_parcel
from tests.support.systems import killed_in_a_fork, needs_links

COLUMNS = {name: f"{{{name}}}" for name in HARD_ANSWERS}
JSON = '{"file": {{ paper }}, "said": {{ row }}, "one": {{ formula }}}'
CSV = "reference,one,two\r\n{{ row['long'] }},{{ formula }},{{ quotes }}\r\n"
XML = '<?xml version="1.0"?>\n<r sum="{{ paper_sha256 }}">{% for name, said in row.items() %}<a n="{{ name }}">{{ said }}</a>{% endfor %}</r>'


@dataclass
class Drop:
    """A folder, the system that takes files from it, and what it has got."""

    root: Path
    own: dict[str, Any] = field(default_factory=dict)
    got: Counter[str] = field(default_factory=Counter)

    def connector(self) -> FolderDrop:
        settings = FolderDropSettings.model_validate({"folder": self.root} | self.own)
        return FolderDrop(settings, pretend_context([ORIGINAL]))

    def deliver(self, **changes: Any) -> Delivered:
        connector = self.connector()
        return connector.deliver(connector.prepare(a_parcel(**changes)))

    def there(self) -> dict[str, bytes]:
        files = (path for path in self.root.iterdir() if path.is_file() and path.name[0] != ".")
        return {path.name: path.read_bytes() for path in sorted(files)}

    def takes_away(self) -> None:
        for name in self.there():
            self.got[name] += 1
            (self.root / name).unlink()


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    root = tmp_path / "Import"
    root.mkdir()
    return Drop(root)


def with_template(drop: Drop, text: str, name: str = "record.json.j2") -> None:
    path = drop.root.parent / name
    path.write_text(text, encoding="utf-8", newline="")
    drop.own |= {"template": path, "columns": COLUMNS}


def test_the_paper_comes_with_its_checksum_and_then_what_says_that_all_is_there(drop: Drop) -> None:
    drop.own = {"checksum": True, "done_file": ".done"}
    assert drop.deliver().where == "FF-2026-000123 r1.done"
    assert drop.there() == {
        "FF-2026-000123 r1.pdf": ORIGINAL,
        "FF-2026-000123 r1.pdf.sha256": f"{SHA256}  FF-2026-000123 r1.pdf\n".encode(),
        "FF-2026-000123 r1.done": b"",
    }


def test_what_was_taken_away_does_not_come_again(drop: Drop) -> None:
    assert drop.deliver().how is DeliveredAs.CREATED
    drop.takes_away()
    assert drop.deliver().how is DeliveredAs.ALREADY_THERE
    assert drop.there() == {}
    key = a_parcel().key
    assert drop.connector().look_up(key) is not None
    assert [(one.reference, one.revision, one.key) for one in drop.connector().filed()] == [
        ("FF-2026-000123", 1, key)
    ]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork")
@pytest.mark.parametrize("at_pass", [1, 2, 3])
@pytest.mark.parametrize("point", ["before-rename", "after-rename", "before-move", "after-move"])
def test_killed_at_any_point_each_file_comes_once_although_it_is_taken_away_at_once(
    drop: Drop, monkeypatch: pytest.MonkeyPatch, point: str, at_pass: int
) -> None:
    drop.own = {"checksum": True, "done_file": ".done"}
    prepared = drop.connector().prepare(a_parcel())
    with monkeypatch.context() as here:
        here.setenv(crash_points.VARIABLE, f"folder_drop.{point}:{at_pass}")
        assert killed_in_a_fork(lambda: drop.connector().deliver(prepared))
    drop.takes_away()
    drop.connector().deliver(prepared)
    drop.takes_away()
    names = ("FF-2026-000123 r1.pdf", "FF-2026-000123 r1.pdf.sha256", "FF-2026-000123 r1.done")
    assert drop.got == dict.fromkeys(names, 1)


def test_nothing_is_written_over_what_another_has_put_there(drop: Drop) -> None:
    (drop.root / "FF-2026-000123 r1.pdf").write_bytes(b"another's")
    with pytest.raises(Rejected, match="FF-420"):
        drop.deliver()
    assert drop.there() == {"FF-2026-000123 r1.pdf": b"another's"}
    (drop.root / "FF-2026-000123 r1.pdf").unlink()
    assert drop.deliver().how is DeliveredAs.CREATED


def test_json_holds_every_value_as_it_is(drop: Drop) -> None:
    with_template(drop, JSON)
    drop.deliver()
    made = json.loads(drop.there()["FF-2026-000123 r1.json"])
    assert made["file"] == "FF-2026-000123 r1.pdf"
    assert made["said"] == {name: text or None for name, text in HARD_ANSWERS.items()}
    assert made["one"] == "=1+1"


def test_a_cell_of_csv_is_one_cell_and_no_formula(drop: Drop) -> None:
    with_template(drop, CSV, "record.csv")
    drop.deliver()
    made = drop.there()["FF-2026-000123 r1.csv"].decode()
    (_, row) = csv.reader(made.splitlines(keepends=True))
    assert row == [HARD_ANSWERS["long"], "'=1+1", HARD_ANSWERS["quotes"]]


def test_xml_takes_no_markup_from_an_answer(drop: Drop) -> None:
    with_template(drop, XML, "record.xml.jinja")
    drop.deliver(answers=a_parcel().answers)
    root = ElementTree.fromstring(drop.there()["FF-2026-000123 r1.xml"])
    assert root.get("sum") == SHA256
    said = {one.get("n"): one.text or "" for one in root}
    assert said == HARD_ANSWERS


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.json", "{\n{% for x in row %}\n}", "line 2 is not written as a template"),
        ("a.json", '{"a": {{ plian }}}', "it names “plian”; do you mean plain"),
        ("a.json", '{"a":\n {{ row[plain] }}}', "line 2 names something"),
        ("a.json", '{"a": {{ plain }}', "no JSON"),
        ("a.json", '{"a":\n\n{{ 1 // 0 }}}', "line 3 could not be filled in"),
        ("a.csv", '"{{ plain }}",{{ quotes }}', "no CSV"),
        ("a.csv", "a,b\n{{ plain }}\n", "different numbers of cells"),
        ("a.xml", "<a>{{ plain }}", "no XML"),
        ("a.xml", "<!DOCTYPE a><a>{{ plain }}</a>", "document type"),
        ("a.xml", '<?xml version="1.0" encoding="latin1"?><a>{{ plain }}</a>', "encoding"),
        ("a.xml", "<a>{{ plain|safe }}</a>", "line 1 is not written as a template"),
        ("a.txt", "{{ ''.__class__.__mro__ }}", "line 1"),
        ("a.txt", "{% include '/etc/passwd' %}", "line 1 could not be filled in"),
    ],
)
def test_a_template_that_cannot_be_used_is_told_with_its_line_and_no_answer(
    drop: Drop, name: str, text: str, says: str
) -> None:
    with_template(drop, text, name)
    with pytest.raises(SettingsError, match="FF-526") as problem:
        drop.deliver()
    assert says in problem.value.text
    assert "Charlie" not in str(problem.value)
    assert drop.there() == {}
    with_template(drop, "{{ plain }}" if name != "a.xml" else "<a>{{ plain }}</a>", name)
    drop.deliver()
    assert len(drop.there()) == 2


def test_a_template_that_is_missing_waits_and_check_says_so(drop: Drop) -> None:
    with_template(drop, JSON)
    drop.own["template"].unlink()
    assert "FF-525" not in drop.connector().check().lines[-1].text
    assert not drop.connector().check().ok
    with pytest.raises(SettingsError, match="FF-525"):
        drop.deliver()
    with_template(drop, JSON)
    assert drop.connector().check().ok


def test_a_test_is_taken_away_again_unless_it_was_taken_already(drop: Drop) -> None:
    drop.own = {"checksum": True, "done_file": ".done"}
    connector = drop.connector()
    prepared = connector.prepare(a_parcel())
    connector.deliver(prepared)
    assert connector.take_back(prepared)
    assert drop.there() == {}
    assert connector.look_up(prepared.key) is None
    connector.deliver(prepared)
    drop.takes_away()
    assert not connector.take_back(prepared)


@pytest.mark.parametrize(
    "own",
    [
        {"name": "{reference}"},
        {"name": "{nonsense} {key}"},
        {"name": "../{key}"},
        {"name": "{key.__class__}"},
        {"name": "{key"},
        {"name": ".{key}"},
        {"paper": False},
        {"template": "record.docx", "columns": COLUMNS},
        {"template": "record.json"},
        {"done_file": "done"},
        {"done_file": "./../x"},
    ],
)
def test_settings_that_cannot_work_are_refused(drop: Drop, own: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FolderDropSettings.model_validate({"folder": drop.root} | own)


def test_names_are_made_as_the_other_system_wants_them(drop: Drop) -> None:
    drop.own = {"name": "{recorded_at:%Y%m%d}_{reference}_{revision}"}
    drop.deliver(revision=2)
    assert list(drop.there()) == ["20261123_FF-2026-000123_2.pdf"]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="this system has no links")
@needs_links
def test_the_sub_folder_is_no_way_out(drop: Drop, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (drop.root / HANDED_OVER).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Exception, match="FF-430"):
        drop.deliver()
    assert list((tmp_path / "elsewhere").iterdir()) == []
