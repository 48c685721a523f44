"""The folders of a run: its bundle, and the training state that is kept until the bundle is written."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kerascnn.config import Config
from kerascnn.utils.atomic_files import remove_folder
from kerascnn.utils.errors import InputError
from kerascnn.utils.remote_files import is_remote
from kerascnn.utils.same_files import find_paths, is_inside
from kerascnn.utils.stderr import Log


def default_bundle_folder(config: Config[Any]) -> Path:
    """Return ``config.output``, or saved_models/DATA-MODEL (saved_models/DATA-MODEL-distilled with a teacher)."""
    if config.output:
        return Path(config.output)
    spec = config.data[0]
    is_path = ":" not in spec or is_remote(spec)
    data = _data_name(Path(spec)) if is_path else spec.rpartition(":")[2].replace("/", "-")
    return Path("saved_models") / f"{data}-{config.model}{'-distilled' if config.distillation.teacher else ''}"


def _data_name(path: Path) -> str:
    """Return the name of a file without extensions; of train.csv the name of its folder."""
    stem = path.name.partition(".")[0]
    return path.absolute().parent.name if stem == "train" else stem


def check_inputs(config: Config[Any], folder: Path, *others: str) -> None:
    """Check that no file that a run reads is in the folder that it replaces.

    Args:
        config: The run.
        folder: The folder.
        *others: Files that are read, and are no settings of the run.

    Raises:
        InputError: One is.
    """
    for path in find_paths([*_list_texts({**config.to_dict(), "output": ""}), *others]):
        if is_inside(path, folder):
            raise InputError(f"{path} is in {folder}, which is replaced; move it out, or choose another --output")


def _list_texts(value: Any) -> Iterator[str]:
    """Yield all strings of nested settings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _list_texts(item)


def state_folder(folder: Path) -> Path:
    """Return the folder of the training state, which exists until the bundle is written."""
    return folder.with_name(f"{folder.name}.training")


def is_finished(folder: Path, *, resume: bool) -> bool:
    """Return whether a run to resume has already written its bundle."""
    return resume and folder.exists() and not state_folder(folder).exists()


def discard_interrupted_run(folder: Path, *, resume: bool, log: Log) -> None:
    """Delete the state of an interrupted training, unless the run resumes it."""
    state = state_folder(folder)
    if state.exists() and not resume:
        log(f"{state}: replacing an interrupted run; to continue that run instead, stop now and add --resume")
        remove_folder(state)


def remove_state(folder: Path) -> None:
    """Delete the state of a finished training, if it has one; TensorBoard logs move into its bundle."""
    state = state_folder(folder)
    if not state.exists():
        return
    if (state / "tensorboard").exists():
        shutil.move(state / "tensorboard", folder / "tensorboard")
    remove_folder(state)
