"""The private names of Keras."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

import keras
import pytest

from kerascnn import layers, pretraining, training
from kerascnn.training import keras_internals
from kerascnn.training.keras_internals import CHECKED_VERSION

ROOT = Path(__file__).parents[2]


def test_private_names_were_checked_with_the_installed_version():
    installed = ".".join(keras.version().split(".")[:2])
    assert installed == CHECKED_VERSION, (
        f"kerascnn/training/keras_internals.py uses private names of Keras {CHECKED_VERSION}. Compare them with the"
        f" source of {installed}, run tests/training and tests/conformance, and raise CHECKED_VERSION and the bound in"
        " pyproject.toml."
    )


def test_dependency_excludes_versions_that_were_not_checked():
    major, minor = map(int, CHECKED_VERSION.split("."))
    assert f'"keras>={CHECKED_VERSION},<{major}.{minor + 1}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def private_names():
    """Private names of the objects of Keras that this package calls or derives from."""
    objects = [
        keras.Model(), keras.Sequential(), keras.layers.Dense(1), keras.optimizers.Adam(),
        keras.losses.CategoricalCrossentropy(), keras.metrics.F1Score(), keras.callbacks.Callback(),
        keras.Variable(0.0),
    ]  # fmt: skip
    return {name for thing in objects for name in dir(thing) if name.startswith("_") and not name.startswith("__")}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "kerascnn").rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_no_other_module_uses_private_names_of_keras(path, private_names):
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    defined = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    defined |= {node.attr for node in attributes if isinstance(node.ctx, ast.Store)}
    used = {node.attr for node in attributes if isinstance(node.ctx, ast.Load)} - defined
    found = used & private_names
    assert bool(found) == (path.name == "keras_internals.py"), sorted(found)


@pytest.mark.parametrize("package", [layers, training, pretraining], ids=lambda package: package.__name__)
def test_no_other_class_overrides_private_methods_of_keras(package):
    overrides = set()
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(info.name)
        for cls in vars(module).values():
            if isinstance(cls, type) and cls.__module__ == info.name != keras_internals.__name__:
                bases = [base for base in cls.__mro__ if base.__module__.startswith("keras.")]
                private = {name for base in bases for name in vars(base) if name.startswith("_") and name[1] != "_"}
                overrides |= {f"{cls.__name__}.{name}" for name in private & set(vars(cls))}
    assert not {name for name in overrides if "_tracking" not in name and "_api_export" not in name}
