"""The data of a run: rows, unlabelled texts and soft labels, and the description of their sources."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerascnn.config import Config
from kerascnn.data.cache import Cache
from kerascnn.data.encodings import STDIN
from kerascnn.data.records import TAGGING_TASK
from kerascnn.data.stored_rows import StoredRows
from kerascnn.data.tfds import start_tensorflow_for
from kerascnn.experiment.run_folders import default_bundle_folder
from kerascnn.models import AUTO
from kerascnn.utils.atomic_files import check_output_parent
from kerascnn.utils.errors import InputError
from kerascnn.utils.ray_session import import_ray
from kerascnn.utils.stderr import Log

if TYPE_CHECKING:
    from kerascnn.data.records import Row
    from kerascnn.data.splits import Splits
    from kerascnn.distillation.data import DistillationData
    from kerascnn.tasks import Task

MAX_CALIBRATION_TEXTS = 300
"""Texts that quantization to ``int8`` is calibrated on."""


def check_text_files(config: Config[Any]) -> None:
    """Check that the list of stop words and the dictionary of a run can be read, before other work.

    Raises:
        InputError: One of them is missing or damaged.
    """
    from kerascnn.text import segmentation, vocabulary

    if config.text.stop_words:
        vocabulary.read_stop_word_lines(config.text.stop_words)
    segmentation.load_words(config.text, config.transfer.word_list)


def choose_audit_cache(config: Config[Any]) -> Cache | None:
    """Return where the rows of an audit are kept in files; None: they are held in memory."""
    is_suitable = not config.network.tags_tokens and STDIN not in _list_sources(config)
    return Cache(find_cache_folder(config)) if is_suitable and _count_excessive_rows(config) is not None else None


def choose_cache(config: Config[Any], log: Log | None = None) -> Cache | None:
    """Return where the rows of a training are kept in files; None: they are few enough to be held in memory.

    Args:
        config: The run.
        log: Receives a message if they are kept in files.

    Raises:
        InputError: There are many rows, and the run needs all of them in memory; or Ray is to count their tokens and
            is not installed.
    """
    training = config.training
    repeats = bool(training.list_changed(("refit_rows",)) and training.refit_rows)
    rows = check_memory(config, {
        "standard input is read once; write it into a file": STDIN in _list_sources(config),
        f"{config.model} holds all rows in memory": config.network.tags_tokens,
        f"{config.model} holds all rows in memory; choose --model word_cnn or char_cnn": _needs_memory(config),
        "a teacher labels all rows in memory; leave --teacher out": bool(config.distillation.teacher),
        "a second training holds all rows in memory; leave --training.refit_rows out": repeats,
    })  # fmt: skip
    if not rows:
        return None
    if config.source.engine == "ray":
        import_ray()
    cache = Cache(find_cache_folder(config))
    try:
        check_output_parent(cache.folder / "rows")
    except InputError as error:
        raise InputError(f"{str(error).partition(';')[0]}; choose another --source.cache-dir") from None
    if log:
        log(f"{rows}: training from files in {cache.folder}")
    return cache


def check_memory(config: Config[Any], reasons: Mapping[str, bool]) -> str:
    """Check that a run with more rows than memory holds can be done from files.

    Args:
        config: The run.
        reasons: Sentences about what needs all rows in memory, with remedies, and whether the run has it.

    Returns:
        A sentence about the number of rows; empty if memory holds them.

    Raises:
        InputError: There are too many rows, and a reason applies.
    """
    rows = _count_excessive_rows(config)
    if rows is None:
        return ""
    found = f"about {rows:,} rows are more than --source.in-memory-rows {config.source.in_memory_rows:,}"
    for reason, applies in reasons.items():
        if applies:
            joint = ", or" if ";" in reason else ";"
            raise InputError(f"{found}, but {reason}{joint} allow more rows in memory")
    return found


def _count_excessive_rows(config: Config[Any]) -> int | None:
    """Return about how many rows a run has, if they are too many for memory; None: they are not.

    The lines of files with a token on each are not counted: tagging holds all rows in memory.
    """
    from kerascnn.data.row_estimate import estimate_source_rows

    start_tensorflow_for(_list_sources(config))
    rows, limit = estimate_source_rows(_list_sources(config), config.source), config.source.in_memory_rows
    is_excessive = rows > limit and not config.network.tags_tokens
    return rows if is_excessive or not limit else None


def _list_sources(config: Config[Any]) -> list[str]:
    return [*config.data, *config.validation_data, *config.test_data]


def find_cache_folder(config: Config[Any]) -> Path:
    """Return the folder of the cache of a run."""
    if config.source.cache_dir:
        return Path(config.source.cache_dir)
    return default_bundle_folder(config).parent / ".cache"


def _needs_memory(config: Config[Any]) -> bool:
    """Return whether a model is trained in a way that holds all rows in memory."""
    network = config.network
    return config.model == AUTO or network.has_sentence_vector or bool(network.weights_origin)


def read_splits(config: Config[Any], cache: Cache | None = None, *, verbose: bool = False) -> Splits:
    """Read the training, validation and test rows of a run.

    Args:
        config: The run.
        cache: Where the rows are kept in files; None: they are held in memory.
        verbose: Show a progress bar while files are written.

    Raises:
        InputError: A source cannot be read, or its rows cannot be used for training.
    """
    from kerascnn.data.splits import load_splits
    from kerascnn.data.stored_splits import load_stored_splits

    sources = config.data, config.validation_data, config.test_data
    start_tensorflow_for(_list_sources(config))
    if cache:
        return load_stored_splits(*sources, config.source, cache, verbose=verbose)
    return load_splits(*sources, config.source)


def read_distinct_texts(config: Config[Any], log: Log) -> list[str]:
    """Read all texts of ``config.data`` for pretraining, without labels, blank texts and duplicates."""
    from kerascnn.data import sources

    start_tensorflow_for(config.data)
    texts: dict[str, None] = {}
    count = 0
    for spec in config.data:
        for record in sources.read_texts(spec, config.source):
            count += 1
            texts[record.fields[config.source.text_column]] = None
    kept = [text for text in texts if text.strip()]
    if len(kept) < count:
        log(f"{count - len(kept):,} of {count:,} texts are blank or duplicates and are left out")
    return kept


def load_distillation_data(config: Config[Any], splits: Splits, log: Log) -> DistillationData | None:
    """Load the soft labels of the teacher of a run; None if the run has no teacher.

    Raises:
        InputError: The teacher cannot be read or does not fit the data, or there are unlabelled texts but no teacher.
    """
    if not config.distillation.teacher:
        if config.distillation.unlabelled:
            raise InputError("--unlabelled: texts without labels need a teacher; add --teacher")
        return None
    if splits.task.name == TAGGING_TASK:
        from kerascnn.distillation.tag_teachers import load_tag_probabilities as load_soft_labels
    else:
        from kerascnn.distillation.data import load_soft_labels

    distillation = load_soft_labels(config, splits)
    for message in distillation.messages:
        log(message)
    return distillation


def read_calibration_texts(config: Config[Any], data: Sequence[str] = ()) -> list[str]:
    """Read texts to calibrate the quantization to ``int8`` on, always the same ones.

    Args:
        config: The run of the classifier.
        data: Sources; none: the training data of the run.

    Raises:
        InputError: The data cannot be read.
    """
    from kerascnn.data.sources import read_rows

    start_tensorflow_for(data or [*config.data, *config.validation_data, *config.test_data])
    try:
        if data:
            rows: Sequence[Row] = list(read_rows(data, config.source))
        else:
            rows = read_splits(config, choose_cache(config)).train
    except InputError as error:
        raise InputError(
            f"int8 needs texts for calibration: {error}; or give other data by --calibration-data"
        ) from None
    return [row.text for row in random.Random(0).sample(rows, min(len(rows), MAX_CALIBRATION_TEXTS))]


def training_columns(splits: Splits, distillation: DistillationData | None) -> tuple[Sequence[str], list[Any], Any]:
    """Return the texts, labels and soft labels to train on; soft labels are None without a teacher."""
    if distillation is None:
        return *text_and_label_columns(splits.train, splits.task), None
    texts, labels = text_and_label_columns(splits.train, splits.task)
    others = [*distillation.unlabelled, *distillation.spliced]
    texts = [*texts, *splits.task.texts_of_rows(others)]
    return texts, [*labels, *[None] * len(others)], distillation.soft_labels


def text_and_label_columns(rows: Sequence[Row], task: Task) -> tuple[Sequence[Any], list[Any]]:
    """Return texts and labels of rows in the form that ``fit`` takes."""
    if isinstance(rows, StoredRows):
        return rows.texts, task.labels_of_rows(rows.without_texts())
    return task.texts_of_rows(rows), task.labels_of_rows(rows)


def describe_data(config: Config[Any], splits: Splits, distillation: DistillationData | None) -> dict[str, Any]:
    """Return sources, number of rows and hash of each split, as in ``manifest.json``."""
    from kerascnn.data.records import hash_rows

    sources = {"train": config.data, "validation": config.validation_data, "test": config.test_data}
    split_rows = {name: getattr(splits, name) for name in sources}
    if distillation:
        sources["unlabelled"], split_rows["unlabelled"] = config.distillation.unlabelled, distillation.unlabelled
    return {
        name: {
            "sources": list(specs or config.data),
            "rows": len(rows),
            "sha256": rows.hash() if isinstance(rows, StoredRows) else hash_rows(rows),
        }
        for name, specs in sources.items()
        if (rows := split_rows[name])
    }


def describe_texts(config: Config[Any], texts: Sequence[str]) -> dict[str, Any]:
    """Return sources, number and hash of the texts of a pretraining, as in ``manifest.json``."""
    digest = hashlib.sha256("\x1e".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
    return {"train": {"sources": list(config.data), "rows": len(texts), "sha256": digest}}
