"""When what waits for a child's folder is looked at again."""

from __future__ import annotations

import pytest

from formflow.pipeline import looks
from formflow.pipeline.looks import Looks


def test_news_are_not_forgotten_before_they_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = Looks()
    waits.begin(1)
    assert not waits.is_due(1, has_news=False)
    assert waits.is_due(1, has_news=True)
    assert waits.is_due(1, has_news=False)  # the destination was busy
    assert waits.is_due(2, has_news=False)
    waits.begin(2)
    assert not waits.is_due(2, has_news=False)
    monkeypatch.setattr(looks, "LOOK_SECONDS", 0.0)
    assert waits.is_due(2, has_news=False)
