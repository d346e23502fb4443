"""Names and words of forms stand in the safeguarding lead's folder, in the state folder and in what she is sent, and nowhere else.

A story with invented words that occur nowhere else is told through every destination of a new agency, e-mail too.
Then every file of the agency, every mail, every line of the log and what every command prints is searched for them.
"""

from __future__ import annotations

import contextlib
import io
import logging
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

import pikepdf
import pytest

from formflow.admin import settings_file
from formflow.cli import logs
from formflow.cli.log_file import LOG_FILE
from formflow.core.settings import Settings
from tests.delivery.test_who_may_hold_what import a_month_goes_by
from tests.stories.test_vectors import gets
from tests.support import inbox as mail
from tests.support import worker
from tests.support.desk import Desk
from tests.support.offices import dsl_folder, formflow, settled_at_once
from tests.support.register_pages import draw

CHILD, OTHER, STAFF, STORY, DECIDED, PARENT, SENT = (
    "Zorblatt",
    "Quibbledon",
    "Wrackettson",
    "flubbergasting",
    "snozzwangled",
    "Mumblethorpe",
    "Fizzlewick",
)
CANARIES = (CHILD, OTHER, STAFF, STORY, DECIDED, PARENT, SENT)
ROSTER = "UPN,Legal Surname,Legal Forename,Preferred Name,Date of Birth,NC Year,Address,Parents\n"
FORM = {
    "child_a_name": f"Ada {CHILD}",
    "child_b_name": f"Bo {OTHER}",
    "completed_by": f"Sam {STAFF}",
    "signed_name": f"Sam {STAFF}",
    "type_text": f"It was {STORY}.",
    "context_planned": "yes",
    "incident_place": f"{STORY} corner",
}
SIGNED = {"signed_name": f"Di {STAFF}", "signed_date": "20/11/2026"}
COMMANDS = (
    ("status",),
    ("status", "--json"),
    ("doctor",),
    ("verify",),
    ("audit",),
    ("reconcile",),
    ("retry",),
    ("reread", "--all-unread"),
    ("roster", "check"),
    ("connectors", "check"),
    ("connectors", "list"),
    ("ack", "FF-2026-000001"),
    ("register", "--rebuild"),
)
# What FormFlow remembers of the papers lies in these of the state folder; nothing else there may say a name.
MEMORY = ("ledger.sqlite", "originals", "register.json", "roster")


@dataclass
class Told:
    """What came of the story outside of the agency's folders."""

    office: Settings
    mails: list[Message]
    printed: dict[str, str] = field(default_factory=dict)  # by command


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with mail.receiving() as (inbox, port):
        office = _opened(tmp_path_factory.mktemp("leaks") / "an agency", port)
        made = Told(office, inbox.messages)
        logging.getLogger("formflow").setLevel(logging.DEBUG)
        with logs.kept(lambda: office, "run"):
            _tell(office)
        metrics = office.state.folder.parent / "formflow.prom"
        for command in (*COMMANDS, ("health", "--prometheus", str(metrics))):
            done = formflow(office, *command)
            made.printed[" ".join(command[:2])] = done.stdout + done.stderr
    yield made
    worker.close()


def _opened(folder: Path, port: int) -> Settings:
    at_once = ("incomplete_minutes = 30", "incomplete_minutes = 0")
    roster = ('# file = "Pupils.csv"', 'file = "Pupils.csv"')
    mail.open_office(folder, port, (at_once, at_once, roster))
    line = f",{CHILD},Ada,,2013-03-01,8,{PARENT} Lane,J. {PARENT}\n"
    (folder / "Pupils.csv").write_text(ROSTER + line, "utf-8")
    return settled_at_once(settings_file.load_settings(folder / "formflow.toml"))


