"""Commands in processes of their own that need not load everything again: forked from one that has.

Run as a program, this module is the process that is forked. It has taken a form through an agency of its own
first: what that has loaded, drawn and compiled is there for every command.
"""

from __future__ import annotations

import atexit
import gc
import io
import json
import os
import runpy
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = str(Path(__file__).parents[2])  # no command that is forked finds our tests


def run(
    arguments: Sequence[str], environment: Mapping[str, str], program: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `formflow`, or a module of ours that is a program, to its end; return how it ended and what it said.

    -9 is: killed.
    """
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        job = {
            "program": program,
            "arguments": arguments,
            "environment": {**os.environ, **environment},
            "folder": str(Path.cwd()),
            "said": [str(out), str(err)],
        }
        code = _ended(job)
        return subprocess.CompletedProcess(
            arguments, code, out.read_text("utf-8"), err.read_text("utf-8")
        )


def _ended(job: Mapping[str, Any]) -> int:
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        server.stdin.write(json.dumps(job) + "\n")
        server.stdin.flush()
        return int(server.stdout.readline())
    except BaseException:  # its answer would be taken for the next one's
        _server.cache_clear()
        with server:
            server.kill()
        raise


@cache
def _server() -> subprocess.Popen[str]:
    """Start the process that is forked; it ends with this one."""
    server = subprocess.Popen(
        [sys.executable, "-P", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(server.__exit__, None, None, None)
    return server


def _serve() -> None:
    """Take a job from each line of standard input; answer with the exit code of its process."""
    from formflow.cli import main

    _warm_up()
    for line in iter(sys.stdin.readline, ""):
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(job)
            if job["program"]:
                runpy.run_module(job["program"], run_name="__main__")
            main(job["arguments"])
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _warm_up() -> None:
    """Load what commands need, and do once what they do. No thread is left, as before every fork."""
    sys.path.insert(0, ROOT)
    import pytest

    from formflow.cli import work
    from tests.support import compiled, worker
    from tests.support.offices import agency, drop

    sys.path.remove(ROOT)
    assert work
    compiled.share(pytest.MonkeyPatch())
    with TemporaryDirectory() as folder:
        office = agency(Path(folder, "agency"))
        drop(office, "red-planned-secrecy-pdfjs")
        worker.settle(office)
        worker.close()
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join()
    gc.collect()
    gc.freeze()


def _become(job: Mapping[str, Any]) -> None:
    """Be as if started in this folder, with this environment and these files to speak into."""
    os.environ.clear()
    os.environ.update(job["environment"])
    os.chdir(job["folder"])
    sys.argv[1:] = job["arguments"]
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, path in enumerate(job["said"], 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    for stream in (sys.stdout, sys.stderr):
        assert isinstance(stream, io.TextIOWrapper)
        stream.reconfigure(encoding=os.environ.get("PYTHONIOENCODING"))


if __name__ == "__main__":
    _serve()
