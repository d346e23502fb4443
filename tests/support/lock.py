"""Who holds the ledger's write lock, for tests of what may not happen meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from formflow.storage.database import Engine


@contextmanager
def watched(engine: Engine) -> Iterator[Callable[[], bool]]:
    """Lend what says whether the thread that asks is inside a transaction that writes."""
    here = threading.local()

    def ran(*about: Any) -> None:
        statement = about[2].partition(" ")[0]
        if statement in ("BEGIN", "COMMIT", "ROLLBACK"):
            here.is_held = statement == "BEGIN"

    event.listen(engine, "after_cursor_execute", ran)
    yield lambda: getattr(here, "is_held", False)
    event.remove(engine, "after_cursor_execute", ran)
