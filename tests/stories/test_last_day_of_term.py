"""The last day of term: figures for the governors, three children who leave, two cases that end, and what stays.

`make pictures` keeps what the safeguarding lead sees for docs/.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pypdf
import pypdfium2
import pytest

from formflow.core.clock import utc_now
from formflow.core.dates import local_day
from formflow.core.errors import ExitCode
from tests.support import pictures, worker
from tests.support.chromium import PROGRAM, Chromium, chromium
from tests.support.desk import Desk, filled
from tests.support.offices import agency, formflow
from tests.support.papers import BLANK
from tests.support.register_pages import draw

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed (Debian: chromium)"),
    pytest.mark.timeout(400),
    pytest.mark.slow,
]
FORENAMES = ("Aled", "Bethan", "Carys", "Dylan", "Eira", "Ffion", "Gwen", "Huw", "Idris", "Jac")
SURNAMES = ("Model", "Pattern")
PLACES = ("Playground",) * 10 + ("Corridor",) * 7 + ("Minibus",)
FORMS, RED, TARGETED = 18, (2, 9), "Nia Placeholder"
LEAVE = (2, 5, 12)  # the first of them with an open red case
ON_A_SHEET, BY_COMMAND = 0, 1  # how two cases are closed
SIGNED = {"signed_name": "M. Head", "signed_date": "20/11/2026"}
HEALTHY = {"level": "healthy", "level_reason": "Play.", "lower_reason": "Play.", **SIGNED}
WHY = "Both families have been told. It has not happened again."


def child(number: int) -> str:
    return f"{FORENAMES[number % 10]} {SURNAMES[number // 10]}"


def in_this_term(today: date, ago: int) -> date:
    """Return a day of the present term: so long ago, or the day on which the term began."""
    month = max(one for one in (1, 4, 9) if one <= today.month)
    return max(today.replace(month=month, day=1), today - timedelta(ago))


def form(number: int, today: date) -> dict[str, str]:
    """Return what staff typed on one of the forms of the term."""
    answers = {
        "child_a_name": child(number),
        "child_a_dob": f"{number + 1}/05/2014",
        "incident_at": f"{in_this_term(today, 4 * number):%d/%m/%Y}",
        "incident_place": PLACES[number],
        "completed_by": "T. Assistant",
        "type_text": f"{FORENAMES[number % 10]} told a rude joke at lunch. Everybody laughed.",
        "type_language": "yes",
        "urgent_referral": "no",
        "signed_name": "T. Assistant",
        "signed_date": "20/11/2026",
    }
    if number in RED:
        answers |= {
            "child_b_name": TARGETED,
            "child_b_dob": "4/4/2016",
            "type_text": f"{FORENAMES[number]} pulled Nia behind the shed. Nia cried.",
            "context_planned": "yes",
            "context_force": "yes",
        }
    return answers


class Day:
    """What she saw, what commands said, and what was written on this day."""

    def __init__(self, desk: Desk, browser: Chromium) -> None:
        self.desk, self.browser = desk, browser
        self.seen: dict[str, str] = {}
        self.said: dict[str, tuple[int, str]] = {}
        self.packs: dict[str, bytes] = {}
        self.printed = b""

    def sees(self, moment: str, page: str | Path, *, is_kept: bool = False) -> None:
        """She opens a page of the register and reads it."""
        draw(self.desk.office)
        self.browser.shows((self.desk.office.folders.dsl_register / page).as_uri())
        if is_kept:
            pictures.keep(f"term-{moment}", self.browser.looks_like(1200, 900))
        self.seen[moment] = " ".join(
            self.browser.asks("document.querySelector('main').innerText").split()
        )

    def follows(self, words: str) -> Path:
        """Return where the last link of the page before her leads whose text holds these words."""
        links = (
            f"[...document.links].filter((one) => one.textContent.includes({json.dumps(words)}))"
        )
        return Path(unquote(urlsplit(self.browser.asks(f"{links}.pop().href")).path))

    def asks(self, moment: str, *command: str) -> str:
        """She, or IT for her, types a command; return what it says."""
        done = formflow(self.desk.office, *command)
        self.said[moment] = done.returncode, done.stdout + done.stderr
        return self.said[moment][1]

    def closes_on_a_sheet(self, number: int) -> None:
        """She decides, and closes the case on the next copy of the sheet, with a reason on each line."""
        self.sees("cases", "Cases.html")
        case = self.follows(child(number))
        for moment, answers in (
            ("to decide", HEALTHY),
            ("to close", {"case_state": "close", "case_state_reason": WHY}),
        ):
            self.sees(moment, case)
            sheet = self.follows(" F2 ")
            lines = (pypdf.PdfReader(sheet).get_fields() or {}).get("open_reasons", {}).get("/V")
            reasons = [f"{line} Done in school." for line in (lines or "").splitlines()]
            more = {"open_reasons": "\n".join(reasons)} if reasons else {}
            self.desk.fills_in("F2", sheet, **answers, **more)
        self.sees("closed on a sheet", case)

    def closes_by_command(self, number: int) -> None:
        """She closes a case at once: the command names what is open, and she gives a reason for each."""
        self.sees("cases", "Cases.html")
        case = self.follows(child(number))
        close = ("case", "close", case.stem, "--reason", WHY)
        steps = re.findall(r"--reason-for (\S+)", self.asks("refused", *close))
        self.asks("closed", *close, *(w for s in steps for w in ("--reason-for", s, "Seen to.")))
        self.desk.waits()
        self.sees("closed by command", case)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """The whole day, told once."""
    desk = Desk(agency(tmp_path_factory.mktemp("term") / "an agency"))
    today = local_day(utc_now(), desk.office.zone)
    for number in range(FORMS):
        name = f"form {number:02}.pdf"
        (desk.office.watch[0].folder / name).write_bytes(filled(BLANK, form(number, today)))
    desk.waits()
    packs = tmp_path_factory.mktemp("packs")
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        day = Day(desk, browser)
        day.sees("before", "Today.html")
        day.sees("figures", "Figures.html", is_kept=True)
        day.printed = browser.prints()
        for name in map(child, LEAVE):
            day.asks(name, "transfer", name, "--to", str(packs / f"{name}.pdf"))
            day.packs[name] = (packs / f"{name}.pdf").read_bytes()
        day.closes_on_a_sheet(ON_A_SHEET)
        day.closes_by_command(BY_COMMAND)
        day.sees("after", "Today.html", is_kept=True)
        day.sees("closed cases", "Closed cases.html")

        yield day
    worker.close()


def words_of(pdf: bytes) -> list[str]:
    """Return the words of each page."""
    return [
        " ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages
    ]


def test_the_figures_are_one_page_without_names_and_without_small_numbers(day: Day) -> None:
    (printed,) = words_of(day.printed)
    for words in (day.seen["figures"], printed):
        assert f"Cases: {FORMS}." in words
        assert f"{FORMS}" in words.partition("Cases by term")[2].partition("Cases by level")[0]
        assert "Playground 10" in words
        assert "Corridor left out" in words  # or it could be worked out who is left
        assert "Red suggested left out" in words
        assert "Minibus" not in words
    for part in (*FORENAMES, *SURNAMES, *TARGETED.split()):
        assert part not in printed
    assert "Find a child" not in printed
    assert "only" not in printed.partition("Figures for")[0]  # the governors read it, too


def test_who_leaves_takes_a_pack_along_that_names_no_other_child(day: Day) -> None:
    for name, pack in day.packs.items():
        words = " ".join(words_of(pack))
        assert f"Child {name}" in words
        assert "Chronology" in words
        assert "Receipt to return" in words
        others = {one for number in range(FORMS) if (one := child(number)) != name}
        assert not [one for one in (*others, "Nia", "Placeholder") if one in words]
    red = " ".join(words_of(day.packs[child(LEAVE[0])]))
    assert "pulled [Child B] behind the shed. [Child B] cried." in red


def test_a_child_with_an_open_red_case_leaves_with_a_warning(day: Day) -> None:
    red, *others = map(child, LEAVE)
    code, said = day.said[red]
    assert code == ExitCode.WAITING
    assert "should speak before the child starts at the new school" in said
    assert "should speak before" in words_of(day.packs[red])[0]
    for name in others:
        assert day.said[name][0] == ExitCode.DONE
        assert "should speak before" not in day.said[name][1] + words_of(day.packs[name])[0]
    with pypdfium2.PdfDocument(day.packs[red]) as pack:
        cover = io.BytesIO()
        pack[0].render(scale=1.2).to_pil().save(cover, "PNG")
    pictures.keep("term-pack", cover.getvalue())


def test_one_case_ends_on_a_sheet_and_one_by_a_command_with_a_reason_for_each_duty(
    day: Day,
) -> None:
    code, said = day.said["refused"]
    assert code == ExitCode.USAGE
    assert "Nothing has been changed." in said
    assert day.said["closed"][0] == ExitCode.DONE
    for moment, why in (
        ("closed on a sheet", "contacted: Done in school."),
        ("closed by command", "with your reason: Seen to."),
    ):
        assert "Closed." in day.seen[moment]
        left = day.seen[moment].partition("Left open when the case was closed")[2]
        assert why in left
        assert WHY in day.seen[moment].partition("History")[2]


def test_today_then_says_what_stays_and_nothing_of_what_ended(day: Day) -> None:
    waits = day.seen["after"].partition("New in the last 7 days")[0]
    ended = {child(ON_A_SHEET), child(BY_COMMAND)}
    for number in range(FORMS):
        assert (f"{child(number)} FF-" in waits) is (child(number) not in ended), child(number)
        assert f"{child(number)} FF-" in day.seen["before"]
    assert [name in day.seen["closed cases"] for name in ended] == [True, True]
    assert waits.count("needs a look") == 1  # two alerts about one sheet
    assert "Closed cases (2)" in day.seen["closed cases"]
