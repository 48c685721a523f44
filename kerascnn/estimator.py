"""The scikit-learn estimator whose constructor arguments are the settings of a run."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags

from kerascnn import config as configuration
from kerascnn.config import TRAINING_GROUPS, Config, OptimizerName
from kerascnn.utils.argument_names import name_arguments
from kerascnn.utils.arguments import shorten
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    import keras

EstimatorT = TypeVar("EstimatorT", bound="Estimator")


class Estimator(ClassNamePrefixFeaturesOutMixin, ClassifierMixin, TransformerMixin, BaseEstimator):
    """Stores all settings of a run as constructor arguments, so that scikit-learn's ``clone`` and ``set_params`` work.

    Arguments of the groups ``text`` and ``network`` are None by default, which means the default of the model.
    ``docs/settings.md`` and ``python -m pipelines.train --help`` list the settings of each model. ``optimizer`` is
    a name or a Keras optimizer. Each training uses a new optimizer of the same configuration, with its learning rate,
    weight decay and clipping in place of the settings'.
    """

    # BEGIN of the constructor that tests/generate_estimator.py writes
    def __init__(
        self,
        *,
        model: str = "word_cnn",
        seed: int = 0,
        validation_fraction: float = 0.1,
        epochs: int = 0,
        batch_size: int = 0,
        optimizer: OptimizerName | keras.optimizers.Optimizer = "adam",
        learning_rate: float = 0.0,
        schedule: Literal["constant", "linear", "cosine"] = "linear",
        warmup_ratio: float = 0.05,
        weight_decay: float = 0.0,
        global_clipnorm: float = 0.0,
        label_smoothing: float = 0.1,
        class_weights: Literal["none", "balanced"] = "none",
        sampling: Literal["shuffled", "balanced"] = "shuffled",
        focal_gamma: float = 0.0,
        soft_label_temperature: float = 2.0,
        soft_label_weight: float = 0.9,
        monitor: Literal["accuracy", "loss", "macro_f1", "span_f1"] = "accuracy",
        patience: int = 0,
        refit_rows: int = 2000,
        calibrate: bool = True,
        dtype_policy: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32",
        deterministic: bool = False,
        tensorboard: bool = False,
        strategy: Literal["none", "mirrored", "multi_worker"] = "none",
        vectors: str = "",
        vectors_stddev: float = -1.0,
        init_from: str = "",
        extend_vocabulary: int = -1,
        freeze: Sequence[Literal["embedding", "encoder"]] = (),
        frozen_epochs: int = 0,
        unfreeze: Literal["together", "gradually"] = "together",
        contrastive: Literal["auto", "always", "never"] = "auto",
        layerwise_lr_decay: float = 1.0,
        level: Literal["word", "character"] | None = None,
        split: Literal["unicode", "whitespace", "dictionary", "wordpiece", "sentencepiece"] | None = None,
        dictionary: str | None = None,
        standardize: Sequence[Literal["html", "width", "lowercase", "punctuation"]] | None = None,
        normalize: Literal["none", "nfkc", "nfkc_casefold"] | None = None,
        stop_words: str | None = None,
        max_tokens: int | None = None,
        min_count: int | None = None,
        max_length: int | None = None,
        linear_ngrams: Sequence[int] | None = None,
        linear_characters: Sequence[int] | None = None,
        linear_vectors: bool | None = None,
        ngrams: Sequence[int] | None = None,
        ngram_buckets: int | None = None,
        ngram_dim: int | None = None,
        start_token: bool | None = None,
        dropout: float | None = None,
        word_dropout: float | None = None,
        embedding_dim: int | None = None,
        filters: int | None = None,
        kernel_size: int | None = None,
        blocks: int | None = None,
        pool_size: int | None = None,
        gate: Literal["glu", "complementary"] | None = None,
        pooling: Literal["max", "average", "both", "convolution", "kmax"] | None = None,
        ngram_dropout: float | None = None,
        hidden_units: Sequence[int] | int | None = None,
        block_dropout: float | None = None,
        embedding_dropout: float | None = None,
        character_dropout: float | None = None,
        region_size: int | None = None,
        preset: str | None = None,
        prompt: str | None = None,
        fine_tune: bool | None = None,
        fine_tune_dropout: float | None = None,
        kernel_sizes: Sequence[int] | None = None,
        encoder_dropout: float | None = None,
        cell: Literal["gru", "lstm"] | None = None,
        units: int | None = None,
        rnn_layers: int | None = None,
        weights: str | None = None,
        prune: int | None = None,
        width: int | None = None,
        heads: int | None = None,
        depth: Literal[9, 17, 29, 49] | None = None,
        shortcuts: bool | None = None,
        length: int | None = None,
        static_channel: bool | None = None,
        max_norm: float | None = None,
        initial_stddev: float | None = None,
        word_length: int | None = None,
        character_dim: int | None = None,
        character_filters: int | None = None,
        character_kernel_size: int | None = None,
        character_blocks: int | None = None,
        character_ngrams: Sequence[int] | None = None,
        crf: bool | None = None,
        dilations: Sequence[int] | None = None,
        budget: Literal["small", "fast", "accurate"] | None = None,
    ) -> None:
        self.model = model
        self.seed = seed
        self.validation_fraction = validation_fraction
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.warmup_ratio = warmup_ratio
        self.weight_decay = weight_decay
        self.global_clipnorm = global_clipnorm
        self.label_smoothing = label_smoothing
        self.class_weights = class_weights
        self.sampling = sampling
        self.focal_gamma = focal_gamma
        self.soft_label_temperature = soft_label_temperature
        self.soft_label_weight = soft_label_weight
        self.monitor = monitor
        self.patience = patience
        self.refit_rows = refit_rows
        self.calibrate = calibrate
        self.dtype_policy = dtype_policy
        self.deterministic = deterministic
        self.tensorboard = tensorboard
        self.strategy = strategy
        self.vectors = vectors
        self.vectors_stddev = vectors_stddev
        self.init_from = init_from
        self.extend_vocabulary = extend_vocabulary
        self.freeze = freeze
        self.frozen_epochs = frozen_epochs
        self.unfreeze = unfreeze
        self.contrastive = contrastive
        self.layerwise_lr_decay = layerwise_lr_decay
        self.level = level
        self.split = split
        self.dictionary = dictionary
        self.standardize = standardize
        self.normalize = normalize
        self.stop_words = stop_words
        self.max_tokens = max_tokens
        self.min_count = min_count
        self.max_length = max_length
        self.linear_ngrams = linear_ngrams
        self.linear_characters = linear_characters
        self.linear_vectors = linear_vectors
        self.ngrams = ngrams
        self.ngram_buckets = ngram_buckets
        self.ngram_dim = ngram_dim
        self.start_token = start_token
        self.dropout = dropout
        self.word_dropout = word_dropout
        self.embedding_dim = embedding_dim
        self.filters = filters
        self.kernel_size = kernel_size
        self.blocks = blocks
        self.pool_size = pool_size
        self.gate = gate
        self.pooling = pooling
        self.ngram_dropout = ngram_dropout
        self.hidden_units = hidden_units
        self.block_dropout = block_dropout
        self.embedding_dropout = embedding_dropout
        self.character_dropout = character_dropout
        self.region_size = region_size
        self.preset = preset
        self.prompt = prompt
        self.fine_tune = fine_tune
        self.fine_tune_dropout = fine_tune_dropout
        self.kernel_sizes = kernel_sizes
        self.encoder_dropout = encoder_dropout
        self.cell = cell
        self.units = units
        self.rnn_layers = rnn_layers
        self.weights = weights
        self.prune = prune
        self.width = width
        self.heads = heads
        self.depth = depth
        self.shortcuts = shortcuts
        self.length = length
        self.static_channel = static_channel
        self.max_norm = max_norm
        self.initial_stddev = initial_stddev
        self.word_length = word_length
        self.character_dim = character_dim
        self.character_filters = character_filters
        self.character_kernel_size = character_kernel_size
        self.character_blocks = character_blocks
        self.character_ngrams = character_ngrams
        self.crf = crf
        self.dilations = dilations
        self.budget = budget

    # END of the constructor that tests/generate_estimator.py writes

    def __sklearn_tags__(self) -> Tags:
        """Return the tags of an estimator that takes a list of strings, and neither numbers nor tables."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.classifier_tags.multi_label = True
        tags.transformer_tags.preserves_dtype = []  # the features of strings are float32
        tags.non_deterministic = not self.deterministic
        return tags

    @property
    def custom_optimizer(self) -> keras.optimizers.Optimizer | None:
        """The optimizer if it was given as an object, else None."""
        return None if isinstance(self.optimizer, str) else self.optimizer

    @classmethod
    def from_config(cls: type[EstimatorT], config: Config[Any]) -> EstimatorT:
        """Return an untrained classifier with the settings of a run."""
        flat: dict[str, Any] = {
            "model": config.model,
            "seed": config.seed,
            "validation_fraction": config.source.validation_fraction,
        }
        for group in (config.text, config.network, config.training, config.transfer):
            flat |= {f.name: getattr(group, f.name) for f in dataclasses.fields(group)}
        classifier = cls(**flat)
        classifier._run = config
        return classifier

    @name_arguments
    def to_config(self) -> Config[Any]:
        """Return the settings as a ``Config``.

        Raises:
            InputError: A setting cannot be used, or the model does not have it.
        """
        given = {name: value for name, value in self.get_params().items() if value is not None}
        for name in ("model", "seed", "validation_fraction"):
            if name not in given:
                raise InputError(f"{name}: None is no value for it; leave it out for the default")
        if not isinstance(self.model, str):
            raise InputError(f"model: give the name of a model, a string. Received: {shorten(self.model)}")
        if not isinstance(self.init_from, str | os.PathLike):
            raise InputError(f"init_from: give the path of a folder. Received: {shorten(self.init_from)}")
        if (optimizer := self.custom_optimizer) is not None:
            given["optimizer"] = _optimizer_name(optimizer)
        run: Config[Any] | None = getattr(self, "_run", None)
        model = given.pop("model")
        base = (
            run
            if run is not None and run.model == model
            else configuration.default_config(model, os.fspath(self.init_from))
        )
        changes: dict[str, Any] = {"model": model, "seed": given.pop("seed")}
        changes["source"] = {"validation_fraction": given.pop("validation_fraction")}
        for group in TRAINING_GROUPS:
            names = {f.name for f in dataclasses.fields(getattr(base, group))}
            changes[group] = {name: given.pop(name) for name in list(given) if name in names}
        if given:
            names_of_network = [f.name for f in dataclasses.fields(base.network)]
            raise InputError(
                f"{base.model} has no setting {', '.join(map(repr, given))}; its own are {', '.join(names_of_network)}"
            )
        return base.replace_values(changes, "settings")


def _optimizer_name(optimizer: Any) -> Any:
    """Return the name of the Keras optimizer that an object is, or is derived from, for ``config.yaml``.

    An object that is not an optimizer is returned unchanged, and the check of the settings rejects it. An optimizer
    derived from ``keras.optimizers.Optimizer`` alone has no name; it is stored under the default.
    """
    import keras

    if not isinstance(optimizer, keras.optimizers.Optimizer):
        return optimizer
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    names = [kind.__name__.lower() for kind in type(optimizer).__mro__]
    return next((name for name in names if name in get_args(OptimizerName)), configuration.TrainingConfig.optimizer)
