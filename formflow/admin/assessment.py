"""`formflow assessor`: what an outside assessor needs for one case, and where it is sent back to."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from formflow.admin.child_papers import ChildPapers, NoSuchChild, OwnCase, papers_of
from formflow.admin.packs import Maker
from formflow.core import files
from formflow.core.errors import SettingsProblem, StorageProblem
from formflow.core.settings import Settings
from formflow.documents.child_pack import Pack
from formflow.sdk.case_folders import folders_of_cases
from formflow.storage import entries
from formflow.storage.database import Connection

TITLE = "Papers for an assessment"
SHEETS = re.compile(r" (F[456]) ")  # in the name of a sheet: its code
SEND_BACK = (
    "These papers come with the next assessment sheets (F4, F5 or F6). Fill them in with Adobe Reader, Edge, Chrome or"
    " Firefox, save them under the same names, and return them the way these papers reached you, to:"
)
NO_FOLDER = (
    "“Drop decisions here”, printed on the sheets, is a folder at the school: the safeguarding lead drops them there for you."
    " You may return some sheets first and the rest later."
)
MASKED = "Other children are called Child B, Child C and so on. What only concerns them is left out. Names of staff stay."


def papers_of_case(
    connection: Connection, reference: str, settings: Settings, now: datetime
) -> ChildPapers:
    """Return the papers of one case, of the child who displayed the behaviour. Raise NoSuchChild, SettingsProblem."""
    if not settings.agency.return_address:
        raise SettingsProblem(
            "There is no address for the assessor to return the sheets to.",
            advice="Put your email or postal address in the settings, as “return_address” under [agency].",
        )
    numbers = entries.numbers(connection, reference)
    child = entries.children_of(connection, reference)[0] if numbers else None
    if child is None:
        raise NoSuchChild(
            "There is no such case, or it is not known which child it is about.",
            "Give the reference of a case (FF-…) as the register shows it.",
        )
    papers = papers_of(connection, child, settings, now)
    this = tuple(one for one in papers.cases if one.line.reference == reference and one.is_own)
    if not this:
        raise NoSuchChild(
            "This is the reference of a sheet, not of a case.", "Give the reference of the case."
        )
    return replace(papers, cases=this)


def sheets_of(one: OwnCase, settings: Settings) -> dict[str, bytes]:
    """Return the newest of the sheets F4 to F6 that lie in “To decide”, by name. Raise StorageProblem."""
    newest = {
        code[1]: name
        for filing in one.whole.filings
        if filing.is_to_decide
        for name in filing.names
        if (code := SHEETS.search(name))
    }
    root, reference = settings.folders.to_decide, one.line.reference
    folder = folders_of_cases(root).get(reference, root / reference)
    try:
        found = {name: files.read(folder / name) for name in newest.values()}
    except OSError as problem:
        raise StorageProblem(
            "An assessment sheet is no longer in “To decide”.",
            "Connect the share. If the sheet was moved, put it back under its own name.",
        ) from problem
    if not found:
        raise StorageProblem(
            "This case has no assessment sheets.",
            "Say on the review sheet (F2) that an AIM2 assessment will be made, and drop it.",
        )
    return found


def pack(papers: ChildPapers, maker: Maker) -> Pack:
    """Return the papers of a case for its assessor. Which sheets there are is not in it: they lie beside it."""
    agency = maker.settings.agency
    back = f"{agency.safeguarding_lead}, {agency.name}\n{agency.return_address}"
    transfer = maker.transfer(papers)
    return replace(
        transfer, title=TITLE, notes=(SEND_BACK, back, NO_FOLDER, MASKED), warnings=(), sender=()
    )
