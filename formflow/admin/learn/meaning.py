"""How like what is printed at a box is to a question of ours, and whether a second sign agrees. Pure.

What is printed decides. The tooltip and the name of a box may agree with it; only where nothing is printed does
the tooltip stand for it. Our own names of questions are no words of a form.
"""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from formflow.admin.learn.groups import Of
from formflow.admin.learn.labels import Certainty, Near
from formflow.admin.learn.words import HINT, LITTLE, NUMBER, is_automatic, plain, say_the_same
from formflow.forms.catalogue import Field, FieldKind

SURE, NOT_SURE = 82.0, 70.0  # of 100: how like a question the words at a box are
THE_SAME = 97.0  # the same: then another question may be nearly as like
SHORT = 2  # words: a label no longer says only what it says exactly
WRITTEN = (FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.DATE, FieldKind.MOMENT)
DATES = (FieldKind.DATE, FieldKind.MOMENT)
NEGATES = frozenset(("no", "not", "never", "none", "without", "nobody"))
ANYBODYS = frozenset(
    ("date of birth", "dob", "d o b", "birth date")
)  # of the child only next to the name
JUST_A_DATE = frozenset(("date", "dated", "datum"))  # of the signature only next to it
SIGNED = frozenset(("signed", "signature", "sign", "signature of person completing this form"))
CALLED = {  # what agencies' forms call our questions
    "child_a_name": (
        "Child's name",
        "Name of child",
        "Child's full name",
        "Full name of child",
        "Name of child or young person",
        "Name of child/young person",
        "Name of child/yp",
        "Pupil's name",
        "Name of pupil",
        "Pupil name",
        "Student's name",
        "Name of student",
        "Young person's name",
        "Name of young person",
    ),
    "child_a_dob": (
        "Date of birth",
        "DOB",
        "D.O.B.",
        "Birth date",
        "Child's date of birth",
        "Date of birth of child",
        "Pupil's date of birth",
    ),
    "child_a_number": ("UPN", "Unique pupil number", "Pupil number"),
    "incident_at": (
        "Date of incident",
        "Date and time of incident",
        "Date/time of incident",
        "Incident date",
        "When did it happen?",
        "Date and time of the incident",
    ),
    "incident_place": (
        "Where did it happen?",
        "Place of incident",
        "Location of incident",
        "Where did the incident happen?",
    ),
    "completed_by": (
        "Form completed by",
        "Completed by",
        "Name of person completing this form",
        "Name of person completing the form",
    ),
    "type_text": ("Type of behaviour",),
    "actions_text": ("Other actions taken", "Action taken", "Actions taken"),
    "child_text": ("Response of the child", "Response of the young person", "Child's response"),
    "child_words": ("The child's exact words", "The child's own words"),
    "signed_name": ("Signed", "Signature"),
    "signed_date": ("Date signed", "Date of signature"),
}


def words_of(box: Near) -> str:
    """Return what a box is judged by: the print at it; its tooltip where there is none.

    A date that calls itself the signature's is one.
    """
    label = box.label if plain(box.label) else box.tooltip
    if plain(label) in JUST_A_DATE and SIGNED & {
        *plain(box.tooltip).split(),
        *box.own_words.split(),
    }:
        return "Date signed"
    return label


def likeness(box: Near, field: Field, neighbours: Sequence[Near] = ()) -> float:
    """Return how like a box is to a question, from 0 to 100. `neighbours` are those on its line."""
    if not _may_be(box, field):
        return 0.0
    said = plain(HINT.sub("", NUMBER.sub("", words_of(box))))
    if said in JUST_A_DATE:
        is_next = any(plain(one.label) in SIGNED for one in neighbours)
        return SURE if field.name == "signed_date" and is_next else 0.0
    return max((_alike(said, plain(one)) for one in _asked(field)), default=0.0)


def agrees(box: Near, field: Field) -> bool:
    """Return whether a second sign says the same question: what the box calls itself, or its kind."""
    if _by_words(box.tooltip, field) >= SURE:
        return True
    if not is_automatic(box.own_words) and any(
        say_the_same(one, box.own_words) for one in _asked(field)
    ):
        return True
    return _by_words(box.label, field) >= THE_SAME and _is_of_its_kind(box, field)


def is_sure(box: Near, field: Field) -> bool:
    """Return whether two signs, the print and another one, say the same question, and none denies it."""
    signs = [words for words in (words_of(box), box.tooltip) if _by_words(words, field) >= SURE]
    return (
        box.certainty is Certainty.SURE
        and not box.is_unclear
        and words_of(box) in signs
        and agrees(box, field)
        and all(_negates(words) == _negates(field.label) for words in signs)
    )


def _is_of_its_kind(box: Near, field: Field) -> bool:
    if field.kind in DATES:
        return box.parts_of is Of.DATE
    if field.kind is FieldKind.LONG_TEXT:
        return box.several_lines
    return field.kind is FieldKind.TICK and {"yes", "no"} <= set((box.means or {}).values())


def _may_be(box: Near, field: Field) -> bool:
    if box.parts_of is Of.LIST:
        return field.kind in (FieldKind.TEXT, FieldKind.LONG_TEXT)
    if box.kind == "text":
        return field.kind in WRITTEN and not (box.parts_of is Of.DATE and field.kind not in DATES)
    return field.kind is FieldKind.TICK and box.means is not None


def _asked(field: Field) -> tuple[str, ...]:
    return (field.label, *CALLED.get(field.name, ()))


def _by_words(said: str, field: Field) -> float:
    plainly = plain(NUMBER.sub("", said))
    if not plainly:
        return 0.0
    return max(fuzz.token_sort_ratio(plainly, plain(one)) for one in _asked(field))


def _alike(one: str, other: str) -> float:
    """Return how alike two labels are, from 0 to 100: by their words, and by their length."""
    if not one or not other:
        return 0.0
    short = min(len(set(words.split()) - LITTLE) for words in (one, other))
    if short <= SHORT:
        return 100.0 if sorted(one.split()) == sorted(other.split()) else 0.0
    return 0.6 * fuzz.token_sort_ratio(one, other) + 0.4 * fuzz.token_set_ratio(one, other)


def _negates(label: str) -> bool:
    return bool(NEGATES & set(plain(label).split()))
