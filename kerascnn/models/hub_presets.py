"""Read presets of keras-hub: folders with the configuration, weights and tokenizer of a pretrained encoder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerascnn.utils.errors import InputError, to_one_line
from kerascnn.utils.optional_packages import import_optional

if TYPE_CHECKING:
    import keras

FAMILIES = ("BertBackbone", "DistilBertBackbone", "ElectraBackbone")
"""Supported encoders, which read WordPieces between ``[CLS]`` and ``[SEP]``."""
_REMEDY = "give --network.preset a folder that save_to_preset of keras-hub wrote"


@dataclass(frozen=True)
class PresetVocabulary:
    """The vocabulary of a preset in the order of kerascnn: padding, the unknown token, then the other tokens."""

    tokens: tuple[str, ...]
    """Distinct tokens without padding and the unknown token."""
    rows: tuple[int, ...]
    """Id in the preset of each token, padding and the unknown token included."""
    start: int
    """Id of the token before a document."""
    end: int
    """Id of the token after a document."""
    lowercase: bool
    """Whether text is converted to lowercase."""


def read_preset_config(preset: str) -> tuple[str, dict[str, Any]]:
    """Return the class name of a preset's encoder and its configuration; does not need keras-hub.

    Raises:
        InputError: The folder is missing or not a preset, or the encoder is not supported.
    """
    if not preset:
        raise InputError(f"no pretrained encoder; {_REMEDY}")
    path = Path(preset) / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        family, sizes = config["class_name"], config["config"]
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); {_REMEDY}") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: does not describe an encoder of keras-hub; {_REMEDY}") from None
    if family not in FAMILIES:
        raise InputError(f"{preset}: a preset of {family}; supported are {', '.join(FAMILIES)}")
    return family, sizes


def read_preset_vocabulary(preset: str) -> PresetVocabulary:
    """Return the vocabulary of a preset.

    Raises:
        InputError: keras-hub is not installed, or the tokenizer is missing, damaged or not supported.
    """
    read_preset_config(preset)
    hub = import_optional("keras_hub", "hub")
    tokenizer = _load(hub.tokenizers.Tokenizer, preset)
    if not isinstance(tokenizer, hub.tokenizers.WordPieceTokenizer):
        raise InputError(f"{preset}: its tokenizer is a {type(tokenizer).__name__}; supported are WordPieceTokenizer")
    expected = {"split": True, "split_on_cjk": True, "strip_accents": False, "special_tokens_in_strings": False}
    for name, value in (expected | {"suffix_indicator": "##"}).items():
        if (found := getattr(tokenizer, name)) != value:
            raise InputError(f"{preset}: its tokenizer has {name} {found!r}; supported is {value!r} alone")
    ids = {token: number for number, token in enumerate(tokenizer.get_vocabulary()) if token}
    first = [ids.pop(token) for token in (tokenizer.pad_token, tokenizer.oov_token)]
    tokens, rows = tuple(ids), (*first, *ids.values())
    return PresetVocabulary(
        tokens=tokens,
        rows=rows,
        start=rows.index(tokenizer.start_token_id),
        end=rows.index(tokenizer.end_token_id),
        lowercase=tokenizer.lowercase,
    )


def load_encoder(preset: str, vocabulary: PresetVocabulary) -> keras.Model:
    """Load the encoder of a preset and sort its token embedding like ``vocabulary``.

    Returns:
        The model for ``PretrainedEncoder``, with the current dtype policy.

    Raises:
        InputError: keras-hub is not installed, or the preset is damaged.
    """
    import keras
    import numpy as np

    hub = import_optional("keras_hub", "hub")
    backbone = _load(hub.models.Backbone, preset, dtype=keras.config.dtype_policy())
    table = backbone.token_embedding.embeddings
    rest = np.setdiff1d(np.arange(table.shape[0]), vocabulary.rows)  # rows without a token come last
    table.assign(np.asarray(table)[np.concatenate([vocabulary.rows, rest])])
    output = backbone.output
    return keras.Model(
        backbone.input, output["sequence_output"] if isinstance(output, dict) else output, name=backbone.name
    )


def _load(kind: Any, preset: str, **arguments: Any) -> Any:
    try:
        return kind.from_preset(str(Path(preset)), **arguments)
    except (OSError, ValueError, TypeError, KeyError) as error:
        reason = to_one_line(error)[:200]
        raise InputError(f"{preset}: keras-hub cannot read it ({reason}); {_REMEDY}") from None
