"""`formflow read`, `show`, `explain`, `status`: commands that look and change nothing but the audit trail."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from formflow.admin.settings_file import load_settings
from formflow.admin.status import as_text, backup_in_words, exit_code, overview
from formflow.admin.status_json import as_json as status_json
from formflow.cli.output import calls, emit, notice_json, proposal_json, say, table
from formflow.cli.output import explain as explained
from formflow.core.account import by_command
from formflow.core.clock import utc_now
from formflow.core.dates import local_day, local_time
from formflow.core.errors import ExitCode, LedgerDamaged
from formflow.core.limits import Limits
from formflow.core.messages import notice
from formflow.core.model import CaseState, Checked, Entry, History, Proposal, Unread
from formflow.core.references import typed
from formflow.core.settings import Settings
from formflow.core.wording import (
    CAME_FROM,
    CASE_STATE_WORDS,
    LIGHT_WORDS,
    OUTCOME_WORDS,
    moment_in_words,
)
from formflow.delivery.parcels import named_answers
from formflow.forms.catalogue import Form, with_addenda
from formflow.pipeline.context import open_cage
from formflow.pipeline.gate import tail_gate
from formflow.reading.manifest_builder import known_forms
from formflow.rules.case.case import Case
from formflow.rules.checks import check
from formflow.rules.light import urgency
from formflow.rules.light.propose import decide
from formflow.storage import database, soundness, views
from formflow.storage.audit_trail import AuditEvent, Happened
from formflow.storage.entries import case, revisions

as_json = click.option("--json", "as_json", is_flag=True, help="For another program to read.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@as_json
@click.pass_obj
def read(settings_file: Path, file: Path, as_json: bool) -> int:
    """Show what FormFlow reads in FILE and would propose. Records nothing and tells nobody."""
    settings = load_settings(settings_file) if settings_file.is_file() else Settings()
    known, limits = known_forms(settings.folders.forms), Limits()
    gate = tail_gate(file, largest=limits.file_mb << 20)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
    if gate.code:
        result: Checked | Unread = Unread(sha256, gate.code, 0, gate.words)
    else:
        result = _checked(settings, known, file)
    proposal = None
    if isinstance(result, Checked):
        on = local_day(utc_now(), settings.zone)
        proposal = decide(result.facts, History(), on, settings.rules.ages)
    answer = _read_json(file, sha256, result, proposal)
    if as_json:
        emit(answer)
    else:
        _tell_read(answer, proposal, known)
    held = isinstance(result, Unread) or bool(answer["held"])
    return ExitCode.WAITING if held else ExitCode.DONE


def _checked(settings: Settings, known: Sequence[Form], file: Path) -> Checked | Unread:
    with open_cage(settings, known) as cage:
        found = cage.read(file)
    if isinstance(found, Unread):
        return found
    form = next(f for f in known if (f.form_id, f.version) == (found.form_id, found.form_version))
    years = settings.rules.similar_age_years
    now, zone = utc_now(), settings.zone
    return check(
        found,
        form,
        local_day(now, zone),
        time_of_day=local_time(now, zone),
        similar_age_years=years,
    )


def _read_json(
    file: Path, sha256: str, result: Checked | Unread, proposal: Proposal | None
) -> dict[str, Any]:
    if isinstance(result, Unread):
        found = notice(result.reason, words=result.words)
        return {
            "file": str(file),
            "sha256": sha256,
            "outcome": "unread",
            "reason": result.reason,
            "form": None,
            "via": None,
            "confirm": False,
            "carries": list(result.carries),
            "held": [],
            "answers": {},
            "notices": [notice_json(found)],
            "proposal": None,
        }
    reading = result.reading
    return {
        "file": str(file),
        "sha256": sha256,
        "outcome": "read",
        "reason": None,
        "form": {"id": reading.form_id, "version": reading.form_version},
        "via": reading.via,
        "confirm": reading.confirm,
        "carries": list(reading.carries),
        "held": [found.code for found in result.notices if found.holds],
        "answers": {
            name: {"value": answer.value, "raw": answer.raw, "state": answer.state}
            for name, answer in reading.answers.items()
        },
        "notices": [notice_json(found) for found in result.notices],
        "proposal": proposal_json(proposal),
    }


def _tell_read(answer: dict[str, Any], proposal: Proposal | None, known: Sequence[Form]) -> None:
    if answer["outcome"] == "read":
        given = {n: a["value"] for n, a in answer["answers"].items() if a["state"] == "given"}
        click.echo(
            f"{answer['form']['id']} version {answer['form']['version']}, {len(given)} answers"
        )
        click.echo(
            table([(name, str(value).replace("\n", " / ")) for name, value in given.items()])
        )
    for found in answer["notices"]:
        click.echo(f"! {found['text']} ({found['code']})")
    if answer["outcome"] == "read":
        form = next((f for f in known if f.form_id == answer["form"]["id"]), None)
        click.echo(explained(proposal, form))


@click.command()
@click.argument("reference", type=typed)
@as_json
@click.pass_obj
def show(settings_file: Path, reference: str, as_json: bool) -> int:
    """Show the record REFERENCE with all its revisions."""
    settings = load_settings(settings_file)
    entries = _entries(settings, reference, "show")
    if not entries:
        return _unknown(reference)
    if as_json:
        state = _state_json(_case(settings, reference))
        emit([_entry_json(entry) | state for entry in entries])
        return ExitCode.DONE
    for entry in entries:
        click.echo(_entry_text(entry, settings))
    known = _case(settings, reference)
    click.echo("\n".join(_changes_in_words(known, settings)), nl=bool(known and known.changes))
    together = known.together if known else None
    if together is not None:
        click.echo(f"With the review sheet: {LIGHT_WORDS[together.light][1]}")
    return ExitCode.DONE


@click.command()
@click.argument("reference", type=typed)
@as_json
@click.pass_obj
def explain(settings_file: Path, reference: str, as_json: bool) -> int:
    """Show every finding of REFERENCE with the line of guidance it came from."""
    settings = load_settings(settings_file)
    entries = _entries(settings, reference, "explain")
    if not entries:
        return _unknown(reference)
    if as_json:
        emit(proposal_json(entries[-1].proposal))
        return ExitCode.DONE
    for entry in entries:
        click.echo(f"{reference} revision {entry.revision}")
        click.echo(explained(entry.proposal, _form_of(entry, settings)))
    known = _case(settings, reference)
    click.echo("\n".join(_changes_in_words(known, settings)), nl=bool(known and known.changes))
    together = known.together if known else None
    if together is not None:
        click.echo(f"{reference} with the review sheet")
        click.echo(explained(together, _form_of(entries[-1], settings)))
    return ExitCode.DONE


@click.command()
@as_json
@click.pass_obj
def status(settings_file: Path, as_json: bool) -> int:
    """Show what waits for a person, what waits for a destination, and whether all is well."""
    settings = load_settings(settings_file)
    with database.misread_is_damage(settings.state.folder):
        view, now = overview(settings), utc_now()
        if as_json:
            emit(status_json(view, settings, now))
        else:
            lines = [as_text(view, settings), *backup_in_words(view, settings, now)]
            click.echo("\n".join(lines))
        return exit_code(view, settings, now)


def status_text(settings: Settings) -> str:
    """Return what `formflow status` says."""
    return as_text(overview(settings), settings)


def _entries(settings: Settings, reference: str, command: str) -> list[Entry]:
    """Return the revisions of a record that is to be shown, and note for the audit trail that it was."""
    state = settings.state.folder
    with database.looking(state) as connection:
        found = revisions(connection, reference)
        if not found and not soundness.is_sound(connection):
            raise LedgerDamaged  # that there is no such record would be a guess
    if found:
        try:
            views.put(state, by_command(command), Happened(AuditEvent.VIEWED, reference), utc_now())
        except OSError:
            say("That you looked at this record could not be noted for the audit trail.")
    return found


def _case(settings: Settings, reference: str) -> Case | None:
    """Return the case of a record, None for a sheet."""
    with database.looking(settings.state.folder) as connection:
        return case(connection, reference, settings.zone)


def _changes_in_words(known: Case | None, settings: Settings) -> Iterator[str]:
    """Yield when a case was closed or reopened, by whom and why, first to last."""
    for one in known.changes if known else ():
        words = CASE_STATE_WORDS[one.state] if one.state is not CaseState.OPEN else "Reopened"
        of = f" of {one.duplicate_of}" if one.duplicate_of else ""
        when = moment_in_words(one.at, settings.zone)
        yield f"{words}{of}, {when}, by {one.who}: {one.reason}"
        yield from (f"  {step} left open: {why}" for step, why in one.reasons.items())


def _form_of(entry: Entry, settings: Settings) -> Form | None:
    about = (entry.form_id, entry.form_version)
    known = with_addenda(known_forms(settings.folders.forms))
    return next((form for form in known if (form.form_id, form.version) == about), None)


def _unknown(reference: str) -> int:
    say(f"There is no record {reference}. “formflow status” lists those that are waiting.")
    return ExitCode.USAGE


def _entry_text(entry: Entry, settings: Settings) -> str:
    form = _form_of(entry, settings)
    light = LIGHT_WORDS[entry.proposal.light][1] if entry.proposal else "nothing suggested"
    received = moment_in_words(entry.received_at, settings.zone)
    rows = [
        ("reference", f"{entry.reference} revision {entry.revision}"),
        ("outcome", OUTCOME_WORDS[entry.outcome]),
        ("suggested", light),
        ("received", f"{received}, {CAME_FROM[entry.role]}"),
        ("child", entry.child_reference or "not known"),
    ]
    answers = [(answer.label, answer.text) for answer in named_answers(entry, form) if answer.text]
    why = urgency.reasons(entry)
    notices = [f"{calls(found)}: {found.text} ({found.code})" for found in why]
    notices += [f"! {found.text} ({found.code})" for found in entry.notices if found not in why]
    return "\n".join([table(rows), *notices, "", table(answers), ""])


def _state_json(known: Case | None) -> dict[str, Any]:
    """Return whether a case is open now, {} for a sheet."""
    if known is None:
        return {}
    last = known.changes[-1] if known.changes else None
    return {
        "case_state": known.state,
        "case_state_at": last.at.isoformat() if last else None,
        "case_state_reason": last.reason if last else None,
        "duplicate_of": last.duplicate_of if last else None,
    }


def _entry_json(entry: Entry) -> dict[str, Any]:
    return {
        "reference": entry.reference,
        "revision": entry.revision,
        "outcome": entry.outcome,
        "received_at": entry.received_at.isoformat(),
        "role": entry.role,
        "recorded_at": entry.recorded_at.isoformat(),
        "sha256": entry.sha256,
        "form": {"id": entry.form_id, "version": entry.form_version},
        "child_reference": entry.child_reference,
        "supersedes": entry.supersedes,
        "possible_duplicate_of": entry.possible_duplicate_of,
        "urgent": entry.urgent,
        "answers": {name: answer.value for name, answer in entry.answers.items()},
        "notices": [notice_json(found) for found in entry.notices],
        "proposal": proposal_json(entry.proposal),
    }
