"""A package that is broken breaks nothing but itself, and is named wherever somebody looks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from formflow.admin import doctor, example_settings, settings_file, status
from formflow.cli import main
from formflow.core.clock import utc_now
from formflow.core.settings import Settings
from formflow.delivery.unusable import CODE
from formflow.sdk import registry, trial_import
from formflow.storage import database
from tests.delivery.test_dispatcher import make_due
from tests.support import strangers, worker
from tests.support.offices import drop, files

RED = "red-planned-secrecy-pdfjs"
PLACE = "Bad place"
GOOD = strangers.SOURCE.read_text(encoding="utf-8")
NAME = "Alex Example"
SECONDS, MINUTES = (
    0.5,
    600.0,
)  # what an import may take here: one that never ends, and on any machine
BROKEN = {
    "raises": f"raise RuntimeError('{NAME}')",
    "exits": f"raise SystemExit('{NAME}')",
    "prints": f"print('{NAME}')\nraise ValueError",
    "sleeps": "import time\nwhile True:\n    time.sleep(3600)",
    "ends": "import os\nos._exit(0)",
    "crashes": "import os\nos.abort()",
    "eats": "taken = []\nwhile True:\n    taken.append(bytearray(16 << 20))",
    "prints for itself": f"import os\nos.write(1, b'{NAME}')\nos._exit(0)",
    "syntax": "class Good(:",
    "empty": "",
    "gone": None,
    "no settings": GOOD.replace("    Settings = KeyFolderSettings\n", "    Settings = None\n", 1),
    "wrong settings": GOOD.replace(
        "    Settings = KeyFolderSettings\n", "    Settings = dict\n", 1
    ),
    "wrong capabilities": GOOD.replace("frozenset({Operation.RECORD})", "[Operation.RECORD]", 1),
    "too new": GOOD.replace("api_version = 2", "api_version = (3, 4)", 1),
    "no class": "Good = 'Good'",
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(trial_import, "IMPORT_SECONDS", MINUTES)
    yield folder
    worker.close()
    strangers.forget()
    sys.modules.pop("broken", None)


def install(site: Path, code: str | None, package: str = "a-broken", kind: str = "good") -> None:
    """Install a package that brings a kind; without code its module is gone."""
    about = site / f"{package.replace('-', '_')}-1.0.dist-info"
    about.mkdir(exist_ok=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[formflow.connectors]\n{kind} = broken:Good\n")
    if code is not None:
        (site / "broken.py").write_text(code, encoding="utf-8")
    strangers.forget()
    sys.modules.pop("broken", None)


def with_place(office: Settings, tmp_path: Path, kind: str = "good") -> Path:
    """Return the settings file of the office with one more destination."""
    keys = tmp_path / "keys"
    keys.mkdir()
    file = office.state.folder.parent / "formflow.toml"
    with file.open("a", encoding="utf-8") as stream:
        stream.write(f'\n[[destination]]\nname = "{PLACE}"\nkind = "{kind}"\n')
        stream.write(f"folder = {json.dumps(str(keys))}\n")
    return file


@pytest.mark.parametrize("code", BROKEN.values(), ids=BROKEN)
def test_a_broken_package_is_named_and_stops_nobody(
    office: Settings,
    site: Path,
    tmp_path: Path,
    code: str | None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if code == BROKEN["sleeps"]:
        monkeypatch.setattr(trial_import, "IMPORT_SECONDS", SECONDS)
    install(site, code)
    told = registry.trouble(registry.Kind("good", "a-broken", "1.0")) or ""
    assert "“good” of the package a-broken 1.0" in told
    settings = settings_file.load_settings(with_place(office, tmp_path))
    assert f"# {told}" in example_settings.example()
    database.open_ledger(settings.state.folder).dispose()
    view = status.overview(settings)
    assert (view.unusable, view.waits_for_a_person) == ({PLACE: told}, True)
    assert told in status.as_text(view, settings)
    with pytest.raises(SystemExit):
        main(["connectors", "list"])
    with pytest.raises(SystemExit):
        main(["init", str(tmp_path / "another agency")])
    heard = capsys.readouterr()
    assert told in heard.out
    assert told in heard.err
    assert NAME not in heard.out + heard.err + told


PRINTS = {
    "print": f"print('{NAME}')",
    "write": f"import os\nos.write(1, b'{NAME}')\nos.write(2, b'{NAME}')",
    "program": f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(\"{NAME}\")'])",
}


@pytest.mark.parametrize("code", PRINTS.values(), ids=PRINTS)
def test_what_a_package_prints_when_it_is_imported_is_no_output_of_ours(
    site: Path, code: str, capfd: pytest.CaptureFixture[str]
) -> None:
    install(site, f"{GOOD}\n{code}\n")
    with pytest.raises(SystemExit):
        main(["connectors", "list", "--json"])
    heard = capfd.readouterr()
    (good,) = [one for one in json.loads(heard.out) if one["kind"] == "good"]
    assert good["problem"] == ""
    assert heard.err == ""


@pytest.mark.parametrize(
    ("kind", "how"), [("good", "raises"), ("goood", "raises"), ("good", "ends")]
)
def test_it_alone_waits_and_gets_everything_when_it_is_mended(
    office: Settings,
    site: Path,
    tmp_path: Path,
    kind: str,
    how: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    install(site, BROKEN[how])
    file = with_place(office, tmp_path, kind)
    settings = settings_file.load_settings(file)
    drop(settings, RED)
    worker.settle(settings)
    assert len(files(settings.folders.alerts)) == 1
    assert files(settings.watch[0].folder) == []
    (waiting,) = status.overview(settings).undelivered
    assert (waiting.destination, waiting.code, waiting.set_aside) == (PLACE, CODE, 0)
    assert "“good”" in waiting.text or "“goood”" in waiting.text
    assert dict(doctor.checkup(settings, utc_now()))[f"destination “{PLACE}”"].ok is False
    assert NAME not in caplog.text
    assert PLACE in caplog.text
    worker.close()
    install(site, GOOD)
    file.write_text(file.read_text("utf-8").replace('"goood"', '"good"'), "utf-8")
    settings = settings_file.load_settings(file)
    make_due(settings)
    assert status.overview(settings).undelivered == ()
    assert len(list((tmp_path / "keys").iterdir())) == 1, "the record, and nothing it does not take"
    with database.reading(worker.context_of(settings).engine) as connection:
        not_sent = connection.exec_driver_sql(
            "SELECT count(*) FROM parcel WHERE destination = 'Bad place' AND body IS NOT NULL"
        )
        assert not_sent.scalar_one() == 1, "nothing was prepared for what it does not take"


def test_two_packages_with_one_kind_are_refused_with_both_names(site: Path) -> None:
    install(site, GOOD)
    install(site, None, "another-one")
    with pytest.raises(registry.UnusableKind, match="a-broken and another-one"):
        registry.load("good")
    listed = [one for one in registry.available() if one.kind == "good"]
    assert [one.distribution for one in listed] == ["a-broken", "another-one"]


def test_no_package_can_take_away_a_kind_of_ours(site: Path) -> None:
    install(site, GOOD, kind="alert_folder")
    assert registry.load("alert_folder").__module__ == "formflow_connectors.alert_folder"
    assert registry.is_ours("alert_folder")
    claims = registry.Kind("alert_folder", "a-broken", "1.0")
    assert "a-broken and formflow" in (registry.trouble(claims) or "")
    assert registry.trouble(registry.Kind("alert_folder", "formflow", "0.1.0")) is None


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("2", None),
        ("(1, 2)", None),
        ("(2, 9)", None),
        ("1", "for version 1 .*; update its package"),
        ("(3, 4)", "for version 3 .*; update FormFlow"),
        ("'2'", "does not say for which"),
        ("(2, 1)", "does not say for which"),
        ("True", "does not say for which"),
        ("None", "does not say for which"),
    ],
)
def test_a_connector_says_for_which_versions_it_was_written(
    site: Path, version: str, why: str | None
) -> None:
    install(site, GOOD.replace("api_version = 2", f"api_version = {version}", 1))
    if why is None:
        assert registry.load("good").kind == "good"
        return
    with pytest.raises(registry.UnusableKind, match=why):
        registry.load("good")
