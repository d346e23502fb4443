"""Which of several rows of one record counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from formflow.sdk import FieldMap, RecordParcel
from formflow_connectors import mapped_rows
from tests.connectors.conftest import a_parcel

LONDON = ZoneInfo("Europe/London")
BEFORE = datetime(2026, 10, 25, 1, 50, tzinfo=LONDON)  # summer time
AFTER = (BEFORE.astimezone(ZoneInfo("UTC")) + timedelta(minutes=20)).astimezone(LONDON)


def test_the_night_in_which_the_clocks_go_back_does_not_turn_the_order_round() -> None:
    assert AFTER.isoformat() < BEFORE.isoformat(), "as words they sort the other way"
    columns = TypeAdapter(FieldMap).validate_python({"Level": "{level}"})

    def prepared(revision: int, at: datetime) -> object:
        parcel: RecordParcel = a_parcel(revision=revision, recorded_at=at)
        return mapped_rows.prepared(parcel, columns, "Our ref", "append")

    first, second = prepared(1, BEFORE), prepared(2, AFTER)
    assert mapped_rows.in_order([second, first]) == [first, second]  # type: ignore[list-item]
