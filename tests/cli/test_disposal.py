"""`formflow retention --dispose`: what FormFlow holds of a case goes for good, the tombstone stays, and nothing brings it back unnoticed."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from formflow.admin.settings_file import load_settings
from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from formflow.pipeline import service
from formflow.pipeline.tombstones import AMONG_ALERTS, BESIDE_BACKUPS
from formflow.storage import backups, database, disposals, disposing
from formflow.storage.originals import Vault
from formflow.storage.owners import Owner
from tests.stories.test_decisions import HER_NAME
from tests.support import worker
from tests.support.desk import Desk, filled
from tests.support.offices import QUICK, agency, drop, formflow, settled_at_once
from tests.support.papers import BLANK
from tests.support.systems import KILLED

ONE, TWO, THREE, FOUR = (f"FF-2026-00000{number}" for number in (1, 2, 3, 4))
GONE, STAYS = ("Quentin Canary", "Xylograph"), "Kim Stays"
BORN = {"child_a_dob": "28/02/2012"}
FORM = {"child_a_name": GONE[0], "type_text": f"{GONE[1]}.", **BORN}
FILE_NAME = f"{GONE[0]}.pdf"
DONE_WITH = ("--reason", "Its time has come", "--by", "A. Head", "--and", "B. Lead", "--yes")
YEARS = (("harmful_years = 75", "harmful_years = 6"), ("years = 25", "years = 6"))


def close(settings: Settings, reference: str) -> None:
    """End a case, with a reason for each step that is still open."""
    asked = formflow(settings, "case", "close", reference, "--reason", "Done.").stderr
    steps = dict.fromkeys(re.findall(r"--reason-for (\S+)", asked))
    reasons = [word for step in steps for word in ("--reason-for", step, "Not needed.")]
    closed = formflow(settings, "case", "close", reference, "--reason", "Done.", *reasons)
    assert closed.returncode == ExitCode.DONE, closed.stderr
    formflow(settings, "run", "--once")  # destinations with a row of it are told


def review_sheet(settings: Settings, reference: str) -> Path:
    """The newest review sheet of a case that lies to be filled in."""
    sheets = (one for one in settings.folders.to_decide.rglob("*F2*.pdf") if reference in str(one))
    return max(sheets, key=lambda one: one.stat().st_mtime_ns)


def decides(desk: Desk, reference: str) -> None:
    """She decides a case as healthy."""
    sheet = review_sheet(desk.office, reference)
    desk.fills_in("F2", sheet, level="healthy", level_reason="Play.", lower_reason="Play.", **HER_NAME)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An agency with a closed case, one of another child, a backup of both, and no service."""
    settings = agency(tmp_path_factory.mktemp("disposal") / "agency", (*QUICK, *YEARS))
    root, desk = settings.state.folder.parent, Desk(settings)
    desk.takes(filled(BLANK, FORM), FILE_NAME)
    desk.takes(filled(BLANK, BORN | {"child_a_name": STAYS, "type_text": "Ran."}), "other.pdf")
    decides(desk, ONE)
    worker.close()
    close(settings, ONE)
    (root / "backups").mkdir()
    assert formflow(settings, "backup", str(root / "backups")).returncode == ExitCode.DONE
    return root


@pytest.fixture
def it(made: Path, tmp_path: Path) -> Iterator[Settings]:
    """A copy of that agency."""
    root = shutil.copytree(made, tmp_path / "agency")
    settings = settled_at_once(load_settings(root / "formflow.toml"))
    (settings.state.folder / backups.FOLDERS).write_text(json.dumps([str(root / "backups")]))
    yield settings
    worker.close()


def dispose(it: Settings, *more: str, crash_at: str | None = None) -> CompletedProcess[str]:
    return formflow(it, "retention", "--dispose", ONE, *(more or DONE_WITH), crash_at=crash_at)


def holding(folder: Path, *words: str) -> list[str]:
    """Return the files that hold any of some words, or are called so."""
    wanted = [one.encode() for word in words for one in (word, word.casefold())]
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(
        path.relative_to(folder).as_posix()
        for path in files
        if any(one in path.read_bytes() or one in path.name.encode() for one in wanted)
    )


