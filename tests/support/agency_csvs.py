"""CSV files as programs write them that agencies use: bytes, and by what a person would read them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Habit:
    """One file, and how it is read."""

    content: bytes
    encoding: str
    separator: str = ","
    above: int = 0  # lines above the headings
    reference: str = "FF ref"
    holds: str = "Zoë"  # a name that it can hold

    def rows(self, content: bytes) -> list[dict[str, str]]:
        """Return the rows as another program reads them."""
        lines = io.StringIO(content.decode(self.encoding), newline="")
        every = list(csv.reader(lines, delimiter=self.separator, strict=True))[self.above :]
        return [dict(zip(every[0], row, strict=True)) for row in every[1:] if row]


_EXCEL = 'Date,Pupil,Level,Notes,FF ref\r\n01/09/2026,Pat Example,Level 1,,\r\n02/09/2026,“Jo” Sample,Level 2,"said ""no"", then left",\r\n'
_QUOTED = '"Date";"Pupil";"Level";"Notes";"FF ref"\n"01/09/2026";"Pat Example";"Level 1";"";""\n'

HABITS: Mapping[str, Habit] = {
    "excel, CSV UTF-8": Habit(_EXCEL.encode("utf-8-sig"), "utf-8-sig"),
    "excel, CSV (Windows)": Habit(_EXCEL.encode("cp1252"), "cp1252"),
    "excel, Unicode text": Habit(
        b"\xff\xfe" + _EXCEL.replace(",", "\t").replace("\tthen", ",then").encode("utf-16-le"),
        "utf-16", "\t",
    ),
    "excel, other region": Habit(
        _EXCEL.replace(",", ";").replace("no\"\";", "no\"\",").encode("cp1252"), "cp1252", ";"
    ),
    "excel, with the line that names its separator": Habit(
        b"sep=;\r\n" + _EXCEL.replace(",", ";").encode("cp1252"), "cp1252", ";", above=1
    ),
    "excel, Mac": Habit(_EXCEL.replace("\r\n", "\r").encode("utf-8-sig"), "utf-8-sig"),
    "excel, formatted blank rows": Habit(
        (_EXCEL + ",,,,\r\n,,,,\r\n").encode("utf-8-sig"), "utf-8-sig"
    ),
    "libreoffice, text in quotes": Habit(
        b'"Date","Pupil","Level","Notes","FF ref","Count"\n01/09/2026,"Pat Example","Level 1","a, b",,3\n',
        "ascii", holds="Zoe",
    ),
    "libreoffice, all in quotes": Habit(_QUOTED.encode(), "utf-8", ";", holds="Zoe"),
    "google, no line end at its end": Habit(
        "Date,Pupil,Level,Notes,FF ref\r\n01/09/2026,Zoë Example,Level 1,\"two\nlines\",".encode(), "utf-8"
    ),
    "google, headings alone": Habit(b"Date,Pupil,Level,Notes,FF ref", "ascii", holds="Zoe"),
    "export of a school's system, all in quotes": Habit(
        '"upn","Date","Pupil","Level","FF ref"\n"X820200001001","2026-09-01","Zoë Example","1",""\n'.encode(),
        "utf-8",
    ),
    "report with a title above": Habit(
        b"Safeguarding log;;;;\r\nPrinted 01/11/2026;;;;\r\n\r\nDate;Pupil;Level;Notes;FF ref\r\n01/09/2026;Pat Example;1;caf\xe9;\r\n",
        "cp1252", ";", above=3,
    ),
    "columns moved, and two of another name": Habit(
        "FF ref,Other,Level,Other,Pupil,Date\n,1,L1,2,Zoë,x\n".encode(), "utf-8"
    ),
    "headings with spaces and capitals": Habit(
        "DATE , Pupil,level,Notes,FF  Ref\n01/09/2026,Zoë,1,,\n".encode(), "utf-8"
    ),
    "bars, and an empty line": Habit(
        "Date|Pupil|Level|Notes|FF ref\n01/09/2026|Zoë|1||\n\n02/09/2026|Zoë|2||\n".encode(), "utf-8", "|"
    ),
}  # fmt: skip
