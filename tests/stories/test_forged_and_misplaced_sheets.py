"""Who may decide goes by the folder: forged, misplaced and mistaken sheets change nothing, and she is told.

From the staff folder no sheet counts, and the office learns nothing of it but that a file arrived. Of what the
safeguarding lead drops in her own folder the office learns nothing at all.
"""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pypdf
import pytest

from formflow.admin import status
from formflow.core.model import Entry, Outcome, Role
from formflow.core.references import CopyReference
from formflow.core.settings import Settings
from formflow.forms import catalogue
from formflow.reading import raster
from formflow.storage import database
from tests.pipeline.test_walk import entries
from tests.reading.test_scan import needs_tesseract, scanned
from tests.stories.test_decisions import HER_NAME
from tests.stories.test_vectors import WHO
from tests.support import worker
from tests.support.desk import Desk, filled, lying
from tests.support.offices import QUICK, agency, files, formflow, sample
from tests.support.papers import field, fill

# No story here is about the time that reading takes.
PATIENT = (
    *QUICK,
    ("deadline_seconds = 15", "deadline_seconds = 300"),
    ("scan_seconds = 120", "scan_seconds = 600"),
)
BLANKS = {form.form_id: form.blank for form in catalogue.shipped()}
DANIEL = {**WHO, "child_a_name": "Daniel Hill", "child_a_dob": "6/6/2013", "context_planned": "yes"}
KIT = {"child_b_name": "Kit Moor", "child_b_dob": "7/7/2014", "child_b_kind": "child"}
OTHER = {**WHO, "child_a_name": "Lee Hart", "child_a_dob": "1/2/2012", "context_planned": "yes"}
HEALTHY = {"level": "healthy", "level_reason": "Play.", "lower_reason": "It was a game."}
ABOUT_DANIEL = {"child_a_name": "Daniel Hill", "child_a_dob": "6/6/2013"}
REFERRED = {"sender_name": "M. Head", "sent_at": "20/11/2026 at 11am"}
Made = Callable[[Desk], bytes]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Settings]:
    yield agency(tmp_path / "an agency", PATIENT)
    worker.close()


def about(form_id: str, reference: str, /, **answers: str) -> bytes:
    """Return a blank sheet that was given a reference and filled in, as anybody could."""
    with pikepdf.open(BLANKS[form_id]) as pdf:
        fill(pdf, {"case_ref": reference})
        out = io.BytesIO()
        pdf.save(out)
    return filled(out, answers)


def saved(
    content: bytes,
    change: Callable[[pikepdf.Pdf], None],
    encryption: pikepdf.Encryption | None = None,
) -> bytes:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        change(pdf)
        out = io.BytesIO()
        pdf.save(out, encryption=encryption or False)
    return out.getvalue()


def review(reference: str = "FF-2026-000001 r1", /, **answers: str) -> Made:
    said = {**ABOUT_DANIEL, **HEALTHY, **HER_NAME, **answers}
    return lambda _desk: about("review", reference, **said)


def prefilled(code: str, **answers: str) -> Made:
    return lambda desk: filled(desk.sheet(code), answers)


def sheet(form_id: str, **answers: str) -> Made:
    return lambda _desk: about(form_id, "FF-2026-000001 r1", **answers)


def hidden(desk: Desk, name: str) -> str:
    """Return what the hidden box of a sheet of hers says."""
    (path,) = desk.office.folders.to_decide.rglob(name)
    return hidden_of(path)


def hidden_of(path: Path) -> str:
    with pikepdf.open(path) as pdf:
        return str(field(pdf, "case_ref").V)


def code_of(name: str, old: str, new: str, form_id: str = "review", *, cut: int = 0) -> Made:
    """Return a sheet with the hidden box of another, changed; `cut` leaves out its last letters."""
    said = {"child_name": "Daniel Hill", "child_dob": "6/6/2013", **REFERRED}
    told = {**ABOUT_DANIEL, **HEALTHY, **HER_NAME} if form_id == "review" else said

    def made(desk: Desk) -> bytes:
        box = hidden(desk, name).replace(old, new, 1)
        return about(form_id, box[: len(box) - cut], **told)

    return made


def of_child(number: int) -> Made:
    said = {"child_name": "Kit Moor", "child_dob": "7/7/2014", **REFERRED}
    return lambda _desk: about("referral_b", f"FF-2026-000001 r1 child {number}", **said)


def first_sheet(desk: Desk) -> Path:
    """Return the review sheet that she filled in when she decided: it lies with the earlier ones, blank."""
    (path,) = desk.office.folders.to_decide.rglob("Earlier/FF-2026-000001 * F2 * Sheet.pdf")
    return path


def locked(owner: str, user: str) -> Made:
    by = pikepdf.Encryption(owner, user)
    return lambda desk: saved(review()(desk), lambda _pdf: None, by)


def carry_a_program(pdf: pikepdf.Pdf) -> None:
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
    pdf.Root.OpenAction = script


