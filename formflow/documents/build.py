"""Everything that is built from a definition of ours: its blank, field guide and manifest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from formflow.documents.blank import build_blank, pages_of
from formflow.documents.field_guide import field_guide
from formflow.forms import catalogue
from formflow.forms import manifest as manifests
from formflow.forms.catalogue import Form
from formflow.reading.manifest_builder import manifest_of


def products(form: Form) -> Mapping[str, bytes]:
    """Return everything that is built from a definition, by file name. The same bytes every time."""
    blank = build_blank(form)
    return {
        form.blank.name: blank,
        "field-guide.md": field_guide(form, pages_of(form)).encode(),
        "manifest.json": manifests.dumped(manifest_of(blank)),
    }


def stale(folder: Path) -> list[str]:
    """Return the names of a form folder's products that are not what its definition gives now."""
    made = products(catalogue.load(folder / catalogue.OURS))
    return [
        name
        for name, content in made.items()
        if not (folder / name).is_file() or (folder / name).read_bytes() != content
    ]
