"""Links to the papers of a case, told from the folder of a page: they lead there from every computer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from formflow.core.references import record_of
from formflow.core.settings import Settings
from formflow.delivery import calls, parcels
from formflow.delivery.context import DeliveryContext
from formflow.delivery.occasion import Occasion
from formflow.documents.register.at_a_glance import Glance, Link
from formflow.sdk import registry

CASES = "cases"  # the folder of the register with a page for each case
ORIGINAL, AS_READ = "the original form", "the “as read” sheet"


def filed_in(settings: Settings) -> dict[str, Path]:
    """Return the folders with children's files by reference. Where an agency's own are used, no name is known."""
    found = {}
    for one in settings.destination:
        folder = one.own_settings.get("folder")
        is_by_reference = one.kind == "child_files" and not one.own_settings.get("existing")
        if is_by_reference and registry.is_ours(one.kind) and isinstance(folder, Path):
            found[one.name] = folder
    return found


def href(target: Path, page_in: Path) -> str:
    """Return a link from a page in a folder to a file: relative, but from one drive of Windows to another."""
    try:
        way = os.path.relpath(target, page_in)
    except ValueError:  # Windows: on another drive
        return target.absolute().as_uri()
    return quote(Path(way).as_posix())


def of_papers(context: DeliveryContext, occasion: Occasion, page_in: Path) -> Iterator[Link]:
    """Yield links to where the paper of an entry and its copy as read are filed, or are about to be."""
    for name, folder in filed_in(context.settings).items():
        # Only what the destination itself makes of the record says what its files are called.
        record = parcels.record(occasion, name, b"as read")
        made = calls.prepare(context.destinations[name], record)
        names = [(ORIGINAL, one.name) for one in made.attachments]
        if as_read := made.headers.get("as_read"):
            names.append((AS_READ, as_read))
        home = folder / made.headers["home"]
        yield from (Link(words, href(home / file, page_in)) for words, file in names)


def led(told: Glance, context: DeliveryContext, occasion: Occasion, page_in: Path) -> Glance:
    """Return what an alert says, with links to the papers and to the register's page of the case."""
    record = record_of(occasion.entry.about or occasion.entry.reference)
    page = ""
    if told.has_case:
        page = href(context.settings.folders.dsl_register / CASES / f"{record}.html", page_in)
    return replace(told, papers=tuple(of_papers(context, occasion, page_in)), case_page=page)
