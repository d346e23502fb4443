"""The register's pages: who comes first, what is left out of figures and chronologies, how large a page gets."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formflow.core.model import Light
from formflow.core.settings import Settings
from formflow.documents.register import children, figures, lists, rows, today, words
from formflow.documents.register.case_file import Drawn, Happened, case_file
from formflow.documents.register.health import Health
from formflow.documents.register.lines import (
    About,
    CaseLine,
    Done,
    Part,
    Person,
    Waits,
    line_of,
    one_line,
)
from formflow.documents.register.rows import Moment
from formflow.rules.case.asked import asked_steps
from formflow.rules.case.case import Case
from formflow.rules.case.steps import Step, steps
from tests.conftest import NOON
from tests.documents.test_as_read import entry
from tests.support.register_pages import main_of, plain

LONDON = ZoneInfo("Europe/London")
AT = Moment(NOON, LONDON)  # a Friday
HEAD = {"agency": "A school", "lead": "DSL"}
HEALTHY = Health((), (), (), (), 0, None)
LARGEST = 300 << 10
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff-Fotheringay Cholmondeley"
MARKUP = '<script>alert("1")</script> <b>Smith'


def end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), LONDON)


def line(number: int = 1, *waits: Waits, name: str = "Mia Robin", **more: Any) -> CaseLine:
    person = Person(name, Part.DISPLAYED, f"C-4821-{number:06d}", date(2015, 5, 12), "17-1", "6")
    made = CaseLine(
        reference=f"FF-2026-{number:06d}",
        people=(person,),
        received_at=NOON - timedelta(days=30),
        incident=date(2026, 10, 20),
        day=date(2026, 10, 20),
        suggested=Light.RED,
        level="",
        decided_at=None,
        is_undecided=True,
        is_urgent=False,
        was_read=True,
        is_returned=False,
        is_seen=True,
        has_allegation=False,
        open_steps=3,
        waits=waits,
    )
    return replace(made, **more)


def due(day: date, what: str = words.DECIDE, who: str = words.YOU) -> Waits:
    return Waits(what, who, end_of(day), end_of(day))


def groups(*lines: CaseLine) -> list[tuple[str, list[str]]]:
    page = main_of(today.today_page(lines, HEALTHY, AT, HEAD))
    sections = re.findall(r'<h2 id="([a-z-]+)">(.*?)(?=<section|$)', page, re.DOTALL)
    return [(name, re.findall(r"FF-2026-\d{6}", part)) for name, part in sections if "<td>" in part]


def test_the_most_urgent_comes_first_and_each_case_once() -> None:
    now = Waits("Report it to the police", words.YOU, NOON, end_of(AT.today), is_now=True)
    late, later = due(date(2026, 11, 18)), due(date(2026, 11, 19))
    found = groups(
        line(1, due(date(2026, 12, 20))),
        line(2, Waits(words.DECIDE, words.YOU)),
        line(3, due(date(2026, 11, 24))),
        line(4, later),
        line(5, due(AT.today)),
        line(6, late, due(AT.today)),
        line(7, now, late),
        line(8),  # nothing waits
    )
    assert [(name, [one[-1] for one in dict.fromkeys(of_it)]) for name, of_it in found] == [
        ("now", ["7"]),
        ("overdue", ["6", "4"]),
        ("due-today", ["5"]),
        ("due-soon", ["3"]),
        ("to-decide", ["2"]),
        ("later", ["1"]),
    ]


def test_what_is_overdue_says_so_in_words_and_since_when() -> None:
    page = today.today_page([line(1, due(date(2026, 11, 18)))], HEALTHY, AT, HEAD)
    assert '<span class="late">Overdue since 18 Nov 2026</span>' in page
    assert "▲" in page


def test_what_is_due_today_is_not_overdue_before_the_day_is_over() -> None:
    waits = due(AT.today)
    assert rows.ends_in_words(waits, AT) == "Today"
    at_midnight = Moment(end_of(AT.today), LONDON)
    assert rows.ends_in_words(waits, at_midnight) == "Overdue since 20 Nov 2026"
    assert line(1, waits).changes_between(NOON, at_midnight.now)
    assert not line(1, waits).changes_between(at_midnight.now, at_midnight.now + timedelta(days=9))


@pytest.mark.parametrize("step", [step for step in steps() if step.clock], ids=lambda step: step.id)
def test_every_step_with_a_clock_has_a_few_words(step: Step) -> None:
    assert 0 < len(words.short(step)) <= 50
    assert "{" not in words.short(step)


def test_no_name_is_taken_for_markup() -> None:
    one = line(1, due(AT.today), name=MARKUP, story=MARKUP, place=MARKUP, author=MARKUP)
    known = children.incidents([one])
    pages = [
        today.today_page([replace(one, received_at=NOON)], HEALTHY, AT, HEAD),
        children.child_page("C-4821-000001", known["C-4821-000001"], AT, HEAD),
        *(page for _, page in lists.list_pages([one], None, AT, HEAD)),
        *(page for _, page in children.index_pages(known, [one], AT, HEAD)),
        *(page for _, page in figures.figure_pages([one] * 6, 5, AT, HEAD)),
    ]
    for page in pages:
        assert "<script>alert" not in page
        assert "<b>" not in page


def test_no_page_of_a_thousand_cases_is_larger_than_300_kb() -> None:
    every = [line(n, due(AT.today), name=LONG_NAME, received_at=NOON) for n in range(1, 1001)]
    known = children.incidents(every)
    pages = dict(lists.list_pages(every, None, AT, HEAD))
    pages |= dict(children.index_pages(known, every, AT, HEAD))
    pages["Today.html"] = today.today_page(every, HEALTHY, AT, HEAD)
    assert max(len(page.encode()) for page in pages.values()) < LARGEST
    assert {"Cases.html", "Cases 2.html", "Children.html"} <= pages.keys()
    assert "1000" in plain(main_of(pages["Today.html"]))  # how many there are, not all of them


def test_an_index_of_many_children_has_a_page_for_each_letter() -> None:
    every = [line(n, name=f"Kit {'Abcdz'[n % 5]}underland {n}") for n in range(1, 900)]
    every += [line(n, name=f"Kit {'ABCDZ'[n % 5]}amber") for n in range(900, 1600)]
    pages = dict(children.index_pages(children.incidents(every), every, AT, HEAD))
    assert {"Children.html", "Children A.html", "Children Z.html"} <= pages.keys()
    assert max(len(page.encode()) for page in pages.values()) < LARGEST
    references = [one for page in pages.values() for one in re.findall(r"C-4821-\d+\.html", page)]
    assert len(references) == len(set(references)) == len(every)


def test_a_year_group_of_the_list_makes_no_path() -> None:
    person = replace(line().child, year="4/../../5")
    (name,) = (n for n, _ in lists.list_pages([line(people=(person,))], None, AT, HEAD) if "5" in n)
    assert "/" not in name


def test_others_are_left_out_of_what_happened() -> None:
    text = (
        "Kit Moor pulled O’Hara’s coat. Kit, moor and Lee-Ann laughed; Kitchen was empty. Al saw."
    )
    assert children.without_names(text, ["Kit Moor", "Lee-Ann O’Hara", "Al"]) == (
        "[another child] pulled [another child]’s coat. [another child], [another child] and"
        " [another child] laughed; Kitchen was empty. Al saw."
    )


def test_what_was_done_for_one_child_is_not_in_the_chronology_of_another() -> None:
    people = (
        line().child,
        Person("Kit Moor", Part.TARGETED, "C-4821-000002"),
        Person("Lee Hart", Part.TARGETED, "C-4821-000003"),
    )
    done = (Done("All", ""), Done("Mias", "a"), Done("Kits", "b"), Done("Lees", "b2"))
    known = children.incidents([line(people=people, done=done, kinds=("type_touching",))])
    for number, own in ((1, "Mias"), (2, "Kits"), (3, "Lees")):
        reference = f"C-4821-{number:06d}"
        page = plain(main_of(children.child_page(reference, known[reference], AT, HEAD)))
        assert [one for one in ("All", "Mias", "Kits", "Lees") if one in page] == ["All", own]


@settings(max_examples=40)
@given(st.dictionaries(st.text(max_size=3), st.integers(0, 30), max_size=9), st.integers(2, 12))
def test_no_small_number_is_shown_or_can_be_worked_out(
    counts: dict[str, int], smallest: int
) -> None:
    shown = figures.without_small(counts, smallest)
    assert [one.words for one in shown] == list(counts)
    hidden = [counts[one.words] for one in shown if one.number is None]
    for one in shown:
        assert one.number in (None, counts[one.words])
        assert one.number is None or not 0 < one.number < smallest
    if hidden and any(one.number for one in shown):
        assert len(hidden) > 1
        assert sum(hidden) >= smallest
    if not any(0 < n < smallest for n in counts.values()):
        assert not hidden


def test_a_place_that_is_named_seldom_is_not_printed() -> None:
    every = [line(n, place="Playground" if n < 8 else "Mia’s house") for n in range(1, 20)]
    every += [line(n, place=f"Room of child {n}") for n in range(20, 26)]
    ((_, page),) = figures.figure_pages(every, 5, AT, HEAD)
    assert "Playground" in page
    assert "Room of child" not in page
    assert "Other places" in page


def test_no_name_is_on_the_page_of_figures() -> None:
    every = [line(n, name="Zebedee Quill", author="Zebedee Quill") for n in range(1, 9)]
    for _, page in figures.figure_pages(every, 5, AT, HEAD):
        assert "Quill" not in page


def test_a_child_without_a_name_is_in_the_index_under_its_case() -> None:
    nobody = line(people=(Person("", Part.DISPLAYED),))
    ((_, page),) = children.index_pages({}, [nobody], AT, HEAD)
    assert 'href="cases/FF-2026-000001.html">Name not given</a>' in page


def test_a_child_who_was_targeted_is_found_by_name_without_a_birth_date() -> None:
    people = (line().child, Person("Tom Moor", Part.TARGETED))
    one = line(people=people)
    ((_, page),) = children.index_pages(children.incidents([one]), [one], AT, HEAD)
    assert 'href="cases/FF-2026-000001.html">Tom Moor</a>' in page
    assert "FF-2026-000001: not known which child" in page


def test_two_children_of_one_name_are_told_apart_by_birth_date_and_number() -> None:
    other = Person("Mia Robin", Part.DISPLAYED, "C-4821-000002", date(2016, 1, 3), "18-9", "5")
    known = children.incidents([line(), line(2, people=(other,))])
    ((_, page),) = children.index_pages(known, [], AT, HEAD)
    assert "12 May 2015" in page
    assert "3 Jan 2016" in page
    assert "18-9" in page


def test_a_long_text_is_cut_between_two_words() -> None:
    assert one_line("one  two\nthree", 8) == "one two…"
    assert one_line(LONG_NAME, 60) == LONG_NAME


def test_a_case_with_forty_revisions_is_one_page_with_all_of_them() -> None:
    record, school = entry(child_a_name="Mia Robin", type_text="Ran."), Settings()
    case = Case(record, zone=LONDON)
    for number in range(3, 43):
        case = case.with_revision(replace(record, revision=number))
    asked = list(asked_steps(case, AT.today))
    one = line_of(case, asked, About(("", ""), is_seen=False), school.working_days)
    history = [Happened(NOON + timedelta(minutes=n), f"revision {n} came") for n in range(40)]
    drawn = Drawn(one, asked, (), (), history)
    page = case_file(case, drawn, school, school.working_days, AT, HEAD)
    assert len(re.findall(r"revision \d+ came", page)) == 40
    assert len(page.encode()) < LARGEST
