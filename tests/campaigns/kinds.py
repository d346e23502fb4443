"""Each kind of ours that writes for others, as an agency has it: where it writes, and what a person finds there."""

from __future__ import annotations

import csv
import os
import sqlite3
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import openpyxl

from formflow.sdk.conformance.wire import Wire
from tests.campaigns.network_kinds import ASKED, Behind, standing
from tests.support.agency_books import log_book
from tests.support.certificates import Authority
from tests.support.inbox import Inbox, receiving
from tests.support.offices import REFERENCE, files
from tests.support.outcomes import KnownForm
from tests.support.receiver import Receiver, served
from tests.support.word_documents import by_python_docx, read_back

NAME = "Tried"  # of the destination
OWN = "Own"  # the folder in which the agency keeps what is its own
AUTHORITY = "authority.pem"  # whom FormFlow trusts
BORN = ("2013-07-04", "2015-12-25")  # as the two forms have it, in words of their own
SECRET = b"a key of thirty-two bytes, or so"
LEVEL = '{ field = "level", values = { red = "Level 3", amber = "Level 2", green = "Level 1" }, blank = "-" }'
COLUMNS = f'[destination.columns]\n"Pupil" = "{{child_a_name}}"\n"Level" = {LEVEL}\n'


class Nature(StrEnum):
    """What can go wrong with a destination goes by what it is."""

    FILE = "file"  # that people open
    FOLDER = "folder"
    TABLE = "table"
    POST = "post"  # HTTPS, of which an answer is all that is known
    WEB = "web"  # HTTPS, where it can be looked up what is there
    SSH = "ssh"
    MAIL = "mail"


@dataclass(frozen=True)
class Servers:
    """What stands behind the kinds that write over a network, each at a wire that can be broken."""

    authority: Authority
    receiver: Receiver
    inbox: Inbox
    post: Wire
    mail: Wire
    behind: Behind

    def wire(self, kind: str) -> Wire:
        """Return the wire to what stands behind a kind."""
        if standing := self.behind.of(kind):
            return standing.wire
        return self.mail if kind == "email_alert" else self.post