def is_sound(it: Settings) -> bool:
    return formflow(it, "verify").returncode == ExitCode.DONE


def tombstone(it: Settings) -> disposals.Tombstone | None:
    with database.looking(it.state.folder) as connection:
        return disposals.one(connection, ONE)


def change(it: Settings, *statements: str, kept: Path | None = None) -> None:
    """Change the ledger behind FormFlow's back. `kept` is a copy of it that statements may take from."""
    with closing(sqlite3.connect(it.state.folder / "ledger.sqlite")) as opened:
        opened.execute("ATTACH ? AS kept", (str(kept or ":memory:"),))
        for statement in statements:
            opened.execute(statement, {"one": ONE, "two": TWO, "drop": str(it.watch[0].folder)})
        opened.commit()


def verified(it: Settings) -> str:
    """What `formflow verify` says where something is wrong."""
    ended = formflow(it, "verify")
    assert ended.returncode == ExitCode.INTEGRITY, ended.stdout
    return ended.stdout


# What goes, and what stays


def test_what_formflow_holds_of_a_case_is_gone_and_everything_else_is_there(it: Settings) -> None:
    assert holding(it.state.folder, *GONE)  # else nothing could be seen to go
    vault = Vault(it.state.folder / "originals")
    done = dispose(it)
    assert done.returncode == ExitCode.WAITING, done.stderr
    assert holding(it.state.folder, *GONE) == []
    own = [it.folders.alerts, it.folders.to_decide, it.folders.receipts, it.folders.needs_attention]
    assert [found for folder in own for found in holding(folder, *GONE, ONE)] == [AMONG_ALERTS]
    assert holding(it.folders.dsl_register, *GONE) == []
    assert holding(it.folders.dsl_register, ONE) == [f"Disposed of {ONE}.html"]
    assert f"cases/{TWO}.html" in holding(it.folders.dsl_register, STAYS)
    gone = tombstone(it)
    assert gone is not None
    assert [paper.name for paper in gone.papers] == [f"{ONE} r1", f"{ONE}-F2 r1"]
    assert not any(vault.path(one).exists() for one in gone.kept)
    assert is_sound(it)
    assert formflow(it, "show", TWO).returncode == ExitCode.DONE
    assert formflow(it, "backup", str(it.state.folder.with_name("backups"))).returncode == 0


def test_the_register_is_drawn_again_though_its_start_page_says_nothing_of_the_case(
    it: Settings,
) -> None:
    pages = it.folders.dsl_register
    formflow(it, "register")
    (pages / "Today.html").write_text("<p>Nothing.</p>", "utf-8")
    assert dispose(it).returncode == ExitCode.WAITING
    assert STAYS in (pages / "Cases.html").read_text("utf-8")
    assert holding(pages, *GONE) == []
    assert holding(it.state.folder, *GONE) == []


def test_people_are_told_what_they_have_to_delete_and_which_backups_hold_it(it: Settings) -> None:
    (it.folders.alerts / "Seen" / "a day.html").write_text(f"<p>{ONE}, {TWO}</p>", "utf-8")
    told = dispose(it).stdout
    page = (it.folders.dsl_register / f"Disposed of {ONE}.html").read_text("utf-8")
    for where in (f"{ONE} r1 original.pdf", "FormFlow register.xlsx", "Record lines"):
        assert where in told
        assert where in page
    assert "a day.html" in page
    (backup,) = backups.names(it.state.folder.with_name("backups"))
    again = formflow(it, "retention", ONE).stdout
    for said in (told, again):
        assert "A. Head and B. Lead: Its time has come" in said
        assert f"{Path('backups', backup)} (backup)" in said
        assert "(original)" in said


def test_the_audit_trail_says_who_and_why_and_still_has_all_that_happened(it: Settings) -> None:
    before = formflow(it, "audit", ONE).stdout.splitlines()
    dispose(it)
    after = formflow(it, "audit", ONE).stdout.splitlines()
    assert len(after) == len(before) + 1
    assert "Disposed of (2 papers, by A. Head and B. Lead: Its time has come)" in after[-1]


