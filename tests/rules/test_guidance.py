"""Every line of the guidance has a rule, every rule has a test, and the page of rules says which."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from formflow.rules.case.standing import standing
from formflow.rules.case.steps import steps
from formflow.rules.light.book import rules
from tests.support.facts import table

ROOT = Path(__file__).parents[2]
# Every line that the guidance was taken apart into, by its headings; the traffic light is in
# test_cases.py. RP4 is ours: the reminder that follows from RP1. ST1 and ST3 are the two signatures that
# bring the next sheet. AL1 is the statutory guidance's, which IR11 names; H8 is PR8 for a harmful incident; RV1 and
# RV2 follow from N7.
LINES = [
    "PR1",
    "PR2",
    "PR3",
    "PR4",
    "PR5",
    "PR6",
    "PR7",
    "PR8",
    "PR9",
    "IR0",
    "IR1",
    "IR2",
    "IR3",
    "IR4",
    "IR5",
    "IR6",
    "IR7",
    "IR8",
    "IR9",
    "IR10",
    "IR11",
    "FM1",
    "FM2",
    "FM3",
    "FM4",
    "AL1",
    "DSL0",
    "DA1",
    "DA2",
    "DA3",
    "DB1",
    "DB2",
    "DB3",
    "DB4",
    "DB5",
    "DB6",
    "DH1",
    "DX1",
    "DX2",
    "DX3",
    "DX4",
    "DX5",
    "H1",
    "H2",
    "H3",
    "H4",
    "H5",
    "H6",
    "H7",
    "H8",
    "N1",
    "N2",
    "N3",
    "N4",
    "N5",
    "N6",
    "N7",
    "RV1",
    "RV2",
    "RP1",
    "RP2",
    "RP3",
    "RP4",
    "CX1",
    "CX2",
    "CX3",
    "EL1",
    "EL2",
    "EL3",
    "EL4",
    "EL5",
    "EL6",
    "EL7",
    "EL8",
    "EL9",
    "AS1",
    "AS2",
    "AS3",
    "AS4",
    "AS5",
    "AS6",
    "AS7",
    "DN1",
    "DN2",
    "DN3",
    "AC1",
    "AC2",
    "AC3",
    "AC4",
    "ST1",
    "ST1a",
    "ST1b",
    "ST2a",
    "ST2b",
    "ST2c",
    "ST2d",
    "ST3",
    "ST4",
    "SH1",
    "TS1",
    "RT1",
    "RT2",
    "RT3",
    "RT4",
    "RT5",
    "RT6",
    "RT7",
    "RT8",
    "RT9",
    "RT10",
    "RT11",
    "RT12",
    "RT13",
    "RT14",
    "RT15",
    "RT16",
]
MARKED = {
    rule
    for path in (ROOT / "tests").rglob("test_*.py")
    for ids in re.findall(r"@pytest\.mark\.rule\(([^)]*)\)", path.read_text("utf-8"))
    for rule in re.findall(r'"(\w+)"', ids)
}
IN_CASES = {
    row.split()[0] for rows in table("steps.toml").values() for row in rows["rules"].split(", ")
}


def test_every_line_of_the_guidance_has_a_rule_and_every_rule_a_line() -> None:
    there = {step.id for step in steps()} | {line.id for line in standing()}
    assert there == set(LINES)
    assert not {step.id for step in steps()} & {line.id for line in standing()}


def test_every_rule_has_a_test() -> None:
    assert {step.id for step in steps()} <= IN_CASES
    assert {line.id for line in standing()} <= MARKED


def test_no_test_speaks_of_a_rule_that_is_not_there() -> None:
    assert {*LINES, *(rule.id for rule in rules())} >= MARKED | IN_CASES


@pytest.mark.parametrize("rule", [*LINES, *(rule.id for rule in rules())])
def test_every_rule_stands_on_the_page_of_rules(rule: str) -> None:
    page = (ROOT / "docs" / "guidance.md").read_text("utf-8")
    assert f"\n| {rule} | " in page


def test_what_is_kept_always_stands_there_with_what_formflow_does() -> None:
    page = (ROOT / "docs" / "guidance.md").read_text("utf-8")
    for line in standing():
        told = f"| {line.id} | {line.section} | {line.kind} | {line.does} | “{line.quote}” |"
        assert f"\n{told}" in page
