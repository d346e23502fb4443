"""A paper is read exactly, or what stands against it is said: field set, states, damage, password."""

from __future__ import annotations

import random
import re
import tomllib
from pathlib import Path
from typing import Any, Literal

import pikepdf
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, Pdf, String

from formflow.core.messages import MESSAGES
from formflow.core.model import AnswerState, Hold, Reading, Unread
from formflow.forms.schema import TRI_STATES
from formflow.reading import second_reading as second_reader
from formflow.reading.text import normalised
from tests.support.papers import ANSWERS, BLANK, FORMS, SAMPLES, draw, field, held, paper, read

FORM = FORMS[0]
TEXTS = [name for name, entry in FORM.fields.items() if not entry.states]
TICKS = [name for name, entry in FORM.fields.items() if entry.states == TRI_STATES]


def given_answers(path: Path, second_reading: str = "always") -> dict[str, str]:
    reading = read(path, second_reading)
    assert isinstance(reading, Reading), reading
    return {name: answer.value for name, answer in reading.answers.items() if answer.value}


@pytest.mark.skipif(not SAMPLES, reason="no samples are here yet: tests/samples/fillers makes them")
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_what_a_real_program_saved_is_read_exactly_and_not_held(path: Path) -> None:
    expected = tomllib.loads((path.parent / "expected.toml").read_text(encoding="utf-8"))
    typed = expected["answers"]
    if expected["paper"]["program"].startswith("Chromium"):  # it stores half of an emoji
        typed = {
            name: re.sub("[\U00010000-\U0010ffff]", "\ufffd", text) for name, text in typed.items()
        }
    assert given_answers(path) == typed
    assert sorted(code for code, _ in held(path)) == sorted(expected["expect"]["held"])


def test_answers_come_in_the_order_of_the_form(tmp_path: Path) -> None:
    reading = read(paper(tmp_path / "a.pdf"))
    assert isinstance(reading, Reading)
    assert list(reading.answers) == list(FORM.fields)
    assert given_answers(tmp_path / "a.pdf") == ANSWERS
    assert reading.held == ()


def test_an_empty_form_is_held(tmp_path: Path) -> None:
    assert held(BLANK) == {("FF-115", None)}
    assert held(paper(tmp_path / "a.pdf", {"type_text": " \n "})) == {("FF-115", None)}


# But an escape and an empty byte: both hold the paper, by tests of their own.
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x1b\0")


# What letters of Windows, of a Mac or of UTF-8 look like when they are read by the table of PDF.
SIGNS_OF_ANOTHER_TABLE = frozenset("™ﬁﬂ‚“”„‹›†‡•‰ƒ−ŒŠŸŽŁÂÃÅÄ")


def may_be_of_another_table(text: str) -> bool:
    """Return whether the bytes that are stored for a text may be letters of another table: that holds a paper."""
    try:
        stored = text.encode("pdfdoc")
    except UnicodeError:
        return False
    if SIGNS_OF_ANOTHER_TABLE & set(text):
        return True
    try:
        stored.decode()
    except UnicodeError:
        return False
    return not text.isascii()


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    texts=st.dictionaries(st.sampled_from(TEXTS), st.text(LETTERS, max_size=300), min_size=1),
    ticks=st.dictionaries(st.sampled_from(TICKS), st.sampled_from(["yes", "no", "unknown"])),
)
@example(texts={"child_a_name": "¡Â¡", "child_b_name": "Zoë"}, ticks={})
def test_what_was_filled_in_is_what_is_read(
    tmp_path: Path, texts: dict[str, str], ticks: dict[str, str]
) -> None:
    path = paper(tmp_path / "a.pdf", texts | ticks)
    typed = {name: normalised(text) for name, text in texts.items()}
    assert given_answers(path) == {name: text for name, text in typed.items() if text} | ticks
    doubtful = {name for name, text in texts.items() if may_be_of_another_table(text)}
    assert held(path) <= {("FF-115", None)} | {("FF-149", name) for name in doubtful}


def test_an_escape_which_viewers_take_for_the_name_of_a_language_holds_the_paper(
    tmp_path: Path,
) -> None:
    path = paper(tmp_path / "a.pdf", {"child_a_name": "Ada \x1bnot\x1bExample"})
    assert held(path) == {("FF-110", "child_a_name")}


