"""An alert as an e-mail: that a form needs somebody, by when, and where to look. No name and no answer, ever. Pure."""

from __future__ import annotations

from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_LINES
from email.utils import format_datetime
from typing import Annotated

from pydantic import AfterValidator

from formflow.sdk import AlertNotice, day_in_words, moment_in_words

A_MOMENT = timedelta(seconds=1)  # the midnight that ends a day belongs to that day
TODAY = timedelta(hours=12)  # a deadline as near as this reads "today" in the subject


def _one_address(text: str) -> str:
    try:
        plain = Address(addr_spec=text).addr_spec
    except (ValueError, IndexError):
        plain = ""
    if plain != text or not text.isascii() or "@" not in text:
        msg = "is not one plain e-mail address, such as dsl@school.example"
        raise ValueError(msg)
    return text


OneAddress = Annotated[str, AfterValidator(_one_address)]


def alert_mail(parcel: AlertNotice, sender: str, recipient: str) -> bytes:
    """Return the whole message. Its Message-ID and date are the same for every repeat."""
    again = f", revision {parcel.revision}" if parcel.revision > 1 else ""
    deadline = parcel.respond_by
    is_due_today = deadline is not None and deadline - parcel.recorded_at <= TODAY
    message = EmailMessage()
    now = "NOW: " * parcel.urgent
    needs = f"{now}{parcel.reference}{again}: new form to review{' today' * is_due_today}"
    overdue = f"{now}{parcel.reference}: a step is overdue{', look today' * parcel.urgent}"
    subject = overdue if parcel.is_reminder else needs
    if parcel.overdue:
        subject = f"{parcel.headline}: look today"
    message["Subject"] = (
        f"{parcel.reference}: FormFlow needs attention" if parcel.is_own else subject
    )
    message["From"] = sender
    message["To"] = recipient
    message["Date"] = format_datetime(parcel.recorded_at)
    message["Message-ID"] = f"<{parcel.key}@{sender.partition('@')[2]}>"
    message["Sensitivity"] = "Company-Confidential"
    message["Auto-Submitted"] = "auto-generated"
    if is_due_today or parcel.urgent:
        message["Importance"] = "high"
    message.set_content(_words(parcel), cte="quoted-printable")
    return message.as_bytes(policy=SMTP_LINES)


def _all_overdue(parcel: AlertNotice) -> str:
    """Return the message of a day: every case in which something is overdue, without names."""
    told = (
        f"{one.reference:16} {day_in_words(one.due - A_MOMENT):18}  {one.level}"
        for one in parcel.overdue
    )
    cases = "\n".join(told)
    return f"""{parcel.headline}.

Reference        Due by the end of   Level
{cases}

Where to look:   {parcel.where_to_look}

You will get this once each day you are open while anything is overdue.
Anything urgent is sent at once.

This message holds no names. Do not add names if you reply or forward.
"""


def _words(parcel: AlertNotice) -> str:
    if parcel.overdue:
        return _all_overdue(parcel)
    if parcel.is_reminder:
        return f"""{parcel.headline}

Reference:       {parcel.reference}
Where to look:   {parcel.where_to_look}

You will get this once each working day until the step is recorded on its sheet and the sheet is dropped.

This message holds no names. Do not add names if you reply or forward.
"""
    deadline = moment_in_words(parcel.respond_by) if parcel.respond_by else "as soon as you can"
    deadline = "now" if parcel.urgent else deadline
    return f"""{parcel.headline}

Look at it by:   {deadline}
Reference:       {parcel.reference}, revision {parcel.revision}
Where to look:   {parcel.where_to_look}

When you have read it, move its page from “Alerts” to “Seen”,
or run: formflow ack {parcel.reference}

This message holds no names. Do not add names if you reply or forward.
"""
