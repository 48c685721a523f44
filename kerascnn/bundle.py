"""The folder that training writes: read and written whole or not at all. Its contract: ``saved_models/README.md``."""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerascnn import config as configuration
from kerascnn.config import Config
from kerascnn.evaluation import model_card, plots
from kerascnn.golden import PROBES
from kerascnn.manifest import SCHEMA_VERSION, read_manifest
from kerascnn.models import BuiltModel, LayerRoles
from kerascnn.tasks import SINGLE_LABEL, Task, get_task
from kerascnn.text import vocabulary
from kerascnn.text.escaped_lines import read_escaped_lines, write_escaped_lines
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils.atomic_files import atomic_folder, check_output_folder, read_json, sha256, write_json
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import require_tensorflow_backend

if TYPE_CHECKING:
    import keras

    from kerascnn.evaluation.explanation import Explanation
    from kerascnn.evaluation.report import Example

PACKAGES = ("kerascnn", "keras", "tensorflow", "tensorflow-text", "keras-hub", "numpy", "scikit-learn")
# What loading reads; people may edit the model card.
CHECKED = ("config.yaml", "vocabulary.txt", "labels.txt", "model.keras", "golden.json")
TOLERANCE = 1e-4
PRETRAINING = "pretraining"
"""The task of an encoder without labels."""

Predict = Callable[[Sequence[str]], np.ndarray]
"""Texts to probabilities, (documents, classes)."""
Explain = Callable[[str, int], "Explanation"]
"""A text and the position of a label to what speaks for it."""


@dataclass
class Bundle:
    """A trained classifier and all that is known of it."""

    config: Config[Any]
    """The whole run."""
    vectorizer: Vectorizer
    labels: list[str]
    """Class names, in the order of the logits."""
    model: keras.Model
    """ids -> logits."""
    roles: LayerRoles
    """The layers of the model by role."""
    metrics: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    """An epoch a row."""
    data: dict[str, Any] = field(default_factory=dict)
    """Split to what was read: sources, rows, sha256."""
    task: Task = SINGLE_LABEL
    temperature: float = 1.0
    """The logits are divided by it before the softmax or the sigmoids."""
    thresholds: list[float] | None = None
    """Multi-label: the probability from which on each label is given, in the order of the logits."""
    distillation: dict[str, Any] = field(default_factory=dict)
    """The teacher, and how its probabilities were learned; empty where there was none."""
    examples: dict[str, list[Example]] = field(default_factory=dict)
    """Documents that the report shows, see ``evaluation.report.telling``; no other file holds them."""

    @property
    def built(self) -> BuiltModel:
        """The model with its layers by role."""
        return BuiltModel(self.model, self.roles)


def write(bundle: Bundle, folder: Path, predict: Predict, explain: Explain, *, overwrite: bool = False) -> None:
    """Write a bundle to a new folder.

    Args:
        bundle: What to write.
        folder: The folder to create.
        predict: Texts to probabilities (documents, classes), for the probes of ``golden.json``.
        explain: A text and the position of a label to what speaks for it, for the examples of ``report.html``.
        overwrite: Replace a bundle that stands there.

    Raises:
        InputError: The folder exists and is not to be, or must not be, replaced.
    """
    check_output_folder(folder, overwrite=overwrite)
    with atomic_folder(folder) as beside:
        _write_files(bundle, beside, predict, explain)


def write_encoder(bundle: Bundle, folder: Path, *, overwrite: bool = False) -> None:
    """Write a pretrained encoder, ids -> features, which has no labels, to a new folder.

    Raises:
        InputError: The folder exists and is not to be, or must not be, replaced.
    """
    check_output_folder(folder, overwrite=overwrite)
    with atomic_folder(folder) as beside:
        _write_common(bundle, beside)
        text = model_card.encoder_card(bundle.config, bundle.data, bundle.metrics)
        (beside / "README.md").write_text(text, encoding="utf-8")
        _write_manifest(bundle, beside, PRETRAINING)


def read(folder: Path) -> Bundle:
    """Read a bundle.

    Raises:
        InputError: It is missing, damaged, or written by a newer version; the message names the file.
    """
    manifest = read_manifest(folder)
    if manifest["task"] == PRETRAINING:
        raise InputError(
            f"{folder}: a pretrained encoder, which knows no labels; train a classifier: --init-from {folder}"
        )
    _check_files(folder, manifest, CHECKED)
    bundle = Bundle(
        config=configuration.config_from_dict(
            configuration.load_yaml(folder / "config.yaml"), str(folder / "config.yaml")
        ),
        vectorizer=_vectorizer(folder, manifest),
        labels=read_escaped_lines(folder / "labels.txt"),
        model=_load_model(folder / "model.keras", manifest["packages"]),
        roles=LayerRoles.from_dict(manifest["layers"]),
        metrics=read_json(folder / "metrics.json"),
        history=_read_history(folder / "history.csv"),
        data=manifest["data"],
        task=_task(folder, manifest),
        temperature=manifest["temperature"],
        thresholds=manifest["thresholds"],
        distillation=manifest.get("distillation") or {},
    )
    if bundle.model.output_shape[-1] != len(bundle.labels):
        raise InputError(
            f"{folder / 'labels.txt'}: {len(bundle.labels)} labels for {bundle.model.output_shape[-1]} logits"
        )
    return bundle


def _task(folder: Path, manifest: dict[str, Any]) -> Task:
    try:
        return get_task(manifest["task"])
    except InputError as error:
        raise InputError(f"{folder / 'manifest.json'}: {error}") from None


