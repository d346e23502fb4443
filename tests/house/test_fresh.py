"""What is generated is fresh, what is promised in the docs is there."""

from __future__ import annotations

import inspect
import re
import runpy
from importlib import resources
from pathlib import Path

import pytest

from formflow.cli import COMMANDS
from formflow.core.errors import ExitCode
from formflow.core.messages import MESSAGES
from formflow.documents import build

ROOT = Path(__file__).parents[2]
GENERATE = runpy.run_path(str(ROOT / "docs" / "generate.py"))
PAGES: dict[Path, str] = GENERATE["pages"]()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_generated_page_is_what_make_docs_writes(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == PAGES[path]


def test_whatever_a_module_can_say_to_a_person_is_listed_and_nothing_for_developers() -> None:
    source = '''
        """Not this docstring."""
        HEADING = "Date of birth"
        NAMES = {"a": ("Which one",)}
        @group.command("x")
        def command(on=option(help="Do it again.")):
            """Make it.

            Twice if need be.
            """
            log.info("a turn ended: %s", one)
            say(f"Made {count} of {f'all {what} there'}.")
            raise Problem("It is full.", "Make some room.")
        def other():
            """Nor this one."""
            return connection.execute("SELECT one FROM them")
    '''
    assert list(GENERATE["said_by"](inspect.cleandoc(source))) == [
        "Date of birth",
        "Which one",
        "Make it.",
        "Twice if need be.",
        "Do it again.",
        "Made {…} of {…}.",
        "all {…} there",
        "It is full.",
        "Make some room.",
    ]


def test_what_is_built_from_the_form_definitions_is_fresh() -> None:
    folder = Path(str(resources.files("formflow_forms")))
    stale = {path.parent.name: build.stale(path.parent) for path in folder.glob("*/form.toml")}
    sheets = (
        "aim2",
        "next-steps",
        "outcome",
        "plan-a",
        "plan-b",
        "plan-setting",
        "referral-a",
        "referral-b",
    )
    assert stale == {
        folder: [] for folder in ("recording", "recording-short", "review", *sheets, "report")
    }


def test_every_command_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"formflow {name}" not in readme] == []


def test_every_exit_code_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [int(code) for code in ExitCode if not re.search(rf"\b{int(code)} [a-z]", readme)] == []


def test_every_code_that_the_program_sends_has_its_words() -> None:
    used: set[str] = set()
    for folder in ("formflow", "connectors"):
        for path in (ROOT / folder).rglob("*.py"):
            used |= set(re.findall(r'"(FF-\d{3})"', path.read_text(encoding="utf-8")))
    assert used - set(MESSAGES) == set()
    assert set(MESSAGES) - used == set(), "words that nobody sends"


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_a_message_says_what_was_found_what_it_means_and_what_to_do_in_plain_words(
    code: str,
) -> None:
    message = MESSAGES[code]
    text = " ".join((message.found, message.means, message.do_now))
    assert all(part.rstrip("”").endswith((".", "…")) for part in (message.found, message.do_now))
    assert not re.search(r"\b(invalid|error|null|sorry|oops|please note)\b", text, re.IGNORECASE)
    longest = max(len(sentence.split()) for sentence in re.split(r"[.!?] ", text))
    assert longest <= 30, "a sentence too long to read aloud"


def test_the_lock_file_names_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "--hash=sha256:" in lock
    assert not re.search(r"https?://|index-url|find-links|trusted-host", lock)


def test_no_module_grows_past_what_one_can_hold_in_mind() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): count
        for folder in ("formflow", "connectors", "forms")
        for path in (ROOT / folder).rglob("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    # The catalogue of messages is a list, not code.
    assert set(long) <= {"formflow/core/messages.py"}
