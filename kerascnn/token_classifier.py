"""``TokenClassifier``, the Python interface for a label for each token."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from kerascnn.classifier_training import check_callbacks
from kerascnn.estimator import Estimator
from kerascnn.golden_tags import check_golden_tags
from kerascnn.hub_mixin import HubMixin
from kerascnn.tag_predictor import TagPredictor
from kerascnn.tagged_texts import check_sentences, check_tag_probabilities, convert_tags, draw_held_out_rows
from kerascnn.tagger_bundle import TaggerBundle, load_tagger, save_tagger
from kerascnn.tagger_settings import check_tagger_settings
from kerascnn.tasks import TAGGING
from kerascnn.tasks.sentence_tagger import SentenceTagger
from kerascnn.utils.argument_names import name_arguments
from kerascnn.utils.arguments import check_flag, check_path, check_verbosity
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import require_tensorflow_backend
from kerascnn.utils.tensorflow_startup import check_fork, claim_process
from kerascnn.utils.thread_safety import BUILD_LOCK

if TYPE_CHECKING:
    import keras

    from kerascnn.evaluation.tagger_card import TaggedExample

DEFAULT_MODEL = "id_cnn"


def _replace_default_model(signature: inspect.Signature) -> inspect.Signature:
    """Return a signature with another default of ``model``, and the same other settings, as scikit-learn needs it."""
    model = signature.parameters["model"].replace(default=DEFAULT_MODEL)
    return signature.replace(parameters=list({**signature.parameters, "model": model}.values()))


class TokenClassifier(TagPredictor, HubMixin, Estimator):
    """A tagger: a label for each token of a text, such as parts of speech or entities.

    All settings are keyword arguments, as for ``TextClassifier``; ``docs/settings.md`` explains them.

    Example::

        tagger = TokenClassifier(model="id_cnn", epochs=10)
        tagger.fit([["Peter", "lives", "in", "Rome"]], [["B-PER", "O", "O", "B-LOC"]])
        tagger.predict(["Peter lives in Rome."])     # [['B-PER', 'O', 'O', 'B-LOC', 'O']]
        tagger.predict_entities(["Peter lives in Rome."])[0][1].text     # 'Rome'

    Args:
        model: Name of the architecture: ``id_cnn``, ``char_id_cnn`` for Chinese and Japanese characters, ``bilstm``.
        seed: Seed of weights, dropout and the order of sentences.
        validation_fraction: Fraction of the sentences that ``fit`` uses for early stopping if it gets no validation
            data, up to 0.5.

    Attributes:
        classes_: All tags, (tags,).
        bundle_: Everything that training produced, see ``tagger_bundle.TaggerBundle``.
    """

    classes_: np.ndarray
    bundle_: TaggerBundle
    _tagger: SentenceTagger | None = None

    @property
    def model_(self) -> keras.Model:
        """The trained functional Keras model, see ``Tagger.build``."""
        check_is_fitted(self, "bundle_")
        return self.bundle_.model

    def __init__(self, *, model: str = DEFAULT_MODEL, **settings: Any) -> None:
        super().__init__(model=model, **settings)

    @name_arguments
    def fit(
        self,
        texts: Sequence[Sequence[str]],
        labels: Sequence[Sequence[str] | None],
        *,
        soft_labels: Sequence[np.ndarray] | None = None,
        validation_data: tuple[Sequence[Sequence[str]], Sequence[Sequence[str]]] | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        folder: str | Path | None = None,
        resume: bool = False,
        verbose: bool = False,
    ) -> TokenClassifier:
        """Build the vocabulary and train the model.

        Args:
            texts: Sentences, each a list of tokens.
            labels: The tag of each token of each sentence. Tags of spans may have the schemes IOB1, IOB2 and BIOES;
                predictions have IOB2. With ``soft_labels`` None for a sentence without tags.
            soft_labels: Probabilities that a teacher assigns to the tags of each sentence, float (tokens, tags), in the
                order of ``classes_``, which are the sorted tags; ``predict_proba`` of another tagger returns them.
            validation_data: Sentences and tags for early stopping; by default a part of the sentences, of which none is
                the only one with a tag.
            callbacks: Keras callbacks, as for ``TextClassifier.fit``.
            folder: Folder for a checkpoint after each epoch.
            resume: Continue from the checkpoint in ``folder``.
            verbose: Show progress on standard error.

        Raises:
            InputError: The data or a setting cannot be used; the message says why.
        """
        require_tensorflow_backend("training")
        from kerascnn.tagger_fitting import TaggedSentences, train_tagger

        check_fork()
        config, callbacks = self.to_config(), check_callbacks(callbacks)
        if not config.network.tags_tokens:
            raise InputError(f"model: {config.model} has one label per text; give id_cnn, char_id_cnn or bilstm")
        state_folder = None if folder is None else check_path("folder", folder)
        resume, verbose = check_flag("resume", resume), check_verbosity("verbose", verbose)
        has_teacher = soft_labels is not None
        TAGGING.check_settings(config.training, has_teacher=has_teacher)
        check_tagger_settings(config, has_teacher=has_teacher)
        sentences, tags = check_sentences(texts, labels, allow_none=has_teacher)
        if not any(tags):
            raise InputError("labels: no sentence has a token with a tag; give some, besides those of a teacher")
        tags = convert_tags(sentences, tags, "training")
        teacher = None if soft_labels is None else check_tag_probabilities(soft_labels, sentences, tags)
        if validation_data is not None:
            try:
                held_out, held_out_tags = check_sentences(*validation_data)
            except (InputError, TypeError, ValueError) as error:
                raise InputError(f"validation_data: {error}") from None
            train = TaggedSentences(sentences, tags, teacher)
            validation = TaggedSentences(held_out, convert_tags(held_out, held_out_tags, "validation"))
        else:
            held_out_rows = draw_held_out_rows(tags, config.source.validation_fraction, config.source.split_seed)
            every = TaggedSentences(sentences, tags, teacher)
            train = every.select([row for row in range(len(tags)) if row not in held_out_rows])
            validation = every.select(sorted(held_out_rows))
        bundle = train_tagger(
            config, train, validation, optimizer=self.custom_optimizer, callbacks=callbacks, folder=state_folder,
            resume=resume, verbose=verbose,
        )  # fmt: skip
        self._set_bundle(bundle)
        return self

    @name_arguments
    def score(self, texts: Sequence[Sequence[str]], y: Any, sample_weight: Any = None) -> float:
        """Return the F1 of the spans, or the accuracy of the tokens if the tags of the tagger have no spans.

        Args:
            texts: Sentences, each a list of tokens.
            y: The tag of each token; scikit-learn passes them by this name.
            sample_weight: Not supported.
        """
        if sample_weight is not None:
            raise InputError("sample_weight: metrics of tags have no weights; leave it out")
        results = self.evaluate(texts, y)
        return float(results.get("f1", results["token_accuracy"]))

    @name_arguments
    def save(self, folder: str | Path, *, overwrite: bool = False, examples: Sequence[TaggedExample] = ()) -> None:
        """Write the bundle, see ``saved_models/README.md``.

        Args:
            folder: The folder to create.
            overwrite: Replace an existing bundle.
            examples: Sentences for the report, which shows those with a mistake.

        Raises:
            InputError: The folder exists and must not be replaced.
        """
        from kerascnn.evaluation.tagger_card import write_tagger_files

        check_is_fitted(self, "bundle_")
        folder, overwrite = check_path("folder", folder), check_flag("overwrite", overwrite)
        save_tagger(
            self.bundle_, folder, self._get_tagger(),
            lambda partial: write_tagger_files(self.bundle_, partial, examples), overwrite=overwrite,
        )  # fmt: skip

    @classmethod
    @name_arguments
    def load(cls, folder: str | Path) -> TokenClassifier:
        """Read a bundle and check its golden answers.

        Raises:
            InputError: The bundle is missing, damaged, newer than this package, or predicts other tags.
        """
        folder = check_path("folder", folder)
        bundle = load_tagger(folder)
        tagger = cls.from_config(bundle.config)
        tagger._set_bundle(bundle)
        check_golden_tags(folder / "golden.json", tagger._get_tagger())
        return tagger

    def __getstate__(self) -> dict[str, Any]:
        """Return the state without the compiled function."""
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_tagger"}

    def _set_bundle(self, bundle: TaggerBundle) -> None:
        self.bundle_, self.classes_ = bundle, np.asarray(bundle.labels, dtype=object)
        self._tagger = None

    def _get_tagger(self) -> SentenceTagger:
        """Return the tagger, whose model is compiled at the first call."""
        from kerascnn.prediction import make_batch_function

        check_is_fitted(self, "bundle_")
        check_fork()
        claim_process()
        with BUILD_LOCK:
            if self._tagger is None:
                compute = make_batch_function(self.bundle_.scores_model())
                self._tagger = self.bundle_.sentence_tagger(lambda ids: compute(ids).numpy())
            return self._tagger


vars(TokenClassifier)["__init__"].__signature__ = _replace_default_model(inspect.signature(Estimator.__init__))
