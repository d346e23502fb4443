"""`make flips`: whatever a ledger holds that it should not, FormFlow knows what to say.

Each column of each table holds each strange value, then every EVERY-th byte has a bit flipped; each time the
commands are run that read the ledger. `python -m tests.campaigns.flips [EVERY [TABLE]]`
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from formflow.core.errors import ExitCode
from tests.support.spoilt_ledger import REFERENCE, Ledger

EVERY = 997  # bytes; no divisor of a page
STRANGE: tuple[object, ...] = (
    None,
    -1,
    2**62,
    1e300,
    "",
    "of no kind",
    "1999-02-31T25:00:00+00:00",
    "2026-02-03",
    '{"a": {"b": [1]}}',
    '["a", 1]',
    "null",
    b"",
    b"\xff\xfe\0",
)
# A mistake of ours; and what blames the disk or the ledger's place, which is rarely what damage should be called.
LOOKED_AT = (ExitCode.OUR_BUG, ExitCode.STORAGE)
COMMANDS = (
    ("verify",),
    ("audit",),
    ("audit", REFERENCE),
    ("status",),
    ("status", "--json"),
    ("show", REFERENCE),
)


def damages(ledger: Ledger, every: int, tables: str) -> Iterator[str]:
    """Damage a ledger in one way after the other; yield in which."""
    for table, column in ledger.columns():
        for value in STRANGE if tables in table else ():
            if ledger.with_cell(table, column, value):
                yield f"{table}.{column} = {value!r}"
    for place in range(0, len(ledger.sound), every):
        ledger.with_flip(place)
        yield f"byte {place}"


def main(words: Sequence[str]) -> int:
    """Damage a ledger in every way; return 1 where a command met a mistake of ours."""
    every, tables = int(words[0]) if words else EVERY, "".join(words[1:])
    ends: Counter[int] = Counter()
    with TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder))
        backups = Path(folder, "backups")
        backups.mkdir()
        for damaged in damages(ledger, every, tables):
            for command in (*COMMANDS, ("backup", str(backups))):
                code, said = ledger.asked(*command)
                ends[code] += 1
                if code in LOOKED_AT:
                    words = " / ".join(said.splitlines())
                    print(f"{damaged}: {command[0]} ended with {code}: {words}", flush=True)
    print(", ".join(f"{count} ended with {code}" for code, count in sorted(ends.items())))
    return int(ends[ExitCode.OUR_BUG] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
