"""E-mail alerts through Microsoft 365: the same message as email_alert sends, handed to Graph. No name and no answer, ever.

Graph cannot say whether a message is there already, so a broken connection may bring one twice.
"""

from __future__ import annotations

import base64
from urllib.parse import quote

from pydantic import Field

from formflow.sdk import (
    AlertNotice,
    BaseConnector,
    Capabilities,
    CheckLine,
    CheckReport,
    DataClass,
    Delivered,
    DeliveredAs,
    Ending,
    Operation,
    Prepared,
    RepeatSafe,
)
from formflow_connectors.alert_mail import OneAddress, alert_mail
from formflow_connectors.remote.graph import Graph, GraphSettings
from formflow_connectors.webhook_post import refuse


class GraphMailSettings(GraphSettings):
    """Which mailbox of Microsoft 365 sends alerts, and who is told. For a second person, add a second destination."""

    sender: OneAddress = Field(description="The mailbox that alerts come from.")
    recipient: OneAddress = Field(description="The one address that is told.")


class GraphMail(BaseConnector[GraphMailSettings]):
    """Sends one e-mail for every alert, through Microsoft 365."""

    kind = "graph_mail"
    api_version = 2
    Settings = GraphMailSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.NONE,
        operations=frozenset({Operation.ALERT}),
        carries=DataClass.NOTICE,
    )

    def check(self) -> CheckReport:
        """Say whether Microsoft 365 lets us in. Nothing is sent."""
        try:
            Graph(self.settings, self.context).sign_in()
        except Ending as problem:
            return CheckReport((CheckLine(False, problem.text),))
        return CheckReport((CheckLine(True, "Microsoft 365 lets FormFlow in."),))

    def prepare(self, parcel: AlertNotice) -> Prepared:
        """Return the whole message."""
        return Prepared(
            parcel.key, alert_mail(parcel, self.settings.sender, self.settings.recipient)
        )

    def deliver(self, prepared: Prepared) -> Delivered:
        """Hand the message to Graph; return when Graph has taken it."""
        answer = Graph(self.settings, self.context).change(
            "POST",
            f"/users/{quote(self.settings.sender)}/sendMail",
            base64.b64encode(prepared.body),
            {"Content-Type": "text/plain"},
        )
        refuse(answer.status, answer.later)
        return Delivered(prepared.key, DeliveredAs.CREATED, "handed to Microsoft 365")
