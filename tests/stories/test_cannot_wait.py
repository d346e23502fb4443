"""What cannot wait comes first on her desk, whatever the level: in the folder, the status and the page."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest

from formflow.admin import status
from formflow.core.clock import utc_now
from formflow.core.model import Entry, Light, Tri
from formflow.core.settings import Settings
from formflow.delivery import parcels
from formflow.forms.catalogue import shipped
from formflow.rules.light.urgency import CITED
from formflow.sdk.parcels import AlertNotice, stripped
from formflow.storage import database
from formflow.storage.entries import revisions
from formflow.storage.tasks import PRIORITY_NOW
from formflow_connectors.email_alert import EmailAlert
from tests.pipeline.test_walk import entries
from tests.support import worker
from tests.support.desk import Desk, filled
from tests.support.facts import HARMLESS
from tests.support.offices import files, formflow

BLANK = shipped()[0].blank
NO = {"urgent_referral": "no"}
SOUND = {
    "child_a_name": "Robin Example",
    "child_a_dob": "3/3/2014",
    "incident_at": "14/11/2026 at 1.45pm",
    "completed_by": "Sam Sample",
    "child_b_kind": "child",
    "signed_name": "Sam Sample",
    "signed_date": "14/11/2026",
    "type_text": "They giggled behind the curtain.",
}
GREEN = {name: str(answer) for name, answer in HARMLESS.items() if answer in (Tri.YES, Tri.NO)}
GREEN |= {"child_b_dob": "4/4/2014", **NO}
AMBER = {"context_peer_pressure": "yes", **NO}

# answers, light that stays as it is, code, what is said on the page
VIGNETTES: Mapping[str, tuple[dict[str, str], Light, str, str]] = {
    "green, and a referral is warranted": (
        {**GREEN, "urgent_referral": "yes"},
        Light.GREEN,
        "FF-212",
        "warrants an immediate referral",
    ),
    "green, and the police were phoned": (
        {**GREEN, "urgent_contact_made": "yes"},
        Light.GREEN,
        "FF-213",
        "have been contacted",
    ),
    "green, and nobody knows": (
        {**GREEN, "urgent_referral": "unknown"},
        Light.GREEN,
        "FF-217",
        "“Not known”",
    ),
    "green, and a medical assessment is needed": (
        {**GREEN, "medical_needed": "yes"},
        Light.GREEN,
        "FF-333",
        "medical assessment is needed",
    ),
    "harmless, and an adult": (
        {**GREEN, "child_b_kind": "adult"},
        Light.UNDETERMINED,
        "FF-322",
        "an adult",
    ),
    "green, and a knife": (
        {**GREEN, "context_text": "He had a knife in his sock."},
        Light.GREEN,
        "FF-326",
        "“had a knife”",
    ),
    "green, and a child of twelve was touched": (
        {**GREEN, "type_touching": "yes"},
        Light.GREEN,
        "FF-338",
        "under 13",
    ),
    "harmless, and images": (
        {**GREEN, "type_online": "yes"},
        Light.UNDETERMINED,
        "FF-334",
        "online or with images",
    ),
    "amber, and a nude": (
        {**AMBER, "others_text": "Her nude was passed round the class."},
        Light.AMBER,
        "FF-339",
        "“nude”",
    ),
    "amber, and words about a child of twelve": (
        {**AMBER, "others_text": "He touched her private parts."},
        Light.AMBER,
        "FF-344",
        "under 13",
    ),
    "amber, and bleeding": (
        {**AMBER, "others_text": "She was bleeding."},
        Light.AMBER,
        "FF-326",
        "“bleeding”",
    ),
    "amber, and a teacher": (
        {**AMBER, "others_words": "The teacher touched me."},
        Light.AMBER,
        "FF-325",
        "“teacher touched me”",
    ),
    "amber, and the other was born in 1989": (
        {**AMBER, "child_b_dob": "1/1/1989"},
        Light.AMBER,
        "FF-324",
        "18 or older",
    ),
    "nothing ticked, and raped": (
        {**NO, "type_text": "He raped her."},
        Light.UNDETERMINED,
        "FF-326",
        "“raped”",
    ),
    "nothing ticked, and born in 1985": (
        {**NO, "child_a_dob": "1/1/1985"},
        Light.UNDETERMINED,
        "FF-323",
        "18 or older",
    ),
    "nothing ticked, and a stepdad": (
        {**NO, "child_words": "My stepdad makes me."},
        Light.UNDETERMINED,
        "FF-325",
        "“stepdad makes me”",
    ),
    "nothing ticked, filmed and threatened": (
        {**NO, "more_text": "They filmed her and threatened to send it."},
        Light.UNDETERMINED,
        "FF-326",
        "“filmed her and threatened",
    ),
}


@pytest.fixture
def desk(office: Settings) -> Desk:
    return Desk(office)


def form(number: int = 0, /, **answers: str) -> bytes:
    """Return a recording form about a child of its own."""
    own = {"child_a_name": f"Robin {'ABCDEFGHIJKLMNOPQRS'[number]} Example"}
    return filled(BLANK, {**SOUND, **own, **answers})


def words(page: Path) -> str:
    content = re.sub(r"<style.*?</style>", "", page.read_text("utf-8"), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", content)).split())


def alert(desk: Desk, entry: Entry) -> str:
    """Return the words of the page of what cannot wait."""
    folder = desk.office.folders.alerts
    return words(folder / f"0 NOW {entry.reference} r{entry.revision}.html")


def codes(entry: Entry) -> list[str]:
    return [one.code for one in entry.proposal.urgent] if entry.proposal else []


def test_amber_green_and_undetermined_forms_that_cannot_wait_come_first_and_keep_their_level(
    desk: Desk,
) -> None:
    folder = desk.office.watch[0].folder
    (folder / "red.pdf").write_bytes(form(18, context_force="yes", **NO))
    for number, (answers, *_) in enumerate(VIGNETTES.values()):
        (folder / f"form {number}.pdf").write_bytes(form(number, **answers))
    desk.waits()
    found = {str(entry.answers["child_a_name"].value)[6]: entry for entry in entries(desk.office)}
    red = found.pop("S")
    assert not red.urgent
    for letter, (_, light, code, said) in zip("ABCDEFGHIJKLMNOPQ", VIGNETTES.values(), strict=True):
        entry = found[letter]
        assert entry.proposal is not None
        assert (entry.proposal.light, codes(entry), entry.urgent) == (light, [code], True)
        page = alert(desk, entry)
        assert page.index(said) < page.index("What to do now")
        assert page.index("this cannot wait") < page.index("Look at it by At once")
        assert ("IR1 · guidance 3.1" in page) is (code in CITED)
    names = files(desk.office.folders.alerts)
    assert [name.startswith("0 NOW ") for name in names] == [True] * 17 + [False]
    assert names[-1] == f"1 RED {red.reference} r1.html"

    view = status.overview(desk.office)
    assert [one.urgent for one in view.waiting] == [True] * 17 + [False]
    lines = status.as_text(view, desk.office).splitlines()
    assert [line.startswith("  NOW ") for line in lines[1:19]] == [True] * 17 + [False]
    told = json.loads(formflow(desk.office, "status", "--json").stdout)
    assert [row["urgent"] for row in told["waiting"]] == [True] * 17 + [False]

    for name in files(desk.office.folders.receipts):  # the office reads nothing of it
        page = words(desk.office.folders.receipts / name).lower()
        assert not [
            word for word in ("now", "urgent", "wait", "referral", "adult") if word in page.split()
        ]


def test_a_question_that_was_left_blank_is_asked_and_waits_behind_what_is_certain(
    desk: Desk,
) -> None:
    blank = {name: said for name, said in GREEN.items() if name != "urgent_referral"}
    desk.takes(form(**blank), "form.pdf")
    (entry,) = entries(desk.office)
    assert (codes(entry), entry.urgent) == (["FF-220"], False)
    (name,) = files(desk.office.folders.alerts)
    assert name == f"5 GREEN {entry.reference} r1.html"
    page = words(desk.office.folders.alerts / name)
    assert page.index("is an immediate referral needed?") < page.index("Suggested level")
    assert "left blank" in page
    assert "IR1 · guidance 3.1" in page
    assert "cannot wait" not in page
    within = parcels.Occasion(entry, shipped()[0], desk.office).respond_by - entry.recorded_at
    assert within == timedelta(hours=desk.office.alerts.red_within_hours)
    told = formflow(desk.office, "show", entry.reference).stdout
    assert "ASK: " in told
    assert "NOW: " not in told


def test_a_held_form_that_cannot_wait_comes_first_too(desk: Desk) -> None:
    with pikepdf.open(io.BytesIO(form(**NO, type_text="He raped her."))) as pdf:
        box = next(one for one in pdf.Root.AcroForm.Fields if one.get("/T") == "context_text")
        box.T = pikepdf.String("another_box")
        pdf.save(out := io.BytesIO())
    desk.takes(out.getvalue(), "form.pdf")
    (entry,) = entries(desk.office)
    assert entry.outcome == "held"
    assert "“raped”" in alert(desk, entry)


def test_a_paper_that_nobody_could_read_keeps_its_place(desk: Desk) -> None:
    desk.takes(b"this is no PDF", "form.pdf")
    (name,) = files(desk.office.folders.alerts)
    assert name.startswith("1 TO READ ")


def test_a_milder_revision_takes_it_away_only_when_the_first_was_acknowledged(desk: Desk) -> None:
    desk.takes(form(**GREEN, child_words="My stepdad makes me."), "one.pdf")
    desk.takes(form(**GREEN, child_words="Nothing."), "two.pdf")
    first, second = entries(desk.office)
    assert (second.reference, second.revision, second.urgent) == (first.reference, 2, True)
    page = alert(desk, second)
    assert "nobody has acknowledged it" in page
    assert "“stepdad makes me”" in page
    assert page.index("stepdad makes me") < page.index("Suggested level: green")

    formflow(desk.office, "ack", first.reference)
    desk.takes(form(**GREEN, child_words="Nothing at all."), "three.pdf")
    third = entries(desk.office)[-1]
    assert (third.reference, third.revision, third.urgent) == (first.reference, 3, False)
    assert f"5 GREEN {first.reference} r3.html" in files(desk.office.folders.alerts)


def test_its_alert_is_delivered_before_all_others_and_names_no_reason_outside(desk: Desk) -> None:
    desk.takes(form(**{**AMBER, "others_text": "She was raped."}), "form.pdf")
    (entry,) = entries(desk.office)
    with database.reading(worker.context_of(desk.office).engine) as connection:
        first = connection.exec_driver_sql("SELECT kind, lane FROM task ORDER BY priority").first()
        lowest = connection.exec_driver_sql("SELECT min(priority) FROM task").scalar_one()
    assert (tuple(first or ()), lowest) == (("deliver", "Alerts"), PRIORITY_NOW)
    occasion = parcels.Occasion(entry, shipped()[0], desk.office)
    made = stripped(parcels.alert(occasion, "Mail"), EmailAlert.capabilities.carries)
    assert isinstance(made, AlertNotice)
    assert made.urgent
    assert made.respond_by == entry.recorded_at
    assert "raped" not in repr(made)
    assert not hasattr(parcels.receipt(occasion, "R"), "urgent")


def test_a_green_form_that_cannot_wait_is_chased_until_it_is_decided(desk: Desk) -> None:
    desk.takes(form(**{**GREEN, "urgent_referral": "yes"}), "form.pdf")
    assert "this cannot wait" in desk.page()
    formflow(desk.office, "ack", "FF-2026-000001")
    with database.writing(worker.context_of(desk.office).engine) as connection:
        connection.exec_driver_sql("UPDATE task SET due = 0 WHERE kind = 'remind' AND state = 0")
    later = utc_now() + timedelta(days=9)
    while worker.drain(desk.office, clock=lambda: later):
        pass
    assert "0 NOW OVERDUE 5 GREEN FF-2026-000001.html" in files(desk.office.folders.alerts)

    signed = {"signed_name": "M. Head", "signed_date": "20/11/2026"}
    desk.fills_in("F2", level="healthy", level_reason="Play.", **signed)
    assert "this cannot wait" not in desk.page()
    with database.reading(worker.context_of(desk.office).engine) as connection:
        assert revisions(connection, "FF-2026-000001")[-1].urgent  # kept with the entry
