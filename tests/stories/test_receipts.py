"""Receipts of one morning can be told apart, and a corrected form says that it has found its record."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from formflow.core.settings import Receipts, Settings
from tests.pipeline.test_walk import entries
from tests.stories.test_vectors import gets
from tests.support import worker
from tests.support.desk import Desk
from tests.support.offices import agency
from tests.support.register_pages import plain

SENT = "Rowan Ashby Monday.pdf"
ABOUT = {"incident_at": "12/11/2026 at 9am", "context_planned": "yes"}


def receipts(office: Settings, reference: str) -> dict[str, str]:
    """Return the words of the receipts for a record, by what their names say after the reference."""
    found = office.folders.receipts.glob(f"{reference} *.html")
    pages = {path.stem.removeprefix(f"{reference} "): path.read_text("utf-8") for path in found}
    return {name: plain(page.partition("</style>")[2]) for name, page in pages.items()}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An agency to which a form came, a corrected copy, one with another time, something else, and all again."""
    made = agency(tmp_path_factory.mktemp("receipts") / "an agency")
    desk = Desk(made)
    gets(desk, **ABOUT)
    gets(desk, **ABOUT, type_text="They said sorry.")
    gets(desk, context_planned="yes", incident_at="12/11/2026 at 9.30am")
    desk.takes(b"%PDF-1.7 " + bytes(5000), "half.pdf")
    yield made
    worker.close()


def test_a_receipt_says_when_which_form_how_many_pages_and_how_large(office: Settings) -> None:
    told = receipts(office, "FF-2026-000001")["r1 received"]
    assert "Form Sexual Behaviour Recording Form (" in told
    assert " pages) Your file " in told
    assert "Your file 5 KB" in receipts(office, "FF-2026-000003")["r1 received"]


def test_a_corrected_form_says_that_it_has_found_its_record(office: Settings) -> None:
    told = receipts(office, "FF-2026-000001")
    assert "revision 2 of FF-2026-000001. The earlier form is kept." in told["r2 received"]
    assert "The earlier form is kept" not in told["r1 received"]


def test_a_form_that_may_be_a_corrected_one_says_that_it_stands_alone(office: Settings) -> None:
    told = receipts(office, "FF-2026-000002")["r1 received"]
    assert "recorded as a new form. If it corrects one that you sent before, tell the DSL" in told


def test_the_name_of_the_file_is_on_the_receipt_only_where_a_setting_allows_it(
    office: Settings,
) -> None:
    latest = entries(office)[1]
    content = worker.context_of(office).vault.original(latest.sha256).read_bytes()
    Desk(office).takes(content, SENT)
    allowed = office.model_copy(update={"receipts": Receipts(file_name_letters=6)})
    Desk(allowed).takes(content, SENT)
    told = [
        page
        for number in range(1, 4)
        for name, page in receipts(office, f"FF-2026-{number:06}").items()
        if "again" in name
    ]
    assert sum("its name begins “Rowan ”" in page for page in told) == 1
    assert sum("its name begins" in page for page in told) == 1
    assert not any("Ashby" in page for page in told)
