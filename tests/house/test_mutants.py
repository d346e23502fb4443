"""`make mutants` changes what it says: also a function that is imported elsewhere, a property, and what is kept."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import CodeType, FunctionType

import pytest

if sys.platform == "win32":
    pytest.skip("mutmut does not run on Windows", allow_module_level=True)

from bench.changes import changes, forget, make
from formflow.core.model import History
from formflow.rules.case.clocks import Deadline
from formflow.rules.light.book import rules_in_force
from formflow.rules.light.green import arises
from formflow.rules.light.propose import decide
from tests.support.facts import TODAY, facts

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def change() -> Iterator[Callable[[str], None]]:
    """Make the change of a name, and take it back when the test is over."""
    before: dict[FunctionType, CodeType] = {}
    functions = {
        "light.green.arises": arises,
        "case.clocks.Deadline.overdue_at": Deadline.overdue_at.fget,  # type: ignore[attr-defined]
        "light.book.rules_in_force": rules_in_force.__wrapped__,
    }

    def made(name: str) -> None:
        function = functions[name.rpartition(" ")[0]]
        before[function] = function.__code__
        (one,) = changes([name])
        assert make(one) is function
        forget(function)

    yield made
    for function, code in before.items():
        function.__code__ = code
        forget(function)


def test_a_function_is_changed_wherever_it_was_imported_to(change: Callable[[str], None]) -> None:
    with_a_child = facts(choices={"child_b_kind": "child"})
    assert "others_fun" in decide(with_a_child, History(), TODAY).missing
    change("light.green.arises 1")
    assert "others_fun" not in decide(with_a_child, History(), TODAY).missing


def test_a_property_and_a_table_that_is_kept_are_changed(change: Callable[[str], None]) -> None:
    due = Deadline(NOON, NOON)
    assert due.overdue_at == NOON
    change("case.clocks.Deadline.overdue_at 1")
    with pytest.raises(TypeError):
        _ = due.overdue_at
    assert rules_in_force(TODAY)
    change("light.book.rules_in_force 1")
    with pytest.raises(TypeError):
        rules_in_force(TODAY)


def test_a_change_says_what_it_is() -> None:
    found = list(changes(["light.green.arises"]))
    assert len(found) > 4
    assert found[0].diff.splitlines()[-2:] == [
        "+    if _is_alone(facts) or name.startswith(ABOUT_THE_OTHER):",
        "         return facts.says(name) in (Tri.YES, Tri.NO)",
    ]
