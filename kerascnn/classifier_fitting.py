"""Fit the Keras model of a classifier to encoded documents, and fit it again to all of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn.bundle import load_vectorizer
from kerascnn.classifier_data import TrainingData
from kerascnn.config import TRAINING_GROUPS, Config
from kerascnn.models import BuiltModel
from kerascnn.network_fitting import FittedNetwork, NetworkFitter
from kerascnn.prediction import make_predict_function
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.text.word_vectors import WordVectors
from kerascnn.training import fit
from kerascnn.training.distributed import strategies
from kerascnn.training.fit import EncodedDataset
from kerascnn.transfer import initial_model
from kerascnn.utils.stderr import log

if TYPE_CHECKING:
    from kerascnn.linear.classifier import LinearClassifier
    from kerascnn.linear.member import Features, LinearMember
    from kerascnn.linear.regularization import Choice

MAX_SOLVER_TOKENS = 5_000_000
"""Tokens of documents in files that a linear classifier is solved on, which takes 60 bytes a token of memory."""


@dataclass(frozen=True)
class FittedModel:
    """A model before its calibration."""

    config: Config[Any]
    built: BuiltModel
    logits: np.ndarray
    """Logits of the validation documents, float (documents, classes)."""
    metrics: dict[str, Any]
    network: FittedNetwork | None = None
    """The network; None for a linear classifier alone."""
    member: LinearMember | None = None
    """The linear member beside the network."""
    choice: Choice | None = None
    """Features and regularization of a linear classifier alone."""

    @property
    def history(self) -> list[dict[str, float]]:
        """Logs of the epochs; empty if there were none."""
        return self.network.history if self.network else []


@dataclass(frozen=True, kw_only=True)
class ModelFitter:
    """Fits the model of a run; the seed is set anew, so that each fit starts from the same weights."""

    config: Config[Any]
    vectorizer: Vectorizer
    data: TrainingData
    train: EncodedDataset
    validation: EncodedDataset
    strategy: tf.distribute.Strategy
    vectors: WordVectors | None = None
    """Pretrained word vectors for the vocabulary."""
    optimizer: keras.optimizers.Optimizer | None = None
    """Optimizer to use instead of that of the settings."""
    verbose: bool = False

    def fit(self, callbacks: Sequence[keras.callbacks.Callback], folder: Path | None, resume: bool) -> FittedModel:
        """Fit the model to the training documents; the validation documents choose.

        A linear classifier alone is solved, by each process, without callbacks and checkpoints.

        Args:
            callbacks: Keras callbacks, see ``training.fit.fit``.
            folder: Folder for the checkpoint of each epoch; None: no checkpoints.
            resume: Continue from the checkpoint in ``folder``.
        """
        if self.config.network.is_linear:
            return self._solve()
        network = self._network_fitter(self.config).fit(
            self.train, self.validation, callbacks=callbacks, folder=folder, resume=resume
        )
        initial, metrics = network.initial, {**network.metrics, **network.initial.metrics}
        built, logits = initial.built, make_predict_function(initial.built.model)(self.validation.ids)
        member = self._fit_member(network, logits)
        if member:
            built = self._add_member(built, member)
            if len(member.validation_scores) == len(logits):
                logits = logits + member.weight * member.validation_scores
            else:
                logits = make_predict_function(built.model)(self.validation.ids)
            metrics["linear_member"] = member.metrics()
        return FittedModel(initial.config, built, logits, metrics, network, member)

    def refit(self, fitted: FittedModel) -> tuple[BuiltModel, dict[str, Any]]:
        """Fit to the training documents without validation, by what another fit has chosen.

        The number of epochs is that of the best epoch of the other fit; the learning rate falls over these epochs, and
        the model keeps the weights of the last one. The linear part has the same features, regularization and weight.

        Args:
            fitted: The other fit, to fewer documents.

        Returns:
            The model, and the metrics that replace those of the other fit.
        """
        facts: dict[str, Any] = {"rows": len(self.train.targets)}
        if self.config.network.is_linear:
            solved = self._solve_classifier(self.train, fitted.choice)
            changed = solved.metrics(len(self.train.targets))["linear_classifier"]
            return solved.built, {"refit": facts, "linear_classifier": changed, **self._measure_vocabulary()}
        assert fitted.network is not None
        training = dataclasses.replace(self.config.training, epochs=fitted.network.best_epoch, tensorboard=False)
        fitter = self._network_fitter(dataclasses.replace(self.config, training=training))
        network = fitter.fit(self.train, None, previous=fitted.network)
        initial, metrics = network.initial, network.metrics
        facts |= {name: metrics[name] for name in ("epochs", "seconds")}
        metrics = {"refit": facts, **initial.metrics}
        if fitted.member is None:
            return initial.built, metrics
        from kerascnn.linear.member import refit_linear_member

        features, weights = self._adapt_features(initial.config, self.train), self._weights(self.train)
        ids = self.train.ragged_ids
        member = refit_linear_member(fitted.member, features, ids, self.train.targets, weights=weights)
        return self._add_member(initial.built, member), metrics

    def fingerprint(self, config: Config[Any]) -> dict[str, Any]:
        """Return all values that must be equal for a training to resume; sources and output folder may differ."""
        data = {
            "training data": self.train.digest(),
            "validation data": self.validation.digest(),
            "soft labels": self.train.soft_labels_digest(),
        }
        return {"model": config.model, "seed": config.seed, **config.flatten(TRAINING_GROUPS), **data}

    def _network_fitter(self, config: Config[Any]) -> NetworkFitter:
        return NetworkFitter(
            config=config, vectorizer=self.vectorizer, vectors=self.vectors, data=self.data, strategy=self.strategy,
            fingerprint=self.fingerprint, optimizer=self.optimizer, verbose=self.verbose,
        )  # fmt: skip

    def _fit_member(self, network: FittedNetwork, logits: np.ndarray) -> LinearMember | None:
        """Solve for the linear member of a trained network; None if the model has none, or it does not help.

        Args:
            network: The network.
            logits: Its logits for the validation documents.
        """
        config = network.initial.config
        if not getattr(config.network, "linear_ngrams", ()):
            return None
        from kerascnn.linear.member import fit_linear_member
        from kerascnn.linear.stacking import USUAL_WEIGHT, USUAL_WEIGHT_OF_PRETRAINED

        is_trained = network.initial.built.trains_sentence_encoder
        train = self._sample(self.train)
        validation, rows = self.validation.sample(MAX_SOLVER_TOKENS)
        return fit_linear_member(
            self._adapt_features(config, train), train.ragged_ids, train.targets, validation.ragged_ids,
            validation.targets, logits[rows], self.data.task, weights=self._weights(train),
            held_out_logits=network.held_out_logits,
            usual_weight=USUAL_WEIGHT_OF_PRETRAINED if is_trained else USUAL_WEIGHT,
        )  # fmt: skip

    def _add_member(self, built: BuiltModel, member: LinearMember) -> BuiltModel:
        from kerascnn.linear.member import add_member

        with fit.dtype_policy_scope(self.config.training.dtype_policy):
            return add_member(built, member)

    def _adapt_features(self, config: Config[Any], documents: EncodedDataset) -> Features:
        from kerascnn.linear.member import adapt_features

        return adapt_features(
            config, self.vectorizer.vocabulary, documents.ragged_ids, len(self.data.classes), self.vectors
        )

    def _sample(self, documents: EncodedDataset) -> EncodedDataset:
        """Return the training documents in memory that a solver is given, a random part of documents in files."""
        sample, rows = documents.sample(MAX_SOLVER_TOKENS)
        if self.verbose and len(rows) < len(documents.targets):
            log(f"the linear classifier is solved on {len(rows):,} of {len(documents.targets):,} rows, drawn at random")
        return sample

    def _weights(self, documents: EncodedDataset) -> np.ndarray | None:
        return fit.document_weights(documents, self.config.training, self.data.class_weight)

    def _solve(self) -> FittedModel:
        """Solve a model that is a linear classifier alone; of the bundle ``init_from`` it has the vocabulary."""
        from kerascnn.linear.classifier import log_unused_settings

        facts = fit.fingerprint_arguments(self.train, self.data.class_weight, self.optimizer)
        strategies.check_workers_agree(self.strategy, self.fingerprint(self.config) | facts)
        if self.verbose:
            log_unused_settings(self.config)
        train = self._sample(self.train)
        solved = self._solve_classifier(train, None)
        metrics = {**solved.metrics(len(train.targets)), **self._measure_vocabulary(verbose=self.verbose)}
        scores = solved.validation_scores
        if len(scores) < len(self.validation.targets):
            scores = make_predict_function(solved.built.model)(self.validation.ids)
        return FittedModel(self.config, solved.built, scores, metrics, choice=solved.choice)

    def _measure_vocabulary(self, *, verbose: bool = False) -> dict[str, float]:
        """Return the fraction of the vocabulary that has a vector, or comes from the bundle to start from."""
        if self.vectors:
            metrics, messages = initial_model.describe_vectors(
                self.config, self.vectors, self.train.ids.count_ids(len(self.vectorizer.vocabulary))
            )
            for message in messages if verbose else ():
                log(message)
            return metrics
        if not (folder := self.config.transfer.init_from):
            return {}
        inherited = len(load_vectorizer(Path(folder)).vocabulary)
        return {"inherited_vocabulary": inherited / len(self.vectorizer.vocabulary)}

    def _solve_classifier(self, documents: EncodedDataset, choice: Choice | None) -> LinearClassifier:
        from kerascnn.linear.classifier import solve_classifier

        with fit.dtype_policy_scope(self.config.training.dtype_policy):
            return solve_classifier(
                self.config, self.vectorizer.vocabulary, documents, self.validation.sample(MAX_SOLVER_TOKENS)[0],
                self.data.task,
                num_classes=len(self.data.classes), class_weight=self.data.class_weight, choice=choice,
                vectors=self.vectors,
            )  # fmt: skip
