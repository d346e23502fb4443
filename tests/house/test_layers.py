"""What import-linter cannot hold: who prints, who asks for the time, that the map names every module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def test_only_the_command_line_prints_or_exits() -> None:
    rooms = [path for path in (ROOT / "formflow").rglob("*.py") if "cli" not in path.parts]
    speaking = [p.name for p in rooms if {"print", "sys.exit", "exit"} & set(calls(p))]
    assert speaking == []


def test_now_is_asked_for_in_one_place() -> None:
    asking = [
        path.relative_to(ROOT).as_posix()
        for folder in ("formflow", "connectors")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"datetime\.now\(|time\.time\b", path.read_text(encoding="utf-8"))
    ]
    assert asking == ["formflow/core/clock.py"]


def test_every_module_lies_in_a_room_and_has_a_line_of_its_own() -> None:
    lying = {path.relative_to(ROOT / "formflow") for path in (ROOT / "formflow").rglob("*.py")}
    assert [path.as_posix() for path in lying if len(path.parts) == 1] == ["__init__.py"]
    unsaid = [
        path.as_posix()
        for path in lying
        if not ast.get_docstring(ast.parse((ROOT / "formflow" / path).read_text("utf-8")))
    ]
    assert unsaid == []


def test_the_tests_lie_in_the_rooms_that_they_test() -> None:
    rooms = {path.parent.name for path in (ROOT / "formflow").glob("*/__init__.py")}
    others = {"campaigns", "connectors", "crash", "house", "samples", "stories", "support"}
    lying = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()} - {"__pycache__"}
    assert lying - others <= rooms
    assert [path.name for path in (ROOT / "tests").glob("test_*.py")] == []


def test_statements_are_made_of_the_table_classes() -> None:
    """SQL as text, and what one database alone knows, are in few modules, so that another can be added."""
    modules = {
        path.relative_to(ROOT / "formflow").as_posix(): path.read_text(encoding="utf-8")
        for path in (ROOT / "formflow").rglob("*.py")
    }
    by_hand = [name for name, said in modules.items() if "exec_driver_sql(" in said]
    assert sorted(by_hand) == [
        "storage/database.py",
        "storage/migrations/older.py",
        "storage/sqlite.py",
    ]
    assert [name for name, said in modules.items() if "sqlalchemy.dialects" in said] == [
        "storage/sqlite.py"
    ]
    written = [name for name, said in modules.items() if re.search(r"\btext\(\s*f?\"", said)]
    assert written == []
