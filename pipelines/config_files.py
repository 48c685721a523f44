"""Find YAML files of settings: by path, in a bundle, or by the name of one that the package comes with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from kerascnn.utils.errors import InputError, list_choices

ConfigName = Annotated[str, tyro.conf.arg(metavar="CONFIG")]
"""Path of a YAML file or of a bundle, or name of a packaged file."""
CONFIGS = Path(__file__).parent / "configs"
"""Folder of the settings of trainings that the package comes with."""
SPACES = CONFIGS / "tune"
"""Folder of the search spaces that the package comes with."""


def list_configs(folder: Path = CONFIGS) -> list[str]:
    """Return the names of the YAML files of a folder, without suffix."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def find_config(name: str, folder: Path = CONFIGS, option: str = "--config") -> str:
    """Return the path of a YAML file.

    Args:
        name: Path of the file or of a bundle, which has a ``config.yaml``, or name of a packaged file; empty: none.
        folder: Folder of the packaged files.
        option: The option that gives the name, for messages.

    Raises:
        InputError: There is no such file; the message lists the packaged files.
    """
    path = Path(name)
    if not name or path.is_file():
        return name
    if (path / "config.yaml").is_file():
        return str(path / "config.yaml")
    names = list_configs(folder)
    if name.removesuffix(".yaml") in names:
        return str(folder / f"{name.removesuffix('.yaml')}.yaml")
    choices = list_choices(path.stem, names)
    raise InputError(f"{option} {name}: no such file, and no configuration of the package has this name{choices}")
