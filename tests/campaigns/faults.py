"""`make faults`: whatever goes wrong with the computer, no form is lost, doubled, judged wrongly or passes unseen.

`python -m tests.campaigns.faults [WORD...]` tries the faults with one of these words in their names.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from formflow.admin.settings_file import load_settings
from tests.campaigns.cells import Row, table
from tests.campaigns.day import Day
from tests.campaigns.troubles import FAULTS, Fault
from tests.support.inbox import Inbox, open_office, receiving
from tests.support.offices import formflow_apart
from tests.support.outcomes import KnownForm, make

EARLIER, LATER = 3, 5  # forms; of the later ones one is red
SCAN = ("scan_seconds = 10", "scan_seconds = 1")
MAIL = '[[destination]]\nname = "Mail"\n'
CHANGES = (SCAN, SCAN, (MAIL, f"{MAIL}timeout_seconds = 4\n"))


class Campaign:
    """An agency with some forms on record, copied for each fault."""

    def __init__(
        self, folder: Path, inbox: Inbox, port: int, earlier: int = EARLIER, later: int = LATER
    ) -> None:
        self._folder, self._inbox = folder, inbox
        forms = make(folder / "made", earlier + later)
        self._earlier, self._later = forms[:earlier], _red_first(forms[earlier:])
        office = open_office(folder / "before", port, CHANGES)
        for form in self._earlier:
            shutil.copyfile(form.path, office.watch[0].folder / form.path.name)
        ended = formflow_apart(office, "run", "--once")
        if ended.returncode:
            raise RuntimeError(ended.stderr)
        self._mails = tuple(inbox.messages)

    def row(self, fault: Fault, without: str = "") -> Row:
        """Let a fault happen; return what came of it. `without` is code that takes a mechanism out."""
        self._inbox.messages[:] = self._mails
        with self._copied() as office_file:
            day = Day(load_settings(office_file), self._inbox, self._earlier, self._later, without)
            try:
                fault.happens(day)
                return Row(fault.name, day.seen())
            except pytest.skip.Exception as problem:
                return Row(fault.name, None, str(problem))
            finally:
                day.stops()

    @contextmanager
    def _copied(self) -> Iterator[Path]:
        with TemporaryDirectory(dir=self._folder) as folder:
            office = Path(folder, "an agency")
            shutil.copytree(self._folder / "before", office)
            yield office / "formflow.toml"


def _red_first(forms: Sequence[KnownForm]) -> list[KnownForm]:
    return sorted(forms, key=lambda form: form.light.value != "red")


def main(words: Sequence[str]) -> int:
    """Try the faults that are asked for; return 1 where a cell is red."""
    asked = [one for one in FAULTS if not words or any(word in one.name for word in words)]
    rows = []
    with TemporaryDirectory() as folder, receiving() as (inbox, port):
        campaign = Campaign(Path(folder), inbox, port)
        for fault in asked:
            rows.append(campaign.row(fault))
            print(table(rows[-1:]), file=sys.stderr, flush=True)
    print(table(rows))
    return int(any(row.is_red for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
