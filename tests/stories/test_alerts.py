"""The page of an alert says enough: who, what happened, what comes first, whom the child may be, and where all lies."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from formflow.core.settings import Settings
from tests.stories.test_decisions import HER_NAME
from tests.stories.test_vectors import gets
from tests.support import axe, worker
from tests.support.chromium import PROGRAM, Chromium, chromium
from tests.support.desk import Desk, lying
from tests.support.offices import agency
from tests.support.register_pages import draw, plain, words

MARKUP = "<b>Zoë</b> & <script>alert(1)</script>"
LONG = "Maximiliana-Theodora Featherstonehaugh-Cholmondeley-Marjoribanks"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An agency with a case that is decided, a child who may be the same, odd names, a bad sheet and half a file."""
    made = agency(tmp_path_factory.mktemp("alerts") / "an agency")
    desk = Desk(made)
    story = {"type_text": "They hid behind the shed\nand had planned it."}
    gets(desk, context_planned="yes", **story)
    desk.fills_in("F2", level="harmful", level_reason="Planned.", **HER_NAME)
    gets(desk, child_a_name="Rowan Ashbey", incident_at="13/11/2026 at 9am", context_planned="yes")
    gets(desk, child_a_name=MARKUP, born="1/2/2011", incident_at="14/11/2026 at 9am")
    gets(desk, child_a_name=LONG, born="1/3/2011", incident_at="15/11/2026 at 9am")
    desk.fills_in("F3a", signed_name="M. Head", signed_date="31/2/2026")
    desk.takes(b"%PDF-1.7 half a copy", "half.pdf")
    draw(made)
    yield made
    worker.close()


def alerts(office: Settings) -> list[Path]:
    return sorted(office.folders.alerts.glob("*.html"))


def of(office: Settings, reference: str) -> str:
    """Return the words of the alert about a paper in one line."""
    (page,) = office.folders.alerts.rglob(f"*{reference} *.html")  # also one that was put away
    return plain(
        re.sub(r"<style.*?</style>|<script.*", "", page.read_text("utf-8"), flags=re.DOTALL)
    )


def test_it_says_who_what_and_what_comes_first_and_by_when(office: Settings) -> None:
    told = of(office, "FF-2026-000001")
    assert "Child the form is about Rowan Ashby, age 13" in told
    assert "What happened They hid behind the shed and had planned it." in told
    assert re.search(
        r"Do first Decide the level – by the end of \d+ \w+ \d{4}|Do first .* – now", told
    )


def test_it_says_whom_the_child_may_be_and_what_is_decided_there(office: Settings) -> None:
    told = of(office, "FF-2026-000002")
    assert re.search(r"may be the same child as Rowan Ashby \(C-\d{4}-\d{6}\): the same date", told)
    assert "FF-2026-000001: decided: harmful. They are not linked." in told
    assert "may be the same child" not in of(office, "FF-2026-000001")


def test_the_page_of_the_case_says_it_too_and_follows_what_is_decided(office: Settings) -> None:
    told = words(office, "cases/FF-2026-000002.html")
    assert "This may be the same child as Rowan Ashby (C-" in told
    assert "FF-2026-000001: decided: harmful. They are not linked." in told
    assert "may be the same child" not in words(office, "cases/FF-2026-000001.html")  # decided
    desk = Desk(office)
    again = {"level_reason": "Told.", "lower_reason": "Told.", **HER_NAME}
    (sheet,) = lying(office, "FF-2026-000001 * F2 * 2.pdf")
    desk.fills_in("F2", sheet, level="concerning", **again)
    draw(office)
    assert "decided: concerning" in words(office, "cases/FF-2026-000002.html")


def test_a_name_of_markup_and_a_long_one_are_names(office: Settings) -> None:
    (page,) = office.folders.alerts.glob("*FF-2026-000003 *.html")
    assert html.escape(MARKUP) in page.read_text("utf-8")
    assert f"{LONG[:20]}" in of(office, "FF-2026-000004")


def test_a_file_that_nobody_could_read_names_nobody(office: Settings) -> None:
    told = of(office, "FF-2026-000005")
    assert "Do first Read the original form – now" in told
    assert "Child the form is about" not in told


def test_every_link_leads_to_a_file_that_is_there(office: Settings) -> None:
    for page in alerts(office):
        found = re.findall(r'href="([^"#]+)[^"]*"', page.read_text("utf-8"))
        there = [(page.parent / unquote(html.unescape(one))).resolve() for one in found]
        assert len(there) == 3, page.name
        assert [one for one in there if not one.is_file()] == [], page.name
        assert not any(one.startswith(("/", "file:")) for one in found)


@pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed (Debian: chromium)")
@pytest.mark.timeout(400)
def test_in_a_browser_nothing_is_wrong_wide_or_leads_nowhere(
    office: Settings, tmp_path: Path
) -> None:
    with chromium(tmp_path) as browser:
        for page in alerts(office):
            browser.shows(page.as_uri())
            assert why_wrong(browser) == [], page.name
            browser.looks_like(400, 900)
            assert browser.asks("document.documentElement.scrollWidth") <= 400, page.name
        seen = office.folders.alerts / "Seen" / page.name
        shutil.copyfile(page, seen)
        links = "[...document.querySelectorAll('a[href]')].map((one) => one.href)"
        lies = browser.asks(links)
        browser.shows(seen.as_uri())
        assert browser.asks(links) == lies
        seen.unlink()


def why_wrong(browser: Chromium) -> list[str]:
    """Return what axe-core finds wrong with a page; nothing where it cannot be had."""
    return [] if axe.why_not() else axe.findings(browser)


def test_an_alert_gets_out_where_its_case_cannot_be_told(
    office: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbles(*_arguments: object) -> None:
        raise ValueError(MARKUP)

    monkeypatch.setattr("formflow.delivery.contents.glance", stumbles)
    gets(Desk(office), born="1/4/2011", incident_at="16/11/2026 at 9am", context_planned="yes")
    told = of(office, "FF-2026-000006")
    assert "What raises concern" in told
    assert "Child the form is about" not in told
