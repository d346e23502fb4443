"""paperless-ngx: each form as a document, found again by a custom field that holds the key of its delivery.

A document that is posted is worked on later, so its task is asked until it ends. The file's name holds a part of the key,
too: a task that still waits after a crash is known by it, and the form is not posted a second time.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from pydantic import Field, SecretStr

from formflow.sdk import (
    Ambiguous,
    Attachment,
    BaseConnector,
    Capabilities,
    CheckLine,
    CheckReport,
    DataClass,
    Delivered,
    DeliveredAs,
    Ending,
    FieldMap,
    Operation,
    Prepared,
    RecordParcel,
    Rejected,
    RepeatSafe,
    SettingsError,
    Unavailable,
    decode_row,
    encode_row,
    ending,
)
from formflow_connectors.remote.paperless_api import Document, Paperless, Task
from formflow_connectors.remote.web_server import WebServer, WebServerSettings

KEYS_AT_ONCE = 40  # in one address: servers take 8 KB
_PART = 16  # letters of a key in the name of a file
_STEPS = (0.1, 0.2, 0.5, 1.0)  # seconds between two questions about a task; then the last again
_STATED = ("title", "created", "tags", "correspondent", "document_type", "storage_path")
_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # one for each server


class PaperlessSettings(WebServerSettings):
    """Which paperless-ngx the forms go to, and how they are found there."""

    token: SecretStr = Field(
        description="The token of FormFlow’s user there, as env:NAME or file:PATH."
    )
    key_field: str = Field(
        description="A custom field of the type Text: by the key in it a form is found again.",
        min_length=1,
        examples=["FormFlow key"],
    )
    columns: FieldMap | None = Field(
        None,
        description="Other custom fields, and how each is filled.",
        examples=[{"Date of incident": "{incident_day}"}],
    )
    tags: tuple[int, ...] = Field((), description="Numbers of the tags that each form gets.")
    correspondent: int | None = Field(None, description="Number of the correspondent.")
    document_type: int | None = Field(None, description="Number of the document type.")
    storage_path: int | None = Field(None, description="Number of the storage path.")


class PaperlessNgx(BaseConnector[PaperlessSettings]):
    """Posts each form as a document."""

    kind = "paperless"
    api_version = 2
    Settings = PaperlessSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.LOOK_UP,
        operations=frozenset({Operation.RECORD}),
        carries=DataClass.FULL,
        wants_original=True,
    )

    def check(self) -> CheckReport:
        """Say whether the server lets us in and has the custom fields. Nothing is posted."""
        try:
            self._fields(self._paperless())
        except Ending as problem:
            return CheckReport((CheckLine(False, problem.text),))
        return CheckReport(
            (CheckLine(True, "The server lets FormFlow in and has the custom fields."),)
        )

    def prepare(self, parcel: RecordParcel) -> Prepared:
        """Return the custom fields, what is stated of the document, and the paper."""
        title = f"{parcel.reference} r{parcel.revision}"
        headers = {"title": title, "created": f"{parcel.recorded_at:%Y-%m-%d}"}
        row = self.settings.columns.row(parcel) if self.settings.columns else {}
        paper = tuple[Attachment, ...]()
        if parcel.original_sha256:
            name = f"{title} {parcel.key[:_PART]}{parcel.original_suffix}"
            paper = (Attachment(name, parcel.original_sha256),)
        return Prepared(parcel.key, encode_row(row), headers, paper)

    def deliver(self, prepared: Prepared) -> Delivered:
        """Post the document, and return when paperless-ngx has it with our key."""
        if not prepared.attachments:
            raise ending(Rejected, "FF-592", why="there is no form to file")
        with _locks[self.settings.url]:
            paperless = self._paperless()
            fields = self._fields(paperless)
            if there := self._found(paperless, fields, [prepared.key]):
                return there[0]
            _refuse_if_waiting(paperless, prepared.key)
            posted = self._post(paperless, fields, prepared)
            with _in_doubt():
                return self._when_done(paperless, fields, prepared.key, posted)

    def look_up(self, key: str) -> Delivered | None:
        """Return which document holds a key. Raise Unavailable while paperless-ngx still works on it."""
        paperless = self._paperless()
        if there := self._found(paperless, self._fields(paperless), [key]):
            return there[0]
        _refuse_if_waiting(paperless, key)
        return None

    def look_up_many(self, keys: Collection[str]) -> list[Delivered]:
        """Return which documents hold some keys."""
        wanted, paperless, there = sorted(keys), self._paperless(), list[Delivered]()
        fields = self._fields(paperless)
        for at in range(0, len(wanted), KEYS_AT_ONCE):
            there += self._found(paperless, fields, wanted[at : at + KEYS_AT_ONCE])
        return there

    def _paperless(self) -> Paperless:
        headers = {"Authorization": f"Token {self.settings.token.get_secret_value()}"}
        return Paperless(WebServer(self.settings, self.context, headers))

    def _fields(self, paperless: Paperless) -> Mapping[str, int]:
        """Return the number of each custom field. Raise SettingsError where one is not there."""
        known = paperless.custom_fields()
        columns = self.settings.columns
        wanted = (self.settings.key_field, *(columns.headings if columns else ()))
        for name in wanted:
            if name not in known:
                raise ending(SettingsError, "FF-591", why=f"there is no custom field “{name}”")
        return known

    def _found(
        self, paperless: Paperless, fields: Mapping[str, int], keys: Collection[str]
    ) -> list[Delivered]:
        """Return which documents hold some keys. Raise SettingsError where others are found, too."""
        name = self.settings.key_field
        found = {one.fields.get(fields[name]): one for one in paperless.documents(name, keys)}
        if not found.keys() <= set(keys):  # it takes no notice of what it was asked for
            raise ending(SettingsError, "FF-591", why="its version cannot search by custom fields")
        return [_there(key, found[key]) for key in keys if key in found]

    def _post(self, paperless: Paperless, known: Mapping[str, int], prepared: Prepared) -> str:
        """Post the document; return the number of its task."""
        (paper,) = prepared.attachments
        row = {**decode_row(prepared.body), self.settings.key_field: prepared.key}
        fields = {known[name]: value for name, value in row.items() if value is not None}
        stated = {**prepared.headers, **self.settings.model_dump()}
        told = {name: stated[name] for name in _STATED if stated[name] not in (None, ())}
        with self.context.open_original(paper.sha256) as stream:
            content = stream.read()
        with _in_doubt():
            return paperless.post(paper.name, content, told, fields)

    def _when_done(
        self, paperless: Paperless, fields: Mapping[str, int], key: str, posted: str
    ) -> Delivered:
        """Wait until the task has ended, and see what came of it. Raise Ambiguous where it takes too long."""
        task = _ended(paperless, posted)
        if task.is_done:
            if there := self._found(paperless, fields, [key]):
                return Delivered(key, DeliveredAs.CREATED, there[0].where)
            raise ending(Ambiguous, "FF-590")
        for number in task.duplicates:
            document = paperless.document(number)
            if document and document.fields.get(fields[self.settings.key_field]) == key:
                return _there(key, document)
        if task.duplicates:
            why = f"it holds the same file already, as document {task.duplicates[0]}"
            raise ending(Rejected, "FF-592", why=why)
        raise ending(Rejected, "FF-592", why="its list of file tasks says why")


def _there(key: str, document: Document) -> Delivered:
    return Delivered(key, DeliveredAs.ALREADY_THERE, f"document {document.number}")


def _refuse_if_waiting(paperless: Paperless, key: str) -> None:
    """Raise Unavailable where a task with a document of this delivery has not ended."""
    if any(key[:_PART] in one.file_name for one in paperless.waiting()):
        raise ending(Unavailable, "FF-590")


def _ended(paperless: Paperless, posted: str) -> Task:
    """Return a task once it has ended. Raise Ambiguous where the time is over before."""
    for seconds in _pauses():
        task = paperless.task(posted)
        if task is not None and not task.is_waiting:
            return task
        if paperless.seconds_left <= 2 * seconds:
            break
        time.sleep(seconds)
    raise ending(Ambiguous, "FF-590")


def _pauses() -> Iterator[float]:
    yield from _STEPS
    while True:
        yield _STEPS[-1]


@contextlib.contextmanager
def _in_doubt() -> Iterator[None]:
    """From the first word of the document on nobody knows, where the connection breaks, whether it has arrived."""
    try:
        yield
    except Unavailable:
        raise ending(Ambiguous, "FF-590") from None
