"""Registration of the layers with Keras when Keras is imported.

``keras.saving.load_model`` finds custom layers only if they are registered, and a layer is registered when its module
is imported, which imports Keras and its backend. To keep ``import kerascnn`` fast, this module waits until somebody
imports Keras and imports ``kerascnn.layers`` right after it.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

LAYERS = "kerascnn.layers"


def register_layers_with_keras() -> None:
    """Import the layers now if Keras is imported already, otherwise right after Keras is imported."""
    if "keras" in sys.modules:
        importlib.import_module(LAYERS)
    else:
        sys.meta_path.insert(0, _KerasFinder())


class _KerasFinder(MetaPathFinder):
    """Finds Keras once, with a loader that registers the layers."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "keras":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _RegisteringLoader(spec.loader)
        return spec


class _RegisteringLoader(Loader):
    """Loads Keras with its own loader, then imports the layers."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # the module must not keep this loader, which can neither read resources nor source code
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        importlib.import_module(LAYERS)
