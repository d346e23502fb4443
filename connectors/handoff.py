"""Handoff: for a system without a way in for other programs. A person files each record there, and says so by moving a receipt.

    For CPOMS/FF-2026-000123/FF-2026-000123 r1.pdf                 the form, as it came
                             FF-2026-000123 r1 summary.html        what to choose, whom to link, what to do
                             FF-2026-000123 r1 text to paste.txt
                             FF-2026-000123 r1 receipt.txt         moved into “Filed” once it is filed
              Filed/
              .formflow-handed-over/                               what was handed over, by record and key

People take away what lies here when they have filed it. What was handed over once never comes again: that is
looked up in the last folder alone.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import Field

from formflow.sdk import (
    Attachment,
    BaseConnector,
    Capabilities,
    CheckReport,
    ConnectorSettings,
    Context,
    DataClass,
    Delivered,
    DeliveredAs,
    DestinationFolder,
    FieldMap,
    Filed,
    Operation,
    Prepared,
    RecordParcel,
    RepeatSafe,
    at_revision,
    files,
    find_revision,
    in_words,
    moment_in_words,
    row_reference,
)
from formflow_connectors import handoff_pages as pages

FILED, HANDED_OVER = "Filed", ".formflow-handed-over"
MARK = "Mark of this receipt: "
CATEGORY = {
    "field": "level",
    "values": {"red": "Child-on-child abuse", "amber": "Sexual behaviour: concern"},
    "blank": "Sexual behaviour",
}
PUPILS = {
    "Child the form is about": "{child_a_name}, {child_a_dob}",
    "Other child or person involved": "{child_b_name}, {child_b_dob}",
    "Who else was there or nearby": "{incident_nearby}",
}
TEXT = {
    "Date and time": "{incident_at}",
    "Where it happened": "{incident_place}",
    "What happened": "{type_text}",
    "Context": "{context_text}",
    "The child’s own words": "{child_words}",
    "The child’s response": "{child_text}",
    "Others’ own words": "{others_words}",
    "Others’ response": "{others_text}",
    "What was done": "{attempt_text}",
    "Parents": "{parents_text}",
    "Other actions": "{actions_text}",
    "Suggested level": "{suggested_level}",
    "Decided level": {"field": "decided_level", "blank": "Awaiting decision"},
    "Reasons for the decision": "{review.level_reason}",
    "Form completed by": "{completed_by}",
}


class HandoffSettings(ConnectorSettings):
    """For a system without a way in for other programs: all that a person needs to file a record there."""

    folder: Path = Field(
        description="The folder for what is to be filed. It must be there; give rights to those who file alone."
    )
    system: str = Field(
        description="What the other system is called.", min_length=1, examples=["CPOMS"]
    )
    choose: FieldMap = Field(
        description="What to choose in the other system: the names of its boxes, and how each is filled.",
        examples=[{"Category": CATEGORY}],
    )
    pupils: FieldMap = Field(
        PUPILS,
        validate_default=True,
        description="Whom to link there: the role of each, and how the pupil is named.",
    )
    text: FieldMap = Field(
        TEXT,
        validate_default=True,
        description="The text to paste: its headings, and what follows each.",
    )
    file_within_hours: float = Field(
        48,
        ge=0,
        description="Hours on days that you are open until it should be filed; then you are reminded. 0: never.",
    )


class Handoff(BaseConnector[HandoffSettings]):
    """Puts all that a person needs to file a record in another system into a folder."""

    kind = "handoff"
    api_version = 2
    Settings = HandoffSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.LOOK_UP,
        operations=frozenset({Operation.RECORD}),
        carries=DataClass.FULL,
        wants_original=True,
    )

    def __init__(self, settings: HandoffSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._folder = DestinationFolder(settings.folder, self.kind, context)
        self._filed = settings.folder / FILED
        self._handed_over = settings.folder / HANDED_OVER
        self._inner = DestinationFolder(self._handed_over, self.kind, context)

    @property
    def file_within_hours(self) -> float:
        """Hours on open days until a person should have filed what was handed over; 0: never told."""
        return self.settings.file_within_hours

    def check(self) -> CheckReport:
        """Say whether the folder is there."""
        return self._folder.check()

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return what is handed over, in words, and the paper."""
        own = self.settings
        handed = pages.Handed(
            at_revision(parcel.reference, parcel.revision),
            row_reference(parcel.reference, parcel.revision, "update"),
            own.system,
            moment_in_words(parcel.recorded_at),
            *(_lines(one, parcel) for one in (own.choose, own.pupils, own.text)),
        )
        told = {"record": handed.record, "name": handed.name}
        told["recorded_at"] = parcel.recorded_at.isoformat()
        body = json.dumps(asdict(handed), ensure_ascii=False).encode()
        paper = tuple[Attachment, ...]()
        if parcel.original_sha256:
            paper = (Attachment(handed.name + parcel.original_suffix, parcel.original_sha256),)
        return Prepared(parcel.key, body, told, paper)

    def deliver(self, prepared: Prepared) -> Delivered:
        """Put everything into the record's folder, the receipt last, and note that it was handed over."""
        record = prepared.headers["record"]
        with self._folder.held():
            note = self._handed_over / f"{record} {prepared.key}.json"
            if note.exists():
                return Delivered(prepared.key, DeliveredAs.ALREADY_THERE, record)
            files.make_inside(self._filed)
            handed = pages.Handed(**json.loads(prepared.body))
            contents = self._contents(prepared, handed)
            self._folder.put_beside(
                {self._folder.inside(f"{record}/{name}"): one for name, one in contents.items()}
            )
            files.make_inside(self._handed_over)
            told = {**prepared.headers, "values": handed.values}
            self._inner.put({note: json.dumps(told, ensure_ascii=False).encode()})
        return Delivered(prepared.key, DeliveredAs.CREATED, record)

    def look_up(self, key: str) -> Delivered | None:
        """Return what was handed over under a key, whatever people have done with it since."""
        return next(iter(self.look_up_many([key])), None)

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:
        """Return what was handed over under each of these keys."""
        return [
            Delivered(key, DeliveredAs.ALREADY_THERE, record)
            for record, key in self._notes()
            if key in keys
        ]

    def filed(self) -> Iterator[Filed]:
        """Yield the revisions that were handed over."""
        for path in self._folder.matching(f"{HANDED_OVER}/*.json"):
            told = _told(path)
            if told and (named := find_revision(str(told.get("name", "")))):
                yield Filed(*named, key=path.stem.rpartition(" ")[2])

    def acknowledged(self, waiting: Mapping[str, tuple[str, int]]) -> set[str]:
        """Return the keys of the receipts in “Filed”, also of those in a record's folder that was moved there whole."""
        found, names = set[str](), set(waiting.values())
        for path in self._filed.rglob("*.txt"):
            if find_revision(path.name) not in names:
                continue
            # Taken away just now, or nothing that we wrote: a link, a pipe.
            with contextlib.suppress(FileNotFoundError, files.NotAFile):
                words = files.read(path).decode("utf-8", "replace")
                found |= {line.partition(MARK)[2].strip() for line in words.splitlines()}
        return found & waiting.keys()

    def take_back(self, prepared: Prepared) -> bool:
        """Remove what was handed over just now; return whether all of it was still there."""
        record = prepared.headers["record"]
        folder = self._folder.inside(record)
        with self._folder.held():
            paths = [folder / name for name in self._names(prepared)]
            is_all_there = all(path.is_file() for path in paths)
            for path in (*paths, self._handed_over / f"{record} {prepared.key}.json"):
                files.patiently(partial(path.unlink, missing_ok=True))
            with contextlib.suppress(OSError):
                folder.rmdir()
        return is_all_there

    def _names(self, prepared: Prepared) -> list[str]:
        """Return the names of the files in the record's folder, in the order in which they come."""
        name = prepared.headers["name"]
        ours = [f"{name} summary.html", f"{name} text to paste.txt", f"{name} receipt.txt"]
        return [*(one.name for one in prepared.attachments), *ours]

    def _contents(self, prepared: Prepared, handed: pages.Handed) -> dict[str, bytes | Attachment]:
        before = self._before(prepared)
        *papers, page, pasted, receipt = self._names(prepared)
        return {
            **{one.name: one for one in prepared.attachments},
            page: pages.summary(handed, before, "".join(papers), pasted, receipt),
            pasted: pages.text(handed, before),
            receipt: pages.receipt(handed, MARK + prepared.key),
        }

    def _before(self, prepared: Prepared) -> pages.Before:
        """Return what was handed over of the same record before, and whether anything newer was."""
        now = datetime.fromisoformat(prepared.headers["recorded_at"])
        told = [
            known
            for record, key in self._notes(prepared.headers["record"])
            if (known := _told(self._handed_over / f"{record} {key}.json"))
        ]
        at = [(datetime.fromisoformat(str(one["recorded_at"])), one) for one in told]
        is_late = any(moment > now for moment, _ in at)
        earlier = [(moment, str(one["name"]), one) for moment, one in at if moment < now]
        if not earlier:
            return pages.Before(is_late=is_late)
        _, name, newest = max(earlier, key=lambda one: one[:2])
        return pages.Before(name, newest.get("values", {}), is_late)

    def _notes(self, record: str = "*") -> Iterator[tuple[str, str]]:
        """Yield record and key of what was handed over."""
        for path in self._handed_over.glob(f"{record} *.json"):
            yield path.stem.rpartition(" ")[0], path.stem.rpartition(" ")[2]


def _lines(fields: FieldMap, parcel: RecordParcel) -> list[tuple[str, str]]:
    """Return what is known of some lines, in words."""
    row = fields.row(parcel)
    return [(what, in_words(value)) for what, value in row.items() if value is not None]


def _told(path: Path) -> dict[str, Any] | None:
    with contextlib.suppress(FileNotFoundError, files.NotAFile, ValueError):
        told = json.loads(files.read(path))
        return told if isinstance(told, dict) else None
    return None
