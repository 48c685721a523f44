"""The direction of imports: each module imports modules of lower layers only, and no import is circular.

Imports inside functions and under TYPE_CHECKING count like all others.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = (
    ("utils", "keras_registration"),
    ("settings",),
    ("data.encodings", "data.config"),
    ("text",),
    ("layers",),
    ("encoders",),
    ("models",),
    ("config", "tagger_settings"),
    (
        "data.records",
        "data.issues",
        "data.label_types",
        "data.sample_weights",
        "data.tag_schemes",
        "data.token_spans",
        "training.keras_internals",
        "training.contrastive_loss",
        "training.losses",
        "training.metrics",
        "training.tagging",
    ),
    ("tasks",),
    ("data",),
    ("audit",),
    ("prediction", "training"),
    ("linear",),
    (
        "golden",
        "golden_tags",
        "manifest",
        "bundle_contents",
        "bundle_files",
        "bundle",
        "tagger_bundle",
        "tagged_texts",
        "edge",
        "edge_files",
        "edge_tagger",
    ),
    ("predictor", "tag_predictor"),
    ("runtimes",),
    ("evaluation", "transfer"),
    ("hub", "hub_mixin"),
    ("pretraining",),
    ("classifier_data",),
    ("bundle_predictor",),
    ("network_fitting",),
    ("classifier_fitting",),
    ("classifier_training",),
    ("selection",),
    ("tagger_fitting",),
    ("estimator", "classifier", "token_classifier"),
    ("ensembles",),
    ("loading",),
    ("kerascnn",),
    ("distillation",),
    ("export", "scoring", "tuning"),
    ("serving",),
    ("experiment",),
    ("__main__",),
)
"""Packages and modules of kerascnn, lowest layer first. A module belongs to the longest name that it starts with."""


def read_modules() -> dict[str, Path]:
    """Name of each module of kerascnn to its file."""
    modules = {}
    for path in (ROOT / "kerascnn").rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


MODULES = read_modules()


def read_imports(path: Path) -> set[str]:
    """Full names that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def find_dependencies(name: str) -> set[str]:
    """Modules of kerascnn that a module imports, with the packages whose ``__init__`` runs for it."""
    found = set()
    for imported in read_imports(MODULES[name]):
        while imported and imported not in MODULES:
            imported = imported.rpartition(".")[0]
        if imported:
            found.add(imported)
        while imported := imported.rpartition(".")[0]:
            # inside its own package the __init__ runs anyway, and an __init__ without imports needs nothing
            if not name.startswith(f"{imported}.") and read_imports(MODULES[imported]):
                found.add(imported)
    return found - {name}


DEPENDENCIES = {name: find_dependencies(name) for name in MODULES}


def find_cycle(name: str, path: tuple[str, ...] = (), done: set[str] | None = None) -> tuple[str, ...]:
    """Modules that import each other in a circle; empty if there is none."""
    done = set() if done is None else done
    if name in path:
        return (*path[path.index(name) :], name)
    if name in done:
        return ()
    for imported in sorted(DEPENDENCIES[name]):
        if cycle := find_cycle(imported, (*path, name), done):
            return cycle
    done.add(name)
    return ()


def layer_of(name: str) -> int:
    """Position of a module among the layers."""
    name = name.removeprefix("kerascnn.")
    while name:
        for position, names in enumerate(LAYERS):
            if name in names:
                return position
        name = name.rpartition(".")[0]
    raise AssertionError("a module without a layer")


@pytest.mark.parametrize("name", sorted(MODULES))
def test_no_circular_import(name):
    assert " -> ".join(find_cycle(name)) == ""


@pytest.mark.parametrize("name", sorted(MODULES))
def test_module_imports_lower_layers_only(name):
    higher = {imported for imported in DEPENDENCIES[name] if layer_of(imported) > layer_of(name)}
    assert higher == set()


@pytest.mark.parametrize("name", sorted(set(MODULES) - {"kerascnn.__main__"}))
def test_library_does_not_import_commands(name):
    assert not {imported for imported in read_imports(MODULES[name]) if imported.split(".")[0] == "pipelines"}
