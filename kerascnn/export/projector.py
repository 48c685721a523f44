"""Export the vectors of words for the embedding projector of TensorBoard."""

from __future__ import annotations

from pathlib import Path

from kerascnn.bundle import Bundle
from kerascnn.evaluation.projector import write_projector
from kerascnn.utils.atomic_files import atomic_folder
from kerascnn.utils.errors import InputError


def export(bundle: Bundle, bundle_folder: Path) -> Path:
    """Write ``projector/``, a folder for ``tensorboard --logdir``.

    Returns:
        The folder.

    Raises:
        InputError: The model has no vectors of tokens.
    """
    folder = bundle_folder / "projector"
    with atomic_folder(folder) as partial:
        if not write_projector(bundle, partial):
            raise InputError(
                f"{bundle_folder}: {bundle.config.model} has no vectors of words that can be shown; export a model with"
                " an embedding, such as word_cnn"
            )
    return folder
