"""What the safeguarding lead's register costs: `python -m bench.register 1000` draws all of it, then one change."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench import records
from formflow.admin import setup
from formflow.core.clock import utc_now
from formflow.pipeline.register import Register
from formflow.storage import audit_trail, cases, database
from formflow.storage.audit_trail import AuditEvent, Happened
from formflow.storage.database import reading, writing
from formflow.storage.roster import PupilList


def main(count: int) -> None:
    """Print processor seconds and sizes for a register of so many cases."""
    with tempfile.TemporaryDirectory() as folder:
        settings = setup.set_up(Path(folder) / "agency")
        state = settings.state.folder
        shutil.copyfile(records.ledger(count), state / "ledger.sqlite")
        engine = database.open_ledger(state)
        register = Register(settings, engine, PupilList(settings.roster, state))
        _measure(f"all pages of {count} cases", register, everything=True)
        _measure("nothing has changed", register)
        trail = audit_trail.open_trail(state, engine, audit_trail.SERVICE, utc_now())
        with reading(engine) as connection:
            reference = cases.every(connection)[-1]
        with writing(engine) as connection:
            trail.note(connection, utc_now(), Happened(AuditEvent.VIEWED, f"{reference} r1"))
        page = settings.folders.dsl_register / "cases" / f"{reference}.html"
        page.write_text("as it was before", "utf-8")
        _measure("one case has changed", register)
        pages = sorted(settings.folders.dsl_register.rglob("*.html"), key=_size)
        print(
            f"{len(pages)} pages, the largest {_size(pages[-1]) / 1024:.0f} KB ({pages[-1].name})"
        )
        engine.dispose()


def _size(page: Path) -> int:
    return page.stat().st_size


def _measure(what: str, register: Register, *, everything: bool = False) -> None:
    began = time.process_time()
    drawn = register.draw(utc_now() + timedelta(seconds=1), everything=everything)
    spent = time.process_time() - began
    print(f"{what:32} {spent:7.2f} s   cases {drawn.cases}, pages written {drawn.pages}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
