"""Types of the layers' arguments."""

from __future__ import annotations

from typing import Any, TypeAlias

Tensor: TypeAlias = Any
"""A tensor of the Keras backend, or a ``KerasTensor`` while a functional model is built; Keras has no types."""