def read_model(folder: Path) -> keras.Model:
    """The model of a bundle, of a classifier or of a pretrained encoder, without the rest.

    Raises:
        InputError: It is missing, damaged, or written by a newer version.
    """
    manifest = read_manifest(folder)
    _check_files(folder, manifest, ("model.keras",))
    return _load_model(folder / "model.keras", manifest["packages"])


def read_vectorizer(folder: Path) -> Vectorizer:
    """The vectorizer of a bundle, of a classifier or of a pretrained encoder, without the rest.

    Raises:
        InputError: It is missing, damaged, or written by a newer version.
    """
    manifest = read_manifest(folder)
    _check_files(folder, manifest, ("vocabulary.txt",))
    return _vectorizer(folder, manifest)


def _vectorizer(folder: Path, manifest: dict[str, Any]) -> Vectorizer:
    return Vectorizer.from_config(manifest["vectorizer"], vocabulary.read_vocabulary(folder / "vocabulary.txt"))


def _check_files(folder: Path, manifest: dict[str, Any], names: Sequence[str]) -> None:
    for name in names:
        if not (folder / name).is_file():
            raise InputError(f"{folder / name}: missing, the bundle is not whole; train it again or copy it again")
        if sha256(folder / name) != manifest["files"].get(name):
            raise InputError(f"{folder / name}: changed or damaged since it was written; copy the bundle again")


def _load_model(path: Path, packages: dict[str, str]) -> keras.Model:
    import keras

    from kerascnn import layers  # noqa: F401  registers the layers with Keras

    require_tensorflow_backend("a trained classifier")
    try:
        return keras.saving.load_model(path, compile=False)
    except (ValueError, TypeError, OSError, KeyError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise InputError(
            f"{path}: Keras cannot read it ({reason}); it was written with"
            f" kerascnn {packages.get('kerascnn')} and keras {packages.get('keras')}: install these, or train again"
        ) from None


def check_golden(folder: Path, vectorizer: Vectorizer, predict: Predict) -> None:
    """Make sure that ids and probabilities of the probes are those of the day of training.

    Raises:
        InputError: They differ; the message names the probe and the difference.
    """
    path = folder / "golden.json"
    golden = read_json(path)
    for text, ids in zip(golden["texts"], golden["ids"], strict=True):
        if vectorizer.encode_text(text) != ids:
            raise InputError(f"{path}: the text {text[:40]!r} becomes other ids than at training")
    difference = np.abs(predict(golden["texts"]) - np.asarray(golden["probabilities"])).max(axis=1)
    worst = int(difference.argmax())
    if difference[worst] > TOLERANCE:
        raise InputError(
            f"{path}: the probabilities of {golden['texts'][worst][:40]!r} differ by {difference[worst]:.2g}"
            " from those at training"
        )


def _write_files(bundle: Bundle, folder: Path, predict: Predict, explain: Explain) -> None:
    _write_common(bundle, folder)
    write_escaped_lines(folder / "labels.txt", bundle.labels)
    texts = list(PROBES)
    golden = {
        "texts": texts,
        "ids": [bundle.vectorizer.encode_text(text) for text in texts],
        "probabilities": [[float(f"{p:.7g}") for p in row] for row in predict(texts)],
    }
    write_json(folder / "golden.json", golden)
    if "confusion_matrix" in bundle.metrics.get("test", {}):
        plots.confusion_matrix(
            bundle.metrics["test"]["confusion_matrix"], bundle.labels, folder / "confusion_matrix.png"
        )
    sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    text = model_card.model_card(
        bundle.config, bundle.labels, bundle.data, bundle.metrics, bundle.distillation,
        task=bundle.task, temperature=bundle.temperature, sizes=sizes,
    )  # fmt: skip
    (folder / "README.md").write_text(text, encoding="utf-8")
    if page := _report(bundle, sizes, explain):
        (folder / "report.html").write_bytes(page.encode("utf-8", "replace"))
    _write_manifest(bundle, folder, bundle.task.name)


def _report(bundle: Bundle, sizes: dict[str, int], explain: Explain) -> str:
    """The page, or none: whatever keeps it from being drawn must not cost a training."""
    from kerascnn.evaluation.report import report

    try:
        return report(bundle, sizes, explain)
    except Exception as error:
        warnings.warn(f"report.html is left out, it could not be made: {error!r}", stacklevel=2)
        return ""


def _write_common(bundle: Bundle, folder: Path) -> None:
    configuration.save_yaml(bundle.config, folder / "config.yaml")
    vocabulary.write_vocabulary(folder / "vocabulary.txt", bundle.vectorizer.vocabulary)
    bundle.model.save(folder / "model.keras")
    write_json(folder / "metrics.json", bundle.metrics)
    _write_history(bundle.history, folder / "history.csv")


def _write_manifest(bundle: Bundle, folder: Path, task: str) -> None:
    write_json(
        folder / "manifest.json",
        {
            "schema_version": SCHEMA_VERSION,
            "task": task,
            "model": bundle.config.model,
            "layers": bundle.roles.to_dict(),
            "vectorizer": bundle.vectorizer.get_config(),
            "temperature": bundle.temperature,
            "thresholds": bundle.thresholds,
            "distillation": bundle.distillation or None,
            "packages": {name: found for name in PACKAGES if (found := _version(name))},
            "data": bundle.data,
            "files": {path.name: sha256(path) for path in sorted(folder.iterdir())},
        },
    )


def _write_history(history: list[dict[str, float]], path: Path) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(history[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(history)


def _read_history(path: Path) -> list[dict[str, float]]:
    with open(path, encoding="utf-8", newline="") as file:
        return [{name: json.loads(value) for name, value in row.items()} for row in csv.DictReader(file)]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
