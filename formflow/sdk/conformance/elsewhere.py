"""A connector made in a process of its own that may only read, where it prepares parcels."""

from __future__ import annotations

import json
import os
import pickle
import platform
import sys

# What a connector may not do before it is asked to deliver.
TOUCHES = {
    "socket.connect",
    "socket.getaddrinfo",
    "subprocess.Popen",
    *(f"os.{name}" for name in ("mkdir", "rename", "remove", "rmdir", "link", "symlink")),
    *(f"os.{name}" for name in ("chmod", "chown", "truncate", "utime")),
}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


class Touched(Exception):
    """The connector has touched something."""


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    flags = arguments[2] if event == "open" and len(arguments) > 2 else 0
    if event in TOUCHES or (isinstance(flags, int) and flags & WRITES):
        raise Touched(event)


def main() -> None:
    """Answer with what was prepared, or with what was touched."""
    sys.path[:] = json.loads(sys.argv[1])
    asked, answers = sys.stdin.buffer.read(), sys.stdout.buffer
    platform.uname()  # Python asks once what computer this is, on Windows by a command: that is no connector's doing
    sys.addaudithook(_watch)
    try:
        from formflow.sdk.conformance.samples import pretend_context

        kind, settings, parcels = pickle.loads(asked)  # noqa: S301 - our own parent's
        connector = kind(settings, pretend_context())
        answers.write(pickle.dumps([connector.prepare(parcel) for parcel in parcels]))
    except Touched as problem:
        answers.write(pickle.dumps(f"touches something before it is asked to deliver: {problem}"))


if __name__ == "__main__":
    main()
