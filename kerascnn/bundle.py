"""The bundle, the folder that training saves. Its format is described in ``saved_models/README.md``.

This module saves and loads; it neither evaluates nor draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerascnn import config as configuration
from kerascnn.bundle_contents import LabelDecisions, read_decision, read_encoder
from kerascnn.bundle_files import list_packages, write_history
from kerascnn.config import Config
from kerascnn.data.records import TAGGING_TASK
from kerascnn.golden import PredictFn, check_golden, write_golden
from kerascnn.manifest import (
    CHECKED_FILES,
    PRETRAINING,
    SCHEMA_VERSION,
    SENTENCEPIECE_FILE,
    Manifest,
    check_files,
    read_classifier_manifest,
    read_history,
    read_manifest,
    reject_ensemble,
)  # fmt: skip
from kerascnn.models import BuiltModel, LayerRoles
from kerascnn.text import vocabulary
from kerascnn.text.escaped_lines import write_escaped_lines
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils.archives import check_keras_file
from kerascnn.utils.atomic_files import atomic_folder, check_output_folder, read_json, sha256, write_json
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import require_tensorflow_backend
from kerascnn.utils.sealed_json import write_sealed_json
from kerascnn.utils.tensorflow_startup import check_fork, claim_process

if TYPE_CHECKING:
    import keras


WriteFiles = Callable[[Path], None]
"""Function that writes further files into a folder that already has those of this module."""


@dataclass(kw_only=True)
class Bundle(LabelDecisions):
    """A trained classifier with its settings, labels, metrics and history."""

    config: Config[Any]
    """All settings of the run."""
    vectorizer: Vectorizer
    model: keras.Model
    """Functional model, ids -> logits."""
    roles: LayerRoles
    """The layers of the model by role."""
    metrics: dict[str, Any] = field(default_factory=dict)
    """Content of ``metrics.json``."""
    history: list[dict[str, float]] = field(default_factory=list)
    """Metrics of each epoch."""
    data: dict[str, Any] = field(default_factory=dict)
    """Name of each split to its ``sources``, ``rows`` and ``sha256``."""
    temperature: float = 1.0
    """Divisor of the logits before softmax or sigmoid."""
    scripts: dict[str, float] = field(default_factory=dict)
    """Script to its fraction of the training texts."""
    languages: list[str] = field(default_factory=list)
    """ISO 639-1 codes of the languages of the training texts, as far as they are known."""
    distillation: dict[str, Any] = field(default_factory=dict)
    """The teacher and how its probabilities were learned; empty if there was none."""
    validation_probabilities: np.ndarray | None = None
    """Probabilities of the validation documents by a model that was not fitted to them, if this one was; not saved."""

    @property
    def built(self) -> BuiltModel:
        """The model with its layers by role."""
        return BuiltModel(self.model, self.roles)

    def check_golden(self, folder: Path, predict_fn: PredictFn) -> None:
        """Check that a loaded classifier answers as at training, see ``golden.check_golden``."""
        check_golden(folder / "golden.json", self.vectorizer.encode_text, predict_fn, self.decide)


def save_bundle(
    bundle: Bundle, folder: Path, predict_fn: PredictFn, write_files: WriteFiles, *, overwrite: bool = False
) -> None:
    """Write a bundle to a new folder, completely or not at all.

    Args:
        bundle: The classifier.
        folder: The folder to create.
        predict_fn: Function from texts to probabilities, for the golden answers.
        write_files: Writes the files for people, such as the model card.
        overwrite: Replace an existing bundle.

    Raises:
        InputError: The folder exists and must not be replaced.
    """

    def write_answers(partial_folder: Path) -> None:
        write_escaped_lines(partial_folder / "labels.txt", bundle.labels)
        write_golden(partial_folder / "golden.json", bundle.vectorizer.encode_text, predict_fn, bundle.decide)

    writers = (partial(_write_sentencepiece, bundle.vectorizer), write_answers, write_files)
    write_bundle(bundle, folder, bundle.task.name, writers, overwrite=overwrite)


def save_encoder(bundle: Bundle, folder: Path, write_files: WriteFiles, *, overwrite: bool = False) -> None:
    """Write a pretrained encoder, ids -> features, to a new folder, completely or not at all.

    Args:
        bundle: The encoder; it has no labels.
        folder: The folder to create.
        write_files: Writes the files for people, such as the model card.
        overwrite: Replace an existing bundle.

    Raises:
        InputError: The folder exists and must not be replaced.
    """
    writers = (partial(_write_sentencepiece, bundle.vectorizer), write_files)
    write_bundle(bundle, folder, PRETRAINING, writers, overwrite=overwrite)


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle.

    Raises:
        InputError: It is missing, damaged, or written by a newer version; the message names the file.
    """
    manifest = read_classifier_manifest(folder)
    reject_ensemble(folder, manifest)
    if manifest["task"] == TAGGING_TASK:
        raise InputError(f"{folder}: has a tag for each token; read it with kerascnn.load or TokenClassifier.load")
    check_files(folder, manifest, CHECKED_FILES)
    decision = read_decision(folder, manifest)
    bundle = Bundle(
        config=configuration.config_from_dict(
            configuration.load_yaml(folder / "config.yaml"), str(folder / "config.yaml")
        ),
        vectorizer=read_encoder(folder, manifest, Vectorizer),
        labels=decision.labels,
        roles=read_roles(folder, manifest),
        model=load_model_file(folder / "model.keras", manifest["packages"]),
        metrics=read_json(folder / "metrics.json"),
        history=read_history(folder),
        data=manifest["data"],
        task=decision.task,
        temperature=decision.temperature,
        thresholds=decision.thresholds,
        label_type=decision.label_type,
        indicator_dtype=decision.indicator_dtype,
        scripts=manifest["scripts"],
        languages=manifest["languages"],
        distillation=manifest["distillation"] or {},
    )
    if bundle.model.output_shape[-1] != len(bundle.labels):
        raise InputError(
            f"{folder / 'labels.txt'}: {len(bundle.labels)} labels for {bundle.model.output_shape[-1]} logits"
        )
    names = {layer.name for layer in bundle.model.layers}
    if unknown := {name for layers in manifest["layers"].values() for name in layers} - names:
        raise InputError(f"{folder / 'manifest.json'}: the model has no layer {min(unknown)!r}")
    return bundle


