"""``TextClassifier``, the Python interface of the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.utils.validation import check_is_fitted

from kerascnn.bundle import Bundle, load_bundle, save_bundle
from kerascnn.bundle_predictor import BundlePredictor
from kerascnn.classifier_data import LabelledTexts, TrainingData, prepare_data
from kerascnn.classifier_training import check_callbacks, train_bundle
from kerascnn.config import Config
from kerascnn.estimator import Estimator
from kerascnn.hub_mixin import HubMixin
from kerascnn.models.built_model import NO_FEATURES
from kerascnn.selection import choose_model, is_automatic
from kerascnn.tasks import SINGLE_LABEL
from kerascnn.utils.argument_names import name_arguments
from kerascnn.utils.arguments import check_flag, check_path, check_texts, check_verbosity, shorten
from kerascnn.utils.errors import InputError
from kerascnn.utils.hugging_face import is_address
from kerascnn.utils.optional_packages import require_tensorflow_backend
from kerascnn.utils.stderr import log
from kerascnn.utils.tensorflow_startup import check_fork, claim_process
from kerascnn.utils.thread_safety import BUILD_LOCK

if TYPE_CHECKING:
    import keras

    from kerascnn.evaluation.attribution_base import AttributionMethod
    from kerascnn.evaluation.explanation import Explanation
    from kerascnn.evaluation.report import Example
    from kerascnn.prediction import PredictFunction


class TextClassifier(HubMixin, BundlePredictor, Estimator):
    """A text classifier: vectorizer, model and labels.

    It is a scikit-learn classifier for lists of strings. All settings are keyword arguments; ``docs/settings.md`` and
    ``python -m pipelines.train --help`` explain them. None means the default of the model.

    Example::

        classifier = TextClassifier(model="word_cnn", epochs=5)
        classifier.fit(texts, labels)
        classifier.predict(["the rate was cut"])     # array(['business'])
        classifier.save("saved_models/news")

    Args:
        model: Name of the architecture, see ``kerascnn.list_models()``; ``auto`` chooses one for the data and the
            ``budget``, and ``bundle_.config`` has the choice.
        seed: Seed of weights, dropout and the order of documents.
        validation_fraction: Fraction of the documents that ``fit`` uses for early stopping if it gets no validation
            data, up to 0.5.

    Attributes:
        classes_: Label names, (labels,), in the order of the probabilities.
        model_: The trained functional Keras model, ids -> logits.
        bundle_: Everything that training produced: ``config``, ``vectorizer``, ``labels``, ``model``, ``task``,
            ``metrics``, ``history`` (metrics of each epoch), ``temperature`` and ``thresholds``.
    """

    classes_: np.ndarray
    bundle_: Bundle
    _predict_functions: dict[str, PredictFunction]
    _attribute: AttributionMethod | None

    @property
    def model_(self) -> keras.Model:
        """The trained functional Keras model: ids, int32 (batch, length), padded with 0 -> logits (batch, labels)."""
        check_is_fitted(self, "bundle_")
        return self.bundle_.model

    @name_arguments
    def fit(
        self,
        texts: Sequence[str],
        labels: Sequence[Any],
        *,
        soft_labels: np.ndarray | None = None,
        sample_weight: Sequence[float] | np.ndarray | None = None,
        class_weight: Mapping[Any, float] | None = None,
        validation_data: LabelledTexts | None = None,
        refit: bool | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        folder: str | Path | None = None,
        resume: bool = False,
        verbose: bool = False,
    ) -> TextClassifier:
        """Build the vocabulary and train the model.

        Args:
            texts: Documents.
            labels: For one label per document: strings or whole numbers of at least two classes; None for an unknown
                label if there are soft labels. For any number of labels per document (multi-label): lists of labels,
                or an indicator matrix (documents, labels) of 0 and 1 as from ``MultiLabelBinarizer``; after an
                indicator matrix ``predict`` returns one too.
            soft_labels: A teacher's class probabilities, float (documents, classes), in the order of ``classes_``, the
                sorted labels; see ``soft_label_temperature`` and ``soft_label_weight`` (Hinton, Vinyals & Dean 2015).
            sample_weight: Weight of each document in the loss, (documents,), numbers of 0 or more. Validation and the
                metrics of the epochs are not weighted. In a refit, ``validation_data`` has the weight 1.
            class_weight: Label to the weight of its documents in the loss, as in ``keras.Model.fit``; 1 for other
                labels. Not for multi-label data. It multiplies the sample weight.
            validation_data: Texts and labels for early stopping; by default a stratified part of the documents.
            refit: Whether to fit a new model to all documents, those of ``validation_data`` included, once the first
                one has shown for how many epochs and how well; callbacks, history and checkpoints are those of the
                first. None: if neither ``validation_data`` nor ``callbacks`` are given, and there are at most
                ``refit_rows`` documents. Not with soft labels.
            callbacks: Keras callbacks, with the logs ``loss``, ``accuracy``, ``macro_f1`` if it is monitored, and the
                same with the prefix ``val_``. ``self.model.model`` is the functional model, and ``self.model.save``
                saves that one; see ``kerascnn.training.fit.fit``. Unless it is refitted, the model keeps the
                weights of the best epoch by ``monitor``, regardless of those that callbacks such as ``EarlyStopping``
                restore. A linear classifier such as the default ``bow`` has no epochs and accepts none. In a
                contrastive training, ``loss`` is the only log and ``self.model.model`` the encoder; a head on a frozen
                encoder is solved without epochs.
            folder: Folder for a checkpoint after each epoch; a linear classifier has none.
            resume: Continue from the checkpoint in ``folder``.
            verbose: Show progress on standard error.

        Raises:
            InputError: The data or a setting cannot be used; the message says why.
        """
        require_tensorflow_backend("training")
        from kerascnn.linear.classifier import check_arguments

        check_fork()
        config, callbacks = self.to_config(), check_callbacks(callbacks)
        if config.network.tags_tokens:
            raise InputError(f"model: {config.model} has a label for each token; use kerascnn.TokenClassifier")
        check_arguments(config, self.custom_optimizer, callbacks)
        state_folder = None if folder is None else check_path("folder", folder)
        resume, refit = check_flag("resume", resume), None if refit is None else check_flag("refit", refit)
        verbose = check_verbosity("verbose", verbose)
        if refit is None and callbacks:
            refit = False  # a second training would not have their effect
        data = prepare_data(
            config, texts, labels, soft_labels=soft_labels, sample_weight=sample_weight, class_weight=class_weight,
            validation_data=validation_data, refit=refit,
        )  # fmt: skip
        facts: dict[str, Any] = {}
        if is_automatic(config):
            choice = choose_model(
                config, data, optimizer=self.custom_optimizer, needs_epochs=bool(callbacks),
                log=log if verbose else lambda message: None,
            )  # fmt: skip
            config, facts = choice.config, {"selection": choice.facts}
        self.fit_data(config, data, callbacks=callbacks, folder=state_folder, resume=resume, verbose=verbose)
        self.bundle_.metrics |= facts
        return self

    def fit_data(
        self,
        config: Config[Any],
        data: TrainingData,
        *,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        folder: Path | None = None,
        resume: bool = False,
        verbose: bool = False,
    ) -> TextClassifier:
        """Train on checked data whose labels are encoded, as ``kerascnn.classifier_data`` prepares it for ``fit``.

        Args:
            config: The run.
            data: Training and validation data, in memory or in files.
            callbacks: As for ``fit``, like the other arguments.
            folder: Folder of the checkpoint.
            resume: Continue from the checkpoint.
            verbose: Show progress.
        """
        from kerascnn.evaluation.projector import write_projector
        from kerascnn.training.distributed.strategies import is_chief
        from kerascnn.training.progress import EpochsAdvisor

        advisor = EpochsAdvisor()
        bundle = train_bundle(
            config, data, optimizer=self.custom_optimizer, callbacks=[advisor, *callbacks],
            folder=folder, resume=resume, verbose=verbose,
        )  # fmt: skip
        if verbose:
            advisor.log_advice(bundle.history, config.training.monitor, len(data.validation_texts))
        self._set_bundle(bundle, data.classes)
        if config.training.tensorboard and folder is not None and is_chief(config.training.strategy):
            write_projector(bundle, folder / "tensorboard" / "train")
        return self

    @name_arguments
    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Return probabilities, float32 (documents, labels), in the order of ``classes_``.

        They sum to 1 for each document; those of multi-label classifiers are independent.
        """
        logits = self._compute("logits", texts)
        return self.bundle_.task.compute_probabilities(logits, self.bundle_.temperature)

    @name_arguments
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return the features of each document, the input of the last layer, float32 (documents, features)."""
        return self._compute("features", texts)

    @name_arguments
    def transform(self, X: Sequence[str]) -> Any:  # noqa: N803
        """Return the features of each document like ``encode``, as a step of a scikit-learn pipeline.

        Args:
            X: Documents; scikit-learn passes them by this name.

        Returns:
            Array, float32 (documents, features), or the table that ``set_output`` chooses; ``get_feature_names_out``
            returns the names of its columns.
        """
        return self.encode(X)

    @name_arguments
    def fit_transform(self, X: Sequence[str], y: Any = None, **fit_params: Any) -> Any:  # noqa: N803
        """Train the model and return the features of the documents, see ``transform``.

        Args:
            X: Documents; scikit-learn passes them by this name.
            y: Labels as for ``fit``.
            fit_params: Other arguments of ``fit``.

        Raises:
            InputError: The model has no features, or ``fit`` cannot use the data.
        """
        if self.to_config().network.is_linear:
            raise InputError(f"model: {self.model} is a linear classifier, which {NO_FEATURES}")
        return self.fit(X, y, **fit_params).transform(X)

    @property
    def _n_features_out(self) -> int:
        """Number of columns of ``transform``, which scikit-learn names."""
        return int(self.bundle_.built.features.shape[-1])

    @name_arguments
    def explain(self, text: str, label: Any = None) -> Explanation:
        """Explain which n-grams of a text support a label, and which oppose it.

        Args:
            text: The document.
            label: One of ``classes_``; None: the most probable one.

        Returns:
            The logit of the label and the contribution of each n-gram, see ``kerascnn.evaluation.explanation``.
        """
        from kerascnn.evaluation.attribution import choose_attribution_method
        from kerascnn.evaluation.explanation import explain_attribution

        check_is_fitted(self, "bundle_")
        check_fork()
        if not isinstance(text, str):
            raise InputError(f"text: give one text, a string. Received: {shorten(text)}")
        bundle, target = self.bundle_, None if label is None else int(SINGLE_LABEL.encode([label], self.classes_)[0])
        claim_process()
        with BUILD_LOCK:
            if self._attribute is None:
                self._attribute = choose_attribution_method(bundle.built)
        attribution = self._attribute(bundle.vectorizer.encode_text(text), target)
        score = bundle.task.compute_probabilities(attribution.logits, bundle.temperature)[attribution.target]
        tokens = bundle.vectorizer.tokenize_with_offsets(text)
        label = self.classes_.tolist()[attribution.target]
        return explain_attribution(text, tokens, attribution, label=label, score=float(score))

    @name_arguments
    def save(
        self,
        folder: str | Path,
        *,
        overwrite: bool = False,
        examples: Mapping[str, Sequence[Example]] | None = None,
    ) -> None:
        """Write the bundle, see ``saved_models/README.md``.

        Args:
            folder: The folder to create.
            overwrite: Replace an existing bundle.
            examples: Documents for the report, as ``kerascnn.evaluation.report.collect_examples`` returns them.

        Raises:
            InputError: The folder exists and must not be replaced.
        """
        from kerascnn.evaluation.report_files import write_report_files

        check_is_fitted(self, "bundle_")
        folder, overwrite = check_path("folder", folder), check_flag("overwrite", overwrite)
        if not isinstance(examples, Mapping | None):
            raise InputError(f"examples: give the result of collect_examples. Received: {shorten(examples)}")
        write_files = partial(
            write_report_files,
            self.bundle_,
            examples=examples or {},
            explain=lambda text, position: self.explain(text, self.classes_[position]),
        )
        save_bundle(self.bundle_, folder, self.predict_proba, write_files, overwrite=overwrite)

    @classmethod
    @name_arguments
    def load(cls, folder: str | Path) -> TextClassifier:
        """Read a bundle and check its golden probabilities; labels have the type that they had in the training data.

        Nothing of a bundle runs as code: ``model.keras`` is loaded in Keras' safe mode, and nothing is a pickle.

        Args:
            folder: The folder, or ``hf://OWNER/NAME`` or ``hf://OWNER/NAME@REVISION`` of the Hugging Face Hub.

        Raises:
            InputError: The bundle is missing, damaged, newer than this package, or predicts other probabilities.
        """
        if is_address(folder):
            from kerascnn.hub import download_bundle

            folder = download_bundle(str(folder))
        folder = check_path("folder", folder)
        bundle = load_bundle(folder)
        classifier = cls.from_config(bundle.config)
        classifier._set_bundle(bundle, bundle.classes)
        bundle.check_golden(folder, classifier.predict_proba)
        return classifier

    def __getstate__(self) -> dict[str, Any]:
        """Return the state without compiled functions; they are compiled again when they are needed."""
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name not in ("_predict_functions", "_attribute")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a pickled state."""
        super().__setstate__(state)
        self._predict_functions, self._attribute = {}, None

    def _check_is_fitted(self) -> None:
        check_is_fitted(self, "bundle_")

    def _set_bundle(self, bundle: Bundle, classes: np.ndarray) -> None:
        self.bundle_ = bundle
        self._set_label_types(bundle, classes)
        self._predict_functions, self._attribute = {}, None

    def _compute(self, output: Literal["logits", "features"], texts: Sequence[str]) -> np.ndarray:
        """Return the logits or the features of texts, float32 (documents, channels)."""
        from kerascnn.prediction import choose_threads, make_predict_function, predict_texts

        check_is_fitted(self, "bundle_")
        check_fork()
        texts = check_texts(texts)
        claim_process()
        with BUILD_LOCK:
            if output not in self._predict_functions:
                built = self.bundle_.built
                model = built.model if output == "logits" else built.encoder()
                self._predict_functions[output] = make_predict_function(model)
        # a pretrained encoder is large
        threads = choose_threads(is_large=bool(self.bundle_.config.network.weights_origin))
        return predict_texts(self.bundle_.vectorizer, self._predict_functions[output], texts, threads=threads)