def damaged(desk: Desk) -> bytes:
    """An entry of its table points elsewhere: programs mend that, and may miss what was saved last."""
    return re.sub(rb"\n00000\d{5} 00000 n", b"\n0000000007 00000 n", review()(desk), count=1)


FROM_STAFF: Mapping[str, Made] = {
    "a blank review sheet with a guessed reference": review(),
    "a reference that nobody has": review("FF-2019-000077 r1"),
    "no reference": review(""),
    "a reference that is markup": review("<b>FF-2026-000001</b>"),
    "a reference of 4,500 digits": review("FF-2026-" + "1" * 4500 + " r1"),
    "a revision of 4,500 digits": review("FF-2026-000001 r" + "1" * 4500),
    "her own sheet, with a lower level": prefilled("F2", **HEALTHY),
    "a higher level": review(level="harmful"),
    "two children joined": review(same_child="C-000002"),
    "not signed": review(signed_name=""),
    "the name blank": review(child_a_name=""),
    "another child": review(child_a_name="Lee Hart", child_a_dob="1/2/2012"),
    "another date of birth": review(child_a_dob="5/5/2012"),
    "a name with letters of no width": review(child_a_name="Dan\u200biel Hill"),
    "a referral noted as sent": prefilled("F3a", **REFERRED),
    "a referral of another child": sheet(
        "referral_b", child_name="Danielle Hill", child_dob="5/5/2012", **REFERRED
    ),
    "a plan": sheet("plan_a", child_name="Daniel Hill", actions="None.", **HER_NAME),
    "score sheets": sheet("aim2", child_name="Daniel Hill", established="neither", **HER_NAME),
    "a report that others have": sheet("report", child_name="Daniel Hill", sent_to="Everybody"),
    "locked against changes": locked("o", ""),
    "with a program in it": lambda desk: saved(review()(desk), carry_a_program),
    "damaged": damaged,
    "printed": lambda desk: raster.flattened(review()(desk)),
}


def in_a_letter(desk: Desk) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as letter:
        letter.writestr("word/embedded.pdf", review()(desk))
    return content.getvalue()


# What nobody can recognise as a sheet: bytes, and what the file is called.
UNKNOWN: Mapping[str, tuple[Made, str]] = {
    "in a zip": (in_a_letter, "sheet.zip"),
    "in a letter": (lambda desk: in_a_letter(desk) + b" ", "sheet.docx"),
    "locked with a password": (
        locked("o", "u"),
        "locked.pdf",
    ),
    "half of it": (lambda desk: review(a_views="x")(desk)[:9000], "half.pdf"),
    "an empty file": (lambda _desk: b"", "empty.pdf"),
    "a form that nobody knows": (
        lambda _desk: sample("not-ours/letter-chromium").read_bytes(),
        "letter.pdf",
    ),
}


@dataclass(frozen=True)
class World:
    """An agency with two records, one of them decided, before and after something was dropped."""

    desk: Desk
    before: Mapping[str, bytes]  # what lay in every folder
    known: int  # how many entries there were
    came: Mapping[str, Entry]  # by case

    def new(self, folder: Path) -> dict[str, bytes]:
        """Return what is new or changed in a folder."""
        now = everything(folder)
        return {p: c for p, c in now.items() if self.before.get(f"{folder}/{p}") != c}


def everything(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files(folder)}


def world(root: Path, cases: Mapping[str, tuple[Made, str]], watched: int) -> World:
    office = agency(root / "an agency", PATIENT)
    desk = Desk(office)
    desk.takes(filled(BLANKS["recording"], {**DANIEL, **KIT}), "daniel.pdf")
    desk.takes(filled(BLANKS["recording"], OTHER), "lee.pdf")
    (daniels,) = lying(office, "FF-2026-000001 * F2 *.pdf")
    desk.fills_in("F2", daniels, level="harmful", level_reason="Planned.", **HER_NAME)
    before = {
        f"{folder}/{name}": content
        for folder in office_folders(office) + her_folders(office)
        for name, content in everything(folder).items()
    }
    known = len(entries(office))
    papers: dict[str, str] = {}
    for number, (case, (made, name)) in enumerate(cases.items()):
        called = f"{number:02} {name}"
        (office.watch[watched].folder / called).write_bytes(made(desk))
        papers[called] = case
    desk.waits()
    with database.reading(worker.context_of(office).engine) as connection:
        query = "SELECT entry_id, file_name FROM paper"
        ids = {row.entry_id: row.file_name for row in connection.exec_driver_sql(query)}
        order = connection.exec_driver_sql("SELECT id FROM entry ORDER BY id").scalars().all()
    by_id = dict(zip(order, entries(office), strict=True))
    came = {papers[name]: by_id[i] for i, name in ids.items() if name in papers}
    return World(desk, before, known, came)


def office_folders(office: Settings) -> tuple[Path, ...]:
    return office.folders.receipts, office.folders.needs_attention


