"""What a worker has open that deliveries need."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from formflow.core.copy_tokens import Tokens
from formflow.core.settings import Settings
from formflow.delivery import calls
from formflow.delivery.lanes import Lanes
from formflow.forms.catalogue import Form
from formflow.rules.case.prefill_values import Desk
from formflow.sdk import field_map
from formflow.sdk.case_fields import OF_STATE
from formflow.sdk.contract import Connector
from formflow.storage.audit_trail import Trail
from formflow.storage.database import Engine
from formflow.storage.originals import Vault
from formflow.storage.owners import Owner
from formflow.storage.roster import PupilList


@dataclass(frozen=True, kw_only=True)
class DeliveryContext:
    """The ledger, the originals, the forms, the destinations, and a thread for each of these."""

    settings: Settings
    engine: Engine
    vault: Vault
    forms: Mapping[tuple[str, int], Form]
    destinations: Mapping[str, Connector]
    owner: Owner
    tokens: Tokens  # for the copies that FormFlow makes
    trail: Trail
    pupils: PupilList  # the agency's own list; without one it knows nobody
    lanes: Lanes = dataclasses.field(default_factory=Lanes)

    @property
    def ours(self) -> Form:
        """The recording form, on which a person copies what nobody could read."""
        return next(form for form in self.forms.values() if form.is_ours and not form.is_sheet)

    @property
    def desk(self) -> Desk:
        """What the safeguarding lead's sheets are filled in from: the newest version of each."""
        newest = sorted(self.forms.values(), key=lambda form: form.version)
        sheets = {form.form_id: form for form in newest if form.is_sheet}
        engine = self.settings.sheets.filled_by
        return Desk(sheets, self.settings.services.words, by_fillpdf=engine == "fillpdf")

    def form_of(self, form_id: str | None, version: int | None) -> Form | None:
        """Return a form by id and version, or None when it is not known."""
        return None if form_id is None or version is None else self.forms.get((form_id, version))

    def named_by(self, destination: str) -> frozenset[str]:
        """Return the fields that the settings of a destination name; none where they have no map."""
        return field_map.fields_of(calls.settings_of(self.destinations[destination]))

    def keeps_state(self, destination: str) -> bool:
        """Return whether a destination keeps something of a case that changes when it is closed or reopened.

        One that files each paper gets nothing: there is no new one.
        """
        files_papers = self.destinations[destination].capabilities.wants_original
        return not files_papers and bool(self.named_by(destination) & OF_STATE)

    # Set once the program is told to end: nothing more is begun, what is claimed is given back.
    stopping: threading.Event = dataclasses.field(default_factory=threading.Event)
