"""Small changes to the functions of the rules, and how one is made while the program runs.

mutmut thinks of them. It changes no function behind a decorator; here properties and kept tables are changed as well.
"""

from __future__ import annotations

import difflib
import importlib
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import libcst as cst
from libcst import matchers
from mutmut.configuration import config
from mutmut.mutation.file_mutation import create_mutations

# What a function names that only reads a file.
FILE_ALONE = frozenset(
    ("tomllib", "loads", "resources", "files", "__package__", "read_bytes", "decode")
)


@dataclass(frozen=True, slots=True)
class Change:
    """One small change to one function."""

    name: str  # "light.green.arises 3"
    module: str  # "formflow.rules.light.green"
    owner: str  # name of the class, "" for a function of the module
    function: str
    before: str  # source of the function, without its decorators
    after: str

    @property
    def place(self) -> str:
        """The function, with its module and class."""
        return ".".join(part for part in (self.module, self.owner, self.function) if part)

    @property
    def diff(self) -> str:
        """What the change is, as a diff."""
        before, after = (text.strip().splitlines() for text in (self.before, self.after))
        lines = difflib.unified_diff(before, after, lineterm="", n=1)
        return "\n".join(line for line in lines if not line.startswith(("---", "+++")))


def changes(names: Sequence[str] = ()) -> Iterator[Change]:
    """Yield every change of every function of the modules that [tool.mutmut] names, or those that are named.

    A name is a module's, a function's or a change's, as they are printed.
    """
    for name in names or [""]:
        for source in _sources():
            module = _short(".".join(source.with_suffix("").parts))
            if _begins(module, name) or _begins(name, module):
                yield from (one for one in _changes_of(source) if _begins(one.name, name))


def _begins(whole: str, part: str) -> bool:
    """Return whether a name is another's or begins with it."""
    return not part or whole == part or whole.startswith((f"{part}.", f"{part} "))


def _short(name: str) -> str:
    return name.removeprefix("formflow.").removeprefix("rules.")


def _sources() -> Iterator[Path]:
    for path in config().source_paths:
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _changes_of(source: Path) -> Iterator[Change]:
    module, plain = _parsed(source)
    tree, mutations, *_ = create_mutations(str(source), plain.code)
    owners = dict(_functions(tree))
    counts: dict[str, int] = {}
    for one in mutations:
        function = one.contained_by_top_level_function
        if not isinstance(function, cst.FunctionDef):
            continue  # a value of the module or of a class: computed once, when it is imported
        owner = owners[function]
        place = _place(module, owner, function)
        counts[place] = counts.get(place, 0) + 1
        name = f"{_short(place)} {counts[place]}"
        changed = cst.ensure_type(
            function.deep_replace(one.original_node, one.mutated_node), cst.FunctionDef
        )
        yield Change(name, module, owner, function.name.value, _code(function), _code(changed))


def _parsed(source: Path) -> tuple[str, cst.Module]:
    """Return the name of a module and its source."""
    tree = cst.parse_module(source.read_text("utf-8"))
    name = ".".join(source.with_suffix("").parts).removesuffix(".__init__")
    # mutmut leaves alone what is decorated.
    plain = matchers.replace(tree, matchers.Decorator(), cst.RemovalSentinel.REMOVE)
    return name, cst.ensure_type(plain, cst.Module)


def _place(module: str, owner: str, function: cst.FunctionDef) -> str:
    return ".".join(part for part in (module, owner, function.name.value) if part)


def _functions(tree: cst.Module) -> Iterator[tuple[cst.FunctionDef, str]]:
    """Yield every function of a module and method of its classes, with the name of its class or ""."""
    for statement in tree.body:
        if isinstance(statement, cst.FunctionDef):
            yield statement, ""
        elif isinstance(statement, cst.ClassDef):
            for inner in statement.body.body:
                if isinstance(inner, cst.FunctionDef):
                    yield inner, statement.name.value


def _code(function: cst.FunctionDef) -> str:
    return textwrap.dedent(cst.Module([function]).code)


def make(change: Change) -> FunctionType:
    """Exchange the code of a function for the changed one, wherever it was imported to, and return the function."""
    module = importlib.import_module(change.module)
    names = dict(vars(module))
    exec(compile(change.after, change.name, "exec"), names)  # noqa: S102 - our own code, changed
    changed = names[change.function]
    function = _function(getattr(module, change.owner) if change.owner else module, change.function)
    function.__code__ = changed.__code__
    function.__defaults__, function.__kwdefaults__ = changed.__defaults__, changed.__kwdefaults__
    return function


def watch(reached: set[str]) -> None:
    """Let every function of the rules note that it was called."""
    for source in _sources():
        name, tree = _parsed(source)
        vars(importlib.import_module(name))["_reached"] = reached
        for function, owner in _functions(tree):
            note = cst.parse_statement(f"_reached.add({_place(name, owner, function)!r})")
            body = cst.ensure_type(function.body, cst.IndentedBlock)
            noting = function.with_changes(body=body.with_changes(body=[note, *body.body]))
            make(Change("", name, owner, function.name.value, "", _code(noting)))


def _function(owner: Any, name: str) -> FunctionType:
    """Return the function behind a name: a property's, or the one whose results are kept."""
    found: Any = vars(owner)[name]
    found = found.fget if isinstance(found, property) else getattr(found, "__func__", found)
    found = getattr(found, "__wrapped__", found)
    assert isinstance(found, FunctionType), name
    return found


def _modules() -> Iterator[ModuleType]:
    names = [".".join(path.with_suffix("").parts) for path in config().source_paths]
    for name, module in list(sys.modules.items()):
        if any(name == one or name.startswith(f"{one}.") for one in names):
            yield module


def _kept() -> Iterator[Any]:
    """Yield every function of the rules whose results are kept."""
    for module in _modules():
        for found in vars(module).values():
            if hasattr(found, "cache_clear") and found.__module__ == module.__name__:
                yield found


def forget(changed: FunctionType | None = None) -> None:
    """Let every table be worked out again: else no change to what does that would show.

    What only reads a file reads the same again, unless that is changed.
    """
    for kept in _kept():
        function = kept.__wrapped__
        if function is changed or not FILE_ALONE.issuperset(function.__code__.co_names):
            kept.cache_clear()
