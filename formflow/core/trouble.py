"""What went wrong while a paper was in hand, and whether it says anything about that paper.

Trouble of the computer judges no paper: a full disk, a ledger that another program holds, a reader that
cannot start. The paper waits and is tried again. What may lie with the paper after all weighs: at ENOUGH
the paper goes to a person unread, because nothing may end in silence.
"""

from __future__ import annotations

from collections.abc import Mapping

MISTAKE, INTERRUPTED = "FF-120", "FF-143"  # notices
# Notices: what a waiting paper waits for.
DISK, LEDGER, START, SLOW = "FF-140", "FF-141", "FF-142", "FF-144"
ORIGINAL = "FF-451"  # what was kept of the paper is not there, or not as it was
ENOUGH = 120
WEIGHS: Mapping[str, int] = {MISTAKE: ENOUGH // 3, SLOW: ENOUGH // 4, INTERRUPTED: ENOUGH // 8}
WORKER_GONE = ENOUGH // 60  # a worker that died with the paper in hand, or beside it
OF_THE_COMPUTER = (DISK, LEDGER, START)


class Trouble(Exception):
    """A paper could not be handled, for a reason that does not have to lie with the paper."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def weight(self) -> int:
        """How much this counts towards ENOUGH; 0 for what can only be the computer."""
        return WEIGHS.get(self.code, 0)

    @property
    def judgement(self) -> str:
        """The notice with which a paper goes to a person when this has happened often enough."""
        return MISTAKE if self.code == MISTAKE else "FF-112"
