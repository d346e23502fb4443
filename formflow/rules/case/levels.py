"""What the safeguarding lead decides, and how it compares with what is suggested. Pure."""

from __future__ import annotations

from enum import StrEnum

from formflow.core.model import Light


class Level(StrEnum):
    """What the safeguarding lead decided."""

    HEALTHY = "healthy"
    CONCERNING = "concerning"
    HARMFUL = "harmful"
    DOUBT = "doubt"  # advice is being taken: the case stays open


HEIGHT = {Level.HEALTHY: 0, Level.CONCERNING: 1, Level.HARMFUL: 2}
# The level that goes with what the rules propose. “Amber or red” is at least amber (guidance 2.2, 2.3).
AS_PROPOSED = {
    Light.RED: Level.HARMFUL,
    Light.AMBER_OR_RED: Level.CONCERNING,
    Light.AMBER: Level.CONCERNING,
    Light.UNDETERMINED: Level.HEALTHY,
    Light.GREEN: Level.HEALTHY,
}


def is_below(level: Level, light: Light) -> bool:
    """Return whether a level is lower than what is suggested. In doubt is neither lower nor higher.

    “Not enough information” is no kind of green: healthy is below it, too.
    """
    if level not in HEIGHT:
        return False
    unknown = light is Light.UNDETERMINED and level is Level.HEALTHY
    return unknown or HEIGHT[level] < HEIGHT[AS_PROPOSED[light]]
