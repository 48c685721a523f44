"""Fit the network of a classifier in the way that suits it: by epochs, contrastively, or by solving its head alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from kerascnn.classifier_data import TrainingData
from kerascnn.config import Config, TrainingConfig
from kerascnn.linear import classifier as linear_classifier
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.text.word_vectors import WordVectors
from kerascnn.training import fit
from kerascnn.training.distributed import strategies
from kerascnn.training.fit import EncodedDataset
from kerascnn.transfer import contrastive, initial_model, solved_head
from kerascnn.transfer.initial_model import InitialModel
from kerascnn.transfer.solved_head import SolvedHead
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import log

UNUSED_SETTINGS = (
    *(name for name in linear_classifier.UNUSED_SETTINGS if name != "dtype_policy"), "tensorboard",
)  # fmt: skip
"""Settings of ``TrainingConfig`` without effect on a solved head."""
Way = Literal["epochs", "contrastive", "solved_head"]


@dataclass(frozen=True)
class FittedNetwork:
    """A fitted network."""

    initial: InitialModel
    """The network, with what was known before the training."""
    metrics: dict[str, Any]
    """Entries of ``metrics.json``."""
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    """Number of the epoch whose weights it has; 0 without epochs."""
    head: SolvedHead | None = None
    """Last layer, if it was solved."""
    way: Way = "epochs"
    """How it was fitted."""
    held_out_logits: np.ndarray | None = None
    """Logits of the training documents by networks without them, see ``SolvedHead``; None: unknown."""


@dataclass(frozen=True, kw_only=True)
class NetworkFitter:
    """Fits the network of a run; the seed is set anew, so that each fit starts from the same weights."""

    config: Config[Any]
    vectorizer: Vectorizer
    data: TrainingData
    strategy: tf.distribute.Strategy
    fingerprint: Callable[[Config[Any]], dict[str, Any]]
    """Config to all values that must be equal for a training to resume."""
    vectors: WordVectors | None = None
    """Word vectors of ``transfer.vectors``."""
    optimizer: keras.optimizers.Optimizer | None = None
    verbose: bool = False

    def fit(
        self,
        train: EncodedDataset,
        validation: EncodedDataset | None,
        *,
        previous: FittedNetwork | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        folder: Path | None = None,
        resume: bool = False,
    ) -> FittedNetwork:
        """Fit the network.

        Args:
            train: Training documents.
            validation: Validation documents; None: none, and ``config`` has the number of epochs.
            previous: Another fit, to fewer documents, that has chosen the way and the regularization of a solved head.
            callbacks: Keras callbacks, see ``training.fit.fit``.
            folder: Folder for the checkpoint of each epoch; None: no checkpoints.
            resume: Continue from the checkpoint in ``folder``.
        """
        fit.set_random_seed(self.config.seed, self.config.training.deterministic)
        with fit.dtype_policy_scope(self.config.training.dtype_policy):
            initial = initial_model.build_model(
                self.config, self.vectorizer, len(self.data.classes), train.ids, self.vectors
            )
        if self.verbose and validation is not None:
            initial.log_messages()
        way = previous.way if previous else choose_way(initial, train)
        cost = previous.head.cost if previous and previous.head else None
        if way == "solved_head":
            if self.verbose and validation is not None:
                self._log_solved_head(callbacks)
            return self._solve_head(initial, train, validation, cost)
        options = self._training_options(initial) | {"folder": folder, "resume": resume}
        options["callbacks"] = [*initial.callbacks, *callbacks]
        if way == "contrastive":
            return self._fit_contrastively(initial, train, validation, options, previous)
        return self._fit_by_epochs(initial, train, validation, cost, options)

    def _solve_head(
        self,
        initial: InitialModel,
        train: EncodedDataset,
        validation: EncodedDataset | None,
        cost: float | None,
    ) -> FittedNetwork:
        """Solve the head on the vectors of a frozen encoder; each process does so."""
        facts = fit.fingerprint_arguments(train, self.data.class_weight, self.optimizer)
        strategies.check_workers_agree(self.strategy, self.fingerprint(initial.config) | facts)
        head = self._solve(initial, train, validation, cost)
        speed = len(train.targets) / max(head.seconds, 1e-9)
        metrics = {"epochs": 0, "seconds": round(head.seconds, 2), "documents_per_second": round(speed, 1)}
        return FittedNetwork(
            initial,
            {**metrics, "solved_head": head.metrics()},
            head=head,
            way="solved_head",
            held_out_logits=head.held_out_logits,
        )

    def _log_solved_head(self, callbacks: Sequence[keras.callbacks.Callback]) -> None:
        """Print that the head is solved, and what has no effect on it."""
        given = {"optimizer": self.optimizer is not None, "callbacks": bool(callbacks)}
        unused = [f"training.{name}" for name in self.config.training.list_changed(UNUSED_SETTINGS)]
        unused += [name for name, is_given in given.items() if is_given]
        without_effect = f"; without effect: {', '.join(unused)}" if unused else ""
        log(f"the encoder is frozen: the head is solved on its vectors, without epochs{without_effect}")

    def _fit_contrastively(
        self,
        initial: InitialModel,
        train: EncodedDataset,
        validation: EncodedDataset | None,
        options: dict[str, Any],
        previous: FittedNetwork | None = None,
    ) -> FittedNetwork:
        """Train the encoder contrastively, average it with that of the previous fit, and solve the head."""
        encoder = initial.built.sentence_encoder()
        assert encoder is not None
        if self.verbose and validation is not None:
            log(
                f"the encoder is trained contrastively on {len(train.targets):,} rows, then the head is solved;"
                " --transfer.contrastive never trains both by epochs"
            )
        settings = self._training_settings(self.config.network.contrastive_learning_rate)
        trained = contrastive.tune_encoder(encoder, train, settings, **options)
        if previous and (other := previous.initial.built.sentence_encoder()):
            contrastive.average_weights(encoder, other)
        head = self._solve(initial, train, validation, solved_head.TUNED_COST)
        facts = {
            "rows": len(train.targets),
            "steps": trained.epoch * contrastive.plan_steps(settings, len(train.targets)),
            "seconds": round(trained.seconds, 2),
        }
        metrics = {**trained.speed(len(train.targets)), "contrastive": facts, "solved_head": head.metrics()}
        return FittedNetwork(initial, metrics, trained.history, trained.epoch, head, "contrastive")

    def _fit_by_epochs(
        self,
        initial: InitialModel,
        train: EncodedDataset,
        validation: EncodedDataset | None,
        cost: float | None,
        options: dict[str, Any],
    ) -> FittedNetwork:
        """Train the network by epochs, from a solved head if it has sentence vectors (Kumar et al. 2022)."""
        head, settings = None, self._training_settings(self.config.network.learning_rate)
        if initial.built.roles.sentence_vector and np.any(train.targets >= 0):
            head = self._solve(initial, train, validation, cost)
        if initial.built.trains_sentence_encoder:
            epochs = settings.epochs or contrastive.plan_epochs(len(train.targets))
            settings = dataclasses.replace(settings, epochs=epochs)
        trained = fit.fit(
            initial.built.model, train, validation, settings, task=self.data.task,
            pretrained_layers=initial.built.roles.pretrained_layers, **options,
        )  # fmt: skip
        metrics = trained.speed(len(train.targets)) | ({"solved_head": head.metrics()} if head else {})
        return FittedNetwork(initial, metrics, trained.history, trained.best_epoch, head)

    def _solve(
        self,
        initial: InitialModel,
        train: EncodedDataset,
        validation: EncodedDataset | None,
        cost: float | None,
    ) -> SolvedHead:
        weights = fit.document_weights(train, self.config.training, self.data.class_weight)
        return solved_head.solve_head(initial.built, train, validation, self.data.task, weights=weights, cost=cost)

    def _training_settings(self, default_rate: float) -> TrainingConfig:
        settings = self.config.training
        return dataclasses.replace(settings, learning_rate=settings.learning_rate or default_rate)

    def _training_options(self, initial: InitialModel) -> dict[str, Any]:
        """Return the arguments of ``fit.fit`` that do not depend on the way."""
        return {
            "seed": self.config.seed, "class_weight": self.data.class_weight, "optimizer": self.optimizer,
            "fingerprint": self.fingerprint(initial.config), "strategy": self.strategy, "verbose": self.verbose,
            "learning_rate_factors": initial.learning_rate_factors,
        }  # fmt: skip


def choose_way(initial: InitialModel, train: EncodedDataset) -> Way:
    """Return how to fit a network.

    Raises:
        InputError: ``transfer.contrastive`` is ``always``, and cannot be done.
    """
    settings, encoder = initial.config.transfer, initial.built.sentence_encoder()
    if encoder is None:
        return "epochs"
    reason = ""
    if not encoder.trainable_variables:
        reason = "the encoder is frozen; leave out transfer.freeze, and give --network.fine-tune if the model has it"
    elif train.soft_labels is not None:
        reason = "the soft labels of a teacher are learned by epochs; leave one of the two out"
    elif settings.freeze and settings.frozen_epochs:
        reason = "layers are unfrozen after transfer.frozen_epochs; leave that out"
    if reason and settings.contrastive == "always":
        raise InputError(f"transfer.contrastive always: {reason}")
    if not encoder.trainable_variables and train.soft_labels is None:
        return "solved_head"
    if reason or settings.contrastive == "never":
        return "epochs"
    is_small = len(train.targets) <= contrastive.MAX_ROWS
    return "contrastive" if is_small or settings.contrastive == "always" else "epochs"
