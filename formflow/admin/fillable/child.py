"""The process in which a flat PDF gets its boxes; see `formflow.admin.learn.child`."""

from __future__ import annotations

import json
from pathlib import Path

from formflow.admin.fillable import make
from formflow.admin.learn.child import serve

NOT_MADE = "not made"


def _read(path: Path) -> bytes:
    try:
        return make.dumped(make.read(path))
    except make.NotMade as problem:
        return json.dumps({NOT_MADE: str(problem)}).encode()


if __name__ == "__main__":
    serve(_read)
