"""The hand-over pack for the next school: one office, and everything that must and must not be in its packs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest

from formflow.core.errors import ExitCode
from formflow.core.settings import Settings
from tests.documents.test_register import LONG_NAME, MARKUP
from tests.support import worker
from tests.support.accessible import findings
from tests.support.desk import Desk, filled, lying
from tests.support.disks import fill, mounted
from tests.support.offices import agency, formflow
from tests.support.papers import BLANK

TOO_LONG = "Anneliese " + "Bartholomew-Fitzgerald " * 4 + "Quill"  # more than 60 letters
RTL = "محمد عبد الله"
SAID_B = "canary: he told me never to say it"
FORMS = {
    "one": {
        "child_a_name": "Sam Stone",
        "child_a_dob": "11/05/2015",
        "child_b_name": "Tom O’Brien",
        "child_b_dob": "03/02/2019",
        "incident_at": "14/11/2026 at 1pm",
        "incident_nearby": "Ben Hall saw it",
        "completed_by": "Mrs J. Oak",
        "signed_name": "J. Oak",
        "type_text": "Sam pulled Tom into the shed. tom cried, and Kofi ran for Mrs Oak.",
        "others_words": SAID_B,
        "context_secrecy": "yes",
        "context_threat": "yes",
    },
    "two": {
        "child_a_name": RTL,
        "child_a_dob": "12/06/2014",
        "child_b_name": "Sam Stone",
        "child_b_dob": "11/05/2015",
        "incident_at": "16/11/2026 at 1pm",
        "completed_by": "P. Nair",
        "type_text": f"canary: {RTL} said things to Sam.",
        "type_language": "yes",
    },
    "three": {"child_a_name": "Kim Lee", "child_a_dob": "01/01/2015", "type_text": "Ran."},
    "four": {"child_a_name": "Kim Lee", "child_a_dob": "01/02/2015", "type_text": "Ran."},
    "six": {
        "child_a_name": TOO_LONG,
        "child_a_dob": "1/4/2015",
        "type_text": "Anneliese Quill ran.",
    },
    "five": {
        "child_a_name": LONG_NAME,
        "child_a_dob": "01/03/2015",
        "child_b_name": MARKUP,
        "type_text": f"{LONG_NAME} met {MARKUP} and {RTL}.\n" + "It went on and on. " * 400,
    },
}


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = agency(tmp_path_factory.mktemp("school"))
    desk = Desk(settings)
    for name, answers in FORMS.items():
        desk.takes(filled(BLANK, answers), f"{name}.pdf")
    (sheet,) = lying(settings, "FF-2026-000001 * F2 *.pdf")
    answers = {"level": "harmful", "level_reason": "Planned. Tom is afraid.", "b_views": SAID_B}
    desk.fills_in("F2", sheet, **answers, signed_name="M. Head", signed_date="20/11/2026")
    yield settings
    worker.close()


def made(school: Settings, child: str, file: Path) -> tuple[str, str, int]:
    """Make a pack; return its words, what the command said, and how it ended."""
    done = formflow(school, "transfer", child, "--to", str(file))
    if not file.exists():
        return "", done.stderr, done.returncode
    words = " ".join(page.extract_text() for page in pypdf.PdfReader(file).pages)
    return " ".join(words.split()), done.stderr, done.returncode


@pytest.fixture(scope="module")
def packed(school: Settings, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """Sam's pack: what it says, and what the command said."""
    file = tmp_path_factory.mktemp("packs") / "pack.pdf"
    words, said, code = made(school, "sam stone", file)
    assert code == ExitCode.WAITING, said
    return file, words, said


def test_a_pack_holds_chronology_forms_sheets_index_and_receipt(
    packed: tuple[Path, str, str],
) -> None:
    file, words, _ = packed
    assert "Sam Stone" in words
    assert "14 Nov 2026: FF-2026-000001" in words
    assert "Was targeted" in words  # and the incident in which others did it
    assert "F1 Sexual Behaviour Recording Form (FF-2026-000001 r1)" in words
    assert "F2 DSL Review Sheet (FF-2026-000001-F2 r1)" in words
    assert "Harmful, " in words
    assert "Mrs J. Oak" in words
    pages = [page.extract_text() for page in pypdf.PdfReader(file).pages]
    index = re.findall(r"page (\d+) (Chronology|F1|F2|Receipt)", " ".join(pages[0].split()))
    assert {name for _, name in index} == {"Chronology", "F1", "F2", "Receipt"}
    for page, name in index:
        assert name in pages[int(page) - 1].split("\n")[0]
    assert pages[-1].startswith("Receipt to return")
    assert len(index) == len(dict(index))


