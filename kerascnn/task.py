"""What differs between the two tasks, one label a text and any number of labels; everything else is the same code.

A task says how labels become targets, how logits become probabilities and these an answer, what is trained by and what
is measured. Targets, and answers in the same form, are the *codes*: of one label int32 (documents,), positions among
the labels; of any number int32 (documents, labels), 1 where a label applies.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    import keras

    from kerascnn.config import TrainingConfig
    from kerascnn.data.records import Label


class Task(ABC):
    """One label a text, or any number."""

    name: ClassVar[str]
    """As in ``manifest.json``."""
    schema_version: ClassVar[int]
    """Of bundles and edge folders: the first that has this task."""
    promise: ClassVar[str]
    """What a classifier does, for a number of labels."""
    activation: ClassVar[Literal["softmax", "sigmoid"]]
    """From logits to probabilities, a function of ``tf.nn`` and of ``kerascnn.prediction``."""

    def probabilities(self, logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
        """Probabilities, float32 (documents, labels), from logits divided by a temperature."""
        from kerascnn import prediction

        return getattr(prediction, self.activation)(logits, temperature)

    @abstractmethod
    def taken(self, labels: Any) -> Any:
        """What was given to ``fit`` in a form that has a length and is the same for every source."""

    @abstractmethod
    def classes(self, labels: Any, *, taught: bool) -> np.ndarray:
        """All labels, (labels,), of what was given to ``fit``; ``taught`` says that a teacher answers the texts too."""

    @abstractmethod
    def codes(self, labels: Any, classes: np.ndarray, *, taught: bool = False) -> np.ndarray:
        """Labels as codes."""

    @abstractmethod
    def named(self, codes: np.ndarray, classes: np.ndarray) -> list[Label | None]:
        """Codes as rows have them, see ``Row.label``; None: no label is known."""

    @abstractmethod
    def refuse(self, settings: TrainingConfig, *, taught: bool) -> None:
        """Raise ``InputError`` where a setting makes no sense in this task."""

    @abstractmethod
    def loss(self, settings: TrainingConfig, *, taught: bool) -> keras.losses.Loss:
        """The loss of codes (of ``losses.hard_and_soft`` where there is a teacher) and logits."""

    @abstractmethod
    def metrics(self, settings: TrainingConfig, labels: int) -> list[keras.metrics.Metric]:
        """What is watched, of codes and logits."""

    @abstractmethod
    def decide(self, probabilities: np.ndarray, thresholds: Sequence[float] | None) -> np.ndarray:
        """Answers as codes, from probabilities (documents, labels) and what they must reach, (labels,)."""

    @abstractmethod
    def chosen(self, probabilities: np.ndarray, thresholds: Sequence[float] | None) -> list[list[int]]:
        """Positions of the labels that each document gets, the most probable first."""

    @abstractmethod
    def fit_temperature(self, logits: np.ndarray, codes: np.ndarray) -> float:
        """The temperature whose probabilities fit best."""

    @abstractmethod
    def thresholds(self, labels: int) -> list[float] | None:
        """What the probability of each of so many labels must reach where that is not fitted."""

    @abstractmethod
    def fit_thresholds(self, codes: np.ndarray, probabilities: np.ndarray) -> list[float] | None:
        """What the probability of each label must reach for it to be given; None: the most probable one is."""

    @abstractmethod
    def calibration_error(self, codes: np.ndarray, probabilities: np.ndarray) -> float:
        """Expected calibration error, 0 to 1."""

    @abstractmethod
    def evaluate(
        self, codes: np.ndarray, probabilities: np.ndarray, names: Sequence[str], thresholds: Sequence[float] | None
    ) -> dict[str, Any]:
        """All figures of a set of documents."""

    @abstractmethod
    def telling(
        self, codes: np.ndarray, probabilities: np.ndarray, thresholds: Sequence[float] | None, count: int
    ) -> dict[str, list[tuple[int, int]]]:
        """The documents that say most: ``mistakes``, the most confident first, and the most ``uncertain`` others.

        Returns:
            Position of a document and of the label that it is about, ``count`` at the most.
        """


class Single(Task):
    """One label a text: softmax, cross-entropy, the most probable label."""

    name = "single"
    schema_version = 1
    promise = "Classifies text into {} classes"
    activation = "softmax"

    def taken(self, labels: Any) -> Any:
        """A list."""
        from kerascnn.data.documents import column

        return column(labels)

    def classes(self, labels: Any, *, taught: bool) -> np.ndarray:
        """All labels, sorted."""
        from kerascnn.data.documents import classes_of

        return classes_of(labels, taught=taught)

    def codes(self, labels: Any, classes: np.ndarray, *, taught: bool = False) -> np.ndarray:
        """Positions; -1 for None where there is a teacher."""
        from kerascnn.data.documents import codes_of

        return codes_of(labels, classes, taught=taught)

    def named(self, codes: np.ndarray, classes: np.ndarray) -> list[Label | None]:
        """A label a row."""
        return [None if code < 0 else str(classes[code]) for code in codes]

    def refuse(self, settings: TrainingConfig, *, taught: bool) -> None:
        """Every setting makes sense."""

    def loss(self, settings: TrainingConfig, *, taught: bool) -> keras.losses.Loss:
        """Cross-entropy with the labels, and with a teacher where there is one."""
        from kerascnn.training.losses import Distillation, SparseCrossentropy

        of_labels: dict[str, Any] = {"label_smoothing": settings.label_smoothing, "focal_gamma": settings.focal_gamma}
        if not taught:
            return SparseCrossentropy(**of_labels)
        return Distillation(temperature=settings.soft_label_temperature, weight=settings.soft_label_weight, **of_labels)

    def metrics(self, settings: TrainingConfig, labels: int) -> list[keras.metrics.Metric]:
        """Accuracy, and macro-F1 where it is monitored."""
        from kerascnn.training.losses import Accuracy, MacroF1

        return [Accuracy(name="accuracy"), *([MacroF1(labels)] if settings.monitor == "macro_f1" else [])]

    def decide(self, probabilities: np.ndarray, thresholds: Sequence[float] | None) -> np.ndarray:
        """The most probable label."""
        return probabilities.argmax(axis=1)

    def chosen(self, probabilities: np.ndarray, thresholds: Sequence[float] | None) -> list[list[int]]:
        """The most probable label."""
        return [[best] for best in probabilities.argmax(axis=1).tolist()]

    def fit_temperature(self, logits: np.ndarray, codes: np.ndarray) -> float:
        """By the cross-entropy of the softmax."""
        from kerascnn.evaluation.calibration import fit_temperature

        return fit_temperature(logits, codes)

    def thresholds(self, labels: int) -> list[float] | None:
        """None."""
        return None

    def fit_thresholds(self, codes: np.ndarray, probabilities: np.ndarray) -> list[float] | None:
        """None."""
        return None

    def calibration_error(self, codes: np.ndarray, probabilities: np.ndarray) -> float:
        """Of the most probable label."""
        from kerascnn.evaluation.metrics import expected_calibration_error

        return expected_calibration_error(codes, probabilities)

    def evaluate(
        self, codes: np.ndarray, probabilities: np.ndarray, names: Sequence[str], thresholds: Sequence[float] | None
    ) -> dict[str, Any]:
        """See ``evaluation.metrics``."""
        from kerascnn.evaluation.metrics import evaluate

        return evaluate(codes, probabilities, names)

    def telling(
        self, codes: np.ndarray, probabilities: np.ndarray, thresholds: Sequence[float] | None, count: int
    ) -> dict[str, list[tuple[int, int]]]:
        """By the probability of the label that is given."""
        from kerascnn.evaluation.metrics import telling

        return telling(codes, probabilities, count)


class Multi(Task):
    """Any number of labels a text: sigmoids, binary cross-entropy, every label that reaches its threshold."""

    name = "multi"
    schema_version = 2
    promise = "Gives a text any number of {} labels"
    activation = "sigmoid"

    def taken(self, labels: Any) -> Any:
        """A list of lists, or a table."""
        return labels.toarray() if hasattr(labels, "toarray") else labels if hasattr(labels, "shape") else list(labels)

    def classes(self, labels: Any, *, taught: bool) -> np.ndarray:
        """All labels, sorted; of an indicator matrix its columns."""
        from kerascnn.data.label_sets import classes_of

        return classes_of(labels)

    def codes(self, labels: Any, classes: np.ndarray, *, taught: bool = False) -> np.ndarray:
        """The indicator matrix."""
        from kerascnn.data.label_sets import codes_of

        return codes_of(labels, classes)

    def named(self, codes: np.ndarray, classes: np.ndarray) -> list[Label | None]:
        """All labels a row, sorted."""
        return [tuple(sorted(str(classes[i]) for i in np.flatnonzero(row))) for row in codes]

    def refuse(self, settings: TrainingConfig, *, taught: bool) -> None:
        """Classes that exclude each other can be balanced, and a teacher knows such classes only."""
        if taught:
            raise InputError("multi-label data, and a teacher answers with one label a text; train without a teacher")
        for name, value in (("class_weights", settings.class_weights), ("sampling", settings.sampling)):
            if value == "balanced":
                raise InputError(
                    f"training.{name} balanced evens out classes that exclude each other, and this data is multi-label;"
                    " leave it out: each label has a threshold of its own, and training.focal_gamma 2 helps rare ones"
                )

    def loss(self, settings: TrainingConfig, *, taught: bool) -> keras.losses.Loss:
        """Binary cross-entropy, the mean of all labels, or its focal variant (Lin et al. 2017, equation 4)."""
        import keras

        smoothing = {"from_logits": True, "label_smoothing": settings.label_smoothing}
        if settings.focal_gamma:
            return keras.losses.BinaryFocalCrossentropy(gamma=settings.focal_gamma, **smoothing)
        return keras.losses.BinaryCrossentropy(**smoothing)

    def metrics(self, settings: TrainingConfig, labels: int) -> list[keras.metrics.Metric]:
        """Subset accuracy, and macro-F1 where it is monitored, both at 0.5: thresholds are tuned in the end."""
        from kerascnn.training.losses import MacroF1OfLabels, SubsetAccuracy

        return [SubsetAccuracy(), *([MacroF1OfLabels()] if settings.monitor == "macro_f1" else [])]

    def decide(self, probabilities: np.ndarray, thresholds: Sequence[float] | None) -> np.ndarray:
        """Every label that reaches its threshold."""
        return (probabilities >= np.asarray(thresholds, np.float32)).astype(np.int32)

    def chosen(self, probabilities: np.ndarray, thresholds: Sequence[float] | None) -> list[list[int]]:
        """Every label that reaches its threshold."""
        given = self.decide(probabilities, thresholds)
        best = np.argsort(-probabilities, axis=1, kind="stable")
        return [[i for i in order if row[i]] for order, row in zip(best.tolist(), given, strict=True)]

    def fit_temperature(self, logits: np.ndarray, codes: np.ndarray) -> float:
        """By the cross-entropy of the sigmoids, each label of each document an observation."""
        from kerascnn.evaluation.calibration import fit_temperature

        # a sigmoid is the softmax of its logit and 0
        return fit_temperature(np.stack([np.zeros(logits.size), logits.ravel()], axis=1), codes.ravel())

    def thresholds(self, labels: int) -> list[float] | None:
        """0.5."""
        return [0.5] * labels

    def fit_thresholds(self, codes: np.ndarray, probabilities: np.ndarray) -> list[float] | None:
        """Those of the highest F1."""
        from kerascnn.evaluation.multi_label_metrics import best_thresholds

        return best_thresholds(codes, probabilities)

    def calibration_error(self, codes: np.ndarray, probabilities: np.ndarray) -> float:
        """Mean of the labels."""
        from kerascnn.evaluation.multi_label_metrics import expected_calibration_error

        return expected_calibration_error(codes, probabilities)

    def evaluate(
        self, codes: np.ndarray, probabilities: np.ndarray, names: Sequence[str], thresholds: Sequence[float] | None
    ) -> dict[str, Any]:
        """See ``evaluation.multilabel``."""
        from kerascnn.evaluation.multi_label_metrics import evaluate

        return evaluate(codes, probabilities, names, np.asarray(thresholds))

    def telling(
        self, codes: np.ndarray, probabilities: np.ndarray, thresholds: Sequence[float] | None, count: int
    ) -> dict[str, list[tuple[int, int]]]:
        """By the label that is most confidently wrong, and by the one that is nearest to its threshold."""
        from kerascnn.evaluation.multi_label_metrics import telling

        return telling(codes, probabilities, np.asarray(thresholds), count)


SINGLE = Single()
MULTI = Multi()
TASKS: dict[str, Task] = {task.name: task for task in (SINGLE, MULTI)}


def of(labels: Any) -> Task:
    """The task of labels in Python: where they are lists of labels or an indicator matrix any number, else one."""
    from kerascnn.data.label_sets import is_several

    return MULTI if is_several(labels) else SINGLE