def test_its_number_is_never_given_again(it: Settings) -> None:
    for reference in (ONE, TWO):  # else the next number would hang on the rows that are left
        if reference == TWO:
            desk = Desk(it)
            decides(desk, TWO)
            worker.close()
            close(it, TWO)
        done = formflow(it, "retention", "--dispose", reference, *DONE_WITH)
        assert done.returncode == ExitCode.WAITING, done.stderr
    drop(it, "green-free-play-pdfjs")
    formflow(it, "run", "--once")
    assert formflow(it, "show", THREE).returncode == ExitCode.DONE
    assert is_sound(it)


def test_a_child_of_another_case_stays(it: Settings) -> None:
    desk = Desk(it)
    desk.takes(filled(BLANK, FORM | {"incident_at": "2/3/2026"}), "later.pdf")
    decides(desk, THREE)
    worker.close()
    close(it, THREE)
    done = formflow(it, "retention", "--dispose", THREE, *DONE_WITH)
    assert done.returncode == ExitCode.WAITING, done.stderr
    assert "children in no other case" not in done.stderr
    assert formflow(it, "show", ONE).returncode == ExitCode.DONE
    assert holding(it.folders.dsl_register / "cases", THREE) == []
    assert is_sound(it)


def test_an_original_that_another_record_needs_stays(it: Settings) -> None:
    with database.looking(it.state.folder) as connection:
        held = disposing.contents(connection, ONE)
    assert held is not None
    vault = Vault(it.state.folder / "originals")
    original = vault.path(held.papers[0].sha256)
    shutil.copyfile(original, it.watch[1].folder / "again.pdf")  # hers: a record of its own
    formflow(it, "run", "--once")
    decides(Desk(it), THREE)
    worker.close()
    close(it, THREE)
    done = formflow(it, "retention", "--dispose", THREE, *DONE_WITH)
    assert done.returncode == ExitCode.WAITING, done.stderr
    assert original.exists()
    assert is_sound(it)


def test_what_was_sent_about_a_child_who_is_near_is_forgotten_too(it: Settings) -> None:
    near = FORM | {"child_a_name": "Quentin Canery", "type_text": "Ran."}
    Desk(it).takes(filled(BLANK, near), "near.pdf")
    worker.close()
    alert = next(it.folders.alerts.glob(f"*{THREE}*"))
    assert GONE[0] in alert.read_text("utf-8")  # for her to see whether it is the same child
    assert dispose(it).returncode == ExitCode.WAITING
    assert holding(it.state.folder, *GONE) == []
    page = (it.folders.dsl_register / f"Disposed of {ONE}.html").read_text("utf-8")
    assert alert.name in page
    assert holding(it.folders.dsl_register, *GONE) == []
    assert is_sound(it)


# What is refused


def is_refused(it: Settings, why: str, *arguments: str) -> None:
    before = sorted(path for path in it.state.folder.parent.rglob("*"))
    done = dispose(it, *arguments)
    assert done.returncode == ExitCode.USAGE
    assert why in done.stderr
    assert "Nothing has been changed." in done.stderr
    assert tombstone(it) is None
    assert sorted(path for path in it.state.folder.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("reason", "by", "and_by", "why"),
    [
        ("Time", "A. Head", "a.  head", "two people"),
        ("Time", "A. Head", "", "two people"),
        ("", "A. Head", "B. Lead", "it needs a reason"),
        ("quentin is 25", "A. Head", "B. Lead", "a child’s name"),
        ("Time\nhas come", "A. Head", "B. Lead", "in one line"),
    ],
)
def test_two_people_and_a_reason_without_a_name_are_needed(
    it: Settings, reason: str, by: str, and_by: str, why: str
) -> None:
    is_refused(it, why, "--reason", reason, "--by", by, "--and", and_by, "--yes")


def test_an_open_case_is_kept(it: Settings) -> None:
    formflow(it, "case", "reopen", ONE, "--reason", "More came.")
    formflow(it, "run", "--once")
    is_refused(it, "steps of the guidance are open")