def test_a_box_that_was_renamed_is_missing_and_too_many(tmp_path: Path) -> None:
    def rename(pdf: Pdf) -> None:
        field(pdf, "context_threat").T = String("context_treat")

    path = paper(tmp_path / "a.pdf", change=rename)
    reading = read(path)
    assert isinstance(reading, Reading)
    assert reading.answers["context_threat"].state is AnswerState.UNREADABLE
    assert {hold.code: dict(hold.words) for hold in reading.held} == {
        "FF-106": {
            "missing": "1",
            "expected": str(len(FORM.manifest.boxes)),
            "which": "“Was there a threat?”",
        },
        "FF-107": {"extra": "1", "which": "page 3"},
    }


@pytest.mark.parametrize("name", ["context_threat", "form_id"])
def test_a_box_that_is_gone_holds_the_paper(tmp_path: Path, name: str) -> None:
    def remove(pdf: Pdf) -> None:
        fields = pdf.Root.AcroForm.Fields
        position = next(at for at, entry in enumerate(fields) if entry.get("/T") == name)
        for circle in fields[position].get("/Kids", [fields[position]]):
            circle.Subtype = Name.Square  # no longer a part of the form
        del fields[position]

    assert ("FF-106", None) in held(paper(tmp_path / "a.pdf", change=remove))


def test_an_answer_that_the_form_does_not_offer_is_not_taken(tmp_path: Path) -> None:
    def invent(pdf: Pdf) -> None:
        field(pdf, "context_planned").V = Name.perhaps

    path = paper(tmp_path / "a.pdf", change=invent)
    reading = read(path)
    assert isinstance(reading, Reading)
    answer = reading.answers["context_planned"]
    assert (answer.value, answer.raw, answer.state) == (None, "perhaps", AnswerState.UNREADABLE)
    assert ("FF-108", "context_planned") in held(path)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("name", "kind", "other"),
    [("context_force", Name.Btn, Name.yes), ("child_a_name", Name.Tx, String("Bob"))],
)
def test_a_question_answered_in_two_ways_counts_as_not_read(
    tmp_path: Path, name: str, kind: Name, other: pikepdf.Object, first: bool
) -> None:
    def add(pdf: Pdf) -> None:
        fields = pdf.Root.AcroForm.Fields
        twin = pdf.make_indirect(Dictionary(FT=kind, T=String(name), V=other))
        fields.insert(0 if first else len(fields), twin)

    path = paper(tmp_path / "a.pdf", change=add)
    for mode in ("always", "doubtful"):
        reading = read(path, mode)
        assert isinstance(reading, Reading)
        assert (reading.answers[name].value, reading.answers[name].state) == (
            None,
            AnswerState.UNREADABLE,
        )
        assert Hold("FF-108", name) in reading.held


def test_something_stored_that_is_no_answer_is_neither_blank_nor_an_answer(tmp_path: Path) -> None:
    def spoil(pdf: Pdf) -> None:
        box = field(pdf, "context_planned")
        box.V = Array([Name.yes])
        for circle in box.Kids:
            circle.AS = Name.Off
        field(pdf, "child_a_name").V = Dictionary(Type=Name.Page)

    reading = read(paper(tmp_path / "a.pdf", change=spoil), "doubtful")
    assert isinstance(reading, Reading)
    for name in ("context_planned", "child_a_name"):
        assert reading.answers[name].state is AnswerState.UNREADABLE
        assert Hold("FF-108", name) in reading.held


def test_a_text_where_circles_should_be_is_not_taken(tmp_path: Path) -> None:
    def retype(pdf: Pdf) -> None:
        box = field(pdf, "context_planned")
        box.FT, box.V = Name.Tx, String("yes")

    assert ("FF-108", "context_planned") in held(paper(tmp_path / "a.pdf", change=retype))


def test_a_paper_that_wants_a_password_is_not_read(tmp_path: Path) -> None:
    path = paper(tmp_path / "a.pdf", encryption=pikepdf.Encryption(owner="o", user="u"))
    unread = read(path)
    assert isinstance(unread, Unread)
    assert (unread.reason, unread.file_size) == ("FF-104", path.stat().st_size)


