"""One trial of a search for settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kerascnn.config import Config
from kerascnn.experiment.run_data import text_and_label_columns, training_columns
from kerascnn.tuning import space as spaces
from kerascnn.tuning import trials as results

if TYPE_CHECKING:
    from kerascnn.data.splits import Splits
    from kerascnn.distillation.data import DistillationData


def train_trial(
    config: Config[Any], settings: Mapping[str, Any], splits: Splits, distillation: DistillationData | None
) -> dict[str, float]:
    """Train with settings and return the metrics of the validation data and the cost of the training."""
    import keras

    keras.backend.clear_session()
    config = spaces.apply_settings(config, settings, "the settings")
    texts, labels, soft_labels = training_columns(splits, distillation)
    validation = text_and_label_columns(splits.validation, splits.task)
    classifier = _create_classifier(config)
    classifier.fit(texts, labels, soft_labels=soft_labels, validation_data=validation)
    metrics = {**classifier.bundle_.metrics, **classifier.evaluate(*validation)}
    if config.network.tags_tokens:
        metrics |= {"accuracy": metrics["token_accuracy"], "span_f1": metrics.get("f1")}
        metrics |= {"loss": min(row["val_loss"] for row in classifier.bundle_.history)}
    return {name: metrics[name] for name in (*results.METRICS, *results.COSTS) if metrics.get(name) is not None}


def _create_classifier(config: Config[Any]) -> Any:
    if config.network.tags_tokens:
        from kerascnn.token_classifier import TokenClassifier

        return TokenClassifier.from_config(config)
    from kerascnn.classifier import TextClassifier

    return TextClassifier.from_config(config)
