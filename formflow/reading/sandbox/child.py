"""The child's side of the cage: limits itself, then reads papers until its input closes.

It starts as `python -P -m formflow.reading.sandbox.child` and writes nothing but frames to standard output. The first
frame it gets says how to read, and it answers that it is ready; each further one says what is wanted of
which paper, and after how many seconds to end in any case.
"""

from __future__ import annotations

import errno
import faulthandler
import gc
import json
import os
import pickle
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf.settings

from formflow.core.limits import Limits
from formflow.core.model import Reading, Unread
from formflow.core.trouble import INTERRUPTED, MISTAKE
from formflow.reading.ladder import read_paper
from formflow.reading.reader import TOO_MUCH, Reader
from formflow.reading.sandbox.frames import LARGEST_ANSWER, LARGEST_REQUEST, READY, receive, send

STREAM_BYTES = 75 << 20  # decompressed, of one stream
MOST_ENTRIES = 100_000  # in one array or dictionary
DEEPEST = 100  # arrays and dictionaries inside each other


def main() -> None:
    """Do what is asked with each paper that is named, one frame each."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # what a library prints is no answer, and may quote a child's answers
        os.dup2(nowhere, stream)
    # Pickled by our parent and by nobody else: forms, limits and password in one piece, off the
    # command line, where every program of this computer could read them.
    reader, watch_memory = pickle.loads(receive(requests, LARGEST_ANSWER) or b"")  # noqa: S301
    limit_this_process(reader.limits, keeps_memory_limit=not watch_memory)
    gc.freeze()  # what is loaded now stays: not to be looked through again and again while papers are read
    send(answers, READY)
    while (request := receive(requests, LARGEST_REQUEST)) is not None:
        wanted, name, seconds = json.loads(request)
        # The parent has killed us long before, unless it is gone.
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        answer = _ANSWERS[wanted](Path(name), reader)
        faulthandler.cancel_dump_traceback_later()
        send(answers, answer)


def _paper(path: Path, reader: Reader) -> bytes:
    return _in_bounds(path, _safely(read_paper, path, reader))


def _scan(path: Path, reader: Reader) -> bytes:
    # Imported here: few papers are pictures.
    from formflow.reading.scan import read_scan

    return _in_bounds(path, _safely(read_scan, path, reader))


def _pictures(path: Path, reader: Reader) -> bytes:
    from formflow.reading.page_render import pictures

    try:
        return pictures(path, reader.password, LARGEST_ANSWER)
    except Exception:  # noqa: BLE001 - a paper that cannot be drawn has no pictures
        return b""


_ANSWERS = {"paper": _paper, "scan": _scan, "pictures": _pictures}


def _safely(
    read: Callable[[Path, Reader], Reading | Unread], path: Path, reader: Reader
) -> Reading | Unread:
    try:
        return read(path, reader)
    except (MemoryError, RecursionError):
        return _unread(path, TOO_MUCH)
    except Exception as problem:  # noqa: BLE001 - a fault of ours must not pass for a fault of the paper
        return _unread(path, _fault(problem))


def _fault(problem: Exception) -> str:
    """Return the notice for what went wrong: the system's refusals say nothing about the paper."""
    if not isinstance(problem, OSError) or problem.errno is None:
        return MISTAKE
    return TOO_MUCH if problem.errno == errno.ENOMEM else INTERRUPTED


def _unread(path: Path, code: str, **words: str) -> Unread:
    return Unread(path.stem, code, path.stat().st_size, words)


def _in_bounds(path: Path, result: Reading | Unread) -> bytes:
    answer = _answer(result)
    if len(answer) <= LARGEST_ANSWER:
        return answer
    return _answer(_unread(path, "FF-119", limit=f"{LARGEST_ANSWER >> 20} MB of text"))


def _answer(result: Reading | Unread) -> bytes:
    return json.dumps(result, default=_plain).encode()


def _plain(paper: Any) -> dict[str, Any]:
    return {name: getattr(paper, name) for name in paper.__slots__}


def limit_this_process(limits: Limits, *, keeps_memory_limit: bool) -> None:
    """Keep this process within what one file may cost."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes us
    # qpdf's own memory limits are at "unlimited" unless they are set.
    pikepdf.settings.set_qpdf_limits(
        parser_max_nesting=DEEPEST,
        parser_max_container_size=MOST_ENTRIES,
        flate_max_memory=STREAM_BYTES,
        dct_max_memory=STREAM_BYTES,
        png_max_memory=STREAM_BYTES,
        run_length_max_memory=STREAM_BYTES,
        tiff_max_memory=STREAM_BYTES,
    )
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if keeps_memory_limit:
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            memory = used + (limits.memory_mb << 20)
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


if __name__ == "__main__":
    main()
