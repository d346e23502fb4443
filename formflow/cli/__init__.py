"""The command line. The only rooms that print or exit; each command's module is loaded when asked for.

Results go to standard output, messages to standard error, and nothing moves when nobody watches.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from formflow import __version__
from formflow.cli import logs
from formflow.core.errors import ExitCode, FormFlowError, SettingsProblem

if TYPE_CHECKING:
    from formflow.core.settings import Settings

# Loaded one by one when asked for: `formflow --help` must not wait for the database library.
COMMANDS = {
    "assessor": ("packs", "What an outside assessor needs for an assessment (F4 to F6)."),
    "audit": ("audit", "Who did what, when and from where: by record and by day."),
    "ack": ("act", "Say that you have seen an alert."),
    "backup": ("backup", "Make a backup, even while FormFlow runs."),
    "case": ("case", "Close a case, reopen it, or say that it was entered in error."),
    "connectors": ("connectors", "The destinations: list them, check them, show their settings."),
    "demo": ("setup", "Set up a pretend agency, drop real filled forms, show what happened."),
    "doctor": ("doctor", "Check that everything is set up as it should be, and say what to do."),
    "explain": ("look", "Every finding of a record, with its line of guidance."),
    "forms": ("forms", "The form definitions: list them, build their blanks."),
    "health": ("health", "How FormFlow is, in one line and an exit code, for monitoring."),
    "ingest": ("work", "Take files or folders now."),
    "init": ("setup", "Make the settings file and the folders for a real agency."),
    "read": ("look", "What FormFlow reads in a file and would propose. Records nothing."),
    "reconcile": ("reconcile", "Compare what was delivered with what is there."),
    "reread": ("act", "Read forms again that could not be read."),
    "restore": ("backup", "Put a backup into an empty state folder."),
    "register": ("register", "Draw the DSL's register now."),
    "retention": (
        "retention",
        "Whose papers are due for review. Two people may dispose of a case.",
    ),
    "roster": ("roster", "Your own list of pupils: how it is read."),
    "retry": ("act", "Try deliveries again now, including those that were refused."),
    "sar": ("packs", "Everything that is held about a child, for a subject-access request."),
    "service": ("service", "Start FormFlow with the computer."),
    "run": ("work", "Watch the folders and do everything that is due."),
    "show": ("look", "A record with all its revisions."),
    "status": ("look", "What waits for a person, what waits for a destination."),
    "transfer": ("packs", "The hand-over pack of a child for the next school."),
    "verify": (
        "audit",
        "Check that records, originals and the audit trail are unchanged.",
    ),
}

# They change nothing of the agency whose settings are named, so they keep no log of it.
LOOKING = frozenset(
    {
        "audit",
        "demo",
        "doctor",
        "explain",
        "health",
        "init",
        "read",
        "retention",
        "show",
        "status",
        "verify",
    }
)


class LazyGroup(click.Group):
    """A group that knows its commands' names and loads a command only to run it or show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load one command, or None when there is no such one."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"formflow.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in sorted(COMMANDS.items())])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path),
    envvar="FORMFLOW_SETTINGS",
    default=Path("formflow.toml"),
    show_default=True,
    help="The settings file.",
)
@click.version_option(__version__, prog_name="formflow")
@click.pass_context
def formflow(context: click.Context, settings_file: Path) -> None:
    """Take completed safeguarding forms from a folder to the agency's own records.

    FormFlow proposes and cites; a person decides.
    """
    context.obj = settings_file
    logs.listen()
    command = context.invoked_subcommand or ""
    context.with_resource(logs.shown(each_step=command == "run"))
    if command not in LOOKING:
        context.with_resource(logs.kept(lambda: _settings(settings_file), command))


def _settings(settings_file: Path) -> Settings | None:
    """Return the settings, None where there are none that can be used: the command itself says so."""
    # Imported here: `formflow --help` must not wait for what checks settings.
    from formflow.admin.settings_file import load_settings

    try:
        return load_settings(settings_file)
    except SettingsProblem:
        return None


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with one of the codes of errors.ExitCode."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    _speak_utf8()
    try:
        result: Any = formflow.main(args=arguments, prog_name="formflow", standalone_mode=False)
    except click.exceptions.Abort:
        return ExitCode.STOPPED
    except KeyboardInterrupt:
        return ExitCode.STOPPED
    except click.ClickException as problem:
        problem.show()
        return ExitCode.USAGE
    except BrokenPipeError:  # the reader of our output has gone: nothing to tell anybody
        return ExitCode.DONE
    except FormFlowError as problem:
        return _tell(problem)
    except Exception as problem:  # noqa: BLE001 - the last net: a plain ending instead of a traceback
        return _trouble(problem) or _our_bug(problem)
    return result if isinstance(result, int) else ExitCode.DONE


def _speak_utf8() -> None:
    """Write UTF-8 whatever the system calls its own: a pipe on Windows knows neither “▲” nor “š”.

    What UTF-8 cannot hold either, such as a file name of other bytes, is shown as \\udcff.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None where there is no screen at all
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _tell(problem: FormFlowError) -> int:
    lines = [problem.found]
    if isinstance(problem, SettingsProblem):
        lines += [f"  {line}" for line in problem.problems]
    lines += [problem.advice] if problem.advice else []
    click.echo("\n".join(lines), err=True)
    return problem.exit_code


def _trouble(problem: Exception) -> int:
    """Say what is wrong with this computer or its ledger, where that is what stopped the command; else return 0."""
    # Imported here: `formflow --help` must not wait for the database library.
    from formflow.core import trouble
    from formflow.core.messages import MESSAGES
    from formflow.storage.failures import damage_of, trouble_of

    if damaged := damage_of(problem):
        return _tell(damaged)
    why = trouble_of(problem)
    if why.code not in (trouble.DISK, trouble.LEDGER) and why is not problem:
        return ExitCode.DONE
    words = MESSAGES[why.code]
    click.echo(f"{words.found}\n{words.do_now} ({why.code})", err=True)
    return ExitCode.STORAGE


def _our_bug(problem: Exception) -> int:
    # No message and no traceback on the screen: both may hold a child's answers.
    frame = problem.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    where = f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}" if frame else "?"
    click.echo(
        f"Something went wrong in FormFlow ({type(problem).__name__} at {where}).\n"
        "Tell whoever looks after FormFlow these two words. “formflow verify” says whether all records are sound.",
        err=True,
    )
    if os.environ.get("FORMFLOW_TRACEBACK"):
        raise problem
    return ExitCode.OUR_BUG
