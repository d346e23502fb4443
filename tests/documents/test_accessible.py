"""What FormFlow draws can be read aloud: tagged, titled, in a language, with its fonts, in the right order."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from formflow.documents.as_read import as_read
from formflow.forms import catalogue
from tests.documents.test_as_read import entry
from tests.support.accessible import findings

LONDON = ZoneInfo("Europe/London")
RECORDING = catalogue.shipped()[0]


@pytest.mark.parametrize("words", ["Kicked a ball.", "Ein Wort für “ƒ”", "Łukasz said so. " * 900])
def test_an_as_read_sheet_can_be_read_aloud(words: str) -> None:
    assert findings(as_read(RECORDING, entry(type_text=words), LONDON)) == []


def test_the_checks_find_what_is_missing() -> None:
    old = next(one for one in catalogue.known() if (one.form_id, one.version) == ("recording", 1))
    assert {"no XMP", "not embedded: /Helvetica"} <= set(findings(old.blank.read_bytes()))
