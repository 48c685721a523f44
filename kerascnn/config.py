"""Every setting, defined once: its default, help text, YAML key and command-line option.

The settings of a run are one frozen tree, ``Config``, with the groups ``source``, ``text``, ``network``, ``training``,
``transfer`` and ``distillation``. ``network`` is the ``ModelConfig`` of the chosen model, defined next to that model in
``kerascnn.models``. The string under a field is its help text.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

import annotated_types
import tyro
import yaml

from kerascnn import models
from kerascnn.data.config import SourceConfig
from kerascnn.encoders import wordllama
from kerascnn.models import ModelConfig
from kerascnn.settings import DataSources, FolderName, Fraction, NonNegativeFloat, Seed, Settings
from kerascnn.text.config import TextConfig
from kerascnn.utils.arguments import shorten
from kerascnn.utils.atomic_files import finish_replacement
from kerascnn.utils.errors import InputError
from kerascnn.utils.tables import escape_markdown
from kerascnn.utils.yaml_files import read_yaml

ModelConfigT = TypeVar("ModelConfigT", bound=ModelConfig)

MAX_NEW_WORDS = 20_000
"""Default of the largest number of words that vectors of pieces add to a vocabulary."""
TRAINING_GROUPS = ("text", "network", "training", "transfer")
"""Groups of settings that determine how a classifier is trained on its data."""

# The optimizers of Keras are listed here because help and checks of the commands do not import Keras.
OptimizerName = Literal[
    "adadelta", "adafactor", "adagrad", "adam", "adamax", "adamw", "ftrl", "lion", "muon", "nadam", "rmsprop",
    "schedulefreeadamw", "sgd",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(Settings):
    """How a model is trained."""

    epochs: Annotated[int, annotated_types.Ge(0), tyro.conf.arg(aliases=("--epochs",))] = 0
    """Largest number of epochs; 0: enough for 800 steps, more with more than four classes; at least 3, at most 50;
    sentence encoders: for about 5,000 texts, at least 4, at most 16."""
    batch_size: Annotated[int, annotated_types.Ge(0), tyro.conf.arg(aliases=("--batch-size",))] = 0
    """Documents per batch; 0: 64, or fewer with less than 1,024 training rows, at least 16; contrastive: 16."""
    optimizer: OptimizerName = "adam"
    """Optimizer of Keras. adam and adamw update only the embedding rows of a batch. Other optimizers need another
    learning_rate: the default suits adam."""
    learning_rate: Annotated[NonNegativeFloat, tyro.conf.arg(aliases=("--learning-rate",))] = 0.0
    """Highest learning rate; 0: 0.002, for a pretrained encoder or a contrastive training that of the model."""
    schedule: Literal["constant", "linear", "cosine"] = "linear"
    """How the learning rate falls over all epochs after the warm-up: linear and cosine end at zero."""
    warmup_ratio: Fraction = 0.05
    """Fraction of all steps during which the learning rate rises from zero."""
    weight_decay: NonNegativeFloat = 0.0
    """Decoupled weight decay (Loshchilov & Hutter 2019) of all weights except embeddings and biases; 0: none, for adamw
    0.004."""
    global_clipnorm: NonNegativeFloat = 0.0
    """Largest L2 norm of the gradient of all weights together; 0: no clipping."""
    label_smoothing: Fraction = 0.1
    """Probability that is spread evenly over all classes; in multi-label data over the presence and absence of each
    label."""
    class_weights: Literal["none", "balanced"] = "none"
    """balanced: weight each class in inverse proportion to its rows. Not for multi-label data."""
    sampling: Literal["shuffled", "balanced"] = "shuffled"
    """balanced: every class has the same number of documents in an epoch, which keeps its size; small classes are
    repeated and large ones take turns. Not with class_weights, and not for multi-label data."""
    focal_gamma: NonNegativeFloat = 0.0
    """Exponent of the focal loss, which reduces the loss of confident predictions (Lin et al. 2017 use 2); 0:
    cross-entropy."""
    soft_label_temperature: Annotated[float, annotated_types.Gt(0)] = 2.0
    """Distillation: temperature of teacher and student. Above 1 the probabilities show more of what the teacher knows
    about the other classes."""
    soft_label_weight: Fraction = 0.9
    """Distillation: weight of the soft labels in the loss; that of the labels is 1 minus this."""
    monitor: Literal["accuracy", "loss", "macro_f1", "span_f1"] = "accuracy"
    """Validation metric that selects the epoch whose weights are kept. For accuracy it is the last epoch within half a
    standard error, or five rows, of the best. macro_f1 gives rare classes the weight of frequent ones. For multi-label
    data accuracy is the fraction of rows with all labels right. Tagging: accuracy is that of the tokens; if the tags
    have spans such as entities, span_f1 takes its place."""
    patience: Annotated[int, annotated_types.Ge(0)] = 0
    """Number of epochs without improvement after which training stops; 0: a third of the epochs, at least 3."""
    refit_rows: Annotated[int, annotated_types.Ge(0)] = 2000
    """Up to this number of rows, train a second time on training and validation rows, if the latter were split off; 0:
    never. The metrics of the validation rows are those of the first training. Not with a teacher."""
    calibrate: bool = True
    """Fit a temperature on the validation data, so that predictions with a probability of 0.9 are right 9 times out of
    10, and for multi-label data the threshold of each label; without it thresholds are 0.5."""
    dtype_policy: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    """Keras dtype policy of the layers; weights stay float32."""
    deterministic: Annotated[bool, tyro.conf.arg(aliases=("--deterministic",))] = False
    """Make the same seed give the same weights, bit for bit; slower."""
    tensorboard: bool = False
    """Write logs for TensorBoard (needs the extra tensorboard)."""
    strategy: Literal["none", "mirrored", "multi_worker"] = "none"
    """mirrored: all GPUs of this machine, each with a part of every batch. multi_worker: several processes that find
    each other by TF_CONFIG or SLURM variables, each started with the same command."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.class_weights == self.sampling == "balanced":
            raise InputError("class_weights balanced and sampling balanced both balance the classes; choose one")


