"""What a paper could do besides being read is found wherever it hides, and only then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, ObjectStreamMode, Pdf, String

from formflow.core.model import Reading, Unread
from formflow.reading import active_content
from formflow.reading.reader import KINDS
from tests.support.papers import SAMPLES, field, paper, read, small_form

Change = Callable[[Pdf], None]
SCRIPT = "a program (JavaScript)"


def action(kind: str, **keys: Any) -> Dictionary:
    return Dictionary(S=Name("/" + kind), **keys)


def on_opening(pdf: Pdf) -> None:
    pdf.Root.OpenAction = action("JavaScript", JS=String("app.alert(1)"))


def in_a_stream(pdf: Pdf) -> None:
    pdf.Root.OpenAction = action("JavaScript", JS=pdf.make_stream(b"app.alert(1)"))


def among_the_names(pdf: Pdf) -> None:
    names = Array([String("a"), action("JavaScript", JS=String("app.alert(1)"))])
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=names))


def on_leaving_a_box(pdf: Pdf) -> None:
    field(pdf, "child_a_name").AA = Dictionary(Bl=action("JavaScript", JS=String("x")))


def after_another_action(pdf: Pdf) -> None:
    after = Array([action("URI"), action("Launch", F=String("calc.exe"))])
    pdf.pages[3].obj.AA = Dictionary(O=action("GoTo", Next=after))


def a_button_that_sends(pdf: Pdf) -> None:
    pdf.pages[0].obj.Annots.append(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Link,
            Rect=Array([0, 0, 9, 9]),
            A=action("SubmitForm", F=String("https://example.org")),
        )
    )


def a_button_that_fetches(pdf: Pdf) -> None:
    pdf.Root.OpenAction = action("ImportData", F=String("answers.fdf"))


def a_file_within(pdf: Pdf) -> None:
    pdf.attachments["note.txt"] = b"something"


def a_jump_elsewhere(pdf: Pdf) -> None:
    pdf.Root.OpenAction = action("GoToR", F=String("other.pdf"), D=Array([0, Name.Fit]))


def a_jump_within_a_file(pdf: Pdf) -> None:
    pdf.Root.OpenAction = action("GoToE", D=Array([0, Name.Fit]))


def a_film(pdf: Pdf) -> None:
    film = Dictionary(Type=Name.Annot, Subtype=Name.RichMedia, Rect=Array([0, 0, 9, 9]))
    film.RichMediaContent = Dictionary()
    pdf.pages[0].obj.Annots.append(film)


HIDING: tuple[tuple[Change, str], ...] = (
    (on_opening, SCRIPT),
    (in_a_stream, SCRIPT),
    (among_the_names, SCRIPT),
    (on_leaving_a_box, SCRIPT),
    (after_another_action, "an order to start another program"),
    (a_button_that_sends, "an order to send the answers elsewhere"),
    (a_button_that_fetches, "an order to fetch answers from elsewhere"),
    (a_file_within, "a file within the file"),
    (a_jump_elsewhere, "a jump into another file"),
    (a_jump_within_a_file, "a jump into a file within the file"),
    (a_film, "a film or a sound"),
)
WAYS_TO_SAVE = (
    {"object_stream_mode": ObjectStreamMode.disable},
    {"object_stream_mode": ObjectStreamMode.generate},
    {"encryption": pikepdf.Encryption(owner="o", user="")},
    {
        "object_stream_mode": ObjectStreamMode.generate,
        "encryption": pikepdf.Encryption(owner="o", user=""),
    },
)


@pytest.mark.parametrize("how", WAYS_TO_SAVE, ids=["open", "packed", "locked", "packed and locked"])
@pytest.mark.parametrize(("change", "kind"), HIDING, ids=[change.__name__ for change, _ in HIDING])
def test_active_content_is_found_and_the_paper_is_read_all_the_same(
    tmp_path: Path, change: Change, kind: str, how: dict[str, Any]
) -> None:
    reading = read(paper(tmp_path / "a.pdf", change=change, **how))
    assert isinstance(reading, Reading)
    assert reading.carries == (kind,)
    assert kind in KINDS
    # A film and a button can be seen on the page, too.
    seen = {"FF-132"} if change in (a_film, a_button_that_sends) else set()
    assert {hold.code for hold in reading.held} == seen


def test_a_name_in_disguise_is_found(tmp_path: Path) -> None:
    path = paper(tmp_path / "a.pdf", change=on_opening, object_stream_mode=ObjectStreamMode.disable)
    content = path.read_bytes()
    assert content.count(b"/JavaScript") == 1
    disguised = content.replace(b"/JS", b"/#4aS").replace(b"/JavaScript", b"/Java#53cript")
    path.write_bytes(disguised)
    reading = read(path)
    assert isinstance(reading, Reading)
    assert reading.carries == (SCRIPT,)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.parent.name)
def test_what_a_healthy_program_wrote_carries_nothing(sample: Path) -> None:
    reading = read(sample)
    assert isinstance(reading, Reading)
    assert reading.carries == ()


def test_what_stands_in_the_text_of_an_answer_is_no_action(tmp_path: Path) -> None:
    reading = read(paper(tmp_path / "a.pdf", {"type_text": "/JavaScript /Launch /JS #4A"}))
    assert isinstance(reading, Reading)
    assert reading.carries == ()


def test_a_paper_that_is_not_ours_is_looked_at_too(tmp_path: Path) -> None:
    pdf = small_form(Dictionary(FT=Name.Tx, T=String("Name")))
    on_opening(pdf)
    pdf.save(tmp_path / "a.pdf")
    unread = read(tmp_path / "a.pdf")
    assert isinstance(unread, Unread)
    assert (unread.reason, unread.carries) == ("FF-101", (SCRIPT,))


def test_what_the_blank_carries_itself_is_known_and_anything_else_is_not(tmp_path: Path) -> None:
    with pikepdf.new() as one, pikepdf.new() as other:
        on_opening(one)
        other.Root.OpenAction = action("JavaScript", JS=String("app.alert(2)"))
        for pdf, name in ((one, "a.pdf"), (other, "b.pdf")):
            pdf.save(tmp_path / name)
    found = []
    for name in ("a.pdf", "b.pdf"):
        with pikepdf.open(tmp_path / name) as pdf:
            found.append(active_content.marks(pdf, (tmp_path / name).read_bytes()))
    assert found[0]
    assert found[0] != found[1]
    assert active_content.kinds(found[0] | found[1]) == (SCRIPT,)
