"""Reading children that stay warm for a whole test run: lent to one context after the other.

A child costs a third of a second of the processor to start, and nearly every story needs one. A child
that a test closes while it reads, kills or starts in another way is not handed on.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from formflow.core.model import Reading, Unread
from formflow.forms import catalogue
from formflow.reading.page_images import Picture
from formflow.reading.sandbox import parent
from formflow.reading.sandbox.parent import Cage

SHIPPED = catalogue.shipped()[0].source.parents[1]
MOST_IDLE = 3  # children; each takes some 60 MB


@dataclass
class WarmChildren:
    """Children that nobody uses just now, each with what it was started with."""

    _idle: list[tuple[Any, Any]] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while self._idle:
            self._idle.pop()[1].kill()

    def cage(self, *arguments: Any) -> Cage:
        """Return a cage, by the arguments of Cage, that takes a child from here and gives it back."""
        return _LendingCage(self, arguments)

    def taken(self, start: Any) -> Any | None:
        """Return a child that was started in just this way and still runs, or None."""
        for number, (how, child) in enumerate(self._idle):
            if how == start:
                del self._idle[number]
                if not child.is_worn_out():
                    return child
                child.kill()  # closes its pipes, too
                break
        return None

    def given_back(self, start: Any, child: Any) -> None:
        """Keep a child for the next, in the place of the one that has waited longest."""
        self._idle.append((start, child))
        if len(self._idle) > MOST_IDLE:
            self._idle.pop(0)[1].kill()


class _LendingCage(Cage):
    """The real cage, but a child that is idle when the cage is closed goes back to where it came from."""

    def __init__(self, children: WarmChildren, arguments: tuple[Any, ...]) -> None:
        super().__init__(*arguments)
        self._children, self._arguments = children, arguments
        self._is_in_use = False
        self._start: Any = None

    def read(self, path: Path) -> Reading | Unread:
        """Read a paper; a child that is closed meanwhile is ended for good."""
        self._is_in_use = True
        result = super().read(path)
        self._is_in_use = False
        return result

    def pictures(self, path: Path) -> list[Picture]:
        """Draw a paper; a child that is closed meanwhile is ended for good."""
        self._is_in_use = True
        result = super().pictures(path)
        self._is_in_use = False
        return result

    def interrupt(self) -> None:
        """End what the child reads; it is not lent again."""
        self._is_in_use = True
        super().interrupt()

    def close(self) -> None:
        """Give the child back if it is idle and runs, else end it."""
        child, self._child = self._child, None
        if child is None:
            return
        if self._is_in_use or child.is_worn_out() or not self._reads_shipped_forms_only():
            child.kill()
        else:
            self._children.given_back(self._start, child)

    def _started(self) -> Any:
        self._start = (self._arguments, (sys.executable, *parent.COMMAND), _environment())
        return self._children.taken(self._start) or super()._started()

    def _reads_shipped_forms_only(self) -> bool:
        """Return whether no test can have changed a file that the child has read a form from."""
        return all(form.source.is_relative_to(SHIPPED) for form in self._arguments[0])


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if parent._is_needed(name)}
