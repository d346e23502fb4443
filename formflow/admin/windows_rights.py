"""Rights on Windows: whether the list of accounts on a file or folder names everybody; and taking them off it.

Such a list is read and written as text in the security descriptor definition language (SDDL), which names
accounts by identifiers that are the same in every language: `D:(A;OICI;FA;;;SY)(A;;0x1200a9;;;BU)`.
"""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Groups that everybody is in who can use this computer, or this network, at all.
EVERYBODY = {
    "WD": "S-1-1-0",  # Everyone
    "AN": "S-1-5-7",  # Anonymous
    "NU": "S-1-5-2",  # Network
    "IU": "S-1-5-4",  # Interactive
    "AU": "S-1-5-11",  # Authenticated Users
    "BU": "S-1-5-32-545",  # Users
    "BG": "S-1-5-32-546",  # Guests
}
_OF_A_DOMAIN = re.compile(r"DU|DG|S-1-5-21-\d+-\d+-\d+-51[34]")  # Domain Users, Domain Guests
_NO_LIST = "D:NO_ACCESS_CONTROL"  # nobody is kept out, as on a memory stick
_ENTRY = re.compile(r"\((\w*);(\w*);(\w*);([^;()]*);([^;()]*);([\w-]+)\)")
_OWNER = re.compile(r"O:([A-Z]{2}|S-[\d-]+?)(?=[GDS]:|$)")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of a list: whom it lets do what, or keeps from it."""

    kind: str  # "A" allows, "D" denies
    flags: str  # two letters each: OI, CI: for files and folders inside as well; ID: inherited
    rights: str
    account: str

    @property
    def is_for_everybody(self) -> bool:
        return (
            self.account in EVERYBODY
            or self.account in EVERYBODY.values()
            or bool(_OF_A_DOMAIN.fullmatch(self.account))
        )


def names_everybody(sddl: str) -> bool:
    """Return whether a list lets in everybody who can use this computer or network."""
    return _NO_LIST in sddl or any(
        entry.kind == "A" and entry.is_for_everybody for entry in _entries(sddl)
    )


def without_everybody(sddl: str) -> str:
    """Return a list that is no longer inherited, without everybody, and with its owner.

    `sddl` says who the owner is as well. Whom else it names keeps what they may do.
    """
    kept = [
        f"({entry.kind};{_own(entry.flags)};{entry.rights};;;{entry.account})"
        for entry in _entries(sddl)
        if entry.kind == "D" or not entry.is_for_everybody
    ]
    denying = [entry for entry in kept if entry.startswith("(D;")]  # they must come first
    allowing = [entry for entry in kept if entry not in denying]
    owners = [f"(A;OICI;FA;;;{owner})" for owner in _OWNER.findall(sddl)]
    return "D:P" + "".join(dict.fromkeys((*denying, *allowing, *owners)))


def command_to_close(place: Path) -> str:
    """Return the command that takes everybody off the lists of a folder and of what lies in it."""
    groups = " ".join(f"*{sid}" for sid in EVERYBODY.values())
    return f'icacls "{place}" /inheritance:d /remove:g {groups} /T'


def _entries(sddl: str) -> list[_Entry]:
    return [
        _Entry(kind, flags, rights, account)
        for kind, flags, rights, _, _, account in _ENTRY.findall(sddl)
    ]


def _own(flags: str) -> str:
    return "".join(flag for flag in re.findall("..", flags) if flag != "ID")


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _A_FILE, _VERSION, _OWNER_ONLY, _LIST, _NOT_INHERITED = 1, 1, 0x1, 0x4, 0x80000000
    _advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.LocalFree.argtypes = [ctypes.c_void_p]
    _advapi32.GetNamedSecurityInfoW.argtypes = [
        wintypes.LPCWSTR,
        ctypes.c_int,
        wintypes.DWORD,
        *[ctypes.c_void_p] * 5,
    ]
    _advapi32.ConvertSecurityDescriptorToStringSecurityDescriptorW.argtypes = [
        ctypes.c_void_p,
        wintypes.DWORD,
        wintypes.DWORD,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    _advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW.argtypes = [
        wintypes.LPCWSTR,
        wintypes.DWORD,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    _advapi32.SetFileSecurityW.argtypes = [wintypes.LPCWSTR, wintypes.DWORD, ctypes.c_void_p]

    def is_open(path: Path) -> bool:
        """Return whether everybody may open a file or folder. Raise OSError."""
        return names_everybody(_listed(path))

    def close(folder: Path) -> None:
        """Take everybody off the list of an empty folder, for good. Where a share refuses, `is_open` tells."""
        with suppress(OSError):
            put(folder, without_everybody(_listed(folder)))

    def put(path: Path, sddl: str) -> None:
        """Give a file or folder this list, and none from the folder it lies in. Raise OSError."""
        descriptor = ctypes.c_void_p()
        _must(
            _advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(
                sddl, _VERSION, ctypes.byref(descriptor), None
            )
        )
        try:
            what = _LIST | _NOT_INHERITED
            _must(_advapi32.SetFileSecurityW(str(path), what, descriptor))
        finally:
            _kernel32.LocalFree(descriptor)

    def _listed(path: Path) -> str:
        """Return the owner and the list of a file or folder as SDDL. Raise OSError."""
        descriptor, text = ctypes.c_void_p(), ctypes.c_void_p()
        wanted = _OWNER_ONLY | _LIST
        number = _advapi32.GetNamedSecurityInfoW(
            str(path), _A_FILE, wanted, None, None, None, None, ctypes.byref(descriptor)
        )
        if number:
            raise ctypes.WinError(number)
        try:
            _must(
                _advapi32.ConvertSecurityDescriptorToStringSecurityDescriptorW(
                    descriptor, _VERSION, wanted, ctypes.byref(text), None
                )
            )
            return ctypes.wstring_at(text.value or 0)
        finally:
            _kernel32.LocalFree(text)
            _kernel32.LocalFree(descriptor)

    def _must(succeeded: int) -> None:
        if not succeeded:
            raise ctypes.WinError(ctypes.get_last_error())
