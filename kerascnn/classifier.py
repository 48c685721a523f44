"""``TextClassifier``: what a person uses from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.utils.validation import check_is_fitted

from kerascnn import bundle as bundles
from kerascnn.bundle import Bundle
from kerascnn.classifier_training import LabelledTexts, prepare_data, train_bundle
from kerascnn.data.documents import check_texts
from kerascnn.estimator import Estimator
from kerascnn.tasks import SINGLE_LABEL
from kerascnn.utils.optional_packages import require_tensorflow_backend

if TYPE_CHECKING:
    from kerascnn.evaluation.explanation import Explanation
    from kerascnn.evaluation.report import Example
    from kerascnn.prediction import PredictFunction


class TextClassifier(Estimator):
    """A text classifier: vectorizer, network and labels.

    Example::

        classifier = TextClassifier(model="word_cnn", epochs=5)
        classifier.fit(texts, labels)
        classifier.predict(["the rate was cut"])     # array(['business'])
        classifier.save("saved_models/news")

    Args:
        model: Name of the architecture, see ``kerascnn.list_models()``.
        seed: Seed of weights, dropout and the order of documents.
        validation_fraction: Part of the documents that early stopping watches where ``fit`` is given none.
        **settings: Any setting of the groups ``text``, ``network``, ``training`` and ``transfer`` by its plain name
            (``max_length=128``, ``filters=200``, ``learning_rate=3e-4``); None: the default of the model.
            ``python -m pipelines.train --help`` lists and explains them.

    Attributes:
        classes_: Labels, (classes,), in the order of the probabilities.
        bundle_: All that training gave: ``config``, ``vectorizer``, ``labels``, ``model`` (ids -> logits), ``task``,
            ``metrics``, ``history`` (an epoch a row); of multi-label data ``thresholds``.
    """

    bundle_: Bundle
    _labels_dtype: np.dtype | None
    _compiled: dict[str, Any]

    def fit(
        self,
        texts: Sequence[str],
        labels: Sequence[Any],
        *,
        soft_labels: np.ndarray | None = None,
        validation_data: LabelledTexts | None = None,
        folder: str | Path | None = None,
        resume: bool = False,
        verbose: bool = False,
    ) -> TextClassifier:
        """Build the vocabulary and train the network.

        Args:
            texts: Documents.
            labels: A label a document: strings or whole numbers, two classes or more. Beside soft labels None may stand
                for a label that is not known. Or any number of labels a document (multi-label): a list of them, empty
                where none applies, or an indicator matrix (documents, labels) of 0 and 1, as ``MultiLabelBinarizer``
                makes it; then ``predict`` gives such a matrix too.
            soft_labels: A teacher's class probabilities, float (documents, classes), in the order of ``classes_``, the
                sorted labels; see ``soft_label_temperature`` and ``soft_label_weight`` (Hinton, Vinyals & Dean 2015).
            validation_data: Texts and labels that early stopping watches; by default a stratified part of the above.
            folder: Keep the state of the training here after each epoch.
            resume: Go on from the state in ``folder``.
            verbose: Show progress on standard error.

        Raises:
            InputError: What is given cannot be trained on; the message says why.
        """
        require_tensorflow_backend("training")
        config = self.to_config()
        data = prepare_data(config, texts, labels, soft_labels=soft_labels, validation_data=validation_data)
        self.classes_, self._labels_dtype = data.classes, data.labels_dtype
        self._use(train_bundle(config, data, folder=Path(folder) if folder else None, resume=resume, verbose=verbose))
        return self

    def predict(self, texts: Sequence[str]) -> np.ndarray | list[list[Any]]:
        """The label of each document, (documents,).

        Of multi-label data a list of labels a document, those that reach their threshold in the order of ``classes_``;
        after a training on an indicator matrix such a matrix, (documents, labels), of the same dtype.
        """
        return self.bundle_.task.format_predictions(self._predict(texts), self.classes_, self._labels_dtype)

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Probabilities, float32 (documents, classes), in the order of ``classes_``; multi-label: each for itself."""
        logits = self._compute("logits", texts)
        return self.bundle_.task.compute_probabilities(logits, self.bundle_.temperature)

    def predict_scored(self, texts: Sequence[str]) -> list[list[tuple[Any, float]]]:
        """For each document the labels that it gets with their probabilities, the best first: one, or any number."""
        probabilities = self.predict_proba(texts)
        chosen = self.bundle_.task.ranked_labels(probabilities, self.bundle_.thresholds)
        return self._scored(probabilities, chosen)

    def predict_top_k(self, texts: Sequence[str], k: int = 3) -> list[list[tuple[Any, float]]]:
        """For each document its k most probable labels with their probabilities, the best first."""
        probabilities = self.predict_proba(texts)
        best = np.argsort(-probabilities, axis=1, kind="stable")[:, :k].tolist()
        return self._scored(probabilities, best)

    def score(self, texts: Sequence[str], y: Any, sample_weight: Any = None) -> float:
        """Part of the documents whose answer is right, of multi-label data in all labels (subset accuracy).

        The labels are named ``y``, for scikit-learn hands them over by name.
        """
        return self.bundle_.task.score(y, self._predict(texts), self.classes_, sample_weight)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Features under the last layer, float32 (documents, features)."""
        return self._compute("features", texts)

    def explain(self, text: str, label: Any = None) -> Explanation:
        """Which n-grams of a text speak for a label, and which against it.

        Args:
            text: The document.
            label: One of ``classes_``; None: the most probable one.

        Returns:
            The label with its logit, and what each n-gram adds to that, see ``kerascnn.evaluation.explanation``.
        """
        from kerascnn.evaluation.attribution import attribute
        from kerascnn.evaluation.explanation import explain_attribution

        check_is_fitted(self, "bundle_")
        [text] = check_texts([text])
        bundle, target = self.bundle_, None if label is None else int(SINGLE_LABEL.encode([label], self.classes_)[0])
        if "attribute" not in self._compiled:
            self._compiled["attribute"] = attribute(bundle.built)
        attribution = self._compiled["attribute"](bundle.vectorizer.encode_text(text), target)
        score = bundle.task.compute_probabilities(attribution.logits, bundle.temperature)[attribution.target]
        return explain_attribution(
            text,
            bundle.vectorizer.tokenize_with_offsets(text),
            attribution,
            label=self.classes_[attribution.target],
            score=float(score),
        )

    def evaluate(
        self, texts: Sequence[str], labels: Sequence[Any], *, probabilities: np.ndarray | None = None
    ) -> dict[str, Any]:
        """Accuracy, macro-F1 and more of labelled documents.

        See ``evaluate`` of ``kerascnn.tasks.SingleLabel`` and of ``kerascnn.tasks.MultiLabel``.

        Args:
            texts: Documents.
            labels: As for ``fit``, each of ``classes_``.
            probabilities: What ``predict_proba`` said of them, if it was asked already.
        """
        bundle, probabilities = self.bundle_, self.predict_proba(texts) if probabilities is None else probabilities
        return bundle.task.evaluate(
            bundle.task.encode(labels, self.classes_), probabilities, bundle.labels, bundle.thresholds
        )

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
            InputError: The folder exists already.
        """
        from kerascnn.evaluation.documents import write_documents

        check_is_fitted(self, "bundle_")
        write_files = partial(
            write_documents,
            self.bundle_,
            examples=examples or {},
            explain=lambda text, position: self.explain(text, self.classes_[position]),
        )
        bundles.save_bundle(self.bundle_, Path(folder), self.predict_proba, write_files, overwrite=overwrite)

    @classmethod
    def load(cls, folder: str | Path) -> TextClassifier:
        """Read a bundle and check that it answers as it did when it was written. Its labels are strings.

        Raises:
            InputError: The bundle is missing, damaged, newer than this package, or answers differently.
        """
        bundle = bundles.load_bundle(Path(folder))
        classifier = cls.from_config(bundle.config)
        classifier.classes_ = np.asarray(bundle.labels, dtype=object)
        classifier._labels_dtype = None
        classifier._use(bundle)
        bundles.check_golden(Path(folder), bundle.vectorizer, classifier.predict_proba)
        return classifier

    def __getstate__(self) -> dict[str, Any]:
        """All but the compiled functions, which are made again when they are needed."""
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_compiled"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take up a pickled state."""
        super().__setstate__(state)
        self._compiled = {}

    def _predict(self, texts: Sequence[str]) -> np.ndarray:
        """Return predictions in the form of targets."""
        probabilities = self.predict_proba(texts)
        return self.bundle_.task.predict(probabilities, self.bundle_.thresholds)

    def _use(self, bundle: Bundle) -> None:
        self.bundle_ = bundle
        self._compiled = {}

    def _scored(self, probabilities: np.ndarray, chosen: Sequence[Sequence[int]]) -> list[list[tuple[Any, float]]]:
        """Labels at some positions with their probabilities."""
        return [
            [(self.classes_[i], float(row[i])) for i in positions]
            for row, positions in zip(probabilities, chosen, strict=True)
        ]

    def _compute(self, output: Literal["logits", "features"], texts: Sequence[str]) -> np.ndarray:
        """Return the logits or the features of texts, float32 (documents, channels)."""
        from kerascnn.data.batches import RaggedIds

        check_is_fitted(self, "bundle_")
        return self._forward(output)(RaggedIds(*self.bundle_.vectorizer.encode(check_texts(texts))))

    def _forward(self, output: Literal["logits", "features"]) -> PredictFunction:
        """Return the function ids -> logits or ids -> features, compiled once."""
        from kerascnn.prediction import make_predict_function

        if output not in self._compiled:
            built = self.bundle_.built
            self._compiled[output] = make_predict_function(built.model if output == "logits" else built.encoder())
        return self._compiled[output]


def load(folder: str | Path) -> TextClassifier:
    """Read the bundle that training wrote, see ``TextClassifier.load``."""
    return TextClassifier.load(folder)
