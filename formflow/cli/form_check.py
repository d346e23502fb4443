"""`formflow forms check`: what is wrong in an agency's own definitions, and what the rules cannot know from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import click

from formflow.cli.output import emit, say
from formflow.cli.own_forms import FOLDER, agencys, settings_of
from formflow.core.clock import utc_now
from formflow.core.dates import local_day
from formflow.core.errors import ExitCode, FormDefinitionProblem
from formflow.forms import catalogue as definitions
from formflow.forms.catalogue import Form

NO_FORM = "it adds to “{id}”, and there is no such form here: correct adds_to, or put that form’s files here"


@click.command()
@FOLDER
@click.option("--json", "as_json", is_flag=True, help="For another program to read.")
@click.pass_obj
def check(settings_file: Path, folder: Path | None, as_json: bool) -> int:
    """Say what is wrong in your own definitions, and what the rules cannot know from them."""
    paths = sorted((folder or agencys(settings_file)).glob("*.toml"))
    today = local_day(utc_now(), settings_of(settings_file).zone)
    sound, problems = _loaded(paths)
    whole = {form.source: form for form in definitions.with_addenda(sound)}
    reports = [
        _report(whole[path], sound, today) if path in whole else _broken(path, problems[path])
        for path in paths
    ]
    if as_json:
        emit(reports)
    elif not reports:
        say("There is no definition of your own here. “formflow forms learn” drafts one.")
    else:
        click.echo("\n\n".join(map(_in_words, reports)))
    return ExitCode.WAITING if any(report["problems"] for report in reports) else ExitCode.DONE


def _loaded(paths: Sequence[Path]) -> tuple[list[Form], dict[Path, str]]:
    """Return the definitions that are sound, and what is wrong with the others."""
    sound, problems = [], {}
    for path in paths:
        try:
            form = definitions.load(path)
            form.manifest  # noqa: B018 - it is read when it is asked for
            sound.append(form)
        except FormDefinitionProblem as problem:
            problems[path] = str(problem)
    return sound, problems


def _broken(path: Path, problem: str) -> dict[str, Any]:
    nothing: dict[str, Any] = {"not_asked": [], "keeps_from_green": None, "rules": []}
    return {"file": path.name, "problems": problem.splitlines(), **nothing}


def _report(form: Form, others: Sequence[Form], today: date) -> dict[str, Any]:
    """Return what is to be said of a form, with the questions of its addendum where it has one."""
    from formflow.admin.learn import known

    ours, own = definitions.shipped()[0], next(one for one in others if one.source == form.source)
    if form.adds_to:
        stray = (
            []
            if form.adds_to in {one.form_id for one in others}
            else [NO_FORM.format(id=form.adds_to)]
        )
        return {**_broken(form.source, ""), "problems": [*known.misfits(own), *stray]}
    return {
        "file": form.source.name,
        "problems": list(known.misfits(own)),
        "not_asked": known.required(form, ours),
        "keeps_from_green": known.keeps_from_green(form, ours, today),
        "rules": [asdict(one) for one in known.unknown(form, ours, today)],
    }


def _in_words(report: dict[str, Any]) -> str:
    lines = [report["file"]]
    lines += [f"  ! {problem.strip()}" for problem in report["problems"]]
    lines += [f"  Not asked, and every record needs it: {label}" for label in report["not_asked"]]
    lines += _green_in_words(report)
    if report["rules"]:
        lines.append("  What the rules cannot know from this form, or not all of it:")
    for rule in report["rules"]:
        partly = " (in part)" if rule["is_partly_asked"] else ""
        lines.append(f"    {rule['rule']}, guidance {rule['section']}{partly}: “{rule['quote']}”")
        lines += [f"      not asked: {question}" for question in rule["questions"]]
    if not report["problems"] and not report["not_asked"] and not report["rules"]:
        lines.append("  Everything fits together, and the rules can know all they need.")
    return "\n".join(lines)


def _green_in_words(report: dict[str, Any]) -> list[str]:
    """Return whether green can ever be suggested for a form, and which questions are missing if not."""
    if report["keeps_from_green"] is None:  # it is no form at all
        return []
    if not report["keeps_from_green"]:
        return ["  Green can be suggested for this form, where every answer is harmless."]
    missing = [f"    missing: {question}" for question in report["keeps_from_green"]]
    lead = (
        "  Green is never suggested for this form. It does not ask, or cannot say “no” or “yes” to:"
    )
    name = report["file"].removesuffix(".toml")
    offer = f"    “formflow forms addendum {name}” makes a page that asks them, to be dropped beside the form or appended to it."
    return [lead, *missing, offer]
