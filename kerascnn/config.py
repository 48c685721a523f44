"""Every setting, once: default, help text, YAML key and command-line option come from the dataclasses here.

The settings of a run are one frozen tree, ``Config``, with the groups ``source``, ``text``, ``network``, ``training``,
``transfer`` and ``distillation``. ``network`` is the ``ModelConfig`` of the chosen model, defined next to that model in
``kerascnn.models``. The string under a field is its help text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

import annotated_types
import tyro
import yaml

from kerascnn import models
from kerascnn.models import ModelConfig
from kerascnn.settings import Fraction, NonNegativeFloat, PositiveInt, Settings
from kerascnn.text.config import TextConfig
from kerascnn.utils.errors import InputError

ModelConfigT = TypeVar("ModelConfigT", bound=ModelConfig)

Half = Annotated[float, annotated_types.Interval(ge=0, le=0.5)]


@dataclass(frozen=True, kw_only=True)
class SourceConfig(Settings):
    """How rows are read and split."""

    text_column: Annotated[str, tyro.conf.arg(aliases=("--text-column",))] = "text"
    """Column or JSON key that holds the text."""
    label_column: Annotated[str, tyro.conf.arg(aliases=("--label-column",))] = "label"
    """Column or JSON key that holds the label; lists there (JSON, Parquet) are any number of labels a row."""
    label_separator: Annotated[str, tyro.conf.arg(aliases=("--label-separator",))] = ""
    """What stands between the labels of a row, such as ; or |. With it a row has any number of labels (multi-label)."""
    label_columns: Annotated[tuple[str, ...], tyro.conf.arg(aliases=("--label-columns",))] = ()
    """Columns, one for each label and named for it, that hold 1 where it applies and 0 where not (multi-label); in
    place of the label column."""
    format: Literal["auto", "csv", "tsv", "jsonl", "parquet"] = "auto"
    """File format; auto goes by the file's name (.csv, .tsv, .jsonl, .parquet, each also .gz)."""
    encoding: str = "utf-8"
    """Text encoding of the files, any name that Python knows (gb18030, latin-1); a UTF-8 BOM is skipped."""
    validation_fraction: Half = 0.1
    """Part of the training rows that becomes validation data where none is given, up to 0.5."""
    test_fraction: Half = 0.1
    """Part of the training rows that becomes test data where none is given, up to 0.5; 0: no test data.
    Together with the above less than 1."""
    split_seed: int = 0
    """Seed of the stratified split; apart from --seed, so that runs with several seeds share their test rows."""
    tfds_dir: str = ""
    """Folder of prepared TensorFlow Datasets (tfds: sources); empty: its default."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.label_separator and self.label_columns:
            raise InputError("label_separator parts one column, label_columns are several; leave one of them out")
        if len(self.label_columns) == 1:
            raise InputError(
                f"label_columns: {self.label_columns[0]!r} alone; give two or more, or make its 0 and 1 the two classes"
                f" of an ordinary classifier: --label-column {self.label_columns[0]}"
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of text and labels."""
        return (self.text_column, *(self.label_columns or (self.label_column,)))


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(Settings):
    """How a model is trained."""

    epochs: Annotated[int, annotated_types.Ge(0), tyro.conf.arg(aliases=("--epochs",))] = 0
    """Passes over the training rows at the most; 0: as many as make 800 steps, but 3 to 50."""
    batch_size: PositiveInt = 64
    """Documents in a batch."""
    optimizer: Literal["adam", "adadelta"] = "adam"
    """adam updates only the embedding rows that a batch touches."""
    learning_rate: NonNegativeFloat = 2e-3
    """Highest learning rate."""
    schedule: Literal["constant", "linear", "cosine"] = "linear"
    """How the learning rate falls to zero over all epochs."""
    warmup_ratio: Fraction = 0.05
    """Part of all steps over which the learning rate rises from zero."""
    weight_decay: NonNegativeFloat = 0.0
    """Decoupled weight decay (Loshchilov & Hutter 2019) of everything but embeddings and biases."""
    global_clipnorm: NonNegativeFloat = 0.0
    """Largest norm of the whole gradient; 0: no bound."""
    label_smoothing: Fraction = 0.1
    """Probability mass that is spread evenly over all classes; in multi-label over each label's yes and no."""
    class_weights: Literal["none", "balanced"] = "none"
    """balanced: a class counts in inverse proportion to its rows. Not in multi-label."""
    sampling: Literal["shuffled", "balanced"] = "shuffled"
    """balanced: each class makes the same part of an epoch, which has as many documents as there are rows; those of
    small classes stand in it several times, of large ones another part each time. Instead of class_weights, and not in
    multi-label."""
    focal_gamma: NonNegativeFloat = 0.0
    """Exponent of the focal loss, by which documents count less the surer their answer is (Lin et al. 2017 have 2);
    0: cross-entropy."""
    soft_label_temperature: Annotated[float, annotated_types.Gt(0)] = 2.0
    """Where a teacher's probabilities are learned: what their logits and those of the model are divided by; above 1
    shows more of what the teacher thinks of the other classes."""
    soft_label_weight: Fraction = 0.9
    """Part of the loss that a teacher's probabilities have; the labels have the rest."""
    monitor: Literal["accuracy", "loss", "macro_f1"] = "accuracy"
    """The weights of the epoch that is best by this on the validation data are kept; of epochs whose accuracy is
    within half a standard error of the highest the last. macro_f1 counts every class alike, however rare. In
    multi-label accuracy is the part of the rows whose labels are all right."""
    patience: PositiveInt = 3
    """Training stops when the best epoch lies so many epochs back."""
    calibrate: bool = True
    """Fit a temperature to the validation data, so that a probability of 0.9 is right 9 times out of 10, and in
    multi-label the probability from which on each label is given; without it that is 0.5."""
    dtype_policy: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    """Arithmetic of the layers; weights stay float32."""
    deterministic: Annotated[bool, tyro.conf.arg(aliases=("--deterministic",))] = False
    """The same seed gives the same weights, bit for bit; slower."""
    tensorboard: bool = False
    """Also write logs for TensorBoard (needs the extra tensorboard)."""
    strategy: Literal["none", "mirrored", "multi_worker"] = "none"
    """mirrored: all graphics cards of this machine, each with a part of every batch; multi_worker: several processes
    that know each other by TF_CONFIG or SLURM, each started with the same command."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.class_weights == self.sampling == "balanced":
            raise InputError(
                "class_weights balanced and sampling balanced both even out the classes; choose one of them"
            )


@dataclass(frozen=True, kw_only=True)
class TransferConfig(Settings):
    """What the model brings along from elsewhere."""

    vectors: Annotated[str, tyro.conf.arg(aliases=("--vectors",))] = ""
    """File of pretrained vectors (GloVe, word2vec text or binary, fastText .vec, .npz; also .gz or .zip) that the
    embedding starts from; network.embedding_dim follows the file."""
    vectors_stddev: NonNegativeFloat = 0.1
    """Standard deviation that the vectors' numbers are scaled to; 0: as they stand in the file."""
    init_from: Annotated[str, tyro.conf.arg(aliases=("--init-from",))] = ""
    """Folder of a pretrained encoder or of another classifier to start from: its tokens become known, its layers are
    copied where names and sizes agree, the last layer is new. Its model, text and network settings are the defaults."""
    extend_vocabulary: Annotated[int, annotated_types.Ge(0)] = 0
    """Words of the file, at the most, that become known although no training text has them."""
    freeze: tuple[Literal["embedding", "encoder"], ...] = ()
    """Groups of layers that training leaves as they are: embedding, the table of tokens; encoder, all between that and
    the last layer."""
    frozen_epochs: Annotated[int, annotated_types.Ge(0)] = 0
    """Epochs after which they learn as well; 0: never."""
    unfreeze: Literal["together", "gradually"] = "together"
    """gradually: the group above first, the one below after as many epochs again (Howard & Ruder 2018)."""
    layerwise_lr_decay: Annotated[float, annotated_types.Interval(gt=0, le=1)] = 1.0
    """Learning rate of a group as a part of that of the group above it (Howard & Ruder 2018 have 1/2.6 for each layer).
    Their slanted triangle is training.schedule linear with training.warmup_ratio 0.1."""