def test_a_case_on_hold_is_kept(it: Settings) -> None:
    file = it.state.folder.parent / "formflow.toml"
    file.write_text(file.read_text("utf-8").replace("hold = []", f'hold = ["{ONE}"]'), "utf-8")
    is_refused(it, "it is on hold")


def test_a_case_whose_child_has_a_later_paper_is_kept(it: Settings) -> None:
    Desk(it).takes(filled(BLANK, FORM | {"incident_at": "2/3/2026"}), "later.pdf")
    worker.close()
    is_refused(it, f"there is a later paper about the same child ({THREE})")


def test_a_case_is_kept_while_something_is_still_to_be_done_for_it(it: Settings) -> None:
    change(it, "UPDATE task SET state = 0 WHERE kind = 'deliver' AND ref_id = 1")
    is_refused(it, "something is still to be done for it")


def test_a_case_is_kept_while_its_file_lies_in_a_watched_folder(it: Settings) -> None:
    folder = it.watch[0].folder
    change(it, "UPDATE arrival SET folder = :drop")
    (folder / FILE_NAME).write_bytes(b"x")
    is_refused(it, f"a file that came for it still lies in “{folder.name}”")


def test_a_case_that_is_not_there_is_said(it: Settings) -> None:
    done = formflow(it, "retention", "--dispose", FOUR, *DONE_WITH)
    assert (done.returncode, f"There is no case {FOUR}" in done.stderr) == (ExitCode.USAGE, True)
    assert formflow(it, "retention", ONE, *DONE_WITH).returncode == ExitCode.USAGE
    assert formflow(it, "retention", ONE, "--dispose", ONE).returncode == ExitCode.USAGE


def test_it_waits_for_a_service_and_for_a_backup(it: Settings) -> None:
    with service.alone(it):
        assert dispose(it).returncode == ExitCode.ALREADY_RUNNING
    with Owner(it.state.folder / "locks"):
        assert dispose(it).returncode == ExitCode.ALREADY_RUNNING
    assert tombstone(it) is None


def test_nothing_is_taken_out_of_a_ledger_that_is_damaged(it: Settings) -> None:
    change(it, "UPDATE entry SET answers = '{}' WHERE reference = :two")
    assert dispose(it).returncode == ExitCode.INTEGRITY
    assert tombstone(it) is None


def test_nobody_who_is_asked_and_says_nothing_disposes_of_anything(it: Settings) -> None:
    dispose(it, *DONE_WITH[:-1])  # there is nobody at this terminal
    assert tombstone(it) is None


# Somebody who makes a record disappear is found, with or without a tombstone


def test_an_entry_that_somebody_blanks_or_takes_out_is_found(it: Settings) -> None:
    change(it, "UPDATE entry SET answers = '{}' WHERE reference = :two")
    assert f"{TWO} r1 is not as it was written." in verified(it)
    change(it, "DELETE FROM entry WHERE reference = :two")
    assert f"{TWO} r1 is in the audit trail" in verified(it)


def test_a_tombstone_that_somebody_writes_excuses_nothing(it: Settings) -> None:
    dispose(it)
    change(
        it,
        "INSERT INTO disposal SELECT :two, at, reason, who, and_who, replace(papers, :one, :two), kept, seal, NULL"
        " FROM disposal",
        "DELETE FROM entry WHERE reference = :two",
    )
    said = verified(it)
    assert f"That {TWO} was disposed of is not as it was written" in said
    assert f"{TWO} r1 is in the audit trail" in said
    assert f"{ONE} r1" not in said


def test_a_tombstone_that_is_changed_or_taken_out_is_found(it: Settings) -> None:
    dispose(it)
    change(it, "UPDATE disposal SET reason = 'another'")
    assert f"That {ONE} was disposed of is not as it was written" in verified(it)
    change(it, "DELETE FROM disposal")
    said = verified(it)
    assert f"{ONE} was disposed of by the audit trail" in said
    assert f"{ONE} r1 is in the audit trail" in said