def her_folders(office: Settings) -> tuple[Path, ...]:
    return office.folders.to_decide, office.folders.alerts


@pytest.fixture(scope="module")
def misplaced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    cases = {case: (made, "sheet.pdf") for case, made in FROM_STAFF.items()}
    yield world(tmp_path_factory.mktemp("staff"), cases, watched=0)
    worker.close()


def receipt(found: World, entry: Entry, name: str = "") -> bytes:
    """Return a receipt without what is on each: its number, its time, the file's size and the mark of its delivery."""
    name = name or f"{entry.reference} r1 received.html"
    page = (found.desk.office.folders.receipts / name).read_text("utf-8")
    page = page.replace(entry.reference, "(number)")
    page = re.sub(r"<td>[^<]*\d\d\d\d at [^<]*</td>|<!-- \w+ -->", "(moment)", page)
    page = re.sub(r"\b[\d,.]+ (?:bytes|[kKM]B)\b", "(size)", page)
    return page.encode()


@pytest.mark.parametrize("case", FROM_STAFF)
def test_a_sheet_from_the_staff_folder_is_kept_counts_for_nothing_and_she_is_alerted(
    misplaced: World, case: str
) -> None:
    entry = misplaced.came[case]
    assert (entry.outcome, entry.role, entry.about) == (Outcome.HELD, Role.STAFF, None)
    assert (entry.child_reference, entry.incident_day, entry.revision) == (None, None, 1)
    assert re.fullmatch(r"FF-2026-0000\d\d", entry.reference)
    assert {found.code for found in entry.notices} <= {"FF-235", "FF-129"}
    page = misplaced.desk.office.folders.alerts / f"1 TO READ {entry.reference} r1.html"
    words = page.read_text("utf-8")
    assert "A sheet came from the staff folder. Nothing has been changed by it." in words
    assert "Correct the copy" not in words
    kept = files(misplaced.desk.office.folders.alerts.parent / "Child files")
    assert any(f"Not yet matched/{entry.reference}/" in name for name in kept)


@pytest.mark.parametrize("case", FROM_STAFF)
def test_the_offices_receipt_is_the_same_whatever_the_sheet_is_or_claims(
    misplaced: World, case: str
) -> None:
    first = misplaced.came["a blank review sheet with a guessed reference"]
    assert receipt(misplaced, misplaced.came[case]) == receipt(misplaced, first)
    told = receipt(misplaced, first).decode()
    for word in ("Review", "Referral", "sheet", "FF-", "Daniel", "What to correct"):
        assert word not in told, word