@pytest.mark.parametrize("strength", [3, 4, 6])
def test_a_paper_that_only_forbids_changes_is_read(
    tmp_path: Path, strength: Literal[3, 4, 6]
) -> None:
    lock = pikepdf.Encryption(
        owner="o", user="", R=strength, metadata=strength > 3, aes=strength > 3
    )
    path = paper(tmp_path / "a.pdf", encryption=lock)
    assert given_answers(path) == ANSWERS
    assert held(path) == set()


def test_a_damaged_table_is_repaired_and_the_paper_held(tmp_path: Path) -> None:
    plain = pikepdf.ObjectStreamMode.disable
    whole = paper(tmp_path / "a.pdf", object_stream_mode=plain).read_bytes()
    (tmp_path / "b.pdf").write_bytes(whole.replace(b"startxref\n", b"startxref\n9", 1))
    assert given_answers(tmp_path / "b.pdf") == ANSWERS
    assert held(tmp_path / "b.pdf") == {("FF-114", None)}


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n%%EOF", b"<html>", bytes(9999)])
def test_what_is_no_pdf_cannot_be_opened(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pdf").write_bytes(content)
    assert isinstance(unread := read(tmp_path / "a.pdf"), Unread)
    assert unread.reason == "FF-113"


def twice_the_same_key(path: Path) -> Path:
    """Write a paper that gives one box two values: which one counts is laid down nowhere."""
    plain = pikepdf.ObjectStreamMode.disable
    content = bytearray(paper(path, object_stream_mode=plain).read_bytes())
    start = content.index(b"/TU", content.index(b"/T (context_force)"))
    end = content.index(b"/V /no", start)
    content[start:end] = b"/V /yes".ljust(end - start)
    path.write_bytes(bytes(content))
    return path


def other_answers(_: Path, _password: str) -> dict[str, str]:
    return dict.fromkeys(FORM.manifest.boxes, "") | ANSWERS | {"context_force": "yes"}


def test_two_readings_that_differ_hold_the_paper(tmp_path: Path) -> None:
    assert ("FF-110", "context_force") in held(twice_the_same_key(tmp_path / "a.pdf"))


def test_a_second_reading_that_finds_other_boxes_holds_the_paper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = paper(tmp_path / "a.pdf")
    monkeypatch.setattr(second_reader, "values", lambda *_: dict(ANSWERS))
    assert held(path) == {("FF-114", None)}
    monkeypatch.setattr(second_reader, "values", lambda *_: None)
    assert held(path) == {("FF-114", None)}


def test_the_second_reading_may_be_kept_for_doubtful_papers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_reader, "values", other_answers)
    differs = ("FF-110", "context_force")
    plain = paper(tmp_path / "a.pdf")
    locked = paper(tmp_path / "b.pdf", encryption=pikepdf.Encryption(owner="o", user=""))
    twice = paper(tmp_path / "c.pdf", linearize=True)  # two tables, as after a second save
    shows_bob = paper(tmp_path / "d.pdf", change=lambda pdf: draw(pdf, "child_a_name", b"Bob"))
    assert held(plain, "doubtful") == set()
    for path, mode in ((plain, "always"), *((p, "doubtful") for p in (locked, twice, shows_bob))):
        assert differs in held(path, mode)


def test_too_long_an_answer_is_not_read(tmp_path: Path) -> None:
    path = paper(tmp_path / "a.pdf", {"type_text": "x" * 40_000})
    assert isinstance(unread := read(path), Unread)
    assert (unread.reason, unread.words) == ("FF-119", {"limit": "32768 characters in one box"})


@pytest.mark.slow
def test_no_damage_of_bytes_ends_in_anything_but_a_paper(tmp_path: Path) -> None:
    dice = random.Random(20261120)  # noqa: S311 - the same damage in every run
    whole = paper(tmp_path / "a.pdf").read_bytes()
    path = tmp_path / "b.pdf"
    for _ in range(24):
        spoilt = bytearray(whole)
        for _ in range(dice.choice([1, 4, 40])):
            position = dice.randrange(len(spoilt))
            spoilt[position : position + dice.choice([1, 1, 9])] = dice.randbytes(
                dice.choice([0, 1, 5])
            )
        path.write_bytes(bytes(spoilt))
        result = read(path, "doubtful")
        codes = [result.reason] if isinstance(result, Unread) else [h.code for h in result.held]
        assert set(codes) <= MESSAGES.keys()


