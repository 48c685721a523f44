"""Find the folder of a pretrained encoder: of the user, of an installed package, or downloaded."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from kerascnn.encoders import minilm
from kerascnn.encoders.hub_presets import FAMILIES, read_max_sequence_length
from kerascnn.utils.errors import InputError, to_one_line
from kerascnn.utils.hugging_face import HUB, download, split_address
from kerascnn.utils.optional_packages import import_optional

PACKAGED: dict[str, Callable[[], Path]] = {minilm.NAME: minilm.find_folder}
"""Presets of installed packages by name."""
_KAGGLE = "kaggle://"
_FILES = ["*.json", "*.txt", "*.model", "*.safetensors", "*.weights.h5", "assets/*"]
"""Files of a Hugging Face repository that keras-hub reads."""
_REMEDY = (
    f"give --network.preset {' or '.join(PACKAGED)}, a folder in the format of keras-hub or Hugging Face,"
    f" {HUB}ORGANIZATION/NAME, {_KAGGLE}…, or the name of a preset of keras-hub"
)
_DOWNLOAD_REMEDY = "check the name and the network connection, or give --network.preset a folder"


def find_preset(preset: str) -> Path:
    """Return the folder of a preset; it is downloaded only if ``preset`` names a remote one.

    Downloads are kept in the caches of Kaggle and Hugging Face, and are not repeated.

    Args:
        preset: A folder, a name in ``PACKAGED``, the name of a preset of keras-hub, or an address that starts with
            ``hf://`` or ``kaggle://``.

    Raises:
        InputError: There is no such preset, a package is missing, or the download fails; or the encoder is not
            supported, which is found before its weights are downloaded.
    """
    if preset in PACKAGED:
        return PACKAGED[preset]()
    if preset.startswith(HUB):
        return _download_from_hugging_face(preset)
    if preset.startswith(_KAGGLE):
        return _download_from_kaggle(preset, preset)
    if not preset:
        raise InputError(f"no pretrained encoder; {_REMEDY}")
    if os.path.isdir(preset):
        return Path(preset)
    if len(Path(preset).parts) == 1:  # a path is never a name
        hub = import_optional("keras_hub", "hub")
        for family in FAMILIES:
            if description := getattr(hub.models, family).presets.get(preset):
                return _download_from_kaggle(description["kaggle_handle"], preset)
        if preset in hub.models.Backbone.presets:
            raise InputError(f"{preset}: an encoder of another kind; supported are {', '.join(FAMILIES)}")
    raise InputError(f"{preset}: no such folder or preset; {_REMEDY}")


def _download_from_hugging_face(preset: str) -> Path:
    name, revision = split_address(preset)
    fetch = partial(download, name, extra="hub", remedy=_DOWNLOAD_REMEDY, revision=revision)
    read_max_sequence_length(fetch(["config.json"]))
    return fetch(_FILES)


def _download_from_kaggle(handle: str, preset: str) -> Path:
    library = import_optional("kagglehub", "hub")
    name = handle.removeprefix(_KAGGLE)
    read_max_sequence_length(_download(lambda: library.model_download(name, "config.json"), preset).parent)
    return _download(lambda: library.model_download(name), preset)


def _download(download: Callable[[], str], preset: str) -> Path:
    try:
        return Path(download())
    except Exception as error:  # each library and the libraries below it have their own errors
        reason = to_one_line(error)[:200] or type(error).__name__
        raise InputError(f"{preset}: cannot be downloaded ({reason}); {_DOWNLOAD_REMEDY}") from None
