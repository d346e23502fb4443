"""What a worker has open that deliveries need."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made_by

from formflow.core.settings import Settings
from formflow.delivery.lanes import Lanes
from formflow.sdk.contract import Connector
from formflow.storage.database import Engine
from formflow.storage.owners import Owner


@dataclass(frozen=True, kw_only=True)
class DeliveryContext:
    """The ledger, the destinations, and a thread for each of these."""

    settings: Settings
    engine: Engine
    destinations: Mapping[str, Connector]
    owner: Owner
    lanes: Lanes = made_by(default_factory=Lanes)
    # Set once somebody wants the program to end: nothing more is begun, what is claimed is given back.
    stopping: threading.Event = made_by(default_factory=threading.Event)
