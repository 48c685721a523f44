"""``TextClassifier``: what a person uses from Python."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from kerascnn import bundle as bundles
from kerascnn import config as configuration
from kerascnn import models
from kerascnn.bundle import Bundle
from kerascnn.config import Config, Source, Training, Transfer
from kerascnn.errors import InputError, choices
from kerascnn.models import Text
from kerascnn.settings import Settings

if TYPE_CHECKING:
    import keras

    from kerascnn.inference import Forward
    from kerascnn.training.checkpoint import Checkpoint
    from kerascnn.training.fit import Examples

GROUPS = ("text", "network", "training", "transfer")
Labelled = tuple[Sequence[str], Sequence[Any]]


def _signature() -> inspect.Signature:
    """Every setting as one flat list of arguments, taken from the configuration, which alone holds the defaults."""
    defaults: dict[str, Any] = {"model": Config.model, "seed": Config.seed}
    defaults["validation_fraction"] = Source.validation_fraction
    defaults |= {f.name: f.default for kind in (Training, Transfer) for f in dataclasses.fields(kind)}
    # the model decides over these
    groups: tuple[type[Settings], ...] = (Text, *models.list_models().values())
    defaults |= {f.name: None for group in groups for f in dataclasses.fields(group)}
    return inspect.Signature(
        [inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)]
        + [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value) for name, value in defaults.items()]
    )


class TextClassifier(ClassifierMixin, BaseEstimator):
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
        bundle_: All that training gave: ``config``, ``vectorizer``, ``labels``, ``model`` (ids -> logits),
            ``metrics``, ``history`` (an epoch a row).
    """

    bundle_: Bundle
    _forwards: dict[str, Forward]

    def __init__(self, **settings: Any) -> None:
        parameters = list(self._parameters())
        for name in settings:
            if name not in parameters:
                raise TypeError(f"no setting is called {name!r}{choices(name, parameters)}")
        for name, parameter in self._parameters().items():
            setattr(self, name, settings.get(name, parameter.default))

    __init__.__signature__ = _signature()  # type: ignore[attr-defined]

    @classmethod
    def _parameters(cls) -> dict[str, inspect.Parameter]:
        parameters = dict(inspect.signature(cls.__init__).parameters)
        del parameters["self"]
        return parameters

    @classmethod
    def from_config(cls, config: Config[Any]) -> TextClassifier:
        """An untrained classifier with the settings of a whole run."""
        flat = {"model": config.model, "seed": config.seed, "validation_fraction": config.source.validation_fraction}
        for group in (config.text, config.network, config.training, config.transfer):
            flat |= {f.name: getattr(group, f.name) for f in dataclasses.fields(group)}
        classifier = cls(**flat)
        classifier._run = config
        return classifier

    def to_config(self) -> Config[Any]:
        """The whole run that the settings describe.

        Raises:
            InputError: A setting that cannot be used, or that the model does not have.
        """
        given = {name: value for name in self._parameters() if (value := getattr(self, name)) is not None}
        run: Config[Any] | None = getattr(self, "_run", None)
        base = run if run is not None and run.model == self.model else configuration.default(self.model)
        changes: dict[str, Any] = {"model": given.pop("model"), "seed": given.pop("seed")}
        changes["source"] = {"validation_fraction": given.pop("validation_fraction")}
        for group in GROUPS:
            names = {f.name for f in dataclasses.fields(getattr(base, group))}
            changes[group] = {name: given.pop(name) for name in list(given) if name in names}
        if given:
            names_of_network = [f.name for f in dataclasses.fields(base.network)]
            raise InputError(
                f"{base.model} has no setting {', '.join(map(repr, given))}; its own are {', '.join(names_of_network)}"
            )
        return base.updated(changes, "settings")

    def fit(
        self,
        texts: Sequence[str],
        labels: Sequence[Any],
        *,
        validation_data: Labelled | None = None,
        folder: str | Path | None = None,
        resume: bool = False,
        verbose: bool = False,
    ) -> TextClassifier:
        """Build the vocabulary and train the network.

        Args:
            texts: Documents.
            labels: A label a document: strings or whole numbers, two classes or more.
            validation_data: Texts and labels that early stopping watches; by default a stratified part of the above.
            folder: Keep the state of the training here after each epoch.
            resume: Go on from the state in ``folder``.
            verbose: Show progress on standard error.

        Raises:
            InputError: What is given cannot be trained on; the message says why.
        """
        from kerascnn.data.pipeline import Ids
        from kerascnn.text.vectorizer import Vectorizer
        from kerascnn.training import fit
        from kerascnn.transfer import start as transfer

        config = self.to_config()
        texts = _documents(texts)
        if len(texts) != len(labels):
            raise InputError(f"{len(texts)} texts and {len(labels)} labels; every text needs one label")
        self.classes_ = np.unique(np.asarray(labels))
        if len(self.classes_) < 2:
            raise InputError(f"a classifier needs two classes or more. Received: {self.classes_.tolist()}")
        codes = self._codes(labels)
        if validation_data is None:
            kept, held_out = _hold_out(texts, labels, config.source)
            validation_texts, validation_codes = [texts[i] for i in held_out], codes[held_out]
            texts, codes = [texts[i] for i in kept], codes[kept]
        else:
            validation_texts, validation_codes = _documents(validation_data[0]), self._codes(validation_data[1])

        fit.seed_everything(config.seed, config.training.deterministic)
        vectorizer = Vectorizer.adapt(texts, config.text, vectors=config.transfer.vectors)
        vectorizer = transfer.extended(vectorizer, config.transfer)
        train = fit.Examples(Ids(*vectorizer.encode(texts)), codes)
        with fit.precision(config.training.precision):
            begun = transfer.begin(config, vectorizer, len(self.classes_), train.ids.values)
        config, model = begun.config, begun.model
        if verbose:
            begun.tell()
        validation = fit.Examples(Ids(*vectorizer.encode(validation_texts)), validation_codes)
        trained = fit.fit(
            model, train, validation, config.training,
            seed=config.seed, folder=Path(folder) if folder else None, resume=resume, verbose=verbose,
            fingerprint=_fingerprint(config, train, validation), rates=begun.rates, callbacks=begun.callbacks,
        )  # fmt: skip
        self._use(Bundle(
            config=config, vectorizer=vectorizer, labels=[str(label) for label in self.classes_], model=model,
            metrics=_speed(model, trained, len(texts)) | begun.metrics, history=trained.history,
        ))  # fmt: skip
        return self

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        """The most probable label of each document, (documents,)."""
        best = self.predict_proba(texts).argmax(axis=1)
        return self.classes_[best]

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Probabilities, float32 (documents, classes), in the order of ``classes_``."""
        from kerascnn.inference import softmax

        logits = self._run_to("logits", texts)
        return softmax(logits, self.bundle_.temperature)

    def predict_top_k(self, texts: Sequence[str], k: int = 3) -> list[list[tuple[Any, float]]]:
        """For each document its k most probable labels with their probabilities, the best first."""
        probabilities = self.predict_proba(texts)
        best = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
        return [[(self.classes_[i], float(row[i])) for i in top] for row, top in zip(probabilities, best, strict=True)]

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Features under the last layer, float32 (documents, features)."""
        return self._run_to("features", texts)

    def evaluate(self, texts: Sequence[str], labels: Sequence[Any]) -> dict[str, Any]:
        """Accuracy, macro-F1 and more of labelled documents, see ``kerascnn.evaluation.metrics.evaluate``."""
        from kerascnn.evaluation.metrics import evaluate

        return evaluate(self._codes(labels), self.predict_proba(texts), self.bundle_.labels)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write the bundle, see ``saved_models/README.md``.

        Raises:
            InputError: The folder exists already.
        """
        check_is_fitted(self, "bundle_")
        bundles.write(self.bundle_, Path(folder), self.predict_proba, overwrite=overwrite)

    @classmethod
    def load(cls, folder: str | Path) -> TextClassifier:
        """Read a bundle and check that it answers as it did when it was written. Its labels are strings.

        Raises:
            InputError: The bundle is missing, damaged, newer than this package, or answers differently.
        """
        bundle = bundles.read(Path(folder))
        classifier = cls.from_config(bundle.config)
        classifier.classes_ = np.asarray(bundle.labels, dtype=object)
        classifier._use(bundle)
        bundles.check_golden(Path(folder), bundle.vectorizer, classifier.predict_proba)
        return classifier

    def __getstate__(self) -> dict[str, Any]:
        """All but the compiled functions, which are made again when they are needed."""
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_forwards"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take up a pickled state."""
        super().__setstate__(state)
        self._forwards = {}

    def _use(self, bundle: Bundle) -> None:
        self.bundle_ = bundle
        self._forwards = {}

    def _run_to(self, layer: str, texts: Sequence[str]) -> np.ndarray:
        """Output of a layer of the model, float32 (documents, channels)."""
        import keras

        from kerascnn.data.pipeline import Ids
        from kerascnn.inference import compiled

        check_is_fitted(self, "bundle_")
        if layer not in self._forwards:
            model = self.bundle_.model
            self._forwards[layer] = compiled(keras.Model(model.input, model.get_layer(layer).output))
        return self._forwards[layer](Ids(*self.bundle_.vectorizer.encode(_documents(texts))))

    def _codes(self, labels: Sequence[Any]) -> np.ndarray:
        """Positions of labels in ``classes_``, int32 (documents,)."""
        positions = {label: i for i, label in enumerate(self.classes_.tolist())}
        for row, label in enumerate(labels):
            if label not in positions:
                raise InputError(
                    f"row {row}: the label {label!r} was not seen in training; known are {list(positions)}"
                )
        return np.fromiter((positions[label] for label in labels), np.int32, len(labels))


