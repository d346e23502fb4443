"""Pictures of what people see, for docs/: kept where `make pictures` asks for them, and nowhere in a test."""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image

FOLDER = os.environ.get("FORMFLOW_PICTURES", "")
COLOURS = 24  # pages are black, white and a few signal colours: the files stay small


def keep(name: str, screenshot: bytes) -> None:
    """Write a screenshot as a small PNG of this name, where pictures are asked for."""
    if not FOLDER:
        return
    picture = Image.open(io.BytesIO(screenshot)).convert("RGB")
    picture.quantize(COLOURS).save(Path(FOLDER) / f"{name}.png", optimize=True)
