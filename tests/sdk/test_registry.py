"""Which kinds of destination there are, and which of them may be used."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from formflow.core.errors import SettingsProblem
from formflow.sdk import registry
from formflow.sdk.contract import Capabilities, Connector, DataClass, Operation, RepeatSafe

SHIPPED = [
    "alert_folder",
    "attention_folder",
    "calendar",
    "child_files",
    "csv_file",
    "decision_folder",
    "email_alert",
    "folder_drop",
    "graph_mail",
    "handoff",
    "notify",
    "paperless",
    "primero",
    "receipt_folder",
    "sftp",
    "sharepoint",
    "sql_table",
    "webdav",
    "webhook",
    "webhook_record",
    "word_table",
    "workbook",
]
GOOD = """
from formflow_connectors.csv_file import CsvFile
class Stranger(CsvFile):
    kind = "stranger"
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Return how a stranger's package is installed that brings the kind "stranger"."""

    def make(code: str) -> None:
        (tmp_path / "stranger.py").write_text(code)
        about = tmp_path / "stranger_package-2.5.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: stranger-package\nVersion: 2.5\n"
        )
        (about / "entry_points.txt").write_text(
            "[formflow.connectors]\nstranger = stranger:Stranger\n"
        )
        monkeypatch.syspath_prepend(tmp_path)
        _forget()

    yield make
    sys.modules.pop("stranger", None)
    _forget()


def _forget() -> None:
    registry._entries.cache_clear()
    registry.load.cache_clear()


def test_the_shipped_kinds_are_there_with_their_package() -> None:
    shipped = [kind for kind in registry.available() if kind.distribution == "formflow"]
    assert [kind.kind for kind in shipped] == SHIPPED
    assert all(kind.version for kind in shipped)


@pytest.mark.parametrize("kind", SHIPPED)
def test_every_shipped_kind_keeps_the_contract(kind: str) -> None:
    connector = registry.load(kind)
    assert connector.kind == kind
    assert connector.__doc__
    for name, field in connector.Settings.model_fields.items():
        assert field.description, name


def test_an_unknown_kind_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SettingsProblem, match=r"csv_fil.*Known kinds: alert_folder, .*workbook"):
        registry.load("csv_fil")


def test_a_strangers_kind_is_listed_with_its_package_and_loaded_by_name(
    install: Callable[[str], None],
) -> None:
    install(GOOD)
    assert registry.Kind("stranger", "stranger-package", "2.5") in registry.available()
    assert "stranger" not in sys.modules
    assert registry.load("stranger").kind == "stranger"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("raise RuntimeError('Zoe')", r"could not be loaded \(RuntimeError\)"),
        ("", r"could not be loaded \(AttributeError\)"),
        ("class Stranger: api_version = 2", "it has no Settings, capabilities"),
        (GOOD + "    api_version = 3", "written for version 3"),
        (GOOD.replace('"stranger"', '"other"'), "calls itself by another name"),
    ],
)
def test_a_strangers_kind_that_does_not_keep_the_contract_is_refused(
    install: Callable[[str], None], code: str, found: str
) -> None:
    install(code)
    with pytest.raises(SettingsProblem, match=found) as problem:
        registry.load("stranger")
    assert "Zoe" not in problem.value.found


@pytest.mark.parametrize(
    ("repeat_safe", "carries", "refused"),
    [
        (RepeatSafe.NONE, DataClass.FULL, True),
        (RepeatSafe.NONE, DataClass.NOTICE, False),
        (RepeatSafe.LOOK_UP, DataClass.FULL, False),
    ],
)
def test_where_a_repeat_would_show_only_notices_may_go(
    repeat_safe: RepeatSafe, carries: DataClass, refused: bool
) -> None:
    class Stranger(registry.load("csv_file")):  # type: ignore[misc]
        kind = "stranger"
        capabilities = replace(
            Capabilities(repeat_safe, frozenset({Operation.RECORD}), DataClass.FULL),
            carries=carries,
        )

    stranger: type[Connector] = Stranger
    assert (registry.why_not("stranger", stranger) is not None) is refused


def test_only_the_kinds_that_are_named_are_loaded() -> None:
    code = (
        "import sys; from formflow.sdk import registry; registry.load('csv_file');"
        "print([m for m in sys.modules if m.startswith('formflow_connectors.') or m == 'openpyxl'])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "csv_file" in loaded.stdout
    assert "email_alert" not in loaded.stdout
    assert "openpyxl" not in loaded.stdout
