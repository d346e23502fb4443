"""The register's pages in a real Chromium: nothing that axe-core finds wrong, the search, the print."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pypdf
import pytest

from formflow.core.settings import Settings
from tests.support import axe, worker
from tests.support.chromium import PROGRAM, Chromium, chromium
from tests.support.desk import Desk
from tests.support.offices import agency
from tests.support.register_pages import draw, pages

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed (Debian: chromium)"),
    pytest.mark.timeout(400),
    pytest.mark.slow,
]
SIGNED = {"signed_name": "M. Head", "signed_date": "20/11/2026"}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An agency with a harmful case that is referred, one that nobody has decided, and a file that nobody can read."""
    made = agency(tmp_path_factory.mktemp("browsed") / "an agency")
    desk = Desk(made)
    desk.gets("red-planned-secrecy-pdfjs")
    desk.fills_in("F2", level="harmful", level_reason="Planned, and kept secret.", **SIGNED)
    desk.fills_in("F3a", sender_name="M. Head", sent_at="20/11/2026 at 2pm", reason="R.", **SIGNED)
    desk.fills_in("F7a", actions="Supervised at lunch.", review_on="4/12/2026", **SIGNED)
    desk.gets("green-free-play-pdfjs")
    (made.watch[0].folder / "half.pdf").write_bytes(b"%PDF-1.7 half a copy")
    desk.waits()
    draw(made)
    yield made
    worker.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


def address(office: Settings, name: str) -> str:
    return (office.folders.dsl_register / name).as_uri()


def test_axe_finds_nothing_on_any_page(office: Settings, browser: Chromium) -> None:
    if why_not := axe.why_not():
        pytest.skip(why_not)
    found = {}
    for name in pages(office):
        browser.shows(address(office, name))
        browser.asks("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found[name] = axe.findings(browser)
    assert {name: told for name, told in found.items() if told} == {}
    assert len(found) > 10


def test_a_child_is_found_by_name_from_the_start_page(office: Settings, browser: Chromium) -> None:
    browser.shows(address(office, "Today.html"))
    there = browser.asks("document.querySelector('form[role=search]').action")
    browser.shows(f"{there}?find=sean+darcy".replace("darcy", "d%E2%80%99arcy"))
    rows = "[...document.querySelectorAll('tbody tr')].filter((row) => !row.hidden)"
    assert browser.asks(f"{rows}.length") == 1
    assert "Seán D’Arcy-Müller" in browser.asks(f"{rows}[0].textContent")


def test_a_list_is_sorted_by_its_headings(office: Settings, browser: Chromium) -> None:
    browser.shows(address(office, "Cases.html"))
    names = "[...document.querySelectorAll('tbody tr')].map((row) => row.cells[0].textContent)"
    browser.asks("document.querySelector('thead button').click()")
    up = browser.asks(names)
    browser.asks("document.querySelector('thead button').click()")
    assert up == sorted(up, key=str.casefold)
    assert browser.asks(names) == up[::-1]


def test_a_page_that_is_old_says_so(office: Settings, browser: Chromium) -> None:
    page = (office.folders.dsl_register / "Today.html").read_text("utf-8")
    drawn = page.partition('data-drawn="')[2].partition('"')[0]
    copy = office.folders.dsl_register / "Old.html"
    copy.write_text(page.replace(drawn, "2026-01-01T09:00:00+00:00"), "utf-8")
    browser.shows(copy.as_uri())
    told = browser.asks("document.querySelector('.stale')?.textContent ?? ''")
    copy.unlink()
    assert "FormFlow may have stopped" in told


def test_at_200_per_cent_nothing_is_wider_than_the_window(
    office: Settings, browser: Chromium
) -> None:
    for name in pages(office):
        browser.shows(address(office, name))
        browser.looks_like(640, 900, 2.0)
        wide = browser.asks("document.documentElement.scrollWidth")
        assert wide <= 640, name


@pytest.mark.parametrize("width", [1000, 1200, 1600])
def test_the_longest_level_stays_in_its_column(
    office: Settings, browser: Chromium, width: int
) -> None:
    browser.shows(address(office, "Today.html"))
    levels = "[...document.querySelectorAll('td .level')]"
    browser.asks(f"{levels}.forEach((one) => {{ one.textContent = '? More information needed'; }})")
    browser.looks_like(width, 900)
    over = "one.getBoundingClientRect().right - one.parentElement.getBoundingClientRect().right"
    assert browser.asks(f"Math.max(...{levels}.map((one) => {over}))") <= 0


def test_a_chronology_is_printed_on_a4_landscape(office: Settings, browser: Chromium) -> None:
    name = next(one for one in pages(office) if one.startswith("children/"))
    browser.shows(address(office, name))
    (page,) = pypdf.PdfReader(io.BytesIO(browser.prints())).pages
    assert page.mediabox.width > page.mediabox.height
    words = page.extract_text()
    assert "Chronology" in words
    assert "Find a child" not in words


def test_figures_are_one_page_of_paper(office: Settings, browser: Chromium) -> None:
    browser.shows(address(office, "Figures.html"))
    assert len(pypdf.PdfReader(io.BytesIO(browser.prints())).pages) == 1


REACHED = "a[href], button, input, summary, [tabindex='0']"
VISIBLE = f"[...document.querySelectorAll({REACHED!r})].filter((one) => one.checkVisibility())"


@pytest.mark.parametrize("name", ["Today.html", "Children.html", "cases/FF-2026-000001.html"])
def test_everything_is_reached_by_the_tab_key_in_its_order_and_is_seen_to_be(
    office: Settings, browser: Chromium, name: str
) -> None:
    browser.shows(address(office, name))
    count = browser.asks(f"window.all = {VISIBLE}; window.all.length")
    for at in range(count):
        browser.presses("Tab")
        assert browser.asks(f"document.activeElement === window.all[{at}]"), at
        assert browser.asks("getComputedStyle(document.activeElement).outlineStyle") == "solid", at


# Few cases have no charts, since small numbers are left out: one as the page draws them.
CHART = """
    const cell = document.querySelector(".charts td:last-child");
    if (cell) cell.innerHTML = '<svg fill="currentColor"><rect width="9" height="9"/></svg>';
"""


def test_with_high_contrast_levels_dates_and_charts_are_seen(
    office: Settings, browser: Chromium
) -> None:
    browser.shows(address(office, "Today.html"))
    browser.sees_in(forced_colors="active", prefers_color_scheme="dark")
    back = "getComputedStyle(document.body).backgroundColor"
    for name, part, colour in (
        ("Today.html", ".level", "borderTopColor"),
        ("Today.html", ".late", "borderTopColor"),
        ("Today.html", ".now", "borderTopColor"),
        ("Figures.html", ".charts rect", "fill"),
    ):
        browser.shows(address(office, name))
        browser.asks(CHART)
        seen = f"getComputedStyle(document.querySelector({part!r})).{colour}"
        assert browser.asks(back) != browser.asks(seen), (name, part)
    browser.sees_in()


def test_a_page_that_is_open_stays_whole_while_it_is_written_and_is_new_when_it_is_shown_again(
    office: Settings, browser: Chromium
) -> None:
    browser.shows(address(office, "Today.html"))
    before = browser.asks("document.body.textContent")
    desk = Desk(office)
    desk.gets("amber-peer-pressure-pdftk-fdf")
    draw(office)
    assert browser.asks("document.body.textContent") == before
    browser.shows(address(office, "Today.html"))
    assert "FF-2026-000003" in browser.asks("document.body.textContent")
    assert browser.asks("document.querySelector('footer') !== null")
