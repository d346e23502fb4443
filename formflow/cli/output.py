"""How commands speak: data on standard output, messages on standard error."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from formflow.core.model import Finding, Notice, Proposal
from formflow.core.wording import suggested
from formflow.forms.catalogue import Form
from formflow.rules.light.urgency import NOT_SAID


def say(text: str) -> None:
    """Tell the person at the screen something."""
    click.echo(text, err=True)


def emit(value: Any) -> None:
    """Print a value as JSON for another program."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows as columns of even width."""
    if not rows:
        return ""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def notice_json(notice: Notice) -> dict[str, Any]:
    """Return a notice in the form of `formflow read --json`."""
    return {"code": notice.code, "field": notice.field, "page": notice.page, "text": notice.text}


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return a finding in the form of `formflow read --json`."""
    return {
        "rule": finding.rule,
        "section": finding.section,
        "quote": finding.quote,
        "colours": list(finding.colours),
        "weighs": finding.weighs,
        "fields": list(finding.fields),
        "text": finding.text,
        "by_analogy": finding.by_analogy,
    }


def proposal_json(proposal: Proposal | None) -> dict[str, Any] | None:
    """Return a proposal in the form of `formflow read --json`."""
    if proposal is None:
        return None
    return {
        "light": proposal.light,
        "findings": [finding_json(finding) for finding in proposal.findings],
        "missing": list(proposal.missing),
        "not_asked": list(proposal.not_asked),
        "contradictions": [notice_json(notice) for notice in proposal.contradictions],
        "please_check": [notice_json(notice) for notice in proposal.please_check],
        "urgent": [notice_json(notice) for notice in proposal.urgent],
        "cautions": [notice_json(notice) for notice in proposal.cautions],
        "duties": [
            {
                "rule": duty.rule,
                "text": duty.text,
                "who": duty.who,
                "due": duty.due.isoformat() if duty.due else None,
            }
            for duty in proposal.duties
        ],
        "rules_version": proposal.rules_version,
    }


def calls(found: Notice) -> str:
    """Return how what cannot wait begins; a question that nobody answered is asked."""
    return "ASK" if found.code == NOT_SAID else "NOW"


def explain(proposal: Proposal | None, form: Form | None) -> str:
    """Return a proposal in words: each finding with the line of guidance it came from."""
    if proposal is None:
        return "No level could be suggested. Someone must read this form."
    lines = [f"{calls(found)}: {found.text} ({found.code})" for found in proposal.urgent]
    lines += [f"{suggested(proposal.light)}. You decide."]
    lines += [f"  !     {notice.text} ({notice.code})" for notice in proposal.cautions]
    for finding in proposal.findings:
        analogy = ", not named there" if finding.by_analogy else ""
        lines.append(f"  {finding.rule:5} {finding.weighs.value:8} {finding.text}")
        lines.append(f"        guidance {finding.section}{analogy}: “{finding.quote}”")
    lines += [f"  !     {notice.text} ({notice.code})" for notice in proposal.contradictions]
    lines += [f"  ?     {notice.text} ({notice.code})" for notice in proposal.please_check]
    if proposal.missing:
        lines.append("  Unanswered questions that could change the level:")
        known = form.fields if form else {}
        lines += [
            f"        {known[name].label if name in known else name}" for name in proposal.missing
        ]
    return "\n".join(lines)