def test_an_entry_that_somebody_puts_back_is_found(it: Settings) -> None:
    kept = it.state.folder.with_name("kept.sqlite")
    shutil.copyfile(it.state.folder / "ledger.sqlite", kept)
    dispose(it)
    change(
        it,
        "INSERT INTO paper SELECT * FROM kept.paper WHERE id = (SELECT paper_id FROM kept.entry WHERE reference = :one)",
        "INSERT INTO child SELECT * FROM kept.child WHERE id = (SELECT child_id FROM kept.entry WHERE reference = :one)",
        "INSERT INTO entry SELECT * FROM kept.entry WHERE reference = :one",
        kept=kept,
    )
    assert f"{ONE} r1 was disposed of and is in the ledger again." in verified(it)


# The same paper once more


def test_the_same_paper_is_a_new_record_and_she_is_told(it: Settings) -> None:
    dispose(it)
    gone = tombstone(it)
    assert gone is not None
    kept = Vault(it.state.folder.with_name("backups") / "originals")
    shutil.copyfile(kept.path(gone.papers[0].sha256), it.watch[0].folder / FILE_NAME)
    formflow(it, "run", "--once")
    shown = formflow(it, "show", THREE).stdout
    assert "FF-613" in shown
    assert f"as {ONE}, and was disposed of on" in shown
    alert = next(it.folders.alerts.glob(f"*{THREE}*.html")).read_text("utf-8")
    assert "FF-613" in alert
    for folder in (it.folders.receipts, it.folders.needs_attention):
        assert "FF-613" not in "".join(
            one.read_text("utf-8") for one in folder.glob(f"*{THREE}*") if one.suffix != ".pdf"
        )
    assert is_sound(it)


# A kill at any moment


@pytest.mark.parametrize("point", ["disposal.before-commit"])
def test_a_kill_before_the_ledger_has_it_changes_nothing(it: Settings, point: str) -> None:
    before = holding(it.state.folder, *GONE)
    assert dispose(it, crash_at=point).returncode == KILLED
    assert formflow(it, "run", "--once").returncode in (ExitCode.DONE, ExitCode.WAITING)
    assert tombstone(it) is None
    assert holding(it.state.folder, *GONE) == before
    assert formflow(it, "show", ONE).returncode == ExitCode.DONE
    assert is_sound(it)


@pytest.mark.parametrize(
    "point", ["disposal.after-commit", "disposal.originals-gone", "disposal.before-scrub"]
)
def test_a_kill_behind_that_is_gone_on_from_at_the_next_start(it: Settings, point: str) -> None:
    assert dispose(it, crash_at=point).returncode == KILLED
    formflow(it, "run", "--once")
    assert holding(it.state.folder, *GONE) == []
    assert holding(it.folders.dsl_register, *GONE) == []
    page = (it.folders.dsl_register / f"Disposed of {ONE}.html").read_text("utf-8")
    assert f"{ONE} r1 original.pdf" in page
    assert (it.folders.alerts / AMONG_ALERTS).exists()
    assert is_sound(it)


def test_while_a_share_is_away_nothing_goes(it: Settings) -> None:
    it.folders.receipts.rename(it.folders.receipts.with_name("away"))
    it.folders.receipts.mkdir()
    done = dispose(it)
    assert done.returncode == ExitCode.STORAGE
    assert "out of reach. Nothing has been changed" in done.stderr
    assert tombstone(it) is None


def test_what_a_share_that_went_away_holds_goes_when_it_is_back(it: Settings) -> None:
    assert dispose(it, crash_at="disposal.after-commit").returncode == KILLED
    away = it.folders.receipts.rename(it.folders.receipts.with_name("away"))
    it.folders.receipts.mkdir()
    formflow(it, "run", "--once")
    assert (
        f"Files of these are still there, until FormFlow starts: {ONE}."
        in formflow(it, "verify").stdout
    )
    shutil.rmtree(it.folders.receipts)
    away.rename(it.folders.receipts)
    formflow(it, "run", "--once")
    assert holding(it.folders.receipts, ONE) == []
    assert holding(it.state.folder, *GONE) == []


# Backups


def restored(it: Settings) -> CompletedProcess[str]:
    """The computer is lost, and the backup from before the disposal put back."""
    shutil.rmtree(it.state.folder)
    folder = it.state.folder.with_name("backups")
    return formflow(it, "restore", str(folder), "--backup", backups.names(folder)[-1])