def read_roles(folder: Path, manifest: Manifest) -> LayerRoles:
    """Return the layers by role that a manifest names.

    Raises:
        InputError: It names an unknown role.
    """
    try:
        return LayerRoles.from_dict(manifest["layers"])
    except TypeError as error:
        raise InputError(f"{folder / 'manifest.json'}: layers: {error}") from None


def load_model(folder: Path) -> keras.Model:
    """Read only the model of a classifier or of a pretrained encoder.

    Raises:
        InputError: It is missing, damaged, or written by a newer version, or the bundle is an ensemble.
    """
    manifest = read_manifest(folder)
    reject_ensemble(folder, manifest)
    check_files(folder, manifest, ("model.keras",))
    return load_model_file(folder / "model.keras", manifest["packages"])


def load_vectorizer(folder: Path) -> Vectorizer:
    """Read only the vectorizer of a classifier or of a pretrained encoder.

    Raises:
        InputError: It is missing, damaged, or written by a newer version, or the bundle is an ensemble.
    """
    manifest = read_manifest(folder)
    reject_ensemble(folder, manifest)
    return read_encoder(folder, manifest, Vectorizer)


def load_model_file(path: Path, packages: dict[str, str]) -> keras.Model:
    """Read ``model.keras``.

    Args:
        path: The file.
        packages: Versions of the packages that wrote it, for messages.

    Raises:
        InputError: It cannot be read.
    """
    import keras

    from kerascnn import layers  # noqa: F401  registers the layers with Keras

    require_tensorflow_backend("a trained classifier")
    check_fork()
    try:
        check_keras_file(path)
        claim_process()
        return keras.saving.load_model(path, compile=False)
    except InputError:
        raise
    except Exception as error:  # Keras documents none
        reason = (str(error).strip() or repr(error)).splitlines()[-1]
        raise InputError(
            f"{path}: Keras cannot read it ({reason}); it was written with"
            f" kerascnn {packages.get('kerascnn')} and keras {packages.get('keras')}: install these, or train again"
        ) from None


def write_bundle(
    bundle: Any, folder: Path, task: str, writers: Sequence[WriteFiles], *, overwrite: bool = False
) -> None:
    """Write a bundle of any task to a new folder, completely or not at all.

    Args:
        bundle: A ``Bundle``, or another class with its fields.
        folder: The folder to create.
        task: Name of the task in the manifest.
        writers: Write the files that not all bundles have, in this order.
        overwrite: Replace an existing bundle.

    Raises:
        InputError: The folder exists and must not be replaced.
    """
    check_output_folder(folder, overwrite=overwrite)
    with atomic_folder(folder) as partial_folder:
        configuration.save_yaml(bundle.config, partial_folder / "config.yaml")
        vocabulary.write_vocabulary(partial_folder / "vocabulary.txt", bundle.vectorizer.vocabulary)
        bundle.model.save(partial_folder / "model.keras")
        write_json(partial_folder / "metrics.json", bundle.metrics)
        write_history(bundle.history, partial_folder / "history.csv")
        for write in writers:
            write(partial_folder)
        _write_manifest(bundle, partial_folder, task)


def _write_sentencepiece(vectorizer: Vectorizer, folder: Path) -> None:
    if vectorizer.sentencepiece:
        (folder / SENTENCEPIECE_FILE).write_bytes(vectorizer.sentencepiece.serialize())


def _write_manifest(bundle: Any, folder: Path, task: str) -> None:
    write_manifest(
        bundle, folder, task, sorted(folder.iterdir()), model=bundle.config.model, layers=bundle.roles.to_dict(),
        vectorizer=bundle.vectorizer.get_config(),
    )  # fmt: skip


def write_manifest(
    bundle: Any,
    folder: Path,
    task: str,
    files: Sequence[Path],
    *,
    model: str,
    layers: Mapping[str, Any],
    vectorizer: Mapping[str, Any],
) -> None:
    """Write the manifest to the folder that has the other files.

    Args:
        bundle: What all kinds of bundles have: labels, scripts, languages and data, see ``Bundle``.
        folder: The folder.
        task: Name of the task.
        files: The files whose hashes it has.
        model: Name of the model.
        layers: Layers by role.
        vectorizer: Configuration of the vectorizer.
    """
    write_sealed_json(
        folder / "manifest.json",
        {
            "schema_version": SCHEMA_VERSION,
            "task": task,
            "model": model,
            "label_type": bundle.label_type,
            "indicator_dtype": bundle.indicator_dtype,
            "scripts": bundle.scripts,
            "languages": bundle.languages,
            "layers": layers,
            "vectorizer": vectorizer,
            "temperature": bundle.temperature,
            "thresholds": bundle.thresholds,
            "distillation": bundle.distillation or None,
            "packages": list_packages(),
            "data": bundle.data,
            "files": {path.relative_to(folder).as_posix(): sha256(path) for path in files},
        },
    )
