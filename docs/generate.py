"""Writes the generated pages: `make docs`. A test holds them fresh."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from formflow.example import example
from formflow.notices import MESSAGES
from formflow.rules.book import Rule, rules, rules_version
from formflow.rules.hints import hints
from formflow.rules.steps import Step, steps

ROOT = Path(__file__).parent.parent
MARK = "Generated with `make docs`. Do not edit."


def pages() -> Mapping[Path, str]:
    """Return every generated page by its path."""
    return {
        ROOT / "config.example.toml": example(),
        ROOT / "docs" / "messages.md": messages(),
        ROOT / "docs" / "guidance.md": traffic_light() + after_the_form(),
    }


def messages() -> str:
    """Return every numbered message, with what it does to the paper."""
    lines = ["# Messages", "", MARK, "", "Words in {braces} are filled in.", ""]
    for code, message in sorted(MESSAGES.items()):
        effects = [
            words
            for words, holds in (
                ("The paper is held until a person has checked it.", message.holds),
                ("The paper also goes back to the office.", message.returns),
            )
            if holds
        ]
        lines += [f"## {code}", "", message.found, ""]
        lines += [f"- What that means: {message.means}", f"- What to do now: {message.do_now}"]
        lines += [f"- {effect}" for effect in effects] + [""]
    return "\n".join(lines)


def traffic_light() -> str:
    """Return every rule of the traffic light with its quotation and what establishes it."""
    lines = [
        f"# The traffic light, rules of {rules_version()}",
        "",
        MARK,
        "",
        "Only yes and no establish anything. The cases of these rules stand in `tests/rules/cases/`.",
        "",
        "| rule | section | lists | weighs | established by | guidance |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_row(rule) for rule in rules()]
    lines += ["", "## Words in the free text that ask for a check", ""]
    lines += [f"- {hint.label} {', '.join(hint.words)}" for hint in hints()]
    return "\n".join(lines) + "\n"


def after_the_form() -> str:
    """Return every step after the recording form, with its quotation and what answers it."""
    lines = [
        "",
        "# After the recording form",
        "",
        "What the guidance then asks for. A step is on the page “what is open” until a sheet answers it;",
        "FormFlow decides none of them. Tested in `tests/rules/test_steps.py` and `tests/stories/`.",
        "",
        "| rule | section | asked for | answered on | what to do | guidance |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {step.id} | {step.section} | {step.when.replace('_', ' ')} | {_answered_by(step)}"
        f" | {step.text} | “{step.quote}” |"
        for step in steps()
    ]
    return "\n".join(lines) + "\n"


def _answered_by(step: Step) -> str:
    names = ", ".join(f"`{name}`".replace("=", " = ") for name in step.answers)
    return f"{step.sheet}: {names}" if names else f"{step.sheet}, by deciding"


def _row(rule: Rule) -> str:
    joined = " and " if rule.all_together else ", "
    when = joined.join(f"`{fact.field}` = {fact.answer}" for fact in rule.facts)
    if rule.ages is not None:
        first, last = rule.ages[0], rule.ages[-1]
        when += f" at age {first} to {last}" if last < 100 else f" from age {first}"
    if rule.judge:
        when += ", and earlier papers"
    analogy = " (by analogy)" if rule.by_analogy else ""
    colours = " and ".join(rule.colours) or "none"
    return (
        f"| {rule.id} | {rule.section} | {colours}{analogy} | {rule.weighs} | {when}"
        f" | “{rule.quote}” |"
    )


def main() -> None:
    """Write every page."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
