"""Read presets: folders with the configuration, weights and tokenizer of a pretrained encoder."""

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
"""Supported encoders, which read WordPieces between ``[CLS]`` and ``[SEP]``, in presets of keras-hub."""
TRANSFORMERS_FAMILIES = ("bert", "distilbert")
"""Supported encoders in folders of Hugging Face, which keras-hub converts while it reads them."""
_REMEDY = "give --network.preset a folder in the format of keras-hub or Hugging Face"


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


def read_max_sequence_length(folder: Path) -> int:
    """Return the maximum number of tokens of an encoder, those before and after a document included.

    It does not need keras-hub.

    Raises:
        InputError: The folder is not a preset, or the encoder is not supported.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        if "class_name" in config:
            family, length = config["class_name"], config["config"].get("max_sequence_length", 0)
        else:
            family, length = config["model_type"], config.get("max_position_embeddings", 0)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); {_REMEDY}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path}: does not describe an encoder; {_REMEDY}") from None
    if family not in (supported := (*FAMILIES, *TRANSFORMERS_FAMILIES)):
        raise InputError(f"{folder}: an encoder of the kind {family}; supported are {', '.join(supported)}")
    return int(length)


def read_preset_vocabulary(folder: Path) -> PresetVocabulary:
    """Return the vocabulary of a preset.

    Raises:
        InputError: keras-hub is not installed, or the tokenizer is missing, damaged or not supported.
    """
    hub = import_optional("keras_hub", "hub")
    tokenizer = _load(hub.tokenizers.Tokenizer, folder)
    if not isinstance(tokenizer, hub.tokenizers.WordPieceTokenizer):
        raise InputError(f"{folder}: its tokenizer is a {type(tokenizer).__name__}; supported are WordPieceTokenizer")
    expected = {"split": True, "split_on_cjk": True, "strip_accents": False, "special_tokens_in_strings": False}
    for name, value in (expected | {"suffix_indicator": "##"}).items():
        if (found := getattr(tokenizer, name)) != value:
            raise InputError(f"{folder}: its tokenizer has {name} {found!r}; supported is {value!r} alone")
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


def load_encoder(folder: Path, vocabulary: PresetVocabulary, *, dropout: float) -> keras.Model:
    """Load the encoder of a preset and sort its token embedding like ``vocabulary``.

    Args:
        folder: Folder of the preset.
        vocabulary: Its vocabulary.
        dropout: Fraction of the outputs of each layer that is dropped in training.

    Returns:
        The model for ``PretrainedEncoder``, with the current dtype policy.

    Raises:
        InputError: keras-hub is not installed, or the preset is damaged.
    """
    import keras
    import numpy as np

    hub = import_optional("keras_hub", "hub")
    backbone = _load(hub.models.Backbone, folder, dtype=keras.config.dtype_policy(), dropout=dropout)
    table = backbone.token_embedding.embeddings
    rest = np.setdiff1d(np.arange(table.shape[0]), vocabulary.rows)  # rows without a token come last
    table.assign(np.asarray(table)[np.concatenate([vocabulary.rows, rest])])
    output = backbone.output
    return keras.Model(
        backbone.input, output["sequence_output"] if isinstance(output, dict) else output, name=backbone.name
    )


def _load(kind: Any, folder: Path, **arguments: Any) -> Any:
    try:
        # an absolute path, because keras-hub takes a single name for one of its own presets
        return kind.from_preset(str(folder.resolve()), **arguments)
    except (OSError, ValueError, TypeError, KeyError, ImportError) as error:
        reason = to_one_line(error)[:200]
        raise InputError(f"{folder}: keras-hub cannot read it ({reason}); {_REMEDY}") from None
