"""The originals, by sha256: written once, never altered, private.

Layout: <state>/originals/ab/ab12...ef.pdf. A copy is durable before the ledger speaks of it.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO

from formflow.core import files
from formflow.core.errors import OriginalChanged

COPY_BYTES = 1 << 20
HARMLESS = (
    ".pdf",
    ".doc",
    ".docx",
    ".odt",
    ".rtf",
    ".xls",
    ".xlsx",
    ".jpg",
    ".jpeg",
    ".png",
    ".tif",
)


@dataclass(frozen=True, slots=True)
class Vault:
    """A folder of originals."""

    folder: Path

    def path(self, sha256: str) -> Path:
        """Return where an original lies or would lie."""
        return self.folder / sha256[:2] / f"{sha256}.pdf"

    def original(self, sha256: str) -> Path:
        """Return an original's file, to read only. Raise OriginalChanged when it is not as it was kept."""
        self.lend(sha256).close()
        return self.path(sha256)

    def lend(self, sha256: str) -> BinaryIO:
        """Return an original as a stream that does not tell its path. Raise OriginalChanged.

        It is hashed each time: nothing is read, shown or sent that is not what somebody dropped.
        """
        try:
            stream = files.opened(self.path(sha256))
        except (FileNotFoundError, files.NotAFile):
            raise OriginalChanged(sha256, is_missing=True) from None
        if _sha256(stream) != sha256:
            stream.close()
            raise OriginalChanged(sha256, is_missing=False)
        stream.seek(0)
        return stream

    def remove(self, sha256: str) -> None:
        """Remove an original that nothing needs any more. Raise OSError."""
        self.path(sha256).unlink(missing_ok=True)

    def tidy(self) -> int:
        """Remove the half copies that a killed worker left; return how many. Files in use are left alone."""
        return files.sweep(self.folder)

    def keep(self, source: BinaryIO) -> tuple[str, int]:
        """Copy a file into the vault; return its sha256 and its size in bytes once it is durable.

        The same bytes twice are kept once. What lies there damaged is put right by them.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with files.temporary(self.folder) as copy:
            while block := source.read(COPY_BYTES):
                digest.update(block)
                size += len(block)
                copy.file.write(block)
            final = self.path(digest.hexdigest())
            if not self._is_kept(digest.hexdigest()):
                final.parent.mkdir(mode=0o700, exist_ok=True)
                copy.become(final)
        return digest.hexdigest(), size

    def _is_kept(self, sha256: str) -> bool:
        try:
            self.lend(sha256).close()
        except OriginalChanged:
            return False
        return True

    def keep_bytes(self, content: bytes) -> str:
        """Keep bytes that we made ourselves; return their sha256 once they are durable."""
        return self.keep(io.BytesIO(content))[0]

    def begins_with(self, sha256: str, size: int, other_sha256: str) -> bool:
        """Return whether the first `size` bytes of an original are another one, byte by byte."""
        with self.lend(sha256) as stream:
            digest = hashlib.sha256()
            while size > 0 and (block := stream.read(min(size, COPY_BYTES))):
                digest.update(block)
                size -= len(block)
        return digest.hexdigest() == other_sha256


def _sha256(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := stream.read(COPY_BYTES):
        digest.update(block)
    return digest.hexdigest()


def safe_suffix(file_name: str) -> str:
    """Return the ending under which a paper may lie where people open files with a double click.

    A letter dropped by mistake comes back as the letter it is. What might run is ".bin".
    """
    suffix = PurePath(file_name).suffix.casefold()
    return suffix if suffix in HARMLESS else ".bin"
