"""Check the settings of a tagger, without TensorFlow."""

from __future__ import annotations

from typing import Any

from kerascnn.config import Config
from kerascnn.utils.errors import InputError

_TEXT = "tokens are words and punctuation marks, or those of the data; leave it out"
UNUSED_TEXT_SETTINGS = {"split": _TEXT, "dictionary": _TEXT, "normalize": "use --text.standardize width lowercase"}
"""Settings of ``text`` that have no meaning for tokens, and what to do."""
TEXT_CLASSIFIER_SETTINGS = {
    "training": {"refit_rows": "a tagger is trained once"},
    "transfer": {"layerwise_lr_decay": "all layers of a tagger have one learning rate"},
}
"""Group to the settings that only classifiers of texts read, and why; 0, which turns one off, is allowed."""
STANDARDIZE_STEPS = ("width", "lowercase")
"""Steps of ``text.standardize`` that change the form of a token."""


def check_tagger_settings(config: Config[Any], *, has_teacher: bool = False) -> None:
    """Check the settings that a tagger has no use for, so that none is ignored silently.

    Args:
        config: The run.
        has_teacher: Whether it learns soft labels.

    Raises:
        InputError: One of them is set; the message says what to do.
    """
    text, training = config.text, config.training
    for name in text.list_changed(UNUSED_TEXT_SETTINGS):
        raise InputError(f"text.{name} {getattr(text, name)}: not for a tagger; {UNUSED_TEXT_SETTINGS[name]}")
    if text.stop_words:
        raise InputError(f"text.stop_words {text.stop_words}: a tagger gives each token a tag; leave it out")
    if unknown := [step for step in text.standardize if step not in STANDARDIZE_STEPS]:
        raise InputError(
            f"text.standardize {unknown[0]}: a tagger keeps all characters of its tokens; give only"
            f" {', '.join(STANDARDIZE_STEPS)}"
        )
    if config.distillation.spliced_texts > 0:
        raise InputError(
            f"distillation.spliced_texts {config.distillation.spliced_texts}: for labels of texts; a tagger learns from"
            " sentences as they are, leave it out"
        )
    for group, names in TEXT_CLASSIFIER_SETTINGS.items():
        values = getattr(config, group)
        for name in values.list_changed(names):
            if (value := getattr(values, name)) != 0:
                raise InputError(f"{group}.{name} {value}: not for a tagger; {names[name]}; leave it out")
    if not config.network.crf:
        return
    if training.label_smoothing and training.list_changed(("label_smoothing",)):
        raise InputError(
            f"training.label_smoothing {training.label_smoothing}: a conditional random field has probabilities of"
            " whole sequences, which are not smoothed; add --network.no-crf, or leave it out"
        )
    if has_teacher and training.list_changed(("soft_label_temperature",)):
        raise InputError(
            f"training.soft_label_temperature {training.soft_label_temperature}: a conditional random field learns the"
            " probabilities of the teacher as they are; add --network.no-crf, or leave it out"
        )
