"""The registry: a model is a file in this folder that decorates its settings with ``register``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from kerascnn.models.base import ModelConfig
from kerascnn.utils.errors import InputError, list_choices

_NETWORKS: dict[str, type[ModelConfig]] = {}


def register(name: str) -> Callable[[type[ModelConfig]], type[ModelConfig]]:
    """Class decorator that makes a ``ModelConfig`` known as ``--model NAME``."""

    def decorate(network: type[ModelConfig]) -> type[ModelConfig]:
        _NETWORKS[name] = network
        return network

    return decorate


def list_models() -> dict[str, type[ModelConfig]]:
    """All registered models, by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_NETWORKS.items()))


def get(name: str) -> type[ModelConfig]:
    """The settings class of a model; an unknown name is refused with the nearest right ones."""
    networks = list_models()
    if name not in networks:
        raise InputError(f"no model is called {name!r}{list_choices(name, networks)}")
    return networks[name]


__all__ = ["ModelConfig", "get", "list_models", "register"]