@dataclass(frozen=True, kw_only=True)
class MaskingConfig(Settings):
    """How a network is pretrained: by naming tokens that are hidden from it (Devlin et al. 2019)."""

    rate: Annotated[float, annotated_types.Interval(gt=0, lt=1)] = 0.15
    """Part of a document's known tokens that is hidden."""
    negative_samples: Annotated[int, annotated_types.Ge(0)] = 1000
    """Draws of wrong answers that a batch is compared with; 0, or a vocabulary that is no larger: all tokens."""


@dataclass(frozen=True, kw_only=True)
class DistillationConfig(Settings):
    """A teacher, whose probabilities are learned from beside the labels (Hinton, Vinyals & Dean 2015)."""

    teacher: Annotated[str, tyro.conf.arg(aliases=("--teacher",))] = ""
    """Folder of a bundle; or file of class probabilities (csv, tsv, jsonl, parquet, also .gz; a column for the text and
    one for each label); or module:function, which is given a list of texts and the list of labels and returns an array
    of probabilities (texts, labels)."""
    unlabelled: Annotated[tuple[str, ...], tyro.conf.arg(aliases=("--unlabelled",))] = ()
    """Texts without labels, or whose labels are to be ignored, that the teacher answers too: sources as for data, or
    .txt with a text a line."""


