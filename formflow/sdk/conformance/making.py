"""Checks of how a connector is made, what it says of itself, and what it prepares."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from formflow.sdk import registry
from formflow.sdk.conformance.samples import sample
from formflow.sdk.conformance.trial import Trial, holds_a_name, must
from formflow.sdk.contract import (
    AcknowledgedByHand,
    BatchConnector,
    CheckReport,
    Ending,
    Operation,
    Prepared,
)
from formflow.sdk.field_map import has_map
from formflow.sdk.parcels import Parcel, lent

SECRET_WORDS = ("password", "secret", "token", "passphrase")
# Other letters, another day and another order of sets: what is prepared is the same.
ELSEWHERE = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "4711"}


def declares_itself(trial: Trial) -> None:
    """Kind, version, settings and capabilities are as the registry expects them."""
    connector = trial.connector()
    why = registry.why_not(connector.kind, type(connector))
    must(why is None, str(why))
    able = connector.capabilities
    must((able.batch > 1) <= isinstance(connector, BatchConnector), "batch without deliver_batch")


def refuses_settings_that_it_does_not_know(trial: Trial) -> None:
    """A setting with a slip in its name is refused; a secret is kept as one."""
    settings: type[BaseModel] = type(trial.connector()).Settings
    settings.model_json_schema()
    for name, field in settings.model_fields.items():
        is_secret = any(word in name.casefold() for word in SECRET_WORDS)
        must(not is_secret or "SecretStr" in str(field.annotation), f"“{name}” is no SecretStr")
    known = _as_given(getattr(trial.connector(), "settings", None))
    if known is None:
        return
    try:
        settings.model_validate(known | {"a_setting_with_a_slip": 1})
    except ValidationError:
        return
    must(False, "takes a setting that it does not know")


def _as_given(settings: object) -> dict[str, Any] | None:
    if not isinstance(settings, BaseModel):
        return None
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    return {n: v.get_secret_value() if isinstance(v, SecretStr) else v for n, v in given.items()}


def says_what_is_wrong_with_its_settings(trial: Trial) -> None:
    """With settings that lead nowhere `check` says so, and a delivery ends in one of the five ways."""
    for opened in trial.unusable:
        one = Trial(opened, trial.landed)
        must(not one.connector().check().ok, "check says that all is well")
        for operation in one.operations:
            try:
                one.connector().deliver(one.prepared(operation))
            except Ending as problem:
                must(not holds_a_name(str(problem)), "a name is in what it says")
            else:
                must(False, "delivered with settings that lead nowhere")


def prepares_the_same_every_time(trial: Trial) -> None:
    """`prepare` is pure: it gives the same for the same parcel, and touches nothing."""
    for operation in trial.operations:
        connector = trial.connector()
        parcel = sample(connector, operation)
        first, second = connector.prepare(parcel), trial.connector().prepare(parcel)
        must(first == second, "the same parcel was prepared in two ways")
        must(first.key == parcel.key, "the key of the parcel was changed")
        names = {one.sha256 for one in first.attachments}
        must(names <= lent(parcel), "attaches what is not lent")
    must(not trial.landed(), "something landed before anything was delivered")


def prepares_the_same_elsewhere(trial: Trial) -> None:
    """Made in another process, time zone and language, it prepares the same; being made touches nothing."""
    connector = trial.connector()
    settings = getattr(connector, "settings", None)
    parcels = [sample(connector, operation) for operation in trial.operations]
    here = [connector.prepare(parcel) for parcel in parcels]
    there = _prepared_elsewhere(type(connector), settings, parcels)
    must(isinstance(there, list), str(there))
    must(there == here, "the same parcel was prepared in another way elsewhere")


def _prepared_elsewhere(
    kind: type[Any], settings: object, parcels: Sequence[Parcel]
) -> list[Prepared] | str:
    """Return what another process has prepared, or what it did that it should not."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "formflow.sdk.conformance.elsewhere", json.dumps(sys.path)],
        input=pickle.dumps((kind, settings, parcels)),
        env=os.environ | ELSEWHERE | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
    )
    must(done.returncode == 0, f"could not be made in another process: {done.stderr.decode()}")
    answer: list[Prepared] | str = pickle.loads(done.stdout)  # noqa: S301 - our own child's
    return answer


def manages_with_little(trial: Trial) -> None:
    """A paper that could not be read has no answers, no light, no day and no child. It is delivered all the same."""
    nothing: dict[str, Any] = {"answers": (), "named": (), "light": None, "child_reference": None}
    nothing |= {"incident_day": None, "respond_by": None, "as_read": b"", "enclosed": {}}
    for operation in trial.operations:
        has_place = sample(trial.connector(), operation)
        missing = {name: none for name, none in nothing.items() if hasattr(has_place, name)}
        try:
            prepared = trial.prepared(operation, **missing)
        except Exception as problem:
            raise AssertionError(
                "a paper of which little is known could not be prepared"
            ) from problem
        trial.connector().deliver(prepared)
        trial.is_there(prepared.key)


def keeps_names_inside(trial: Trial) -> None:
    """No name is in a file name, in an identifier or, for notices only, anywhere."""
    for operation in trial.operations:
        connector = trial.connector()
        prepared = connector.prepare(sample(connector, operation))
        shown = [connector.deliver(prepared).where, *(one.name for one in prepared.attachments)]
        must(not any(holds_a_name(text) for text in shown), "a name is where it is delivered")
        if lent(sample(connector, operation)) or has_map(getattr(connector, "settings", None)):
            continue  # names may be in it
        may = operation is not Operation.RECEIPT and hasattr(sample(connector, operation), "page")
        told = prepared.body.decode("utf-8", "replace") + str(dict(prepared.headers))
        must(may or not holds_a_name(told), "a name is in a notice")


def checks_without_a_trace(trial: Trial) -> None:
    """`check` reports, changes nothing, and `close` may be called twice."""
    connector = trial.connector()
    report = connector.check()
    must(isinstance(report, CheckReport), "check returned no report")
    must(all(line.text for line in report.lines), "a line of the report says nothing")
    must(not trial.landed(), "checking has put something there")
    if isinstance(connector, AcknowledgedByHand):
        must(not connector.acknowledged({}), "acknowledged what nobody asked about")
    for _ in range(2):
        connector.close()
