"""`formflow transfer`: the hand-over pack of a child for the next school."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click

from formflow.admin import packs
from formflow.admin.child_papers import find, papers_of
from formflow.admin.settings_file import load_settings
from formflow.cli.ledger import at_the_ledger
from formflow.cli.output import say
from formflow.core.clock import utc_now
from formflow.core.errors import ExitCode
from formflow.documents.child_pack import drawn
from formflow.reading.manifest_builder import known_forms
from formflow.storage import database
from formflow.storage.audit_trail import AuditEvent, Happened


@click.command()
@click.argument("child")
@click.option(
    "--to",
    "file",
    type=click.Path(path_type=Path),
    required=True,
    help="The PDF to write: a new file, in a folder that only the safeguarding lead can open.",
)
@click.pass_obj
def transfer(settings_file: Path, child: str, file: Path) -> int:
    """Make the hand-over pack of CHILD for the next school: a reference (C-…), or a name that one child alone has.

    Other children's names are masked. What a person must look at before the pack goes is listed by page.
    """
    settings, now = load_settings(settings_file), utc_now()
    packs.refuse_place(file, settings)
    state = settings.state.folder
    with database.looking(state) as connection:
        papers = papers_of(connection, find(connection, child), settings, now)
    pack = packs.Maker(settings, known_forms(settings.folders.forms), now).pack(papers)
    content, pages, to_look_at = drawn(pack)
    digest = hashlib.sha256(content).hexdigest()
    # Noted first: a pack that lies there is always in the trail, even if the computer stops in between.
    with (
        at_the_ledger(settings, "transfer") as (engine, trail),
        database.writing(engine) as connection,
    ):
        told = f"hand-over pack of {papers.reference}, {pages} pages"
        for one in papers.cases:
            noted = Happened(AuditEvent.HANDED_OVER, one.line.reference, detail=told, digest=digest)
            trail.note(connection, now, noted)
    packs.write(file, content)
    say(f"Written: {file}. Incidents: {len(papers.cases)}. Pages: {pages}.")
    for warning in pack.warnings:
        say(f"! {warning}")
    for place in to_look_at:
        say(f"Look at page {place.page}, {place.title}, “{place.label}”: {place.why}.")
    say(
        "Read the pack from beginning to end before it goes: FormFlow masks only names that stand on its forms."
    )
    return ExitCode.WAITING if to_look_at or pack.warnings else ExitCode.DONE
