"""The bundle of an ensemble: its weights, labels and metrics, and the bundles of its classifiers in a folder each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerascnn import config as configuration
from kerascnn.bundle import save_bundle, write_manifest
from kerascnn.bundle_contents import LabelDecisions, read_decision
from kerascnn.bundle_files import write_history
from kerascnn.config import Config
from kerascnn.golden import PredictFn, check_golden, write_golden
from kerascnn.manifest import ENSEMBLE, check_files, is_ensemble, read_classifier_manifest
from kerascnn.text.escaped_lines import write_escaped_lines
from kerascnn.utils.atomic_files import atomic_folder, check_output_folder, read_json, write_json
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    from kerascnn.classifier import TextClassifier

WEIGHTS_FILE = "ensemble.json"
FILES = ("config.yaml", "labels.txt", "metrics.json", "history.csv", "golden.json", WEIGHTS_FILE)
"""Files beside the folders of the classifiers, which loading checks."""


@dataclass
class EnsembleBundle(LabelDecisions):
    """Everything of an ensemble but its classifiers."""

    config: Config[Any]
    """Settings of the first classifier, whose data has the same columns."""
    weights: list[float]
    """Weight of the logits of each classifier."""
    metrics: dict[str, Any] = field(default_factory=dict)
    """Content of ``metrics.json``."""
    data: dict[str, Any] = field(default_factory=dict)
    """Name of each split with the same rows for all classifiers to its ``sources``, ``rows`` and ``sha256``."""
    scripts: dict[str, float] = field(default_factory=dict)
    """Those of the texts of the first classifier, see ``Bundle``; so are the languages."""
    languages: list[str] = field(default_factory=list)
    temperature: float = 1.0
    """The weights calibrate."""
    distillation: dict[str, Any] = field(default_factory=dict)
    """Empty: an ensemble has no teacher."""


def member_folder(folder: Path, number: int) -> Path:
    """Return the folder of the bundle of a classifier, by its number from 1."""
    return folder / "members" / str(number)


def save_ensemble(
    bundle: EnsembleBundle,
    classifiers: Sequence[TextClassifier],
    folder: Path,
    predict_fn: PredictFn,
    *,
    overwrite: bool = False,
) -> None:
    """Write an ensemble with copies of its classifiers to a new folder, completely or not at all.

    Args:
        bundle: The ensemble.
        classifiers: Its classifiers, in the order of the weights.
        folder: The folder to create.
        predict_fn: Function from texts to probabilities of the ensemble.
        overwrite: Replace an existing bundle.

    Raises:
        InputError: The folder exists and must not be replaced.
    """
    check_output_folder(folder, overwrite=overwrite)
    with atomic_folder(folder) as partial:
        for number, classifier in enumerate(classifiers, 1):
            save_bundle(classifier.bundle_, member_folder(partial, number), classifier.predict_proba, lambda path: None)
        configuration.save_yaml(bundle.config, partial / "config.yaml")
        write_escaped_lines(partial / "labels.txt", bundle.labels)
        write_json(partial / "metrics.json", bundle.metrics)
        write_history([], partial / "history.csv")
        write_json(partial / WEIGHTS_FILE, {"weights": bundle.weights})
        write_golden(partial / "golden.json", lambda text: [], predict_fn, bundle.decide)
        members = [member_folder(partial, number) / "manifest.json" for number in range(1, len(classifiers) + 1)]
        files = [*(partial / name for name in FILES), *members]
        write_manifest(bundle, partial, bundle.task.name, files, model=ENSEMBLE, layers={}, vectorizer={})


def load_ensemble(folder: Path) -> tuple[EnsembleBundle, list[TextClassifier]]:
    """Read an ensemble and its classifiers.

    Raises:
        InputError: It is missing, damaged, or written by a newer version; the message names the file.
    """
    from kerascnn.classifier import TextClassifier

    manifest = read_classifier_manifest(folder)
    if not is_ensemble(manifest):
        raise InputError(f"{folder}: has a single classifier; read it with kerascnn.load or TextClassifier.load")
    check_files(folder, manifest, FILES)
    weights = read_json(folder / WEIGHTS_FILE)["weights"]
    folders = [member_folder(folder, number) for number in range(1, len(weights) + 1)]
    check_files(folder, manifest, [(path.relative_to(folder) / "manifest.json").as_posix() for path in folders])
    decision = read_decision(folder, manifest)
    bundle = EnsembleBundle(
        task=decision.task,
        labels=decision.labels,
        thresholds=decision.thresholds,
        label_type=decision.label_type,
        indicator_dtype=decision.indicator_dtype,
        config=configuration.config_from_dict(
            configuration.load_yaml(folder / "config.yaml"), str(folder / "config.yaml")
        ),
        weights=weights,
        metrics=read_json(folder / "metrics.json"),
        data=manifest["data"],
        scripts=manifest["scripts"],
        languages=manifest["languages"],
    )
    return bundle, [TextClassifier.load(path) for path in folders]


def check_ensemble(bundle: EnsembleBundle, folder: Path, predict_fn: PredictFn) -> None:
    """Check that a loaded ensemble answers as when it was written, see ``golden.check_golden``."""
    check_golden(folder / "golden.json", None, predict_fn, bundle.decide)
