"""Training runs of taggers: the model that suits the data, and the steps from rows to a bundle."""

from __future__ import annotations

import dataclasses
import glob
import os
import warnings
from itertools import chain, dropwhile, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerascnn.config import Config, default_config
from kerascnn.data.records import TAGGING_TASK, Record
from kerascnn.data.tag_schemes import has_spans
from kerascnn.experiment import run_folders
from kerascnn.experiment.run_data import (
    describe_data,
    load_distillation_data,
    text_and_label_columns,
    training_columns,
)  # fmt: skip
from kerascnn.models import AUTO
from kerascnn.text.words import is_cjk
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import Log
from kerascnn.utils.tensorflow_startup import limit_threads, start_tensorflow

if TYPE_CHECKING:
    from kerascnn.data.splits import Splits
    from kerascnn.tagger_bundle import TaggerBundle

_PEEKED_ROWS = 200
WORD_MODEL, CHARACTER_MODEL = "id_cnn", "char_id_cnn"
"""Models of words and of Chinese or Japanese characters, if the settings leave it open."""


def choose_tagger(config: Config[Any]) -> Config[Any]:
    """Return the settings of a run, with a model for tagging if its data has a tag for each token.

    Only the start of the data is read. Settings of another model are returned unchanged.
    """
    if config.network.tags_tokens or not names_file(config.data[0]):
        return config
    records = _peek(config)
    tokens = [token.text for record in records for token in record.tokens or ()]
    if not tokens or config != dataclasses.replace(config, **_defaults(config.model)):
        return config
    num_characters = sum(len(token) == 1 and is_cjk(token) for token in tokens)
    return dataclasses.replace(config, **_defaults(CHARACTER_MODEL if 2 * num_characters > len(tokens) else WORD_MODEL))


def names_file(source: str) -> bool:
    """Return whether a source is a file, or a pattern that matches one, and no folder."""
    return os.path.isfile(source) or (not os.path.exists(source) and any(map(os.path.isfile, glob.iglob(source))))


def _peek(config: Config[Any]) -> list[Record]:
    """Return the first records that show what the labels are, none if they cannot be read: reading all reports it.

    Texts without spans, at the start, do not show it; nor do files that have only such texts.
    """
    from kerascnn.data.sources import read_records

    def is_open(record: Record) -> bool:
        return record.tokens is None and record.labels == ()

    records = chain.from_iterable(read_records(spec, config.source, labelled=True) for spec in config.data)
    try:
        return list(islice(dropwhile(is_open, records), _PEEKED_ROWS))
    except InputError:
        return []


def _defaults(model: str) -> dict[str, Any]:
    """Return model, text and network settings; a tagger is no alternative to a model that was chosen."""
    if model not in (Config.model, AUTO, WORD_MODEL, CHARACTER_MODEL):
        return {"model": ""}
    config = default_config(model)
    return {"model": config.model, "text": config.text, "network": config.network}


def check_model_fits(config: Config[Any], splits: Splits, option: str = "--model") -> None:
    """Check that the model has labels of the kind that the data has.

    Args:
        config: The run.
        splits: Its rows.
        option: The option that names the model.

    Raises:
        InputError: The data has a tag for each token and the model has one label per text, or the reverse.
    """
    is_tagging = splits.task.name == TAGGING_TASK
    if is_tagging and not config.network.tags_tokens:
        raise InputError(
            f"the data has a tag for each token, and {config.model} has labels of texts; give {option}"
            f" {WORD_MODEL}, or {option} {CHARACTER_MODEL} for Chinese and Japanese characters"
        )
    if config.network.tags_tokens and not is_tagging:
        raise InputError(
            f"{option} {config.model} has a label for each token, and the data has labels of texts; give tokens with"
            " tags, such as a .conll file, or another model"
        )


def train_tagger_run(
    config: Config[Any],
    splits: Splits,
    folder: Path,
    *,
    resume: bool,
    overwrite: bool,
    store_examples: bool,
    verbose: bool,
    log: Log,
) -> TaggerBundle:
    """Train a tagger on the rows of a run, evaluate it, and write its bundle; of several processes only the chief."""
    limit_threads(config.network.parallel_branches)
    start_tensorflow()
    from kerascnn.evaluation.tagger_card import TaggedExample
    from kerascnn.tagged_texts import TagWarning
    from kerascnn.tasks.tagging_metrics import evaluate_tags
    from kerascnn.token_classifier import TokenClassifier
    from kerascnn.training.distributed import strategies

    is_chief = strategies.is_chief(config.training.strategy)
    if is_chief:
        run_folders.discard_interrupted_run(folder, resume=resume, log=log)
    distillation = load_distillation_data(config, splits, log)
    sentences, tags, soft_labels = training_columns(splits, distillation)
    tagger = TokenClassifier.from_config(config)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TagWarning)  # reading the data reported it
        tagger.fit(
            sentences, tags, soft_labels=soft_labels,
            validation_data=text_and_label_columns(splits.validation, splits.task) if splits.validation else None,
            folder=run_folders.state_folder(folder), resume=resume,
            verbose=verbose and is_chief,
        )  # fmt: skip
    if not is_chief:
        return tagger.bundle_
    known = frozenset(token.text for row in splits.train for token in row.tokens)
    examples: list[TaggedExample] = []
    for name in ("validation", "test"):
        if rows := getattr(splits, name):
            sentences, tags = text_and_label_columns(rows, splits.task)
            predicted = tagger.predict(sentences)
            tagger.bundle_.metrics[name] = evaluate_tags(
                tags, predicted, sentences, known, is_spans=has_spans(tagger.classes_)
            )
            examples = list(map(TaggedExample, sentences, tags, predicted))
    tagger.bundle_.data.update(describe_data(config, splits, distillation))
    if distillation:
        training = config.training
        tagger.bundle_.distillation |= {
            "teacher": config.distillation.teacher,
            "temperature": 1.0 if config.network.crf else training.soft_label_temperature,
            "weight": training.soft_label_weight,
            "sha256": distillation.sha256,
        }
    tagger.save(folder, overwrite=overwrite or resume, examples=examples if store_examples else ())
    run_folders.remove_state(folder)
    return tagger.bundle_


def summarize_tagger(bundle: TaggerBundle, folder: Path, *, has_edge: bool) -> str:
    """Return the closing lines of a training: metrics, cost, folder and next command."""
    metrics = bundle.metrics
    split = next((name for name in ("test", "validation") if name in metrics), "")
    lines = ["", f"{split} data", "", bundle.task.format_metrics(metrics[split]), ""] if split else [""]
    return "\n".join([
        *lines,
        f"{metrics['parameters']:,} parameters, {metrics['epochs']} epochs in {metrics['seconds']:.0f} s,"
        f" {metrics['tokens_per_second']:,.0f} tokens/s",
        f"wrote {folder}; next:",
        f"  open {folder / 'report.html'}",
        f'  python -m pipelines.predict {folder} "a text"',
        f"  python -m pipelines.evaluate {folder} --data test.conll",
        *([] if has_edge else [f"  python -m pipelines.export {folder} --format tflite"]),
    ])  # fmt: skip
