"""The folders of a run: its bundle, and the training state that is kept until the bundle is written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from kerascnn.config import Config
from kerascnn.utils.atomic_files import remove_folder
from kerascnn.utils.stderr import Log


def default_bundle_folder(config: Config[Any]) -> Path:
    """Return ``config.output``, or saved_models/DATA-MODEL (saved_models/DATA-MODEL-distilled with a teacher)."""
    if config.output:
        return Path(config.output)
    spec = config.data[0]
    data = spec.rpartition(":")[2].replace("/", "-") if ":" in spec else _data_name(Path(spec))
    return Path("saved_models") / f"{data}-{config.model}{'-distilled' if config.distillation.teacher else ''}"


def _data_name(path: Path) -> str:
    """Return the name of a file without extensions; of train.csv the name of its folder."""
    stem = path.name.partition(".")[0]
    return path.absolute().parent.name if stem == "train" else stem


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
