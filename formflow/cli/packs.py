"""`formflow transfer`, `sar` and `assessor`: packs of one child's papers for people outside."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click

from formflow.admin import assessment, packs
from formflow.admin.child_papers import ChildPapers, find, papers_of
from formflow.admin.settings_file import load_settings
from formflow.admin.subject_access import Request, to_look_at
from formflow.cli.ledger import at_the_ledger
from formflow.cli.output import say
from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode
from formflow.core.references import typed
from formflow.core.settings import Settings
from formflow.documents.child_pack import drawn
from formflow.reading.manifest_builder import known_forms
from formflow.storage import database
from formflow.storage.audit_trail import AuditEvent, Happened

PAPERS, LIST = "Papers.pdf", "Check before sending.txt"
READ_IT = "Read the whole pack before you send it: FormFlow masks only names that are on its forms."


@click.command()
@click.argument("child")
@click.option(
    "--to",
    "file",
    type=click.Path(path_type=Path),
    required=True,
    help="The PDF to write: a new file, in a folder that only the DSL can open.",
)
@click.pass_obj
def transfer(settings_file: Path, child: str, file: Path) -> int:
    """Make the hand-over pack of CHILD for the next school: a reference (C-…), or a name that one child alone has.

    Other children's names are masked. What must be checked before the pack is sent is listed by page.
    """
    settings, now = load_settings(settings_file), utc_now()
    if file.suffix.lower() != ".pdf":
        raise packs.NotThere("The pack is a PDF.", "Give it a name that ends in “.pdf”.")
    packs.refuse_place(file, settings)
    with database.looking(settings.state.folder) as connection:
        papers = papers_of(connection, find(connection, child), settings, now)
    pack = packs.Maker(settings, known_forms(settings.folders.forms), now).transfer(papers)
    content, pages, found = drawn(pack)
    told = f"hand-over pack of {papers.reference}, {pages} pages"
    _note(settings, papers, "transfer", told, content)
    packs.write({file: content})
    say(f"Written: {file}. Incidents: {len(papers.cases)}. Pages: {pages}.")
    for warning in pack.warnings:
        say(f"! {warning}")
    for place in found:
        say(f"Look at page {place.page}, {place.title}, “{place.label}”: {place.why}.")
    say(READ_IT)
    return ExitCode.WAITING if found or pack.warnings else ExitCode.DONE


@click.command()
@click.argument("child")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    help="The folder to make, where only the DSL can open it.",
)
@click.pass_obj
def sar(settings_file: Path, child: str, folder: Path) -> int:
    """Put together everything that is held about CHILD, for a subject-access request: a PDF, and a list for you.

    The list says what must be checked before the PDF is sent. Keep it; do not send it.
    """
    settings, now = load_settings(settings_file), utc_now()
    packs.refuse_place(folder, settings)
    with database.looking(settings.state.folder) as connection:
        papers = papers_of(connection, find(connection, child), settings, now)
        maker = packs.Maker(settings, known_forms(settings.folders.forms), now)
        content, pages, found = drawn(Request(connection, maker).pack(papers))
    told = f"subject-access pack of {papers.reference}, {pages} pages"
    _note(settings, papers, "sar", told, content)
    listed = to_look_at(papers, found).encode("utf-8-sig")
    packs.write({folder / PAPERS: content, folder / LIST: listed})
    say(f"Written: {folder}. Incidents: {len(papers.cases)}. Pages: {pages}.")
    say(f"To check before you send it: {len(found)} answers, and the questions in “{LIST}”.")
    return ExitCode.WAITING


@click.command()
@click.argument("reference", type=typed)
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    help="The folder to make, where only the DSL can open it.",
)
@click.pass_obj
def assessor(settings_file: Path, reference: str, folder: Path) -> int:
    """Put together what an outside assessor needs for the case REFERENCE: the sheets F4 to F6, and the papers.

    The papers say where to return the sheets. Other children are masked in them.
    """
    settings, now = load_settings(settings_file), utc_now()
    packs.refuse_place(folder, settings)
    with database.looking(settings.state.folder) as connection:
        papers = assessment.papers_of_case(connection, reference, settings, now)
    sheets = assessment.sheets_of(papers.cases[0], settings)
    maker = packs.Maker(settings, known_forms(settings.folders.forms), now)
    content, pages, found = drawn(assessment.pack(papers, maker))
    _note(settings, papers, "assessor", f"pack for an assessor, {pages} pages", content)
    packs.write(
        {folder / PAPERS: content} | {folder / name: sheet for name, sheet in sheets.items()}
    )
    say(f"Written: {folder}. Sheets: {len(sheets)}. Pages of papers: {pages}.")
    for place in found:
        say(f"Look at page {place.page}, {place.title}, “{place.label}”: {place.why}.")
    say(
        "Send it as your policy on confidential papers says. Drop the sheets that come back in “Drop decisions here”."
    )
    return ExitCode.WAITING if found else ExitCode.DONE


def _note(
    settings: Settings,
    papers: ChildPapers,
    command: str,
    told: str,
    content: bytes,
) -> None:
    """Note in the audit trail of each record that it goes into a pack.

    Before the pack is written: one that lies there is always in the trail, even if the computer stops in between.
    """
    digest = hashlib.sha256(content).hexdigest()
    with (
        at_the_ledger(settings, command) as (engine, trail),
        database.writing(engine) as connection,
    ):
        for one in papers.cases:
            noted = Happened(AuditEvent.HANDED_OVER, one.line.reference, detail=told, digest=digest)
            trail.note(connection, utc_now(), noted)
