"""Pretrain an encoder on unlabelled text from a ``Config``: check, read, pretrain and save."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from kerascnn.config import Config, TransferConfig
from kerascnn.experiment import run_folders
from kerascnn.experiment.run_data import check_text_files, describe_texts, read_distinct_texts
from kerascnn.experiment.summary import summarize_pretraining
from kerascnn.manifest import read_metrics
from kerascnn.pretraining.config import MaskingConfig
from kerascnn.selection import reject_automatic
from kerascnn.tagger_settings import check_tagger_settings
from kerascnn.utils import stderr
from kerascnn.utils.argument_names import name_arguments
from kerascnn.utils.atomic_files import check_output_folder
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import require_tensorflow_backend
from kerascnn.utils.output_lock import lock_training
from kerascnn.utils.stderr import Log
from kerascnn.utils.tensorflow_startup import start_tensorflow


@dataclass(frozen=True)
class PretrainingResult:
    """Result of ``run_pretraining``.

    Attributes:
        folder: The folder of the encoder.
        metrics: As in ``metrics.json``.
        summary: Lines for the user.
    """

    folder: Path
    metrics: dict[str, Any]
    summary: str


def pretrained_folder(config: Config[Any]) -> Path:
    """Return ``config.output``, or saved_models/DATA-MODEL-pretrained."""
    folder = run_folders.default_bundle_folder(config)
    return folder if config.output else folder.with_name(f"{folder.name}-pretrained")


@name_arguments
def run_pretraining(
    config: Config[Any],
    masking: MaskingConfig,
    *,
    resume: bool = False,
    overwrite: bool = False,
    verbose: bool = True,
    log: Log = stderr.log,
) -> PretrainingResult:
    """Pretrain the encoder of a model on the texts of ``config.data`` and write it.

    Args:
        config: The run; its labels and its settings of ``transfer`` are not used.
        masking: Masking rate and negative samples.
        resume: Continue an interrupted run with the same settings, data and output.
        overwrite: Replace an existing bundle.
        verbose: Show a progress bar and the metrics of each epoch.
        log: Receives messages for the user.

    Raises:
        InputError: A setting, a file or a row cannot be used; the message names it.
    """
    reject_automatic(config, "pretraining")
    folder = pretrained_folder(config)
    if config.transfer != TransferConfig():
        raise InputError("pretraining starts from random weights; leave out the settings of transfer")
    with lock_training(folder, config.training.strategy):
        return _pretrain(config, masking, folder, resume=resume, overwrite=overwrite, verbose=verbose, log=log)


def _pretrain(
    config: Config[Any], masking: MaskingConfig, folder: Path, *, resume: bool, overwrite: bool, verbose: bool, log: Log
) -> PretrainingResult:
    """Pretrain into a folder that no other process writes, see ``run_pretraining``."""
    if run_folders.is_finished(folder, resume=resume):
        return PretrainingResult(folder, read_metrics(folder), f"{folder} is finished already")
    require_tensorflow_backend("pretraining")
    check_output_folder(folder, overwrite=overwrite or resume)
    run_folders.check_inputs(config, folder)
    if config.network.tags_tokens:
        check_tagger_settings(config)
    check_text_files(config)
    texts = read_distinct_texts(config, log)
    log(f"{len(texts):,} texts")
    run_folders.discard_interrupted_run(folder, resume=resume, log=log)
    start_tensorflow()
    from kerascnn import bundle
    from kerascnn.evaluation.report_files import write_encoder_card
    from kerascnn.pretraining.pretrain import pretrain
    from kerascnn.tagger_bundle import save_tagger_encoder

    encoder = pretrain(
        texts, config, masking, folder=run_folders.state_folder(folder), resume=resume, verbose=verbose
    )  # fmt: skip
    encoder.data.update(describe_texts(config, texts))
    save: Any = save_tagger_encoder if config.network.tags_tokens else bundle.save_encoder
    save(encoder, folder, partial(write_encoder_card, encoder), overwrite=overwrite or resume)
    run_folders.remove_state(folder)
    return PretrainingResult(folder, encoder.metrics, summarize_pretraining(encoder.metrics, folder))
