"""The error tree and the exit codes.

    FormFlowError            carries an exit code and advice
    |- SettingsProblem       3   the settings file, every problem at once
    |- StorageProblem        4   a folder, the ledger or the vault
    |- AlreadyRunning        6   another FormFlow works on this ledger
    |- IntegrityProblem      7   what is stored is not what was stored
    |  |- LedgerDamaged          the ledger itself
    |  `- OriginalChanged        an original in the vault
    `- FormDefinitionProblem 3   a form definition contradicts itself

What connectors raise is in sdk/contract.py: those endings belong to the people who write connectors.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How the command ended, for scripts and schedulers."""

    DONE = 0
    WAITING = 1  # something waits for a person
    USAGE = 2
    SETTINGS = 3
    STORAGE = 4
    DESTINATION = 5
    ALREADY_RUNNING = 6
    INTEGRITY = 7
    NOT_RUNNING = 8  # the service has not looked at its folders for too long
    OUR_BUG = 70
    STOPPED = 130


class FormFlowError(Exception):
    """An ending that a person can do something about: what we found, and what to do now."""

    exit_code: ExitCode = ExitCode.OUR_BUG

    def __init__(self, found: str, advice: str = "") -> None:
        super().__init__(found)
        self.found = found
        self.advice = advice


class SettingsProblem(FormFlowError):
    """The settings file cannot be used. `problems` holds every one of them, each with its path."""

    exit_code = ExitCode.SETTINGS

    def __init__(self, found: str, problems: tuple[str, ...] = (), advice: str = "") -> None:
        super().__init__(found, advice)
        self.problems = problems


class FormDefinitionProblem(FormFlowError):
    """A form definition contradicts itself or names something that does not exist."""

    exit_code = ExitCode.SETTINGS


class StorageProblem(FormFlowError):
    """A folder, the ledger or the vault cannot be used."""

    exit_code = ExitCode.STORAGE


class AlreadyRunning(FormFlowError):
    """Another FormFlow works on this ledger."""

    exit_code = ExitCode.ALREADY_RUNNING


class IntegrityProblem(FormFlowError):
    """What is stored is not what was stored."""

    exit_code = ExitCode.INTEGRITY


WHEN_DAMAGED = (
    "Stop FormFlow, give the state folder another name, and put back the newest backup with"
    " “formflow restore BACKUPS --old-state THAT-NAME”."
)


class LedgerDamaged(IntegrityProblem):
    """The ledger is not as FormFlow wrote it."""

    def __init__(self) -> None:
        super().__init__(
            "The ledger is damaged: it is not as FormFlow wrote it.",
            f"{WHEN_DAMAGED} Then “formflow verify” says whether everything is sound.",
        )

    def __reduce__(self) -> tuple[type[LedgerDamaged], tuple[()]]:
        """Cross from one process to another without the words, which the class has."""
        return type(self), ()


class OriginalChanged(IntegrityProblem):
    """An original in the vault is missing, or is not the file that was kept."""

    def __init__(self, sha256: str, *, is_missing: bool) -> None:
        super().__init__(
            "An original is missing from the state folder."
            if is_missing
            else "An original in the state folder has been changed since it was kept.",
            "Put that file back from a backup of the state folder, or drop the same form again.",
        )
        self.sha256 = sha256
