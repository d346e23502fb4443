"""The class that an author of a connector subclasses: each of its tests is one thing that every connector must do.

    class TestNoticeboard(ConnectorTests):
        def trial(self, place):
            settings = NoticeboardSettings(board=place)
            return Trial(lambda context: Noticeboard(settings, context), landed=...)

`pytest --conformance-json FILE` writes what was passed and what was bypassed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from formflow.sdk.conformance.checks import CHECKS
from formflow.sdk.conformance.plugin import PROPERTY
from formflow.sdk.conformance.trial import Trial


class ConnectorTests:
    """Subclass it with `trial`. What cannot be kept is bypassed by the test's name, with a reason that is printed."""

    bypass: ClassVar[Mapping[str, str]] = {}

    def trial(self, place: Path) -> Trial:
        """Return the connector on trial, with a destination of its own in an empty folder."""
        raise NotImplementedError

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        for name, reason in cls.bypass.items():
            if not hasattr(cls, name):
                raise TypeError(f"{cls.__name__} bypasses “{name}”, and there is no such test")
            if not reason.strip():
                raise TypeError(f"{cls.__name__} bypasses “{name}” without a reason")


def _test_of(check: Callable[[Trial], None]) -> Callable[..., None]:
    name = f"test_{check.__name__}"

    def test(
        self: ConnectorTests, tmp_path: Path, record_property: Callable[[str, object], None]
    ) -> None:
        trial = self.trial(tmp_path)
        reason = self.bypass.get(name, "")
        kind = trial.connector().kind
        record_property(PROPERTY, {"kind": kind, "test": name, "bypassed": reason})
        if reason:
            pytest.skip(f"bypassed: {reason}")
        check(trial)

    test.__name__, test.__doc__ = name, check.__doc__
    return test


for _check in CHECKS:
    setattr(ConnectorTests, f"test_{_check.__name__}", _test_of(_check))
