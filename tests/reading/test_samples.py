"""Every sample that a real program filled is read, checked and proposed as its expected.toml says.

[paper], [expect] and [answers] are what people typed and what the rules ask for, worked out by hand.
[seen] is what FormFlow said when a person last looked; `--accept` rewrites it, and the diff is read.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tomllib
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from formflow.core.limits import Limits
from formflow.core.model import AnswerState, Checked, History, Proposal, Reading, Unread
from formflow.forms.catalogue import known
from formflow.pipeline.gate import Gate, tail_gate
from formflow.reading.sandbox.parent import Cage
from formflow.rules.checks import check
from formflow.rules.light.propose import decide

SAMPLES = Path(__file__).parents[1] / "samples"
CASES = sorted(path.parent.name for path in SAMPLES.glob("*/expected.toml"))
ODD = sorted(path.parent.name for path in SAMPLES.glob("not-ours/*/expected.toml"))
FORMS = {(form.form_id, form.version): form for form in known()}
TODAY = date(2026, 11, 24)
LARGEST = Limits().file_mb << 20
SEEN = "\n[seen]\n"
Reader = Callable[[str], Reading | Unread]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Read a sample in the cage, under the name that the vault would give it, once for all tests."""
    vault = tmp_path_factory.mktemp("vault")
    with Cage(tuple(FORMS.values()), Limits(), "always") as cage:

        @cache
        def read_case(case: str) -> Reading | Unread:
            form = SAMPLES / case / "form.pdf"
            original = vault / f"{hashlib.sha256(form.read_bytes()).hexdigest()}.pdf"
            shutil.copyfile(form, original)
            return cage.read(original)

        yield read_case


def expected(case: str) -> dict[str, Any]:
    """Return what stands beside a sample."""
    return tomllib.loads((SAMPLES / case / "expected.toml").read_text("utf-8"))


def assessed(read: Reader, case: str) -> tuple[Checked, Proposal]:
    """Return the checked facts of a sample and what the rules propose, for a child without history."""
    reading = read(case)
    assert isinstance(reading, Reading), reading
    checked = check(reading, FORMS[reading.form_id, reading.form_version], TODAY)
    return checked, decide(checked.facts, History(), TODAY)


def test_at_least_six_programs_filled_at_least_two_samples_each() -> None:
    programs = [expected(case)["paper"]["program"].split()[0] for case in CASES]
    assert len({name for name in programs if programs.count(name) >= 2}) >= 6


@pytest.mark.parametrize("case", CASES)
def test_the_gate_lets_every_whole_sample_through(case: str) -> None:
    assert tail_gate(SAMPLES / case / "form.pdf", largest=LARGEST) == Gate()


@pytest.mark.parametrize("case", CASES)
def test_a_sample_is_read_exactly_as_it_was_typed(read: Reader, case: str) -> None:
    reading = read(case)
    assert isinstance(reading, Reading), reading
    wanted = expected(case)
    given = {
        name: answer.value
        for name, answer in reading.answers.items()
        if answer.state is AnswerState.GIVEN
    }
    unreadable = [n for n, a in reading.answers.items() if a.state is AnswerState.UNREADABLE]
    assert given == wanted["answers"]
    assert unreadable == []
    assert [reading.form_id, reading.form_version] == [
        wanted["paper"][k] for k in ("form", "version")
    ]


@pytest.mark.parametrize("case", CASES)
def test_a_healthy_sample_is_held_for_nothing_else_than_expected(read: Reader, case: str) -> None:
    reading = read(case)
    assert isinstance(reading, Reading), reading
    assert [hold.code for hold in reading.held] == expected(case)["expect"]["held"], reading.held


@pytest.mark.parametrize("case", CASES)
def test_the_proposal_is_the_one_worked_out_by_hand(read: Reader, case: str) -> None:
    _, proposal = assessed(read, case)
    wanted = expected(case)["expect"]
    assert proposal.light == wanted["light"]
    assert set(wanted["findings"]) <= {finding.rule for finding in proposal.findings}


@pytest.mark.parametrize("case", CASES)
def test_everything_said_about_a_sample_is_what_a_person_last_looked_at(
    read: Reader, case: str, pytestconfig: pytest.Config
) -> None:
    checked, proposal = assessed(read, case)
    notices = (*checked.notices, *proposal.contradictions, *proposal.please_check, *proposal.urgent)
    seen = {
        "notices": sorted(f"{notice.code} {notice.field or ''}".strip() for notice in notices),
        "findings": sorted(f"{one.rule} {one.weighs}" for one in proposal.findings),
        "missing": sorted(proposal.missing),
    }
    if pytestconfig.getoption("--accept"):
        accept(SAMPLES / case / "expected.toml", seen)
    assert expected(case).get("seen") == seen, (
        "if this is right: pytest tests/reading/test_samples.py --accept"
    )


def accept(path: Path, seen: dict[str, list[str]]) -> None:
    """Rewrite [seen], one entry a line, so that a diff is easy to read."""
    head = path.read_text("utf-8").split(SEEN)[0]
    lists = (f"{name} = {json.dumps(entries, indent=2)}\n" for name, entries in seen.items())
    path.write_text(head + SEEN + "".join(lists), "utf-8")


@pytest.mark.parametrize("case", ODD)
def test_a_file_that_is_not_a_whole_form_of_ours_is_stopped_for_the_right_reason(
    read: Reader, case: str
) -> None:
    name = f"not-ours/{case}"
    gate = tail_gate(SAMPLES / name / "form.pdf", largest=LARGEST)
    result = read(name)
    if gate.code:
        found = ["gate", gate.code]
    elif isinstance(result, Unread):
        found = ["reading", result.reason]
    else:
        found = ["held", *(hold.code for hold in result.held)]
    wanted = expected(name)["expect"]
    assert found == [wanted["stopped_at"], wanted["code"]]