def test_a_pack_can_be_read_aloud(packed: tuple[Path, str, str]) -> None:
    assert findings(packed[0].read_bytes()) == []


def test_no_other_child_is_named_in_a_pack(packed: tuple[Path, str, str]) -> None:
    _, words, _ = packed
    assert "Sam pulled [Child B] into the shed. [Child B] cried, and Kofi ran for Mrs Oak." in words
    assert "[Child B] is afraid" in words
    for gone in ("Tom", "O’Brien", "canary", "Hall", "2019", "محمد"):
        assert gone not in words


def test_what_cannot_be_masked_surely_is_listed_by_page_and_names_nobody(
    packed: tuple[Path, str, str],
) -> None:
    file, _, said = packed
    (page,) = set(re.findall(r"Look at page (\d+), F1 .*“Type of behaviour”", said))
    assert "Kofi" in pypdf.PdfReader(file).pages[int(page) - 1].extract_text()
    assert not any(name in said for name in ("Kofi", "Sam", "Tom"))


def test_an_open_red_case_is_told_to_the_person_and_on_the_cover(
    packed: tuple[Path, str, str],
) -> None:
    file, _, said = packed
    cover = " ".join(pypdf.PdfReader(file).pages[0].extract_text().split())
    assert "some actions are outstanding" in cover
    assert "some actions are outstanding" in said


def test_a_pack_is_noted_in_the_trail_of_each_record(
    school: Settings, packed: tuple[Path, str, str]
) -> None:
    assert packed[0].exists()
    for number in (1, 2):
        trail = formflow(school, "audit", f"FF-2026-00000{number}").stdout
        assert "Put into a pack for people outside (hand-over pack of C-" in trail
        assert "Sam" not in trail
    assert formflow(school, "verify").returncode == ExitCode.DONE


def test_a_child_who_was_targeted_takes_no_words_of_the_form_along(
    packed: tuple[Path, str, str],
) -> None:
    assert "F1 Sexual Behaviour Recording Form (FF-2026-000002" not in packed[1]
    assert "Sexual language or personal space" in packed[1]


def test_two_children_of_one_name_are_listed_and_refused(school: Settings, tmp_path: Path) -> None:
    words, said, code = made(school, "Kim Lee", tmp_path / "pack.pdf")
    assert (words, code) == ("", ExitCode.USAGE)
    assert "born 1 Jan 2015" in said
    (second,) = re.findall(r"(C-\S+), born 1 Feb 2015", said)
    words, said, _ = made(school, second, tmp_path / "pack.pdf")
    assert "1 February 2015" in words


def test_names_of_any_kind_are_shown_and_masked(school: Settings, tmp_path: Path) -> None:
    words, said, _ = made(school, LONG_NAME, tmp_path / "pack.pdf")
    assert "Child B" in words
    assert "Smith" not in words
    assert "script" not in words
    assert "may be a name no form gives" in said  # the third is on no form of theirs
    words, said, _ = made(school, RTL, tmp_path / "rtl.pdf")
    assert "said things to [Child B]" in words
    assert "Stone" not in words


def test_the_childs_own_name_is_never_masked_however_long(school: Settings, tmp_path: Path) -> None:
    words, _, _ = made(school, TOO_LONG, tmp_path / "pack.pdf")
    assert "Anneliese Quill ran." in words
    assert f"Childs Name {TOO_LONG}" in words
    assert "[Child B]" not in words