@dataclass(frozen=True, kw_only=True)
class Config(Settings, Generic[ModelConfigT]):
    """A whole run: enough to train it again."""

    data: tuple[str, ...] = ("demo:bbc",)
    """Training data: files (csv, tsv, jsonl, parquet, also .gz), a folder with a folder a class,
    tfds:NAME[/config][:split], demo:NAME."""
    validation_data: tuple[str, ...] = ()
    """Validation data; none: split off the training data."""
    test_data: tuple[str, ...] = ()
    """Test data; none: split off the training data."""
    model: str = "word_cnn"
    """Architecture; --list-models shows all."""
    output: str = ""
    """Folder of the bundle; empty: saved_models/DATA-MODEL."""
    seed: int = 0
    """Seed of weights, dropout and the order of rows."""
    source: SourceConfig = field(default_factory=SourceConfig)
    text: TextConfig
    network: ModelConfigT
    training: TrainingConfig = field(default_factory=TrainingConfig)
    transfer: TransferConfig = field(default_factory=TransferConfig)
    distillation: DistillationConfig = field(default_factory=DistillationConfig)

    def flatten(self, groups: Sequence[str]) -> dict[str, Any]:
        """The settings of some groups, GROUP.KEY to plain value."""
        values = self.to_dict()
        return {f"{group}.{key}": value for group in groups for key, value in values[group].items()}


def default_config(model: str = "", init_from: str = "") -> Config[Any]:
    """The run that a model starts from: its own network and text settings, every other default as it stands above.

    Args:
        model: Its name; empty: that of the bundle to start from, or the default.
        init_from: Bundle to start from; its network and text settings stand in place of the model's, if that is its.

    Raises:
        InputError: No model has that name, or the bundle cannot be read.
    """
    if init_from:
        path = Path(init_from) / "config.yaml"
        origin = config_from_dict(load_yaml(path), str(path))
        if model in ("", origin.model):
            return Config(
                model=origin.model,
                text=origin.text,
                network=origin.network,
                transfer=TransferConfig(init_from=init_from),
            )
    network = models.get(model or Config.model)
    return Config(model=model or Config.model, text=network.text, network=network())


def config_from_dict(values: Mapping[str, Any], where: str, base: Config[Any] | None = None) -> Config[Any]:
    """A run from a nested dictionary; what the dictionary leaves out comes from ``base`` or the model's defaults.

    Args:
        values: As ``Config.to_dict`` gives it.
        where: What is being read (a file's name), for messages.
        base: The run to start from, of the same model; by default that of ``values["model"]``.

    Raises:
        InputError: An unknown key, with the nearest right one; a value that cannot be used.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"{where}: expected settings as 'key: value', found {type(values).__name__}")
    return (base or default_config(str(values.get("model", Config.model)))).replace_values(values, where)


def load_yaml(path: str | Path) -> dict[str, Any]:
    """The settings that a YAML file gives, unchecked.

    Raises:
        InputError: The file is missing, or not YAML; the message names the line.
    """
    try:
        return yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not YAML: {' '.join(str(error).split())}") from None


def save_yaml(config: Config[Any], path: str | Path) -> None:
    """Write a run as YAML, every setting included."""
    Path(path).write_text(to_yaml(config), encoding="utf-8")


def to_yaml(config: Config[Any]) -> str:
    """A run as YAML, every setting included."""
    return yaml.safe_dump(config.to_dict(), sort_keys=False, allow_unicode=True)