def load(folder: str | Path) -> TextClassifier:
    """Read the bundle that training wrote, see ``TextClassifier.load``."""
    return TextClassifier.load(folder)


def _hold_out(texts: Sequence[str], labels: Sequence[Any], source: Source) -> tuple[list[int], list[int]]:
    """Positions of the documents to train on and of those to watch, split by class."""
    from kerascnn.data.rows import Row
    from kerascnn.data.splits import split_rows

    if source.validation_fraction == 0:
        raise InputError("training stops by validation data: give some, or a validation_fraction above 0")
    rows = [Row(text, str(label), "texts", row) for row, (text, label) in enumerate(zip(texts, labels, strict=True))]
    splits = split_rows(rows, None, None, dataclasses.replace(source, test_fraction=0.0))
    return [row.number for row in splits.train], [row.number for row in splits.validation]


def _documents(texts: Sequence[str]) -> list[str]:
    if isinstance(texts, (str, bytes)):
        raise InputError(f"give a list of texts, not one text. Received: {texts[:40]!r}")
    documents = list(texts)
    for row, text in enumerate(documents):
        if not isinstance(text, str):
            raise InputError(f"row {row}: a text must be a string. Received: {text!r}")
    return documents


def _fingerprint(config: Config[Any], train: Examples, validation: Examples) -> dict[str, Any]:
    """What makes two trainings the same; where the rows came from and where the bundle goes does not."""
    settings = config.to_dict()
    groups = {f"{group}.{key}": settings[group][key] for group in GROUPS for key in settings[group]}
    data = {"training data": train.digest(), "validation data": validation.digest()}
    return {"model": config.model, "seed": config.seed, **groups, **data}


def _speed(model: keras.Model, trained: Checkpoint, rows: int) -> dict[str, Any]:
    return {
        "parameters": model.count_params(),
        "epochs": trained.epoch,
        "seconds": round(trained.seconds, 2),
        "documents_per_second": round(trained.epoch * rows / max(trained.seconds, 1e-9), 1),
    }