@dataclass(frozen=True, kw_only=True)
class TransferConfig(Settings):
    """Which pretrained weights the model starts from, and which layers are trained."""

    vectors: Annotated[str, tyro.conf.arg(aliases=("--vectors",), metavar="VECTORS")] = ""
    """Pretrained word vectors, for the embedding, whose network.embedding_dim follows, and for the linear member. File
    (GloVe, word2vec text or binary, fastText .vec, .npz, also .gz or .zip; fastText .bin); or vectors of pieces of
    words: wordllama (extra vectors, English), a folder in the format of model2vec, or hf://OWNER/NAME."""
    vectors_stddev: Annotated[float, annotated_types.Ge(-1)] = -1.0
    """Standard deviation to scale the components of the vectors to; -1: 0.1, for taggers 0.3; 0: use them unchanged."""
    init_from: Annotated[str, tyro.conf.arg(aliases=("--init-from",), metavar="BUNDLE")] = ""
    """Folder of a pretrained encoder or of another classifier to start from. Its tokens join the vocabulary, layers
    with the same name and shape are copied, and the head is new. Its model, text and network settings become the
    defaults."""
    extend_vocabulary: Annotated[int, annotated_types.Ge(-1)] = -1
    """Largest number of words with a vector to add to the vocabulary that occur in no training text; -1: 20000 from
    vectors of pieces, 0 from a file, for taggers 100000."""
    freeze: tuple[Literal["embedding", "encoder"], ...] = ()
    """Groups of layers that are not trained: embedding, the token embedding; encoder, all layers between it and the
    head."""
    frozen_epochs: Annotated[int, annotated_types.Ge(0)] = 0
    """Epochs after which frozen groups are trained too; 0: never."""
    unfreeze: Literal["together", "gradually"] = "together"
    """gradually: the encoder first, the embedding after the same number of epochs again (Howard & Ruder 2018)."""
    contrastive: Annotated[Literal["auto", "always", "never"], tyro.conf.arg(aliases=("--contrastive",))] = "auto"
    """Train the encoder so that texts with the same label get similar vectors (Tunstall et al. 2022), then solve the
    head, instead of training both with cross-entropy. For models with sentence vectors whose encoder is not frozen;
    auto: up to 1,000 training rows."""
    layerwise_lr_decay: Annotated[float, annotated_types.Interval(gt=0, le=1)] = 1.0
    """Factor from the learning rate of a group of layers to that of the group below it (Howard & Ruder 2018 use 1/2.6
    for each layer). Their slanted triangular schedule is training.schedule linear with training.warmup_ratio 0.1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.vectors and self.init_from:
            raise InputError("--vectors and --init-from both initialize the embedding; use only one of them")

    @property
    def has_piece_vectors(self) -> bool:
        """Whether ``vectors`` are vectors of pieces of words; a name or a folder, while a file has words."""
        is_name = self.vectors == wordllama.NAME or self.vectors.startswith("hf://")
        return is_name or (self.vectors != "" and os.path.isdir(self.vectors))

    @property
    def word_list(self) -> str:
        """File of words that text.split dictionary may look for; empty without vectors of words."""
        return "" if self.has_piece_vectors else self.vectors

    @property
    def vectors_origin(self) -> str:
        """Sentence about origin and license of the vectors, for model cards; empty without vectors."""
        if self.vectors in ("", wordllama.NAME):
            return wordllama.ORIGIN if self.vectors else ""
        origin = escape_markdown(self.vectors)
        return f"The word vectors came from {origin}; the license of those vectors applies to this model, too."

    @property
    def max_new_words(self) -> int:
        """Largest number of words with a vector to add to the vocabulary."""
        if self.extend_vocabulary >= 0:
            return self.extend_vocabulary
        return MAX_NEW_WORDS if self.has_piece_vectors else 0


@dataclass(frozen=True, kw_only=True)
class DistillationConfig(Settings):
    """A teacher whose class probabilities are learned together with the labels (Hinton, Vinyals & Dean 2015)."""

    teacher: Annotated[str, tyro.conf.arg(aliases=("--teacher",), metavar="TEACHER")] = ""
    """Name of a model, which distill trains first; or folder of a bundle; or file of class probabilities (csv, tsv,
    jsonl, parquet, also .gz) with a text column and a column per label; or module:function, called with the texts and
    the label names, which returns probabilities (texts, labels)."""
    unlabelled: Annotated[tuple[str, ...], tyro.conf.arg(aliases=("--unlabelled",), metavar="DATA [DATA ...]")] = ()
    """Sources of texts that only the teacher labels, as for data, or .txt with one text per line; labels in them are
    ignored."""
    spliced_texts: Annotated[int, annotated_types.Ge(-1)] = -1
    """Texts to make of each training text for the teacher to label: it begins as the text and goes on as others that
    share a word with it. -1: up to 10, 50,000 in all, if there are no --unlabelled texts and the teacher can label any
    text; otherwise 0."""


@dataclass(frozen=True, kw_only=True)
class Config(Settings, Generic[ModelConfigT]):
    """All settings of a run, enough to repeat it."""

    data: DataSources = ("demo:bbc",)
    """Training data: files (csv, tsv, jsonl, parquet, also .gz), a folder with one subfolder per class,
    tfds:NAME[/config][:split], or demo:NAME."""
    validation_data: DataSources = ()
    """Validation data; none: part of the training data."""
    test_data: DataSources = ()
    """Test data; none: part of the training data."""
    model: Annotated[str, tyro.conf.arg(metavar="MODEL")] = "word_cnn"
    """Name of the architecture; --list-models lists all. auto: choose one for the data and the --budget."""
    output: FolderName = ""
    """Folder of the bundle; empty: saved_models/DATA-MODEL."""
    seed: Seed = 0
    """Seed of the weights, dropout and the order of rows."""
    source: SourceConfig = field(default_factory=SourceConfig)
    text: TextConfig
    network: ModelConfigT
    training: TrainingConfig = field(default_factory=TrainingConfig)
    transfer: TransferConfig = field(default_factory=TransferConfig)
    distillation: DistillationConfig = field(default_factory=DistillationConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        has_linear_vectors = getattr(self.network, "linear_vectors", False)
        if self.transfer.vectors and not (has_linear_vectors or hasattr(self.network, "embedding_dim")):
            raise InputError(f"{self.model} has no network.embedding_dim, so it cannot use --vectors; leave it out")
        if self.transfer.contrastive == "always" and not self.network.has_sentence_vector:
            raise InputError(
                f"transfer.contrastive always: {self.model} has no sentence vectors; use sentence_cnn or"
                " sentence_transformer"
            )
        for group, name in (("training", "tensorboard"), ("transfer", "freeze")):
            if self.network.is_linear and getattr(getattr(self, group), name):
                raise InputError(
                    f"{group}.{name}: {self.model} is solved and has no embedding and no epochs; leave it out, or give"
                    " network.ngrams 1 2"
                )

    def flatten(self, groups: Sequence[str]) -> dict[str, Any]:
        """Return the settings of some groups as a flat dictionary from GROUP.KEY to plain values."""
        values = self.to_dict()
        return {f"{group}.{key}": value for group in groups for key, value in values[group].items()}


def default_config(model: str = "", init_from: str = "") -> Config[Any]:
    """Return the default settings of a model.

    Args:
        model: Its name; empty: the model of ``init_from``, or the default model.
        init_from: Bundle to start from. If it is of that model, its network and text settings are the defaults.

    Raises:
        InputError: No model has that name, or the bundle cannot be read.
    """
    if init_from:
        path = Path(init_from) / "config.yaml"
        finish_replacement(path.parent)
        if not path.is_file():
            raise InputError(
                f"--init-from {shorten(init_from)}: not a bundle (it has no config.yaml); give the folder that training"
                " wrote"
            )
        origin = config_from_dict(load_yaml(path), str(path))
        if model in ("", origin.model):
            transfer = TransferConfig(init_from=init_from)
            return Config(model=origin.model, text=origin.text, network=origin.network, transfer=transfer)
    network = models.get(model or Config.model)
    return Config(model=model or Config.model, text=network.text, network=network())


def config_from_dict(values: Mapping[str, Any], where: str, base: Config[Any] | None = None) -> Config[Any]:
    """Create a ``Config`` from a nested dictionary, as ``to_dict`` returns it.

    Args:
        values: Settings; those that are missing come from ``base``.
        where: Where the values come from (a file name), for messages.
        base: The defaults, of the same model; None: those of ``values["model"]``.

    Raises:
        InputError: A key is unknown (the message suggests the nearest one), or a value is invalid.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"{where}: expected settings as 'key: value', found {type(values).__name__}")
    return (base or default_config(str(values.get("model", Config.model)))).replace_values(values, where)


def load_yaml(path: str | Path) -> dict[str, Any]:
    """Read the settings of a YAML file, without checks.

    Raises:
        InputError: The file cannot be read, is not YAML, or too large; the message names the line.
    """
    values = read_yaml(path) or {}
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected settings as 'key: value', found {type(values).__name__}")
    return values


def save_yaml(config: Config[Any], path: str | Path) -> None:
    """Write all settings of a run as YAML."""
    Path(path).write_text(to_yaml(config), encoding="utf-8", newline="\n")


def to_yaml(config: Config[Any]) -> str:
    """Return all settings of a run as YAML."""
    return yaml.safe_dump(config.to_dict(), sort_keys=False, allow_unicode=True)
