"""The tables [[watch]] of formflow.toml: each folder where files are dropped, and where its forms come back to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from formflow.core.model import Role
from formflow.core.settings_table import Table

ATTENTION = "Needs attention"  # the destination to which all forms come back that have no other


class Watch(Table):
    """One folder where completed forms, or the safeguarding lead's sheets, are dropped."""

    folder: Path = Field(
        default=Path("Safeguarding forms/Drop here"),
        description="Where files are dropped.",
    )
    role: Role = Field(
        default=Role.STAFF,
        description="“staff”: forms; nothing from here decides. “decisions”: the safeguarding lead alone; sheets count only from here.",
    )
    settle_seconds: float = Field(
        default=5,
        ge=0.2,
        le=600,
        description="A file is taken when it has not changed for so long. 15 for a network share.",
    )
    scan_seconds: float = Field(
        default=10,
        ge=1,
        le=3600,
        description="How often the folder is looked through, in any case.",
    )
    after: Literal["remove", "leave"] = Field(
        default="remove",
        description="What happens to a dropped file once its copy is safe. “leave” suits a read-only share.",
    )
    incomplete_minutes: float = Field(
        default=30,
        ge=0,
        description="How long a half-copied file may stay so before a person is told.",
    )
    needs_attention: Path | None = Field(
        default=None,
        description="Where forms from this folder come back, for the team that drops them alone; else [folders] needs_attention.",
    )


@dataclass(frozen=True, slots=True)
class Returns:
    """Which destination gets the forms that come back, by the watched folder that they came from."""

    watch: tuple[Watch, ...]

    @property
    def folders(self) -> Mapping[str, Path]:
        """The destinations of teams, and their folders. Several watched folders may share one."""
        own = (one.needs_attention for one in self.watch if one.needs_attention)
        return {_called(folder): folder for folder in own}

    def goes_to(self, name: str, came_from: str) -> bool:
        """Return whether a destination gets what comes back of a watched folder: the team's own, or else the common one.

        `came_from` is the watched folder as the ledger knows it, "" where a form was handed over by command.
        """
        own = {str(one.folder): one.needs_attention for one in self.watch}.get(came_from)
        if name == ATTENTION:
            return own is None
        return name not in self.folders or (own is not None and name == _called(own))


def _called(folder: Path) -> str:
    """Return what a team's destination is called: the same wherever the agency's folders are moved to."""
    return f"{ATTENTION} ({'/'.join(folder.parts[-2:])})"
