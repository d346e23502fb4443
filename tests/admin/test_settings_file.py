"""Every problem of a settings file is said at once, each with its path; secrets are never in it."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest

from formflow.admin import example_settings, field_names, settings_file
from formflow.core.errors import SettingsProblem
from formflow.core.model import Entry, Light, Outcome
from formflow.core.settings import Settings
from formflow.delivery import destinations
from formflow.delivery.occasion import Occasion
from formflow.documents.enclosures import Enclosed

MAIL = """
[[destination]]
name = "Mail"
kind = "email_alert"
host = "127.0.0.1"
security = "none"
sender = "formflow@example.org"
recipient = "lead@example.org"
"""


def problems(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "formflow.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsProblem) as found:
        settings_file.load_settings(file)
    return list(found.value.problems)


def load(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "formflow.toml"
    file.write_text(text, encoding="utf-8")
    return settings_file.load_settings(file)


def test_all_problems_are_said_at_once_each_with_its_path(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        [agency]
        timezone = "Europe/Yorkshire"
        nmae = "Our school"
        [reading]
        pages = 0
        [[watch]]
        settle_seconds = "soon"
        [[destination]]
        name = "Lines"
        kind = "csv_flie"
        """,
    )
    paths = sorted(line.partition(":")[0] for line in found)
    assert paths == [
        "agency.nmae",
        "agency.timezone",
        "destination[0].kind",
        "reading.pages",
        "watch[0].settle_seconds",
    ]


def test_an_unknown_key_lists_the_allowed_ones(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, '[agency]\nnmae = "Our school"\n')
    allowed = "name, recording_forms, reference_prefix, return_address, safeguarding_lead, timezone"
    assert f"allowed are {allowed}" in line


def test_a_destinations_own_problems_have_their_path_too(tmp_path: Path) -> None:
    found = problems(
        tmp_path, MAIL.replace('sender = "formflow@example.org"\n', "") + 'colour = "red"\n'
    )
    assert [line.partition(":")[0] for line in found] == [
        "destination[0].sender",
        "destination[0].colour",
    ]


def test_two_destinations_with_one_name_are_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, MAIL + MAIL)
    assert all("used twice" in line for line in found)
    assert len(found) == 2


def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    text = MAIL + 'username = "formflow"\npassword = "hunter2"\n'
    (line,) = problems(tmp_path, text)
    assert "destination[0].password" in line
    assert "env:NAME" in line
    assert "hunter2" not in line


def test_a_secret_is_fetched_from_the_environment_and_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "from the environment")
    (tmp_path / "secret").write_text("from a file\n", encoding="utf-8")
    (tmp_path / "secret").chmod(0o600)
    for where, secret in (
        ("env:MAIL_PASSWORD", "from the environment"),
        (f"file:{(tmp_path / 'secret').as_posix()}", "from a file"),
    ):
        now = load(tmp_path, MAIL + f'username = "formflow"\npassword = "{where}"\n')
        fetched = destinations.connector_settings(now.destination[0])
        assert fetched.password.get_secret_value() == secret  # type: ignore[attr-defined]
        assert secret not in repr(fetched)


@pytest.mark.skipif(sys.platform == "win32", reason="rights of POSIX")
@pytest.mark.parametrize("rights", [0o644, 0o602, 0o666])
def test_a_secret_file_that_everybody_may_read_or_change_is_refused_in_words(
    tmp_path: Path, rights: int
) -> None:
    secret = tmp_path / "a secret"
    secret.write_text("hunter2", encoding="utf-8")
    secret.chmod(rights)
    text = MAIL + f'username = "f"\npassword = "file:{secret}"\n'
    found = problems(tmp_path, text + f'[reading]\nform_password = "file:{secret}"\n')
    for line, key in zip(found, ("reading.form_password", "destination[0].password"), strict=True):
        assert line == (
            f"{key}: everybody on this computer may read or change that file; run chmod 600 '{secret}'"
        )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
def test_a_pipe_in_the_place_of_a_secret_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (line,) = problems(tmp_path, MAIL + f'username = "f"\npassword = "file:{tmp_path}/pipe"\n')
    assert line == "destination[0].password: the file it names was not found"


