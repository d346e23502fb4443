"""Every reference that is built is understood again, also from the millionth record on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formflow.core import references
from formflow.core.references import CopyReference, SheetKey

PREFIXES = st.from_regex(r"[A-Z]{1,6}", fullmatch=True)
RECORDS = st.builds(
    references.record_reference, PREFIXES, st.integers(2000, 2999), st.integers(1, 9_999_999)
)
CODES = st.sampled_from(["F2", "F3a", "F3b", "F4", "F7b"])
REVISIONS = st.integers(1, 2000)
FURTHER = st.integers(2, 12)


TOKENS = st.just("") | st.from_regex(r"[0-9a-f]{32}", fullmatch=True)


@given(RECORDS, st.integers(0, 2000), st.just(0) | FURTHER, st.integers(0, 2000), TOKENS)
def test_what_a_copy_says_is_read_again(
    record: str, revision: int, child: int, after: int, token: str
) -> None:
    said = CopyReference(record, revision, child, after, token)
    assert CopyReference.parse(str(said)) == said
    for shown in (said.stamp, said.claim, repr(said)):
        assert not token or token not in shown


@given(RECORDS, CODES, FURTHER)
def test_a_sheet_s_reference_says_which_further_child_it_is_about(
    record: str, code: str, child: int
) -> None:
    assert references.child_of_sheet(references.sheet_reference(record, code)) == 0
    if code[-1].isalpha():  # sheets about one child of several have a letter
        assert references.child_of_sheet(references.sheet_reference(record, code, child)) == child
    assert references.child_of_sheet(record) == 0


@given(RECORDS, CODES, REVISIONS)
def test_a_revision_is_found_in_a_file_s_name(record: str, code: str, revision: int) -> None:
    for reference in (record, references.sheet_reference(record, code)):
        name = f"1 NOW {references.at_revision(reference, revision)} (2).html"
        assert references.find_revision(name) == (reference, revision)
    assert references.find_revision(f"{record}.html") is None
    assert references.find_revision(f"{record} r{'1' * 4500}.html") is None


@given(RECORDS, st.just("") | CODES)
def test_a_reference_is_understood_however_it_is_typed(record: str, code: str) -> None:
    meant = references.sheet_reference(record, code) if code else record
    named = references.at_revision(meant, 2)
    for said in (meant, meant.lower(), f" {meant.upper()}\n", meant.replace("-", " "), named):
        assert references.typed(said) == meant
    assert references.typed(f" not {meant} ") == f"not {meant}"


@given(st.integers(1000, 9999), st.integers(1, 999_999))
def test_a_child_s_reference_is_read_as_it_was_written(epoch: int, number: int) -> None:
    for one in (epoch, 0):
        assert references.parse_child(references.child_reference(one, number)) == (one, number)


@pytest.mark.parametrize("words", ["not C-4821-000045", "C-4821-45", "C-000045 and C-000046", ""])
def test_anything_but_a_child_s_reference_is_none(words: str) -> None:
    assert references.parse_child(words) is None


DIGITS = "1" * 4500  # more than int() takes


@pytest.mark.parametrize(
    "words",
    [
        *("FF-2026-000001 r1 child 0", "FF-2026-000001 r1 child 1", "FF-2026-000001 r1 child 02"),
        *("FF-2026-000001 r1 after 0", "FF-2026-000001 r1 token 5d", "FF-2026-000001 r1 token "),
        *("", "FF-2026-123", "FF-2026-000001 r", "FF-2026-000001 r1 child", "ff-2026-000001"),
        pytest.param(f"FF-2026-{DIGITS}", id="a long reference"),
        pytest.param(f"FF-2026-000001 r{DIGITS}", id="a long revision"),
        pytest.param(f"FF-2026-000001 r1 child {DIGITS}", id="a long child"),
        pytest.param(
            "FF-2026-\uff10\uff10\uff10\uff10\uff10\uff11", id="digits of another alphabet"
        ),
    ],
)
def test_a_hidden_box_that_says_something_else_says_nothing(words: str) -> None:
    assert CopyReference.parse(words) is None


def test_the_millionth_record_of_a_year_is_a_record_like_any_other() -> None:
    millionth = references.record_reference("FF", 2026, 1_000_000)
    assert references.is_record(millionth)
    assert not references.is_record(f"{millionth} r1")
    assert references.find_revision(f"{millionth} r1.html") == (millionth, 1)


def test_a_first_revision_goes_without_its_number_where_that_is_wanted() -> None:
    assert references.from_second_revision("FF-2026-000001", 1) == "FF-2026-000001"
    assert references.from_second_revision("FF-2026-000001", 2) == "FF-2026-000001 r2"


def test_sheets_stand_in_the_order_of_their_children() -> None:
    assert min(SheetKey("referral_b", 2), SheetKey("referral_b")).child == 0


@given(RECORDS, CODES, FURTHER)
def test_a_sheet_says_of_which_record_it_is(record: str, code: str, child: int) -> None:
    assert references.record_of(references.sheet_reference(record, code)) == record
    assert references.record_of(references.sheet_reference(record, "F3b", child)) == record
    assert references.record_of(record) == record


@given(RECORDS, PREFIXES, REVISIONS)
def test_no_record_is_a_test(record: str, prefix: str, revision: int) -> None:
    tried = references.reference_of_test(prefix, 2026)
    assert references.is_test(tried)
    assert references.is_test(references.at_revision(tried, revision))
    assert not references.is_test(record)