def test_sheets_from_the_staff_folder_changed_no_case(misplaced: World) -> None:
    desk = misplaced.desk
    assert "Decided: harmful Reference FF-2026-000001" in desk.page()
    assert desk.open_steps().count("H1") == 2
    assert "the same child as" not in desk.page("FF-2026-000002")
    assert misplaced.new(desk.office.folders.to_decide) == {}
    assert misplaced.new(desk.office.folders.needs_attention) == {}
    alerts = misplaced.new(desk.office.folders.alerts)
    assert len(alerts) == len(FROM_STAFF)  # and nothing else: no reminder, no decision to make
    with database.reading(worker.context_of(desk.office).engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM joined").scalar() == 0
        seen = connection.exec_driver_sql(
            "SELECT reference FROM entry WHERE acknowledged_at IS NOT NULL"
        )
        assert seen.scalars().all() == ["FF-2026-000001"]


def test_her_alert_says_what_the_sheet_claims(misplaced: World) -> None:
    entry = misplaced.came["a blank review sheet with a guessed reference"]
    (told,) = [found.text for found in entry.notices if found.code == "FF-235"]
    assert "about FF-2026-000001." in told
    assert "signed “M. Head”" in told
    for case in ("a reference that is markup", "a reference of 4,500 digits", "no reference"):
        (told,) = [f.text for f in misplaced.came[case].notices if f.code == "FF-235"]
        assert "does not say which record" in told
    (told,) = [f.text for f in misplaced.came["not signed"].notices if f.code == "FF-235"]
    assert "Nobody has signed it" in told


def test_the_same_misplaced_sheet_again_brings_the_same_plain_receipt(misplaced: World) -> None:
    office, pages = misplaced.desk.office, list[bytes]()
    for case in ("a reference that nobody has", "a referral noted as sent"):
        known = misplaced.came[case]
        original = worker.context_of(office).vault.original(known.sha256)
        misplaced.desk.takes(original.read_bytes(), "again.pdf")
        (again,) = office.folders.receipts.glob(f"{known.reference} r1 again *.html")
        pages.append(receipt(misplaced, known, again.name))
    assert pages[0] == pages[1]
    assert b"Referral" not in pages[1]


@needs_tesseract
def test_a_scanned_sheet_from_the_staff_folder_decides_nothing(
    office: Settings, tmp_path: Path
) -> None:
    desk = Desk(office)
    print_of_it = tmp_path / "sheet.pdf"
    print_of_it.write_bytes(review()(desk))
    scan = scanned(print_of_it, tmp_path / "scan.pdf", 1, 2, 0.4)
    desk.takes(scan.read_bytes(), "scan.pdf")
    (entry,) = entries(office)
    if (
        entry.form_id == "review"
    ):  # a busy machine may give up reading: then it is a paper for a person
        assert [found.code for found in entry.notices] == ["FF-235"]
        assert files(office.folders.needs_attention) == []
    assert entry.about is None


@pytest.fixture(scope="module")
def not_recognised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    yield world(tmp_path_factory.mktemp("unknown"), UNKNOWN, watched=0)
    worker.close()


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_cannot_be_recognised_from_the_staff_folder_goes_back_as_ever_and_decides_nothing(
    not_recognised: World, case: str
) -> None:
    entry, office = not_recognised.came[case], not_recognised.desk.office
    assert (entry.outcome, entry.about) == (Outcome.UNREADABLE, None)
    assert f"{entry.reference}.txt" in files(office.folders.needs_attention)
    assert f"{entry.reference} r1 received.html" in files(office.folders.receipts)
    assert "Decided: harmful" in not_recognised.desk.page()


def form(case: str) -> Made:
    return lambda _desk: sample(case).read_bytes()


# What keeps each from counting: the notices that hold it.
HERS: Mapping[str, tuple[Made, str, frozenset[str]]] = {
    **{case: (*how, frozenset({"FF-236"})) for case, how in UNKNOWN.items()},
    "a blank review sheet": (review(""), "s.pdf", frozenset({"FF-250"})),
    "a blank review sheet about nobody on record": (
        review("", child_a_name="Ann Other", child_a_dob="1/1/2011"),
        "s.pdf",
        frozenset({"FF-226"}),
    ),
    "a blank review sheet with a guessed reference": (review(), "s.pdf", frozenset({"FF-250"})),
    "a higher level with a guessed reference": (
        review(level="harmful", level_reason="x"),
        "s.pdf",
        frozenset({"FF-250"}),
    ),
    "two children joined with a guessed reference": (
        review(same_child="C-000002"),
        "s.pdf",
        frozenset({"FF-250"}),
    ),
    "the code of another record": (
        code_of("FF-2026-000002 * F2 *", "FF-2026-000002 r1", "FF-2026-000001 r1"),
        "s.pdf",
        frozenset({"FF-250"}),
    ),
    "her own sheet with another child’s reference": (
        code_of("FF-2026-000001 * F2 * 2.pdf", "FF-2026-000001", "FF-2026-000002"),
        "s.pdf",
        frozenset({"FF-250", "FF-223"}),
    ),
    "the code of another form": (
        code_of("FF-2026-000001 * F2 * 2.pdf", "", "", "referral_a"),
        "s.pdf",
        frozenset({"FF-250"}),
    ),
    "a code with one digit changed": (
        code_of("FF-2026-000001 * F2 * 2.pdf", "token ", "token 0", cut=1),
        "s.pdf",
        frozenset({"FF-250"}),
    ),
    "a code in capital letters": (
        lambda desk: about("review", hidden(desk, "FF-2026-000001 * F2 * 2.pdf").upper()),
        "s.pdf",
        frozenset({"FF-226"}),
    ),
    "a copy that pretends to be the newest": (
        code_of("FF-2026-000001 * F2 * Sheet.pdf", " token", " after 9 token"),
        "s.pdf",
        frozenset({"FF-250"}),
    ),
    "an older copy that says less": (
        lambda desk: filled(
            first_sheet(desk), {"level": "concerning", "lower_reason": "x", **HER_NAME}
        ),
        "s.pdf",
        frozenset({"FF-251"}),
    ),
    "an older copy with a higher level of another child": (
        lambda desk: filled(
            first_sheet(desk), {"level": "harmful", "child_a_name": "Lee Hart", **HER_NAME}
        ),
        "s.pdf",
        frozenset({"FF-251", "FF-223"}),
    ),
    "child 7 of one": (of_child(7), "s.pdf", frozenset({"FF-252"})),
    "child 2 of one": (of_child(2), "s.pdf", frozenset({"FF-252"})),
    "child 999": (of_child(999), "s.pdf", frozenset({"FF-252"})),
    "child 0": (of_child(0), "s.pdf", frozenset({"FF-250"})),
    "child 7 of a review sheet": (
        review("FF-2026-000001 r1 child 7"),
        "s.pdf",
        frozenset({"FF-252"}),
    ),
    "a child of 4,500 digits": (
        review("FF-2026-000001 r1 child " + "7" * 4500),
        "s.pdf",
        frozenset({"FF-250"}),
    ),
    "a reference of 4,500 digits": (
        review("FF-2026-" + "1" * 4500 + " r1"),
        "s.pdf",
        frozenset({"FF-250"}),
    ),
    "a token of 4,500 digits": (
        review("FF-2026-000001 r1 token " + "7" * 4500),
        "s.pdf",
        frozenset({"FF-250"}),
    ),
    "a referral to children’s social care as sent": (
        sheet("referral_a", child_name="Daniel Hill", child_dob="6/6/2013", **REFERRED),
        "s.pdf",
        frozenset({"FF-250"}),
    ),
    "a referral that nobody signed": (
        lambda desk: filled(
            desk.sheet("F3a"), {"sent_at": "20/11/2026 at 11am", "sender_name": "\u200b"}
        ),
        "s.pdf",
        frozenset({"FF-258"}),
    ),
    "two names in the child’s box": (
        review(child_a_name="Daniel Hill; Lee Hart"),
        "s.pdf",
        frozenset({"FF-250", "FF-223"}),
    ),
    "a reference that nobody has": (review("FF-2019-000077 r1"), "s.pdf", frozenset({"FF-224"})),
    "not signed": (review(signed_name=""), "s.pdf", frozenset({"FF-240"})),
    "the name blank": (review(child_a_name=""), "s.pdf", frozenset({"FF-239"})),
    "another child": (review(child_a_name="Lee Hart"), "s.pdf", frozenset({"FF-223"})),
    "another date of birth": (review(child_a_dob="5/5/2012"), "s.pdf", frozenset({"FF-223"})),
    "a lower level without a reason": (review(lower_reason=""), "s.pdf", frozenset({"FF-250"})),
    "the twin’s referral": (
        sheet("referral_b", child_name="Kim Moor", child_dob="7/7/2014", **REFERRED),
        "s.pdf",
        frozenset({"FF-223"}),
    ),
    "a nearly right name with another date of birth": (
        sheet("referral_b", child_name="Kitt Moor", child_dob="5/5/2012", **REFERRED),
        "s.pdf",
        frozenset({"FF-223"}),
    ),
    "a printed sheet": (
        lambda desk: raster.flattened(review(police="no")(desk)),
        "s.pdf",
        frozenset({"FF-250"}),
    ),
    "a printed form": (form("not-ours/printed-pdfium"), "p.pdf", frozenset({"FF-124"})),
    "a form with mistakes": (
        form("red-impossible-dates-pdftk-need-appearances"),
        "m.pdf",
        frozenset(),
    ),
}


@pytest.fixture(scope="module")
def hers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    cases = {case: (made, name) for case, (made, name, _) in HERS.items()}
    yield world(tmp_path_factory.mktemp("hers"), cases, watched=1)
    worker.close()


@pytest.mark.parametrize("case", HERS)
def test_what_she_drops_and_cannot_count_is_told_to_her_alone(hers: World, case: str) -> None:
    entry, office = hers.came[case], hers.desk.office
    assert entry.role is Role.DECISIONS
    assert HERS[case][2] <= {found.code for found in entry.notices if found.holds}
    assert not [found for found in entry.notices if found.returns]
    (page,) = office.folders.alerts.glob(f"* {entry.reference} r{entry.revision}.html")
    words = page.read_text("utf-8")
    assert "Needs attention" not in words
    assert "sent back for correction" not in words


def test_the_office_sees_nothing_of_what_she_drops(hers: World) -> None:
    for folder in office_folders(hers.desk.office):
        assert hers.new(folder) == {}
    assert "Decided: harmful Reference FF-2026-000001" in hers.desk.page()
    assert hers.desk.open_steps().count("H1") == 2


def test_nothing_that_she_dropped_joined_or_acknowledged_anything(hers: World) -> None:
    with database.reading(worker.context_of(hers.desk.office).engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM joined").scalar() == 0
        seen = connection.exec_driver_sql(
            "SELECT DISTINCT reference FROM entry WHERE acknowledged_at IS NOT NULL"
        )
        assert seen.scalars().all() == ["FF-2026-000001"]
    assert "Awaiting your decision Reference FF-2026-000002" in hers.desk.page("FF-2026-000002")


def test_the_codes_of_sheets_are_told_nowhere(
    hers: World, caplog: pytest.LogCaptureFixture
) -> None:
    office = hers.desk.office
    sheets = [
        *lying(office, "*.pdf"),
        *office.folders.needs_attention.glob("*.pdf"),
    ]
    copies = [path for path in sheets if "as it looks" not in path.name]
    codes = {said.token for path in copies if (said := CopyReference.parse(hidden_of(path)))}
    assert len(codes) > 5
    caplog.set_level("DEBUG")
    hers.desk.waits()
    told = [caplog.text]
    for folder in (office.folders.alerts.parent, *office_folders(office)):
        for name in files(folder):
            if name.endswith((".html", ".txt", ".csv", ".toml", ".json")):
                told.append((folder / name).read_text("utf-8-sig"))
            elif name.endswith(".xlsx"):
                told += [part.decode("utf-8", "replace") for part in unpacked(folder / name)]
    for command in ("status", "show FF-2026-000001", "show FF-2026-000001 --json", "logs"):
        told.append(formflow(office, *command.split()).stdout)
    told.append(formflow(office, "read", "--json", str(first_sheet(hers.desk))).stdout)
    everything_told = "\n".join(told)
    assert not [code for code in codes if code and code in everything_told]
    ledger = (office.state.folder / "ledger.sqlite").read_bytes()
    assert not [code for code in codes if code and code.encode() in ledger]


def unpacked(book: Path) -> list[bytes]:
    with zipfile.ZipFile(book) as archive:
        return [archive.read(name) for name in archive.namelist()]


def test_what_would_have_come_back_to_the_office_she_finds_in_her_own_folders(hers: World) -> None:
    office = hers.desk.office
    printed, letter = (hers.came[case] for case in ("a printed form", "a form that nobody knows"))
    for name in (
        f"{printed.reference} please check.pdf",
        f"{printed.reference} as it looks.pdf",
        f"{letter.reference} please fill in.pdf",
    ):
        assert [one.name for one in lying(office, name)] == [name]
    kept = files(office.folders.alerts.parent / "Child files")
    locked = hers.came["locked with a password"]
    assert f"Not yet matched/{locked.reference}/{locked.reference} r1 original.pdf" in kept
    alert = next(office.folders.alerts.glob(f"* {locked.reference} r1.html")).read_text("utf-8")
    assert f"Not yet matched/{locked.reference}" in alert
    assert "open the one in “To decide”" in alert


def test_what_she_drops_again_tells_the_office_nothing_and_her_again(hers: World) -> None:
    office = hers.desk.office
    locked, mistaken = (
        hers.came[case] for case in ("locked with a password", "a form with mistakes")
    )
    (page,) = office.folders.alerts.glob(f"* {locked.reference} r1.html")
    page.rename(page.parent / "Seen" / page.name)
    for again in (locked, mistaken):
        original = worker.context_of(office).vault.original(again.sha256)
        shutil.copyfile(original, office.watch[1].folder / f"{again.reference}.pdf")
    hers.desk.waits()
    # The page that she has seen stays in "Seen", and keeps its name.
    assert page.with_name(f"{page.stem} (2).html").exists()
    for folder in office_folders(office):
        assert hers.new(folder) == {}


def test_the_same_sheet_in_both_folders_counts_once_it_comes_from_hers(office: Settings) -> None:
    desk = Desk(office)
    desk.takes(filled(BLANKS["recording"], DANIEL), "daniel.pdf")
    content = filled(desk.sheet("F2"), {"level": "harmful", "level_reason": "Planned.", **HER_NAME})
    desk.takes(content, "wrong folder.pdf")
    assert "Awaiting your decision" in desk.page()
    (office.watch[1].folder / "right folder.pdf").write_bytes(content)
    desk.waits()
    assert "Decided: harmful" in desk.page()
    assert [e.outcome for e in entries(office)[1:]] == [Outcome.HELD, Outcome.RECORDED]


def test_a_sheet_that_counted_changes_nothing_when_it_comes_from_the_staff_folder(
    office: Settings,
) -> None:
    desk = Desk(office)
    desk.takes(filled(BLANKS["recording"], DANIEL), "daniel.pdf")
    content = filled(desk.sheet("F2"), {"level": "harmful", "level_reason": "Planned.", **HER_NAME})
    (office.watch[1].folder / "a.pdf").write_bytes(content)
    desk.waits()
    page, receipts = desk.page(), files(office.folders.receipts)
    desk.takes(content, "a.pdf")
    assert desk.page() == page
    assert [e.outcome for e in entries(office)[1:]] == [Outcome.RECORDED, Outcome.HELD]
    assert len(files(office.folders.receipts)) == len(receipts) + 1
    assert list(office.folders.alerts.glob("*FF-2026-000002 r1.html"))


def test_a_level_that_was_lowered_comes_up_in_her_alerts_though_it_counts(office: Settings) -> None:
    desk = Desk(office)
    desk.takes(filled(BLANKS["recording"], DANIEL), "daniel.pdf")
    desk.fills_in("F2", **HEALTHY, **HER_NAME)
    assert "Decided: healthy" in desk.page()
    (page,) = office.folders.alerts.glob("*FF-2026-000001-F2 r1.html")
    words = page.read_text("utf-8")
    assert "lower than what was suggested" in words
    assert "Sheet accepted" in words


def case_ref(content: bytes, reference: str) -> bytes:
    return saved(content, lambda pdf: fill(pdf, {"case_ref": reference}))


@pytest.mark.parametrize(
    ("different", "codes"),
    [
        ({"child_a_name": "Lee Hart"}, {"FF-131"}),
        ({"child_a_dob": "5/5/2012"}, {"FF-131"}),
        ({"child_a_dob": ""}, {"FF-131"}),
        ({"child_a_name": ""}, {"FF-131"}),
        ({"child_a_name": "Danielle Hill"}, {"FF-131"}),
        ({"child_a_name": "Dan\u200biel Hill"}, set()),
        ({}, set()),
    ],
)
def test_a_form_follows_a_record_only_about_the_very_child(
    office: Settings, different: dict[str, str], codes: set[str]
) -> None:
    desk = Desk(office)
    desk.takes(filled(BLANKS["recording"], DANIEL), "daniel.pdf")
    told = {**DANIEL, "child_words": "Another word.", **different}
    content = case_ref(filled(BLANKS["recording"], told), "FF-2026-000001")
    desk.takes(content, "again.pdf")
    last = entries(office)[-1]
    assert {found.code for found in last.notices if found.holds} == codes
    stays = ("FF-2026-000002", 1) if codes else ("FF-2026-000001", 2)
    assert (last.reference, last.revision) == stays
    is_odd = "\u200b" in different.get("child_a_name", "")
    assert ("FF-219" in {found.code for found in last.notices}) is is_odd


def test_a_form_never_becomes_a_revision_of_a_sheet(office: Settings) -> None:
    desk = Desk(office)
    desk.takes(filled(BLANKS["recording"], DANIEL), "daniel.pdf")
    desk.fills_in("F2", level="harmful", level_reason="x", **HER_NAME)
    content = filled(BLANKS["recording"], {**DANIEL, "child_words": "Hm."})
    desk.takes(case_ref(content, "FF-2026-000001-F2"), "a.pdf")
    last = entries(office)[-1]
    assert (last.reference, last.about) == ("FF-2026-000002", None)
    assert "FF-130" in {found.code for found in last.notices}
    assert "Decided: harmful" in desk.page()


def test_a_file_saved_over_with_another_child_is_a_record_that_waits_for_her(
    office: Settings,
) -> None:
    desk = Desk(office)
    first = filled(BLANKS["recording"], DANIEL)
    desk.takes(first, "form.pdf")
    other = {"child_a_name": "Lee Hart", "child_a_dob": "1/2/2012"}
    over = pypdf.PdfWriter(io.BytesIO(first), incremental=True)
    for page in over.pages:
        over.update_page_form_field_values(page, other, auto_regenerate=False)
    out = io.BytesIO()
    over.write(out)
    assert out.getvalue().startswith(first)
    desk.takes(out.getvalue(), "form.pdf")
    last = entries(office)[-1]
    assert (last.reference, last.outcome) == ("FF-2026-000002", Outcome.HELD)
    assert "FF-238" in {found.code for found in last.notices}


def test_a_name_with_letters_of_another_alphabet_is_told(office: Settings) -> None:
    desk = Desk(office)
    cyrillic = "D\N{CYRILLIC SMALL LETTER A}niel Hill"
    desk.takes(filled(BLANKS["recording"], {**DANIEL, "child_a_name": cyrillic}), "a.pdf")
    (entry,) = entries(office)
    told = {found.code: found.text for found in entry.notices}
    assert "letters of another alphabet" in told["FF-219"]


def test_handed_over_by_command_a_sheet_counts_only_as_her_decision(office: Settings) -> None:
    desk = Desk(office)
    desk.takes(filled(BLANKS["recording"], DANIEL), "daniel.pdf")
    content = filled(desk.sheet("F2"), {"level": "harmful", "level_reason": "x", **HER_NAME})
    paper = office.state.folder.parent / "handed over.pdf"
    paper.write_bytes(content)
    worker.hand_over(office, [paper])
    desk.waits()
    assert "Awaiting your decision" in desk.page()
    # What lies in a watched folder counts by that folder, whatever the command says.
    lying = office.watch[0].folder / "lying there.part"
    shutil.copyfile(paper, lying)
    worker.hand_over(office, [lying], Role.DECISIONS)
    desk.waits()
    assert "Awaiting your decision" in desk.page()
    worker.hand_over(office, [paper], Role.DECISIONS)
    desk.waits()
    assert "Decided: harmful" in desk.page()


def dropped(desk: Desk, content: bytes, name: str = "hers.pdf") -> None:
    (desk.office.watch[1].folder / name).write_bytes(content)
    desk.waits()


def to_confirm(desk: Desk) -> Path:
    """Return the copy that waits for her word."""
    found = lying(desk.office, "*please check*.pdf")
    return max(found, key=lambda path: path.stat().st_mtime_ns)


@pytest.mark.parametrize("reference", ["FF-2026-000001 r1", ""])
def test_what_a_sheet_without_our_code_says_counts_once_she_has_signed_the_copy(
    office: Settings, reference: str
) -> None:
    desk = Desk(office)
    desk.takes(filled(BLANKS["recording"], DANIEL), "daniel.pdf")
    dropped(desk, review(reference, level="harmful", a_views="He said it was a game.")(desk))
    assert "Awaiting your decision" in desk.page()
    (alert,) = office.folders.alerts.glob("1 TO READ FF-2026-000001-F2 r1.html")
    assert "hidden code" in alert.read_text("utf-8")
    copy = to_confirm(desk)
    with pikepdf.open(copy) as pdf:
        assert [str(field(pdf, one).V) for one in ("level", "a_views")] == [
            "/harmful",
            "He said it was a game.",
        ]
        assert not str(field(pdf, "signed_name").get("/V", ""))
    dropped(desk, copy.read_bytes(), "not signed.pdf")
    assert "Awaiting your decision" in desk.page()
    assert {one.code for one in entries(office)[-1].notices if one.holds} == {"FF-240"}
    dropped(desk, filled(copy, HER_NAME), "signed.pdf")
    assert "Decided: harmful" in desk.page()
    last = entries(office)[-1]
    assert (last.outcome, last.about) == (Outcome.RECORDED, "FF-2026-000001")


def test_an_older_copy_removes_nothing_until_she_says_so(office: Settings) -> None:
    desk = Desk(office)
    desk.takes(filled(BLANKS["recording"], DANIEL), "daniel.pdf")
    older = desk.sheet("F2").read_bytes()
    desk.fills_in(
        "F2", level="harmful", level_reason="Planned.", a_views="He said it was a game.", **HER_NAME
    )
    said = {"level": "harmful", "level_reason": "Planned.", "b_views": "She was afraid."}
    dropped(desk, filled(io.BytesIO(older), {**said, **HER_NAME}))
    (told,) = [one.text for one in entries(office)[-1].notices if one.code == "FF-251"]
    form = worker.context_of(office).desk.forms["review"]
    assert f"“{form.fields['a_views'].label}”" in told
    assert "game" not in told
    assert form.fields["level_reason"].label not in told
    copy = to_confirm(desk)
    dropped(desk, filled(copy, HER_NAME), "signed.pdf")
    last = entries(office)[-1]
    assert last.outcome is Outcome.RECORDED
    answers = [last.answers[one].value for one in ("a_views", "b_views", "level")]
    assert answers == ["He said it was a game.", "She was afraid.", "harmful"]


def test_an_older_copy_that_only_adds_counts(office: Settings) -> None:
    desk = Desk(office)
    desk.takes(filled(BLANKS["recording"], DANIEL), "daniel.pdf")
    older = desk.sheet("F2").read_bytes()
    said = {"level": "harmful", "level_reason": "Planned.", **HER_NAME}
    desk.fills_in("F2", **said)
    dropped(desk, filled(io.BytesIO(older), {**said, "a_views": "He said it was a game."}))
    last = entries(office)[-1]
    assert (last.outcome, last.revision) == (Outcome.RECORDED, 2)


def test_a_lost_key_makes_sheets_wait_and_says_so(office: Settings) -> None:
    desk = Desk(office)
    desk.takes(filled(BLANKS["recording"], DANIEL), "daniel.pdf")
    sheet = filled(desk.sheet("F2"), {"level": "harmful", "level_reason": "x", **HER_NAME})
    worker.close()
    (office.state.folder / "copies.key").unlink()
    dropped(desk, sheet)
    assert "Awaiting your decision" in desk.page()
    view = status.overview(office)
    assert [own.code for own in view.own_alerts] == ["FF-256"]
    dropped(desk, filled(to_confirm(desk), HER_NAME), "signed.pdf")
    assert "Decided: harmful" in desk.page()


def test_a_blank_sheet_about_a_child_with_two_records_belongs_to_neither(office: Settings) -> None:
    desk = Desk(office)
    desk.takes(filled(BLANKS["recording"], DANIEL), "daniel.pdf")
    later = {**DANIEL, "incident_at": "13/11/2026 at 9am", "signed_date": "13/11/2026"}
    desk.takes(filled(BLANKS["recording"], later), "daniel again.pdf")
    dropped(desk, review("", level="harmful")(desk))
    last = entries(office)[-1]
    assert (last.outcome, last.about) == (Outcome.HELD, None)
    assert [found.code for found in last.notices if found.holds] == ["FF-226"]
    assert not list(lying(office, "*please check*"))


def test_a_blank_referral_is_for_the_child_that_it_names(office: Settings) -> None:
    desk = Desk(office)
    desk.takes(filled(BLANKS["recording"], {**DANIEL, **KIT}), "daniel.pdf")
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **HER_NAME)
    said = {"child_name": "Kit Moor", "child_dob": "7/7/2014", **REFERRED}
    dropped(desk, about("referral_b", "", **said))
    assert desk.open_steps().count("H1") == 2
    last = entries(office)[-1]
    assert (last.reference, last.outcome) == ("FF-2026-000001-F3b", Outcome.HELD)
    dropped(desk, filled(to_confirm(desk), HER_NAME), "signed.pdf")
    assert desk.open_steps().count("H1") == 1
