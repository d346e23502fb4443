"""The page with an agency's missing questions, at the end of their form: read aloud where the form is."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pikepdf
import pytest

from formflow.admin.learn import addendum
from formflow.core.clock import utc_now
from formflow.documents import addendum as page
from formflow.forms import catalogue
from tests.support.accessible import findings

EXAMPLE = Path(__file__).parents[3] / "examples" / "agency-form"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The definition of an agency's own form, with its blank beside it."""
    for path in EXAMPLE.iterdir():
        shutil.copyfile(path, tmp_path / path.name)
    return tmp_path / "example-school.toml"


def appended(source: Path) -> bytes:
    made = addendum.appended(catalogue.load(source), catalogue.shipped()[0], utc_now().date())
    return made["example-school-with-addendum.pdf"]


def test_pages_behind_a_form_that_can_be_read_aloud_are_read_after_it(source: Path) -> None:
    blank = source.with_suffix(".pdf")
    blank.write_bytes(page.build(catalogue.load(source)))
    made = appended(source)
    assert findings(blank.read_bytes()) == findings(made) == []
    with pikepdf.open(io.BytesIO(made)) as pdf, pikepdf.open(blank) as before:
        assert len(pdf.pages) > len(before.pages)


def test_behind_a_form_that_cannot_they_are_not_read_alone(source: Path) -> None:
    made = appended(source)
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert "/StructTreeRoot" not in pdf.Root
        for last in pdf.pages:
            assert "/StructParents" not in last.obj
            assert not [one for one in last.obj.get("/Annots", ()) if "/StructParent" in one]