def _tell(office: Settings) -> None:
    """A form, a corrected one, the same again, one that comes back, half a file, sheets here and there, time goes by."""
    desk = Desk(office)
    gets(desk, **FORM)
    gets(desk, **FORM, more_text=f"More that was {STORY}.")
    original = max(
        (office.state.folder / "originals").rglob("*.pdf"), key=lambda one: one.stat().st_mtime_ns
    )
    desk.takes(original.read_bytes(), f"{SENT} again.pdf")
    gets(desk, born="31/2/2013", **FORM)  # comes back to the office
    desk.takes(b"%PDF-1.7 " + CHILD.encode(), f"{SENT} half.pdf")
    desk.takes(f"Dear all, {CHILD}".encode(), f"{SENT}.docx")
    desk.fills_in("F2", desk.sheet("F2"), office.watch[0].folder, level_reason=DECIDED, **SIGNED)
    desk.fills_in("F2", level="harmful", level_reason=DECIDED, **SIGNED)
    desk.fills_in("F3a", reason=DECIDED, signed_name=f"Di {STAFF}", signed_date="31/2/2026")
    a_month_goes_by(office)
    draw(office)


def words_of(path: Path) -> bytes:
    """Return all that a file says, unpacked where it is packed."""
    content = path.read_bytes()
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return b"\n".join(packed.read(one) for one in packed.namelist())
    if content.startswith(b"%PDF"):
        plain = io.BytesIO()
        with contextlib.suppress(pikepdf.PdfError), pikepdf.open(path) as pdf:
            decoded = pikepdf.StreamDecodeLevel.generalized
            pdf.save(plain, compress_streams=False, stream_decode_level=decoded)
        return plain.getvalue() or content
    return content


def canaries_in(content: bytes) -> set[str]:
    """Return the words of the story that some bytes hold, in any of the usual letters."""
    lower = content.lower()
    return {word for word in CANARIES if any(one in lower for one in _written(word.lower()))}


def _written(word: str) -> Iterator[bytes]:
    yield from (word.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be"))
    yield word.encode("utf-16-be").hex().encode()  # as a PDF may write it


def leaks(root: Path, *allowed: Path) -> dict[str, set[str]]:
    """Return which files under a folder hold words of the story, in their names too, but for what lies where it may."""
    found = {}
    for path in root.rglob("*"):
        if any(path.is_relative_to(one) for one in allowed):
            continue
        said = canaries_in(str(path.relative_to(root)).encode())
        said |= canaries_in(words_of(path)) if path.is_file() else set()
        if said:
            found[path.relative_to(root).as_posix()] = said
    return found


def test_the_story_stands_where_it_may(told: Told) -> None:
    """A search that finds nothing here would find nothing anywhere."""
    office = told.office
    hers = set().union(*leaks(dsl_folder(office)).values())
    assert hers >= set(CANARIES) - {SENT, PARENT}
    assert SENT not in hers
    assert leaks(office.folders.alerts)
    assert leaks(office.folders.dsl_register)
    assert leaks(office.folders.needs_attention)
    assert leaks(office.state.folder / "originals")
    assert SENT in canaries_in((office.state.folder / "ledger.sqlite").read_bytes())


def test_no_file_of_the_agency_says_a_name_but_where_it_may(told: Told) -> None:
    office = told.office
    state, root = office.state.folder, office.state.folder.parent
    allowed = [dsl_folder(office), root / "Pupils.csv", *(state / one for one in MEMORY)]
    allowed += [state / f"ledger.sqlite{end}" for end in ("-wal", "-shm")]
    # The office's own forms lie in “Needs attention”: nothing else there, the notes least of all.
    allowed += [one for one in office.folders.needs_attention.iterdir() if one.suffix != ".txt"]
    assert leaks(root, *allowed) == {}
    elsewhere = (one for one in root.rglob("*") if not one.is_relative_to(office.folders.to_decide))
    assert not any(canaries_in(one.name.encode()) for one in elsewhere)


def test_no_mail_says_a_name(told: Told) -> None:
    assert len(told.mails) > 3
    for message in told.mails:
        parts = [part.get_payload(decode=True) for part in message.walk()]
        assert canaries_in(message.as_bytes() + repr(parts).encode()) == set()


def test_no_log_and_no_command_that_it_reads_says_a_name(told: Told) -> None:
    log = (told.office.state.folder / LOG_FILE).read_bytes()
    assert log.count(b"\n") > 20
    assert canaries_in(log) == set()
    assert {name: canaries_in(said.encode()) for name, said in told.printed.items()} == {
        name: set() for name in told.printed
    }
    assert all(told.printed[name] for name in ("status", "status --json", "doctor", "audit"))