@contextmanager
def serving(folder: Path) -> Iterator[Servers]:
    """Run the servers, and let settings find them."""
    authority = Authority(folder / "authority")
    shown = authority.for_server("127.0.0.1")
    with (
        served(Receiver(SECRET), shown) as receiver,
        receiving(shown) as (inbox, port),
        Wire(receiver.port, ASKED) as post,
        Wire(port, ASKED) as mail,
        standing(folder, OWN, AUTHORITY, authority) as behind,
    ):
        os.environ["TRIED_URL"] = f"https://127.0.0.1:{post.port}/in"
        os.environ["TRIED_SECRET"] = "whsec_" + b64encode(SECRET).decode()
        yield Servers(authority, receiver, inbox, post, mail, behind)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of destination on trial."""

    name: str
    nature: Nature
    settings: Callable[[Servers], str]
    begins: Callable[
        [Path, Sequence[KnownForm]], None
    ]  # makes what the agency has: its root, its forms
    held: Callable[[Path, Servers], list[str]]  # the reference of all that a person finds there


def _fixed(text: str) -> Callable[[Servers], str]:
    return lambda _: text


def _book(root: Path, _: Sequence[KnownForm]) -> None:
    (root / OWN / "Log.xlsx").write_bytes(log_book())


def _book_rows(root: Path, _: Servers) -> list[str]:
    book = openpyxl.load_workbook(root / OWN / "Log.xlsx")
    return _references(row[5].value for row in book["Behaviour log"].iter_rows())


def _lines(root: Path, _: Sequence[KnownForm]) -> None:
    (root / OWN / "Log.csv").write_bytes(b"Ref;Pupil;Level;By whom\r\n")


def _csv_rows(root: Path, _: Servers) -> list[str]:
    lines = (root / OWN / "Log.csv").read_text("utf-8").splitlines()
    return _references(row["Ref"] for row in csv.DictReader(lines, delimiter=";"))


def _document(root: Path, _: Sequence[KnownForm]) -> None:
    (root / OWN / "Log.docx").write_bytes(by_python_docx([("1/9", "A", "B", "old")]))


def _document_rows(root: Path, _: Servers) -> list[str]:
    return _references(row[3] for row in read_back((root / OWN / "Log.docx").read_bytes()))


def _pupils(root: Path, forms: Sequence[KnownForm]) -> None:
    names = [form.answers["child_a_name"] for form in forms]
    rows = "".join(f"{name},{born},{name}\n" for name, born in zip(names, BORN, strict=True))
    (root / "Pupils.csv").write_text(f"Name,DOB,Folder\n{rows}", "utf-8")
    for name in names:
        (root / OWN / name).mkdir()
    file = root / "formflow.toml"
    text = file.read_text("utf-8").replace('# file = "Pupils.csv"', 'file = "Pupils.csv"')
    file.write_text(text, "utf-8")


def _originals(root: Path, _: Servers) -> list[str]:
    return _references(name for name in files(root / OWN) if "original" in name)


def _dropped(root: Path, _: Servers) -> list[str]:
    return _references(name for name in files(root / OWN) if name.endswith(".pdf"))


def _table(root: Path, _: Sequence[KnownForm]) -> None:
    os.environ["TRIED_DATABASE"] = f"sqlite:///{(root / OWN / 'own.db').as_posix()}"
    with closing(sqlite3.connect(root / OWN / "own.db")) as database:
        database.execute("CREATE TABLE log (ref VARCHAR(40) UNIQUE, pupil TEXT, level TEXT)")


def _table_rows(root: Path, _: Servers) -> list[str]:
    with closing(sqlite3.connect(root / OWN / "own.db")) as database:
        return _references(row[0] for row in database.execute("SELECT ref FROM log"))


def _nothing(_: Path, __: Sequence[KnownForm]) -> None:
    pass


def _posted(_: Path, servers: Servers) -> list[str]:
    bodies = servers.receiver.bodies
    return _references(bodies[key].decode() for key in servers.receiver.landed)


def _mailed(_: Path, servers: Servers) -> list[str]:
    mails = {mail["Message-ID"]: str(mail["Subject"]) for mail in servers.inbox.messages}
    return _references(mails.values())


def _references(texts: Iterable[object]) -> list[str]:
    found = (REFERENCE.search(str(text)) for text in texts)
    return sorted(match[0] for match in found if match)


def _post(_: Servers) -> str:
    return (
        'url = "env:TRIED_URL"\nsecret = "env:TRIED_SECRET"\n'
        f'ca_file = "{AUTHORITY}"\ntimeout_seconds = 1\n'
    )


def _mail(servers: Servers) -> str:
    return (
        f'host = "127.0.0.1"\nport = {servers.mail.port}\nsecurity = "tls"\nca_file = "{AUTHORITY}"\n'
        'sender = "formflow@example.org"\nrecipient = "lead@example.org"\ntimeout_seconds = 1\n'
    )


def _rows(servers: Servers) -> str:
    return f"{_post(servers)}receiver_keeps_ids = true\n{COLUMNS}"


def _handed_over(root: Path, _: Servers) -> list[str]:
    return _references(path.name for path in (root / OWN).glob("*/*summary.html"))


def _behind(name: str, nature: Nature) -> Kind:
    """Return a kind that writes over a network."""

    def settings(servers: Servers) -> str:
        standing = servers.behind.of(name)
        return standing.settings if standing else ""

    def held(root: Path, servers: Servers) -> list[str]:
        standing = servers.behind.of(name)
        return _references(standing.titles(root) if standing else ())

    return Kind(name, nature, settings, _nothing, held)


_CHOSEN = f'system = "CPOMS"\n[destination.choose]\n"Category" = {LEVEL}\n'
FILED = f'folder = "{OWN}"\n'
KINDS = (
    Kind(
        "workbook",
        Nature.FILE,
        _fixed(
            f'file = "{OWN}/Log.xlsx"\nsheet = "Behaviour log"\nreference_column = "Our reference"\n{COLUMNS}'
        ),
        _book,
        _book_rows,
    ),
    Kind(
        "csv_file",
        Nature.FILE,
        _fixed(f'file = "{OWN}/Log.csv"\nreference_column = "Ref"\nencoding = "utf-8"\n{COLUMNS}'),
        _lines,
        _csv_rows,
    ),
    Kind(
        "word_table",
        Nature.FILE,
        _fixed(
            f'file = "{OWN}/Log.docx"\nreference_column = "Our reference"\n[destination.columns]\n'
            '"Pupil" = "{child_a_name}"\n'
        ),
        _document,
        _document_rows,
    ),
    Kind(
        "child_files",
        Nature.FOLDER,
        _fixed(f"{FILED}existing = true\n"),
        _pupils,
        _originals,
    ),
    Kind("folder_drop", Nature.FOLDER, _fixed(FILED), _nothing, _dropped),
    Kind(
        "sql_table",
        Nature.TABLE,
        _fixed(
            'url = "env:TRIED_DATABASE"\ntable = "log"\nreference_column = "ref"\ntimeout_seconds = 1\n'
            '[destination.columns]\npupil = "{child_a_name}"\n'
        ),
        _table,
        _table_rows,
    ),
    Kind("webhook", Nature.POST, _post, _nothing, _posted),
    Kind("webhook_record", Nature.POST, _rows, _nothing, _posted),
    Kind("email_alert", Nature.MAIL, _mail, _nothing, _mailed),
    Kind("handoff", Nature.FOLDER, _fixed(f"{FILED}{_CHOSEN}"), _nothing, _handed_over),
    *(_behind(name, Nature.WEB) for name in ("webdav", "sharepoint", "calendar")),
    *(_behind(name, Nature.WEB) for name in ("paperless", "primero")),
    *(_behind(name, Nature.POST) for name in ("graph_mail", "notify")),
    _behind("sftp", Nature.SSH),
)
