"""A connector for an invented system: a notice board that keeps one small file for each alert.

A package of its own: see pyproject.toml for the entry point by which FormFlow finds it.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from formflow.sdk import (
    AlertNotice,
    BaseConnector,
    Capabilities,
    CheckLine,
    CheckReport,
    ConnectorSettings,
    DataClass,
    Delivered,
    DeliveredAs,
    Operation,
    Prepared,
    RepeatSafe,
    Unavailable,
)


class NoticeboardSettings(ConnectorSettings):
    """Where the notice board is."""

    board: Path = Field(description="The folder of the notice board. It must be there.")


class Noticeboard(BaseConnector[NoticeboardSettings]):
    """Pins one card for each alert to the notice board. A card holds no names."""

    kind = "noticeboard"
    api_version = 2
    Settings = NoticeboardSettings
    capabilities = Capabilities(
        repeat_safe=RepeatSafe.NATURAL,  # a card is named after its key: pinned again, it is the same
        operations=frozenset({Operation.ALERT}),
        carries=DataClass.NOTICE,
    )

    def check(self) -> CheckReport:
        """Say whether the board is there."""
        there = self.settings.board.is_dir()
        words = "The board is there." if there else "The board is not there. Connect its drive."
        return CheckReport((CheckLine(there, words),))

    def prepare(self, parcel: AlertNotice) -> Prepared:
        """Return the card: made of the parcel alone, the same every time."""
        by = parcel.respond_by.isoformat() if parcel.respond_by else "now"
        card = f"{parcel.headline}\nBy: {by}\nWhere: {parcel.where_to_look}\n"
        return Prepared(parcel.key, card.encode())

    def deliver(self, prepared: Prepared) -> Delivered:
        """Pin the card: written beside the board's cards, then moved to its place in one step."""
        there = self.look_up(prepared.key)
        if there is not None:
            return there
        card = self._card(prepared.key)
        # Named after this process, so that two workers do not write to the same draft.
        draft = card.with_suffix(f".{id(self)}.draft")
        try:
            draft.write_bytes(prepared.body)
            draft.replace(card)
        except OSError:
            raise Unavailable("no-board", "The notice board cannot be written to.") from None
        return Delivered(prepared.key, DeliveredAs.CREATED, card.name)

    def look_up(self, key: str) -> Delivered | None:
        """Return the card with this key."""
        card = self._card(key)
        return Delivered(key, DeliveredAs.ALREADY_THERE, card.name) if card.exists() else None

    def _card(self, key: str) -> Path:
        return self.settings.board / f"{key}.txt"
