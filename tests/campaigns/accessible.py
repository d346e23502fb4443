"""`make accessible`: can every PDF that FormFlow draws be read aloud?

Each blank, each sheet filled in, with further pages and without, and the “as read” sheet of each sample. Prints what is
found; ends with 1 where that is anything. `python -m tests.campaigns.accessible [FILE...]`
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from formflow.core.model import Entry, Outcome, Reading
from formflow.documents.as_read import as_read
from formflow.forms import catalogue
from tests.support.accessible import filled_in, findings
from tests.support.papers import SAMPLES, read

TEXTS = {"short": "Łukasz, “of course”.", "long": "She said that he should come to the shed. " * 90}
MOST = 5  # findings of one file that are printed
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def drawn() -> Iterator[tuple[str, bytes]]:
    """Yield every PDF that FormFlow draws by itself, with a name."""
    for form in catalogue.shipped():
        yield f"{form.code}, blank", form.blank.read_bytes()
        for name, words in TEXTS.items():
            yield f"{form.code}, filled in with {name} answers", filled_in(form, words)
    forms = {(form.form_id, form.version): form for form in catalogue.known()}
    for sample in SAMPLES:
        reading = read(sample, second_reading="never")
        if isinstance(reading, Reading):
            form = forms[reading.form_id, reading.form_version]
            yield (
                f"as read: {sample.parent.name}",
                as_read(form, _entry(reading), ZoneInfo("Europe/London")),
            )


def _entry(reading: Reading) -> Entry:
    return Entry(
        reference="FF-2026-000001",
        revision=1,
        outcome=Outcome.HELD,
        received_at=NOON,
        recorded_at=NOON,
        sha256="0" * 64,
        form_id=reading.form_id,
        form_version=reading.form_version,
        child_reference=None,
        supersedes=None,
        answers=reading.answers,
    )


def main(files: Sequence[str]) -> int:
    """Look at some files, or at all that FormFlow draws; return 1 where something was found."""
    looked_at, wrong = 0, 0
    chosen = ((name, Path(name).read_bytes()) for name in files) if files else drawn()
    for name, content in chosen:
        looked_at += 1
        found = Counter(findings(content))
        wrong += bool(found)
        for what, times in found.most_common(MOST):
            print(f"{name}: {what} ({times})")
    print(f"{looked_at} PDFs looked at, something found in {wrong}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