def test_a_secret_that_is_not_there_is_said(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, MAIL + 'username = "f"\npassword = "env:NO_SUCH_NAME"\n')
    assert "NO_SUCH_NAME is not set" in line


HOOK = """
[[destination]]
name = "Hook"
kind = "webhook"
url = "file:address"
secret = "env:HOOK_SECRET"
"""


def test_a_kind_looks_at_what_a_secret_says_and_not_at_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOOK_SECRET", "whsec_" + "QUJD" * 8)
    address = tmp_path / "address"
    address.write_text("https://hooks.school.example/x?sig=hidden", encoding="utf-8")
    address.chmod(0o600)
    assert load(tmp_path, HOOK).destination[0].own_settings["url"] == "file:address"
    address.write_text("http://hooks.school.example/x?sig=hidden", encoding="utf-8")
    (line,) = problems(tmp_path, HOOK)
    assert line.startswith("destination[0].url: is not encrypted")
    assert "hidden" not in line


def test_a_secret_that_this_person_may_not_read_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOOK_SECRET", "whsec_" + "QUJD" * 8)
    (tmp_path / "address").write_text("hidden", encoding="utf-8")
    (tmp_path / "address").chmod(0o600)

    def refuse(_: str) -> str:
        raise PermissionError

    monkeypatch.setattr(settings_file, "fetched", refuse)
    assert load(tmp_path, HOOK).destination[0].name == "Hook"


def test_folders_count_from_the_settings_file(tmp_path: Path) -> None:
    now = load(tmp_path, '[[watch]]\nfolder = "Drop here"\n')
    assert now.watch[0].folder == tmp_path / "Drop here"
    assert now.state.folder == tmp_path / "state"


def test_the_example_is_a_settings_file_with_every_standard_value(tmp_path: Path) -> None:
    assert load(tmp_path, example_settings.example()) == load(tmp_path, "")


@pytest.mark.parametrize("text", ["[agency", "= 3", "\x00"])
def test_a_file_that_is_no_toml_is_said(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsProblem, match="no settings file"):
        settings_file.load_settings(tmp_path / "nowhere.toml")


def test_receipts_returned_papers_and_alerts_are_always_on(tmp_path: Path) -> None:
    kinds = [destination.kind for destination in load(tmp_path, "").destinations()]
    assert kinds == ["alert_folder", "receipt_folder", "attention_folder", "decision_folder"]


def test_the_forms_password_never_stands_in_the_file(tmp_path: Path) -> None:
    found = problems(tmp_path, '[reading]\nform_password = "Sesame"\n')
    assert any(line.startswith("reading.form_password: a secret must not be") for line in found)
    assert not any("Sesame" in line for line in found)


def test_the_forms_password_is_fetched_from_where_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORMS_PASSWORD", "Sesame")
    now = load(tmp_path, '[reading]\nform_password = "env:FORMS_PASSWORD"\n')
    assert now.reading.password() == "Sesame"
    assert "Sesame" not in repr(now)


def test_a_calendar_that_leaves_no_day_open_or_runs_backwards_is_refused(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        [calendar]
        closed = [[2026-10-26, 2026-10-30], [2026-12-31, 2026-12-01], [2027-01-01, 2028-06-01]]
        """,
    )
    assert found == [
        "calendar.closed[1]: the last day is before the first",
        "calendar.closed[2]: leaves no working day in a year",
    ]


def test_a_ladder_that_names_nobody_is_refused(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        [[destination]]
        name = "Lines"
        kind = "csv_file"
        folder = "there"
        alerts_after_hours = 4
        [[destination]]
        name = "Deputy"
        kind = "email_alert"
        alerts_after_hours = 4
        host = "127.0.0.1"
        security = "none"
        sender = "formflow@example.org"
        """,
    )
    assert found == [
        "destination[0].alerts_after_hours: csv_file takes no alerts, so it names nobody",
        "destination[1].recipient: field required",
    ]


def test_fillpdf_without_being_installed_is_said(tmp_path: Path) -> None:
    if find_spec("fillpdf") is not None:
        pytest.skip("fillpdf is installed here")
    found = problems(tmp_path, '[sheets]\nfilled_by = "fillpdf"\n')
    assert found == [
        "sheets.filled_by: fillpdf is not installed; run “pip install formflow[fillpdf]”"
    ]