def test_nothing_that_holds_a_paper_says_what_stands_in_it(tmp_path: Path) -> None:
    def spoil(pdf: Pdf) -> None:
        field(pdf, "context_force").V = Name("/Ada")
        pdf.Root.AcroForm.Fields.append(field(pdf, "type_text"))
        field(pdf, "child_a_number").T = String("Ada")
        field(pdf, "child_b_name").V = Array([String("Ada")])

    reading = read(paper(tmp_path / "a.pdf", change=spoil))
    assert isinstance(reading, Reading)
    assert reading.held
    assert "Ada" not in repr(reading.held)


KINDS_OF_LOCK: dict[str, dict[str, Any]] = {
    "RC4, 40 bits": {"R": 2, "metadata": False, "aes": False},
    "RC4, 128 bits": {"R": 3, "metadata": False, "aes": False},
    "AES, 128 bits": {"R": 4, "aes": True},
    "AES, 256 bits, first kind": {"R": 5, "aes": True},
    "AES, 256 bits": {"R": 6, "aes": True},
}


@pytest.mark.filterwarnings("ignore:Encryption R=5:UserWarning")
@pytest.mark.parametrize("password", ["", "Sesame"], ids=["owner alone", "agency's password"])
@pytest.mark.parametrize("lock", KINDS_OF_LOCK, ids=str)
def test_every_kind_of_lock_opens_without_a_password_or_with_the_agencys_own(
    tmp_path: Path, lock: str, password: str
) -> None:
    locked = pikepdf.Encryption(owner="somebody else's", user=password, **KINDS_OF_LOCK[lock])
    path = paper(tmp_path / "a.pdf", encryption=locked)
    reading = read(path, password="Sesame")
    assert isinstance(reading, Reading)
    assert {name: one.value for name, one in reading.answers.items() if one.value} == ANSWERS
    assert reading.held == ()
    if password:
        unread = read(path)
        assert isinstance(unread, Unread)
        assert unread.reason == "FF-104"


def test_bytes_after_the_end_are_told_and_hold_nothing(tmp_path: Path) -> None:
    path = paper(tmp_path / "a.pdf")
    assert_told(path, ())
    path.write_bytes(path.read_bytes() + b"-- sent from my scanner --\0")
    assert_told(path, ("FF-147",))


def assert_told(path: Path, codes: tuple[str, ...]) -> None:
    reading = read(path)
    assert isinstance(reading, Reading)
    assert (reading.told, reading.held) == (codes, ())


def xfa_alone(pdf: Pdf) -> None:
    pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA=pdf.make_stream(b"<xdp/>"))


def portfolio(pdf: Pdf) -> None:
    del pdf.Root["/AcroForm"]
    pdf.Root.Collection = Dictionary(Type=Name.Collection)


@pytest.mark.parametrize(("change", "code"), [(xfa_alone, "FF-150"), (portfolio, "FF-151")])
def test_a_file_of_another_kind_is_called_what_it_is(
    tmp_path: Path, change: Any, code: str
) -> None:
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.Root.AcroForm = Dictionary(Fields=Array([]))
        change(pdf)
        pdf.save(tmp_path / "other.pdf")
    unread = read(tmp_path / "other.pdf")
    assert isinstance(unread, Unread)
    assert unread.reason == code


def test_a_box_on_no_page_is_said_to_be_on_no_page(tmp_path: Path) -> None:
    def change(pdf: Pdf) -> None:
        more = Dictionary(FT=Name.Tx, T=String("more"), V=String("x"), Subtype=Name.Widget)
        pdf.Root.AcroForm.Fields.append(pdf.make_indirect(more))

    reading = read(paper(tmp_path / "a.pdf", change=change))
    assert isinstance(reading, Reading)
    assert [dict(hold.words)["which"] for hold in reading.held if hold.code == "FF-107"] == [
        "on no page"
    ]
