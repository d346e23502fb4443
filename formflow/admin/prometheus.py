"""What `formflow health` says, as a text file for the textfile collector of Prometheus' node_exporter. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from formflow.admin.health import Backlog, Health

# Moments rather than ages: an age is wrong as soon as it is written, and stays as it is when nobody writes it again.


def as_prometheus(health: Health) -> str:
    """Return the text: each metric with HELP and TYPE. No references, no names but those of destinations."""
    lines = [
        *_gauge("formflow_exit_code", "How formflow health ended; 0 is well.", int(health.code)),
        *_moment("formflow_checked_timestamp_seconds", "When this was looked at.", health.now),
    ]
    if health.backlog is not None:
        lines += _of(health.backlog)
    return "\n".join(lines) + "\n"


def _of(waits: Backlog) -> Iterator[str]:
    last, alert, delivery = waits.last_turn, waits.oldest_alert, waits.oldest_delivery
    yield from _moment(
        "formflow_last_turn_timestamp_seconds", "When the folders were last looked at.", last
    )
    yield from _gauge("formflow_alerts_waiting", "Alerts not acknowledged yet.", waits.alerts)
    yield from _gauge(
        "formflow_alerts_urgent_waiting", "Of these, alerts that cannot wait.", waits.alerts_now
    )
    yield from _moment(
        "formflow_oldest_alert_timestamp_seconds", "When the oldest of these was recorded.", alert
    )
    yield from _gauge("formflow_records_undecided", "Records to decide on.", waits.undecided)
    yield from _gauge(
        "formflow_records_without_a_folder",
        "Records whose papers wait for a child's folder.",
        waits.unmatched,
    )
    yield from _gauge("formflow_forms_unread", "Forms taken and not read yet.", waits.unread)
    yield from _gauge(
        "formflow_forms_put_back", "Of these, forms that met trouble.", waits.put_back
    )
    yield from _gauge(
        "formflow_folders_offline", "Watched folders without their marker.", waits.offline
    )
    yield from _for_each(
        "formflow_deliveries_waiting",
        "Deliveries that a destination does not hold yet.",
        waits.deliveries,
    )
    yield from _gauge(
        "formflow_deliveries_refused", "Deliveries refused for good.", waits.set_aside
    )
    yield from _moment(
        "formflow_oldest_delivery_timestamp_seconds", "When the oldest of these was due.", delivery
    )
    yield from _moment(
        "formflow_last_backup_timestamp_seconds",
        "When the newest backup was made.",
        waits.last_backup,
    )


def _gauge(name: str, words: str, value: float) -> Iterator[str]:
    yield from _head(name, words)
    yield f"{name} {value}"


def _moment(name: str, words: str, moment: datetime | None) -> Iterator[str]:
    """Yield a moment in seconds since 1970, or nothing where there is none."""
    if moment is not None:
        yield from _gauge(name, words, round(moment.timestamp(), 3))


def _for_each(name: str, words: str, values: Mapping[str, int]) -> Iterator[str]:
    if values:
        yield from _head(name, words)
    for destination, value in sorted(values.items()):
        yield f'{name}{{destination="{_escaped(destination)}"}} {value}'


def _head(name: str, words: str) -> Iterator[str]:
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} gauge"


def _escaped(label: str) -> str:
    return label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
