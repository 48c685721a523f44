"""The manifest of a bundle, read without TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kerascnn.utils.atomic_files import finish_replacement, read_json
from kerascnn.utils.errors import InputError

SCHEMA_VERSION = 1
"""Version of the layout of bundles and edge folders."""
PRETRAINING = "pretraining"
"""Task of a pretrained encoder, which has no labels."""


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a bundle.

    Raises:
        InputError: The folder is not a bundle, has a newer schema version, or the manifest is damaged.
    """
    finish_replacement(folder)
    path = folder / "manifest.json"
    if not path.is_file():
        raise InputError(f"{folder}: not a bundle (it has no manifest.json); give the folder that training wrote")
    try:
        manifest: dict[str, Any] = read_json(path)
        schema = manifest["schema_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: damaged ({error}); copy the bundle again") from None
    if schema > SCHEMA_VERSION:
        raise InputError(
            f"{path}: written by a newer kerascnn (schema version {schema}, this version reads {SCHEMA_VERSION});"
            " pip install --upgrade kerascnn"
        )
    return manifest


def read_classifier_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a classifier.

    Raises:
        InputError: As ``read_manifest``, or the bundle is a pretrained encoder.
    """
    manifest = read_manifest(folder)
    if manifest["task"] == PRETRAINING:
        raise InputError(
            f"{folder}: a pretrained encoder has no labels; train a classifier that starts from it:"
            f" --init-from {folder}"
        )
    return manifest
