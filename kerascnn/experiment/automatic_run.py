"""Choose the model of a run with ``--model auto``, once for a run that is interrupted and resumed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerascnn.config import Config, config_from_dict
from kerascnn.experiment.run_data import text_and_label_columns
from kerascnn.experiment.run_folders import discard_interrupted_run, state_folder
from kerascnn.selection import choose_model
from kerascnn.utils.atomic_files import atomic_path
from kerascnn.utils.sealed_json import read_sealed_json, write_sealed_json
from kerascnn.utils.stderr import Log

if TYPE_CHECKING:
    from kerascnn.data.splits import Splits

FILE_NAME = "choice.json"


def choose_run(
    config: Config[Any], splits: Splits, folder: Path, *, resume: bool, log: Log
) -> tuple[Config[Any], dict[str, Any]]:
    """Return the run with the chosen model, and the entry of ``metrics.json`` about the choice.

    Args:
        config: The run, with the model ``auto``.
        splits: The rows of the run.
        folder: Folder of the bundle. The choice is written to the state of the training, for a run that resumes it.
        resume: Use the choice of an interrupted run, if it had the same settings and rows.
        log: Receives the reasons.

    Raises:
        InputError: A setting of the run cannot be used with the model ``auto``.
    """
    from kerascnn.classifier_data import prepare_data
    from kerascnn.data.records import hash_rows

    run = {**config.to_dict(), "output": "", "training_rows": hash_rows(splits.train)}
    discard_interrupted_run(folder, resume=resume, log=log)
    path = state_folder(folder) / FILE_NAME
    if resume and path.exists() and (written := _read_choice(path))["run"] == run:
        log(f"model auto chose {written['facts']['model']} before the interruption")
        chosen, facts = config_from_dict(written["config"], str(path)), written["facts"]
        return chosen.replace_values({"output": config.output}, str(path)), {"selection": facts}
    data = prepare_data(
        config, *text_and_label_columns(splits.train, splits.task),
        validation_data=text_and_label_columns(splits.validation or splits.train, splits.task),
    )  # fmt: skip
    choice = choose_model(config, data, log=log)
    path.parent.mkdir(parents=True, exist_ok=True)
    values = {"schema_version": 1, "run": run, "config": choice.config.to_dict(), "facts": choice.facts}
    with atomic_path(path) as partial:
        write_sealed_json(partial, values)
    return choice.config, {"selection": choice.facts}


def _read_choice(path: Path) -> dict[str, Any]:
    return read_sealed_json(path, schema_version=1, remedy="delete it and train again")