def test_one_statutory_guidance_or_several_may_be_named(tmp_path: Path) -> None:
    first, second = "Keeping Children Safe in Education 2026", "Working Together 2026"
    one = load(tmp_path, f'[services]\nstatutory_guidance = "{first}"')
    assert one.services.statutory_guidance == (first,)
    both = load(tmp_path, f'[services]\nstatutory_guidance = ["{first}", "{second}"]')
    assert both.services.statutory_guidance == (first, second)
    (found,) = problems(tmp_path, "[services]\nstatutory_guidance = []")
    assert found.startswith("services.statutory_guidance:")


def test_the_ages_of_a_model_are_the_youngest_and_then_the_oldest(tmp_path: Path) -> None:
    services = load(tmp_path, "[services]\nassessment_ages = [10, 17]").services
    assert services.assessment_ages == (10, 17)
    words = services.words
    assert (words["assessment_youngest"], words["assessment_oldest"]) == ("10", "17")
    assert load(tmp_path, "[services]\nassessment_ages = [18, 18]").services.assessment_ages
    for ages in ("[18, 12]", "[-1, 12]", "[12]", "12"):
        (found, *_) = problems(tmp_path, f"[services]\nassessment_ages = {ages}")
        assert found.startswith("services.assessment_ages")


@pytest.mark.parametrize(
    ("light", "outcome", "hours"),
    [
        (Light.RED, Outcome.RECORDED, 1),
        (Light.AMBER_OR_RED, Outcome.RECORDED, 1),
        (None, Outcome.UNREADABLE, 1),
        (Light.UNDETERMINED, Outcome.HELD, 1),
        (Light.UNDETERMINED, Outcome.RECORDED, 2),
        (Light.AMBER, Outcome.RECORDED, 3),
        (Light.GREEN, Outcome.RETURNED, 3),
    ],
)
def test_the_settings_say_by_when_the_safeguarding_lead_should_have_looked(
    tmp_path: Path, light: Light | None, outcome: Outcome, hours: int
) -> None:
    within = "red_within_hours = 1\nunclear_within_hours = 2\nother_within_hours = 3"
    settings = load(tmp_path, f"[alerts]\n{within}")
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    entry = Entry(
        reference="FF-2026-000001",
        revision=1,
        outcome=outcome,
        received_at=at,
        recorded_at=at,
        sha256="ab",
        form_id=None,
        form_version=None,
        child_reference=None,
        supersedes=None,
        highest_light=light,
    )
    assert Occasion(entry, None, settings, Enclosed(None)).respond_by == at + timedelta(hours=hours)


LOG = """
[[destination]]
name = "Log"
kind = "csv_file"
file = "log.csv"
reference_column = "FF ref"
[destination.columns]
"""


@pytest.mark.parametrize(
    ("column", "problem"),
    [
        ('"Date" = "{inciden_at}"', "“Date”: there is no field “inciden_at”; did you mean “incident_at”"),
        ('"Date" = "{review.levl}"', "“Date”: there is no field “review.levl”; did you mean “review.level”"),
        ('"Date" = "{xyzzy}"', "“Date”: there is no field “xyzzy”; see docs/connectors/fields.md"),
        ('"Date" = "{child_a_name:%d}"', "“Date”: “child_a_name” is no date"),
        ('"Date" = "{incident_at:%d"', "column “Date” has a brace too many"),
        ('"L" = { field = "level", values = { read = "3" } }', "“L”: “level” never is “read”; it is one of red"),
        ('"FF ref" = "{reference}"', "destination[0]: the reference_column is filled by itself"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_field_map_is_said_with_its_column(
    tmp_path: Path, column: str, problem: str
) -> None:
    (found,) = problems(tmp_path, LOG + column)
    assert found.startswith("destination[0]")
    assert problem in found


def test_a_field_map_may_name_every_field_of_the_list(tmp_path: Path) -> None:
    table = "".join(f'"{name}" = "{{{name}}}"\n' for name in field_names.known_fields())
    (destination,) = load(tmp_path, LOG + table).destination
    own = destinations.connector_settings(destination)
    assert len(getattr(own, "columns").headings) > 500  # noqa: B009 - of this kind alone
    assert getattr(own, "file") == tmp_path / "log.csv"  # noqa: B009
