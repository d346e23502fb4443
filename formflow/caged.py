"""The child's side of the cage: sets its own limits, then reads papers until its input closes.

It starts as `python -m formflow.caged SETTINGS` and writes nothing but frames to standard output.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path

import pikepdf
import pikepdf.settings

from formflow.forms import shipped
from formflow.frames import receive, send
from formflow.limits import Limits
from formflow.model import Reading, Unread
from formflow.read import read_paper

LONGEST_PATH = 64 << 10  # bytes
STREAM_BYTES = 75 << 20  # decompressed, of one stream


def main() -> None:
    """Read papers as they are named, one frame each."""
    settings = json.loads(sys.argv[1])
    limits = Limits(**settings["limits"])
    _limit_this_process(limits)
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not be taken for an answer
    forms = shipped()
    while (request := receive(requests, LONGEST_PATH)) is not None:
        path = Path(json.loads(request))
        try:
            result: Reading | Unread = read_paper(path, forms, limits, settings["second_reading"])
        except (MemoryError, RecursionError):
            result = Unread(path.stem, "FF-112", path.stat().st_size)
        send(answers, json.dumps(asdict(result)).encode())


def _limit_this_process(limits: Limits) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes us
    # qpdf's own memory limits stand at "unlimited" unless they are set.
    pikepdf.settings.set_qpdf_limits(
        flate_max_memory=STREAM_BYTES,
        dct_max_memory=STREAM_BYTES,
        png_max_memory=STREAM_BYTES,
        run_length_max_memory=STREAM_BYTES,
        tiff_max_memory=STREAM_BYTES,
    )
    if sys.platform != "win32":
        import resource

        memory = limits.memory_mb << 20
        if sys.platform == "linux":  # elsewhere the parent watches: macOS does not keep this limit
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
