"""What FormFlow draws can be read aloud: tagged, titled, in a language, with its fonts, in the right order."""

from __future__ import annotations

import io
from zoneinfo import ZoneInfo

import pikepdf
import pytest

from formflow.documents.as_read import as_read
from formflow.forms import catalogue
from formflow.forms.catalogue import Form
from tests.documents.test_as_read import entry
from tests.support.accessible import filled_in, findings

LONDON = ZoneInfo("Europe/London")
FORMS = catalogue.shipped()
RECORDING = FORMS[0]


LONG = "She said that he should come to the shed. " * 60


@pytest.mark.parametrize("form", FORMS, ids=[form.code for form in FORMS])
def test_every_blank_can_be_read_aloud(form: Form) -> None:
    assert findings(form.blank.read_bytes()) == []


def test_a_prefilled_sheet_can_be_read_aloud_with_its_further_pages() -> None:
    sheet = filled_in(next(form for form in FORMS if form.form_id == "plan_a"), LONG)
    assert findings(sheet) == []
    with pikepdf.open(io.BytesIO(sheet)) as pdf:
        last = pdf.Root.StructTreeRoot.K.K[-1]
        assert last.S == "/P"
        assert last.Pg.objgen == pdf.pages[-1].obj.objgen


@pytest.mark.parametrize("words", ["Kicked a ball.", "Ein Wort für “ƒ”", "Łukasz said so. " * 900])
def test_an_as_read_sheet_can_be_read_aloud(words: str) -> None:
    assert findings(as_read(RECORDING, entry(type_text=words), LONDON)) == []


def test_the_checks_find_what_is_missing() -> None:
    old = next(one for one in catalogue.known() if (one.form_id, one.version) == ("recording", 1))
    assert {"no XMP", "not embedded: /Helvetica"} <= set(findings(old.blank.read_bytes()))
