"""Registry of the models. A model is a module of this package with a ``ModelConfig`` decorated by ``register``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from kerascnn.models.auto import AutoModel
from kerascnn.models.base import ModelConfig
from kerascnn.models.built_model import BuiltModel, LayerRoles
from kerascnn.utils.errors import InputError, list_choices

_MODELS: dict[str, type[ModelConfig]] = {}
AUTO = "auto"
"""Name of the model that is chosen when training starts; it is not registered."""


def register(name: str) -> Callable[[type[ModelConfig]], type[ModelConfig]]:
    """Register the decorated ``ModelConfig`` class as ``--model NAME``."""

    def decorate(config: type[ModelConfig]) -> type[ModelConfig]:
        _MODELS[name] = config
        return config

    return decorate


def list_models() -> dict[str, type[ModelConfig]]:
    """Return the settings classes of all models of labels of texts by name, in alphabetical order."""
    return {name: config for name, config in _list_all().items() if not config.tags_tokens}


def list_taggers() -> dict[str, type[ModelConfig]]:
    """Return the settings classes of all models with a label for each token by name, in alphabetical order."""
    return {name: config for name, config in _list_all().items() if config.tags_tokens}


def list_options() -> dict[str, type[ModelConfig]]:
    """Return the settings classes of all values of ``--model``: the registered models, and ``auto``."""
    return {**list_models(), **list_taggers(), AUTO: AutoModel}


def _list_all() -> dict[str, type[ModelConfig]]:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_MODELS.items()))


def get(name: str) -> type[ModelConfig]:
    """Return the settings class of a model, for ``auto`` that of a model to choose.

    Raises:
        InputError: No model has this name; the message suggests similar names.
    """
    models = list_options()
    if name not in models:
        raise InputError(f"no model is called {name!r}{list_choices(name, models)}")
    return models[name]


__all__ = [
    "AUTO",
    "AutoModel",
    "BuiltModel",
    "LayerRoles",
    "ModelConfig",
    "get",
    "list_models",
    "list_options",
    "list_taggers",
    "register",
]
