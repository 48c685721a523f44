"""kerascnn: text classification with convolutional networks.

The names below are loaded when they are first used, which keeps ``import kerascnn`` fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from kerascnn.keras_registration import register_layers_with_keras
from kerascnn.utils.optional_packages import require_tensorflow_backend
from kerascnn.utils.tensorflow_startup import import_tensorflow

if TYPE_CHECKING:
    from kerascnn.classifier import TextClassifier
    from kerascnn.ensembles.classifier import EnsembleClassifier
    from kerascnn.loading import load
    from kerascnn.models import list_models, list_taggers
    from kerascnn.token_classifier import TokenClassifier

__all__ = [
    "EnsembleClassifier", "TextClassifier", "TokenClassifier", "__version__", "list_models", "list_taggers", "load",
]  # fmt: skip

_MODULES = {
    "EnsembleClassifier": "kerascnn.ensembles.classifier",
    "TextClassifier": "kerascnn.classifier",
    "TokenClassifier": "kerascnn.token_classifier",
    "load": "kerascnn.loading",
    "list_models": "kerascnn.models",
    "list_taggers": "kerascnn.models",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # takes as long to import as the rest

        return version("kerascnn")
    if name not in _MODULES:
        raise AttributeError(f"module 'kerascnn' has no attribute {name!r}")
    if name in ("TextClassifier", "EnsembleClassifier"):
        require_tensorflow_backend(f"kerascnn.{name}")
        import_tensorflow()
    return getattr(importlib.import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return __all__


register_layers_with_keras()