def test_an_older_backup_does_not_bring_it_back(it: Settings) -> None:
    dispose(it)
    done = restored(it)
    assert f"Disposed of since the backup, so taken out again: {ONE}." in done.stderr
    assert "recorded again" not in done.stderr  # from the child files, where it still lies
    assert done.returncode == ExitCode.DONE, done.stderr
    assert formflow(it, "show", ONE).returncode == ExitCode.USAGE
    assert formflow(it, "show", TWO).returncode == ExitCode.DONE
    assert holding(it.state.folder, *GONE) == []
    formflow(it, "run", "--once")
    assert holding(it.folders.dsl_register, *GONE) == []
    assert is_sound(it)
    gone = tombstone(it)
    assert gone is not None
    assert (gone.who, gone.and_who) == ("A. Head", "B. Lead")


@pytest.mark.parametrize("where", ["alerts", "backups"])
def test_either_list_will_do(it: Settings, where: str) -> None:
    dispose(it)
    beside = it.state.folder.with_name("backups") / BESIDE_BACKUPS
    (beside if where == "alerts" else it.folders.alerts / AMONG_ALERTS).unlink()
    assert f"taken out again: {ONE}." in restored(it).stderr


def test_a_restore_says_where_it_cannot_know(it: Settings) -> None:
    dispose(it)
    (it.state.folder.with_name("backups") / BESIDE_BACKUPS).unlink()
    for hidden in it.folders.alerts.glob(".formflow-*"):
        hidden.unlink()
    done = restored(it)
    assert "cannot be told" in done.stderr
    assert done.returncode == ExitCode.WAITING


def test_a_list_that_formflow_has_not_written_takes_nothing_out(it: Settings) -> None:
    dispose(it)
    for path in (it.folders.alerts / AMONG_ALERTS, it.state.folder.with_name("backups") / BESIDE_BACKUPS):  # fmt: skip
        path.write_text(path.read_text("utf-8").replace("Its time", "My time"), "utf-8")
    done = restored(it)
    assert done.returncode == ExitCode.WAITING
    assert "is not as FormFlow wrote it" in done.stderr
    assert "taken out again" not in done.stderr
    assert formflow(it, "show", ONE).returncode == ExitCode.DONE


def test_an_older_state_folder_does_not_bring_it_back(it: Settings) -> None:
    before = shutil.copytree(it.state.folder, it.state.folder.with_name("before"))
    dispose(it)
    shutil.rmtree(it.state.folder)
    before.rename(it.state.folder)
    formflow(it, "run", "--once")
    assert holding(it.state.folder, *GONE) == []
    assert holding(it.folders.dsl_register, *GONE) == []
    told = "".join(one.read_text("utf-8") for one in it.folders.alerts.glob("*LEDGER*.html"))
    assert "FF-614" in told
    assert ONE in told
    assert is_sound(it)


def test_a_backup_that_holds_other_papers_under_its_number_is_left_alone(it: Settings) -> None:
    before = shutil.copytree(it.state.folder, it.state.folder.with_name("before"))
    sheet = review_sheet(it, ONE)
    more = filled(sheet, {"level": "healthy", "level_reason": "Still play.", **HER_NAME})
    dispose(it)
    hidden = it.folders.alerts / AMONG_ALERTS
    hidden.rename(it.state.folder.with_name("hidden"))
    shutil.rmtree(it.state.folder)
    before.rename(it.state.folder)
    (it.watch[1].folder / "more.pdf").write_bytes(more)
    formflow(it, "run", "--once")
    folder = it.state.folder.with_name("backups")
    formflow(it, "backup", str(folder))
    it.state.folder.with_name("hidden").rename(hidden)
    it.state.folder.rename(it.state.folder.with_name("lost"))
    done = formflow(it, "restore", str(folder))
    assert (
        f"{ONE} was disposed of after this backup, but the backup holds other papers" in done.stderr
    )
    assert done.returncode == ExitCode.WAITING
    assert formflow(it, "show", ONE).returncode == ExitCode.DONE
