"""Check that a teacher that is trained already is the one that a distillation asks for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerascnn.config import Config, config_from_dict, load_yaml
from kerascnn.experiment.run_data import describe_data
from kerascnn.manifest import read_classifier_manifest, read_metrics
from kerascnn.selection import is_automatic
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    from kerascnn.data.splits import Splits

TEACHER_GROUPS = ("text", "network", "training", "transfer")
"""Groups of settings that a teacher has of its own; data, source and seed are those of the student."""
FITTED_SETTINGS = ("network.embedding_dim", "text.standardize")
"""Settings that pretrained vectors and encoders determine in the training."""


def check_finished_teacher(run: Config[Any], splits: Splits) -> None:
    """Check the model, the settings and the rows of a finished teacher.

    Args:
        run: The training of the teacher; ``output`` is the finished bundle.
        splits: The rows of the distillation.

    Raises:
        InputError: The bundle is of another run; the message names the first difference.
    """
    folder = Path(run.output)
    for name, found, expected in _find_differences(run, folder, splits):
        raise InputError(
            f"{folder}: the teacher there has another {name} ({found}) than this run ({expected}); replace it with"
            f" --overwrite instead of --resume, use it with --teacher {folder}, or choose another --output"
        )


def _find_differences(run: Config[Any], folder: Path, splits: Splits) -> Iterator[tuple[str, Any, Any]]:
    path = folder / "config.yaml"
    found = config_from_dict(load_yaml(path), str(path))
    is_chosen = is_automatic(run) and "selection" in read_metrics(folder)
    if found.model != run.model and not is_chosen:
        yield "model", found.model, run.model
    data = read_classifier_manifest(folder)["data"]
    for name, part in describe_data(run, splits, None).items():
        if data.get(name, {}).get("sha256") != part["sha256"]:
            theirs, ours = (", ".join(values.get("sources", ["none"])) for values in (data.get(name, {}), part))
            yield f"content of the {name} data", theirs, ours
    groups = () if is_chosen else TEACHER_GROUPS
    settings, fitted = ({"seed": config.seed, **config.flatten(groups)} for config in (run, found))
    for name, value in settings.items():
        if name not in FITTED_SETTINGS and fitted.get(name) != value:
            yield name, fitted.get(name), value
