"""What is told of one entry, and to whom: all that parcels are made from. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from formflow.core.model import Entry, Light, Outcome, Role
from formflow.core.settings import Settings
from formflow.documents.decision_pack import ToDecide
from formflow.documents.enclosures import Enclosed
from formflow.documents.html_pages import Sent
from formflow.documents.register.at_a_glance import NOTHING, Glance
from formflow.forms.catalogue import Form
from formflow.rules.light.urgency import reasons
from formflow.rules.roster import Pupil
from formflow.sdk import registry
from formflow.sdk.contract import Operation


@dataclass(frozen=True, slots=True)
class Occasion:
    """One entry, the form it is on, and the settings of the day: all that a parcel is made from."""

    entry: Entry
    form: Form | None
    settings: Settings
    enclosed: Enclosed | None = None  # None for a receipt alone
    to_decide: ToDecide | None = None  # what lies in “To decide” after it
    pupil: Pupil | None = None  # of the agency's list: the child whose papers these are
    child_folder: str = (
        ""  # where the list says that this child's papers are kept; "" where that is not sure
    )
    sent: Sent | None = None  # the file as its sender knows it, for a receipt
    glance: Glance = NOTHING  # what an alert in the safeguarding lead's folder says of the case
    escalated_to: str = ""  # the destination that is told because nobody has acknowledged the alert

    @property
    def year_group(self) -> str:
        """The child's year group by the agency's list, "" where it does not say."""
        return self.pupil.year_group if self.pupil else ""

    @property
    def filed(self) -> str | None:
        """What is filed of the paper, by its sha256: the paper itself, or a copy without its dangers."""
        return self.enclosed.filed if self.enclosed else None

    @property
    def filed_suffix(self) -> str:
        """What the filed paper is called after its reference."""
        return ".pdf" if self.only_pictures else self.entry.original_suffix

    @property
    def only_pictures(self) -> bool:
        """Whether pictures of the pages are filed instead of a paper that could start something."""
        return self.filed is not None and self.filed != self.entry.sha256

    @property
    def beside(self) -> Mapping[str, str]:
        """What lies beside the note of a paper that comes back: name and sha256."""
        return self.enclosed.beside if self.enclosed else {}

    @property
    def is_misplaced(self) -> bool:
        """Whether it is a sheet that came from the staff folder."""
        is_sheet = self.form is not None and self.form.is_sheet
        return is_sheet and self.entry.role is Role.STAFF

    @property
    def for_the_office(self) -> Occasion:
        """The occasion as the office may know it: of a misplaced sheet nothing but that a file arrived."""
        if not self.is_misplaced:
            return self
        bare = replace(self.entry, form_id=None, form_version=None, answers={}, notices=())
        return replace(self, entry=bare, form=None, enclosed=None)

    @property
    def respond_by(self) -> datetime:
        """When the DSL should have looked: at once where it cannot wait. What could not be read counts as red."""
        within, recorded_at = self.settings.alerts, self.entry.recorded_at
        light = self.entry.highest_light
        soon = light in (None, Light.RED, Light.AMBER_OR_RED)
        soon = soon or self.entry.outcome in (Outcome.HELD, Outcome.UNREADABLE)
        soon = soon or bool(reasons(self.entry))  # nobody said whether it can wait
        later = (
            within.unclear_within_hours
            if light is Light.UNDETERMINED
            else within.other_within_hours
        )
        hours = within.red_within_hours if soon else later
        end = recorded_at if self.entry.urgent else recorded_at + timedelta(hours=hours)
        return end.astimezone(self.settings.zone)

    @property
    def where_to_look(self) -> str:
        """Where the record is, without a name."""
        entry = self.entry
        if any(one.own_settings.get("existing") for one in self.settings.destination):
            return (
                "the child’s own folder in the children’s files, or “Not yet matched” there, or"
                f" “formflow show {entry.reference}”"
            )
        folder = entry.child_reference or f"Not yet matched/{entry.reference}"
        return (
            f"the folder “{folder}” in the children’s files, or “formflow show {entry.reference}”"
        )

    @property
    def where_the_alert_is(self) -> str:
        """Where the alert's page is: all that a notice may say."""
        return (
            f"the page {self.entry.reference} in the folder “{self.settings.folders.alerts.name}”"
        )

    @property
    def told_how(self) -> str:
        """How the DSL is told, without a name."""
        names = [d.name for d in self.settings.destinations() if d.kind != "receipt_folder"]
        later = self.settings.told_later
        alerting = [n for n in names if n in _alerting(self.settings) and n not in later]
        return "by " + " and ".join(f"“{name}”" for name in alerting)


def _alerting(settings: Settings) -> set[str]:
    return {one.name for one in settings.destinations() if _takes_alerts(one.kind)}


def _takes_alerts(kind: str) -> bool:
    try:
        return Operation.ALERT in registry.load(kind).capabilities.operations
    except registry.UnusableKind:
        return False  # it tells nobody until it is put right