@pytest.mark.parametrize(
    "place", ["drop", "receipts", "beside", "child files", "existing", "nowhere", "no pdf"]
)
def test_a_pack_is_refused_where_staff_or_formflow_would_find_it(
    school: Settings, tmp_path: Path, place: str
) -> None:
    there = tmp_path / "there.pdf"
    there.write_bytes(b"mine")
    file = {
        "drop": school.watch[0].folder / "pack.pdf",
        "receipts": school.folders.receipts / "pack.pdf",
        "beside": school.folders.receipts.parent / "pack.pdf",
        "child files": school.folders.dsl_register / "pack.pdf",
        "existing": there,
        "nowhere": tmp_path / "none" / "pack.pdf",
        "no pdf": tmp_path / "pack",  # Windows would not know what to open it with
    }[place]
    before = formflow(school, "audit", "FF-2026-000001").stdout
    _, said, code = (
        made(school, "Sam Stone", file) if place != "existing" else ("", *_refused(school, there))
    )
    assert code == ExitCode.USAGE, said
    assert there.read_bytes() == b"mine"
    assert place == "existing" or not file.exists()
    assert formflow(school, "audit", "FF-2026-000001").stdout == before


def _refused(school: Settings, file: Path) -> tuple[str, int]:
    done = formflow(school, "transfer", "Sam Stone", "--to", str(file))
    return done.stderr, done.returncode


def test_nobody_is_found_under_a_name_that_no_form_gives(school: Settings, tmp_path: Path) -> None:
    _, said, code = made(school, "Nobody Known", tmp_path / "pack.pdf")
    assert code == ExitCode.USAGE
    assert "No child of this reference or name" in said


def test_a_request_gets_everything_that_is_held_and_a_list_of_what_to_look_at(
    school: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "request"
    done = formflow(school, "sar", "Sam Stone", "--to", str(folder))
    assert done.returncode == ExitCode.WAITING, done.stderr
    content = (folder / "Papers.pdf").read_bytes()
    assert findings(content) == []
    words = " ".join(
        " ".join(
            page.extract_text() for page in pypdf.PdfReader(folder / "Papers.pdf").pages
        ).split()
    )
    for held in (
        "FF-2026-000001 r1",
        "FF-2026-000001-F2 r1",
        "FF-2026-000002 r1",
        "Child files",
        "delivered",
    ):
        assert held in words
    assert "said things to Sam" in words  # where Sam was targeted, the form is about Sam too
    for gone in ("Tom", "O’Brien", SAID_B, "محمد", "2019", "12/06/2014"):
        assert gone not in words
    listed = (folder / "Check before sending.txt").read_text("utf-8-sig")
    assert "serious harm" in listed
    assert "as much about another child" in listed
    assert not any(name in listed for name in ("Sam", "Tom", "Kofi"))
    again = formflow(school, "sar", "Sam Stone", "--to", str(folder))
    assert again.returncode == ExitCode.USAGE
    assert "subject-access pack of C-" in formflow(school, "audit", "FF-2026-000002").stdout
    assert formflow(school, "verify").returncode == ExitCode.DONE


def test_a_disk_that_is_full_leaves_no_half_of_a_pack_and_the_next_try_finds_its_place(
    school: Settings, tmp_path: Path
) -> None:
    whole, disk = tmp_path / "whole", tmp_path / "stick"
    formflow(school, "sar", "Sam Stone", "--to", str(whole))
    of_the_first_alone = -(-(whole / "Papers.pdf").stat().st_size // 4096) * 4096
    with mounted(disk, 1):
        filler = fill(disk)
        for room in (0, of_the_first_alone):
            os.truncate(filler, filler.stat().st_size - room)
            for command, name in (("transfer", "pack.pdf"), ("sar", "request")):
                asked = (command, "Sam Stone", "--to", str(disk / name))
                done = formflow(school, *asked)
                if room == 0 or command == "sar":
                    assert done.returncode == ExitCode.STORAGE, name
                    assert "Check that the disk is there and has room" in done.stderr
                    assert not (disk / name).exists()
                (disk / name).unlink(missing_ok=True)
        filler.unlink()
        done = formflow(school, *asked)
        assert done.returncode == ExitCode.WAITING, done.stderr


@pytest.mark.parametrize("child", ["Nobody Known", "Kim Lee", "C-999999", "FF-2026-000001", " "])
def test_no_pack_is_made_of_a_child_that_nobody_can_tell(
    school: Settings, tmp_path: Path, child: str
) -> None:
    for command in ("transfer", "sar"):
        done = formflow(school, command, child, "--to", str(tmp_path / "pack.pdf"))
        assert done.returncode == ExitCode.USAGE
        assert "child" in done.stderr
        assert list(tmp_path.iterdir()) == []
