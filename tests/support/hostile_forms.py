"""Our own blank form, changed by somebody who wants it read wrong, slowly or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pikepdf import Array, AttachedFileSpec, Dictionary, Name, Object, Pdf, Stream, String

from tests.support.hostile import zeros
from tests.support.hostile_files import LAUGHS, outside
from tests.support.papers import ANSWERS, draw, field, paper

Change = Callable[[Pdf], None]


def another_name_is_drawn(pdf: Pdf) -> None:
    draw(pdf, "child_a_name", b"Bob")


def an_answer_is_drawn_where_none_is_stored(pdf: Pdf) -> None:
    draw(pdf, "others_words", b"Stop it.")


def another_circle_is_marked(pdf: Pdf) -> None:
    for circle in field(pdf, "context_force").Kids:
        circle.AS = Name.yes if "/yes" in circle.AP.N else Name.Off


def two_circles_are_marked(pdf: Pdf) -> None:
    for circle in field(pdf, "context_force").Kids:
        circle.AS = next(Name(state) for state in circle.AP.N if state != "/Off")


def a_circle_says_yes_and_means_no(pdf: Pdf) -> None:
    for circle in field(pdf, "context_force").Kids:
        if "/no" in circle.AP.N:
            circle.AP.N = Dictionary({"/yes": circle.AP.N["/no"], "/Off": circle.AP.N["/Off"]})


def an_answer_is_hidden(pdf: Pdf) -> None:
    field(pdf, "child_a_name").F = 2


def a_box_is_renamed(pdf: Pdf) -> None:
    field(pdf, "context_threat").T = String("context_threats")


def two_boxes_swap_their_names(pdf: Pdf) -> None:
    one, other = field(pdf, "context_planned"), field(pdf, "context_spontaneous")
    one.T, other.T = other.T, one.T


def two_boxes_swap_their_places(pdf: Pdf) -> None:
    one, other = field(pdf, "child_a_name"), field(pdf, "completed_by")
    one.Rect, other.Rect = other.Rect, one.Rect


def two_texts_swap_their_names(pdf: Pdf) -> None:
    one, other = field(pdf, "child_a_name"), field(pdf, "child_b_name")
    one.T, other.T = other.T, one.T


def a_box_loses_its_name(pdf: Pdf) -> None:
    del field(pdf, "context_threat")["/T"]


def a_box_stands_twice(pdf: Pdf) -> None:
    twin = Dictionary(FT=Name.Tx, T=String("child_a_name"), V=String("Bob"))
    pdf.Root.AcroForm.Fields.append(pdf.make_indirect(twin))


def another_version_is_claimed(pdf: Pdf) -> None:
    field(pdf, "form_version").V = String("999")


def ninety_thousand_labels(pdf: Pdf) -> None:
    labels = b"".join(b"[ (%d) (Label %d) ]" % (at, at) for at in range(90_000))
    box = field(pdf, "child_a_name")
    box.FT, box.Opt = Name.Ch, Object.parse(b"[ %b ]" % labels)


def ninety_thousand_notes_on_a_page(pdf: Pdf) -> None:
    note = pdf.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=[0, 0, 9, 9]))
    pdf.pages[0].Annots.extend([note] * 90_000)
    an_answer_is_hidden(pdf)


def bomb_in_a_drawing(pdf: Pdf) -> None:
    draw(pdf, "child_a_name", b"Bob")
    field(pdf, "child_a_name").AP.N.write(zeros(2048), filter=Name.FlateDecode)


def drawings_that_branch_for_ever(pdf: Pdf) -> None:
    draw(pdf, "child_a_name", b"Bob")
    below, top = Dictionary(), field(pdf, "child_a_name").AP.N
    for _ in range(4):
        shape = Stream(pdf, b"/X Do " * 1_000 if below else b"")
        shape.Subtype, shape.Resources = Name.Form, Dictionary(XObject=below)
        below = Dictionary(X=pdf.make_indirect(shape))
    top.Resources.XObject = below
    top.write(b"/X Do")


def a_table_of_letters_without_end(pdf: Pdf) -> None:
    block = b"1 beginbfrange <0000> <FFFF> <0041> endbfrange\n" * 100_000
    draw(pdf, "child_a_name", b"Bob", ToUnicode=pdf.make_indirect(Stream(pdf, block)))


def a_form_that_claims_to_be_two(pdf: Pdf) -> None:
    pdf.docinfo["/FormFlowFormId"] = "another"


def xfa(pdf: Pdf, words: bytes) -> None:
    """Give the form an XFA part with these words around its answers."""
    part = pdf.make_indirect(Stream(pdf, words))
    pdf.Root.AcroForm.XFA = Array([String("datasets"), part])


def answers(*inside: bytes) -> bytes:
    """Return XFA data with these elements."""
    return b"<x><data><form>%b</form></data></x>" % b"".join(inside)


def laughs_in_xfa(pdf: Pdf) -> None:
    xfa(pdf, LAUGHS + answers(b"<child_a_name>&l9;</child_a_name>"))


def files_from_elsewhere_in_xfa(pdf: Pdf) -> None:
    xfa(pdf, asking("file:///etc/passwd", "http://127.0.0.1:9/"))


def asking(*places: str) -> bytes:
    """Return XFA data that fetches two answers from these two places."""
    inside = answers(b"<child_a_name>&a;</child_a_name>", b"<type_text>&b;</type_text>")
    return outside(*places) + inside


def bomb_in_xfa(pdf: Pdf) -> None:
    xfa(pdf, b"")
    pdf.Root.AcroForm.XFA[1].write(zeros(2048), filter=Name.FlateDecode)


def answers_deep_inside_each_other_in_xfa(pdf: Pdf) -> None:
    xfa(pdf, answers(b"<a>" * 500_000, b"</a>" * 500_000))


def hundred_thousand_answers_in_xfa(pdf: Pdf) -> None:
    xfa(pdf, answers(*(b"<a%x/>" % at for at in range(100_000))))


def one_answer_in_many_pieces_in_xfa(pdf: Pdf) -> None:
    xfa(pdf, answers(b"<a>x</a>" * 250_000))


def a_program_in_the_form(pdf: Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("while (true) app.alert(1)"))


def an_order_to_start_a_program(pdf: Pdf) -> None:
    orders = Dictionary(S=Name.Launch, F=String("cmd.exe"), Win=Dictionary(F=String("cmd.exe")))
    pdf.pages[0].AA = Dictionary(O=orders)


def an_order_to_send_the_answers_away(pdf: Pdf) -> None:
    orders = Dictionary(S=Name.SubmitForm, F=String("http://127.0.0.1:9/"))
    field(pdf, "child_a_name").AA = Dictionary(Bl=orders)


def a_file_in_the_form(pdf: Pdf) -> None:
    pdf.attachments["letter.exe"] = AttachedFileSpec(pdf, b"MZ")


# What these say cannot be told, or must not be believed.
CHANGED: tuple[Change, ...] = (
    another_name_is_drawn,
    an_answer_is_drawn_where_none_is_stored,
    another_circle_is_marked,
    two_circles_are_marked,
    a_circle_says_yes_and_means_no,
    an_answer_is_hidden,
    a_box_is_renamed,
    two_boxes_swap_their_names,
    two_boxes_swap_their_places,
    two_texts_swap_their_names,
    a_box_loses_its_name,
    a_box_stands_twice,
    another_version_is_claimed,
    a_form_that_claims_to_be_two,
    ninety_thousand_labels,
    ninety_thousand_notes_on_a_page,
    bomb_in_a_drawing,
    drawings_that_branch_for_ever,
    a_table_of_letters_without_end,
)
# The boxes of these are empty: their answers would be in the XFA part.
XFA: tuple[Change, ...] = (
    laughs_in_xfa,
    files_from_elsewhere_in_xfa,
    bomb_in_xfa,
    answers_deep_inside_each_other_in_xfa,
    hundred_thousand_answers_in_xfa,
    one_answer_in_many_pieces_in_xfa,
)
# These say what they say; what they could do besides is told to a person.
ACTIVE: tuple[Change, ...] = (
    a_program_in_the_form,
    an_order_to_start_a_program,
    an_order_to_send_the_answers_away,
    a_file_in_the_form,
)


def write_form(change: Change, folder: Path) -> Path:
    """Write our form, filled in and then changed, as the vault would hold it."""
    given = {} if change in XFA else ANSWERS
    return paper(folder / f"{change.__name__}.pdf", given, change)
