"""Read presets: folders with the configuration, weights and tokenizer of a pretrained encoder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kerascnn.text.sentencepiece import SentencePieceModel
from kerascnn.utils.errors import InputError, to_one_line
from kerascnn.utils.optional_packages import import_optional

if TYPE_CHECKING:
    import keras

FAMILIES = ("BertBackbone", "DistilBertBackbone", "ElectraBackbone", "XLMRobertaBackbone")
"""Supported encoders in presets of keras-hub."""
TRANSFORMERS_FAMILIES = ("bert", "distilbert", "xlm-roberta")
"""Supported encoders in folders of Hugging Face, which keras-hub converts while it reads them."""
_BYTE_LEVEL_FAMILIES = ("RobertaBackbone", "roberta")
_REMEDY = "give --network.preset a folder in the format of keras-hub or Hugging Face"
# Ids of XLM-R: <s>, <pad>, </s>, <unk>, then the pieces, then <mask>.
_PADDING, _UNKNOWN, _START, _END = 1, 3, 0, 2


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
    lowercase: bool = False
    """Whether text is converted to lowercase."""
    sentencepiece: SentencePieceModel | None = None
    """The model whose pieces these are; None: they are WordPieces."""

    @property
    def split(self) -> Literal["wordpiece", "sentencepiece"]:
        """Value of the setting ``text.split``."""
        return "sentencepiece" if self.sentencepiece else "wordpiece"


def read_max_sequence_length(folder: Path) -> int:
    """Return the maximum number of tokens of an encoder, those before and after a document included.

    It does not need keras-hub.

    Raises:
        InputError: The folder is not a preset, or the encoder is not supported.
    """
    return _read_config(folder)[1]


def read_pooling(folder: Path) -> Literal["average", "first"]:
    """Return how a vector of a text is made of those of its tokens: their mean, or, as in BGE, that of the first one.

    Raises:
        InputError: The folder is one of sentence-transformers that does it in another way.
    """
    path = folder / "1_Pooling" / "config.json"
    modes = [name for name, value in _read_values(path).items() if name.startswith("pooling_mode") and value is True]
    if modes in ([], ["pooling_mode_mean_tokens"]):
        return "average"
    if modes == ["pooling_mode_cls_token"]:
        return "first"
    raise InputError(f"{path}: {' and '.join(modes)}; supported are pooling_mode_mean_tokens or pooling_mode_cls_token")


def read_preset_vocabulary(folder: Path) -> PresetVocabulary:
    """Return the vocabulary of a preset.

    Raises:
        InputError: keras-hub is not installed, or the tokenizer is missing, damaged or not supported.
    """
    hub = import_optional("keras_hub", "hub")
    if path := _find_sentencepiece_model(folder):
        return _read_pieces(path)
    tokenizer = _load(hub.tokenizers.Tokenizer, folder)
    if not isinstance(tokenizer, hub.tokenizers.WordPieceTokenizer):
        raise InputError(
            f"{folder}: its tokenizer is a {type(tokenizer).__name__}; supported are WordPieceTokenizer and"
            " XLMRobertaTokenizer"
        )
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
        InputError: keras-hub is not installed, or the preset is damaged, or has fewer vectors than tokens.
    """
    import keras
    import numpy as np

    hub = import_optional("keras_hub", "hub")
    backbone = _load(hub.models.Backbone, folder, dtype=keras.config.dtype_policy(), dropout=dropout)
    table = backbone.token_embedding.embeddings
    if table.shape[0] <= max(vocabulary.rows):
        raise InputError(
            f"{folder}: its tokenizer has ids up to {max(vocabulary.rows):,}, but its encoder has vectors of"
            f" {table.shape[0]:,} tokens; the files do not belong together"
        )
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
    except Exception as error:  # keras-hub and the libraries below it have their own errors for damaged files
        reason = to_one_line(error)[:200] or type(error).__name__
        raise InputError(f"{folder}: keras-hub cannot read it ({reason}); {_REMEDY}") from None


def _read_config(folder: Path) -> tuple[str, int]:
    """Return the family of an encoder, one of those supported, and its maximum number of tokens."""
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        if "class_name" in config:
            family, length = config["class_name"], config["config"].get("max_sequence_length", 0)
        else:
            family, length = config["model_type"], config.get("max_position_embeddings", 0)
            length -= 2 * (family == "xlm-roberta")  # it counts positions from 2
        if family in (supported := (*FAMILIES, *TRANSFORMERS_FAMILIES)):
            return family, int(length)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); {_REMEDY}") from None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise InputError(f"{path}: does not describe an encoder; {_REMEDY}") from None
    pieces = ", whose byte-level pieces (BPE) kerascnn cannot read" if family in _BYTE_LEVEL_FAMILIES else ""
    raise InputError(f"{folder}: an encoder of the kind {family}{pieces}; supported are {', '.join(supported)}")


def _find_sentencepiece_model(folder: Path) -> Path | None:
    """Return the path of the SentencePiece model if a preset has the tokenizer of XLM-R, else None."""
    family, _ = _read_config(folder)
    if family in FAMILIES:
        is_multilingual = _read_values(folder / "tokenizer.json").get("class_name") == "XLMRobertaTokenizer"
        return folder / "assets" / "tokenizer" / "vocabulary.spm" if is_multilingual else None
    path = folder / "sentencepiece.bpe.model"
    name = str(_read_values(folder / "tokenizer_config.json").get("tokenizer_class") or "")
    if family == "xlm-roberta" or "XLMRoberta" in name:
        return path
    # multilingual MiniLM is a BERT with the tokenizer of XLM-R, too, and does not name it
    return path if name in ("", "PreTrainedTokenizerFast") and path.is_file() else None


def _read_values(path: Path) -> dict[str, Any]:
    """Return the values of a JSON file; none if it is missing or damaged, which keras-hub explains if it needs it."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _read_pieces(path: Path) -> PresetVocabulary:
    """Return the vocabulary of a preset with the tokenizer of XLM-R."""
    model = SentencePieceModel.load(path)
    if model.pieces[:2] != ("<s>", "</s>"):
        raise InputError(f"{path}: its first pieces are not <s> and </s>; it belongs to another encoder")
    first, others = (_PADDING, _UNKNOWN, _START, _END), range(4, 2 + len(model.pieces))
    return PresetVocabulary(
        tokens=model.pieces,
        rows=(*first, *others),
        start=first.index(_START),
        end=first.index(_END),
        sentencepiece=model,
    )
