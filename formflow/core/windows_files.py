"""Windows: files that can be renamed while they are open, and removed only when nobody has them open.

Python opens files so that nobody may rename them meanwhile. Between closing one and renaming it nothing
would show that it is in use, and a sweep could take it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    _READ, _WRITE, _DELETE = 0x80000000, 0x40000000, 0x00010000  # what we want to do
    _SHARED_BY_NOBODY, _SHARED_BY_ALL = 0, 0x7  # what others may do meanwhile: read, write, delete
    _NEW, _THERE, _THERE_OR_NEW = 1, 3, 4
    _APPEND, _READ_ATTRIBUTES = 0x4, 0x80  # to append: nowhere but at the end, whoever writes
    _GONE_WHEN_CLOSED = 0x04000000
    _INVALID = wintypes.HANDLE(-1).value
    _HIDDEN = 0x2

    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.CreateFileW.restype = wintypes.HANDLE
    _kernel32.CreateFileW.argtypes = [
        wintypes.LPCWSTR,
        wintypes.DWORD,
        wintypes.DWORD,
        wintypes.LPVOID,
        wintypes.DWORD,
        wintypes.DWORD,
        wintypes.HANDLE,
    ]
    _kernel32.CloseHandle.argtypes = [wintypes.HANDLE]

    _kernel32.SetFileAttributesW.argtypes = [wintypes.LPCWSTR, wintypes.DWORD]
    _kernel32.ReplaceFileW.restype = wintypes.BOOL
    _kernel32.ReplaceFileW.argtypes = [
        wintypes.LPCWSTR,
        wintypes.LPCWSTR,
        wintypes.LPCWSTR,
        wintypes.DWORD,
        wintypes.LPVOID,
        wintypes.LPVOID,
    ]

    def create(path: str) -> int:
        """Make a new file that may be renamed while it is open; return its descriptor. Raise OSError."""
        handle = _opened(path, _READ | _WRITE, _SHARED_BY_ALL, _NEW, 0)
        return msvcrt.open_osfhandle(handle, os.O_RDWR | os.O_BINARY)

    def append(path: str) -> int:
        """Open a file, or make it, to write at its end; it may be renamed meanwhile. Raise OSError."""
        wanted = _APPEND | _READ_ATTRIBUTES
        handle = _opened(path, wanted, _SHARED_BY_ALL, _THERE_OR_NEW, 0)
        return msvcrt.open_osfhandle(handle, os.O_APPEND | os.O_BINARY)

    def remove_if_closed(path: Path) -> None:
        """Remove a file. Raise OSError when anybody has it open, also on another computer."""
        # Asking for reading as well makes this collide with every other opening.
        wanted = _READ | _DELETE
        _kernel32.CloseHandle(
            _opened(str(path), wanted, _SHARED_BY_NOBODY, _THERE, _GONE_WHEN_CLOSED)
        )

    def replace(fresh: Path, final: Path) -> None:
        """Put a file in place of another, with the rights and streams of that. Raise OSError.

        Never with the flags that leave those out where they cannot be kept.
        """
        if not _kernel32.ReplaceFileW(str(final), str(fresh), None, 0, None, None):
            raise ctypes.WinError(ctypes.get_last_error())

    def hide(path: Path) -> None:
        """Let a file be shown only to those who want to see hidden ones. What cannot be hidden is seen."""
        _kernel32.SetFileAttributesW(str(path), _HIDDEN)

    def _opened(path: str, wanted: int, shared: int, how: int, flags: int) -> int:
        handle: int = _kernel32.CreateFileW(path, wanted, shared, None, how, flags, None)
        if handle == _INVALID:
            raise ctypes.WinError(ctypes.get_last_error())
        return handle
