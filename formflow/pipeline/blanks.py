"""The forms in “Blank forms”: compared with ours in each turn, and put back when somebody changed one."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from formflow.core import files
from formflow.forms import catalogue
from formflow.forms.catalogue import Form

log = logging.getLogger("formflow")
CHANGED, CANNOT_BE_PUT_BACK = "FF-145", "FF-146"
MOST_BYTES = 4 << 20  # no blank of ours is so large
Tell = Callable[[str, str, datetime], None]  # code, name of the file, now
Stamp = tuple[int, int, int]  # size in bytes, time of the last change, number on the disk


def file_of(form: Form, folder: Path) -> Path:
    """Return where a form's blank is, for people to copy."""
    return folder / f"{form.code} {form.title}.pdf"


SHORT, LONG = "recording_short", "recording"
CHOSEN = {"both": {SHORT, LONG}, "short": {SHORT}, "long": {LONG}}  # by the agency's setting


def ours(choice: str = "both") -> Iterator[Form]:
    """Yield the forms of ours that people begin with, as the agency chose. Sheets come filled in, from FormFlow."""
    return (form for form in catalogue.shipped() if form.form_id in CHOSEN[choice])


@dataclass(slots=True)
class Blanks:
    """What is known of the blanks since FormFlow started. Other files in the folder are left alone."""

    folder: Path
    choice: str = "both"  # which recording forms are to lie there
    _is_swept: bool = False  # of what a killed process left
    _known: dict[Path, Stamp] = field(default_factory=dict)  # as they were when they were ours
    _in_trouble: set[Path] = field(default_factory=set)

    def compare(self, tell: Tell, now: datetime) -> None:
        """Put back each blank that is not ours, byte by byte. One that nobody touched is not read again."""
        if not _is_there(self.folder):
            return  # a share that is away: `formflow doctor` says so
        if not self._is_swept:
            files.sweep(self.folder)
            self._is_swept = True
        for form in ours():
            if form.form_id not in CHOSEN[self.choice]:
                self._take_away(form)
        for form in ours(self.choice):
            file = file_of(form, self.folder)
            if file not in self._known or self._known[file] != _stamp(file):
                self._settle(form, file, tell, now)

    def _take_away(self, form: Form) -> None:
        """Take away a blank that the agency does not want there, where it is ours: a person's own file stays."""
        file = file_of(form, self.folder)
        if _stamp(file) is not None and _content(file, MOST_BYTES) in _older(form):
            with contextlib.suppress(OSError):  # tried again in each turn
                file.unlink()
                self._known.pop(file, None)
                log.info("a blank form that the settings leave out was taken away")

    def _settle(self, form: Form, file: Path, tell: Tell, now: datetime) -> None:
        """Compare one blank, and put it back where it differs."""
        right, stamp = form.blank.read_bytes(), _stamp(file)
        there = None if stamp is None else _content(file, MOST_BYTES)
        is_changed = there not in (None, right) and there not in _older(form)
        if is_changed and file not in self._in_trouble:
            # First: what is put right and not told would end in silence.
            tell(CHANGED, file.name, now)
        try:
            if there != right:
                files.write(file, right)
        except OSError as problem:
            # A share that may only be read, or a program that has it open: tried again in each turn.
            if file not in self._in_trouble:
                self._in_trouble.add(file)
                log.warning("a blank form cannot be put back: %s", type(problem).__name__)
                tell(CANNOT_BE_PUT_BACK, file.name, now)
            return
        self._in_trouble.discard(file)
        if there != right:
            stamp = _stamp(file)
            log.warning("a blank form was put back")
        if stamp is not None:
            self._known[file] = stamp


def _is_there(folder: Path) -> bool:
    """Return whether the folder can be looked at: a share whose connection has gone stale raises."""
    try:
        return folder.is_dir()
    except OSError:
        return False


def _content(file: Path, most: int) -> bytes:
    """Return what is in a file, and of one that is too large for a blank only the beginning; b"" for no file."""
    try:
        with files.opened(file) as stream:
            return stream.read(most + 1)
    except OSError:
        return b""


def _older(form: Form) -> set[bytes]:
    """Return the blanks of a form's older versions, as an update leaves them."""
    return {one.blank.read_bytes() for one in catalogue.known() if one.form_id == form.form_id}


def _stamp(file: Path) -> Stamp | None:
    """Return what tells that a file was changed, None where there is none."""
    try:
        found = os.lstat(file)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino
