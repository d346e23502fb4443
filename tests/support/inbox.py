"""A real mail server on the loopback, and an agency that has every kind of destination that came with FormFlow."""

from __future__ import annotations

import asyncio
import email
import ssl
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from email.message import Message
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from formflow.admin import setup
from formflow.core.settings import Settings
from tests.support.offices import free_port

KINDS = "# The kinds of destination"  # what follows the destinations in a settings file


class Inbox:
    """A mail server's memory. It may be slow, or say nothing at all until it is told to."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.seconds = 0.0  # that it takes over a mail
        self.hangs = False
        self.says = ""  # in the place of taking a mail

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Let a mail begin, as aiosmtpd asks for."""
        while self.hangs:
            await asyncio.sleep(0.05)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 go on"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message, as aiosmtpd asks for."""
        await asyncio.sleep(self.seconds)
        if self.says:
            return self.says
        assert isinstance(envelope.content, bytes)
        self.messages.append(email.message_from_bytes(envelope.content))
        return "250 kept"


class _Controller(Controller):
    """Waits a moment, not half a minute, for a client that hangs up without a word of TLS."""

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        return self.loop.create_server(
            self._factory_invoker,
            self.hostname,
            self.port,
            ssl=self.ssl_context,
            ssl_shutdown_timeout=0.5 if self.ssl_context else None,
        )


@contextmanager
def receiving(shown: ssl.SSLContext | None = None) -> Iterator[tuple[Inbox, int]]:
    """Receive mail; lend what has come, and the port. `shown` is the server's certificate, None for plain SMTP."""
    kept = Inbox()
    controller = _Controller(kept, hostname="127.0.0.1", port=free_port(), ssl_context=shown)
    controller.start()
    try:
        yield kept, controller.port
    finally:
        controller.stop()


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    """Receive mail for a test."""
    with receiving() as received:
        yield received


def open_office(folder: Path, port: int, more: Sequence[tuple[str, str]] = ()) -> Settings:
    """Make an agency with every kind of destination, e-mail too; `more` are further changes of its settings file."""
    mail = (
        '[[destination]]\nname = "Mail"\nkind = "email_alert"\nhost = "127.0.0.1"\n'
        f'port = {port}\nsecurity = "none"\nsender = "formflow@example.org"\n'
        f'recipient = "lead@example.org"\n\n{KINDS}'
    )
    return setup.set_up(
        folder,
        changes=(("settle_seconds = 5", "settle_seconds = 0.2"), (KINDS, mail), *more),
    )
