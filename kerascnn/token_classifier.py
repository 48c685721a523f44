"""``TokenClassifier``, the Python interface for a label for each token."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from kerascnn.classifier_training import check_callbacks
from kerascnn.data.tag_schemes import has_spans
from kerascnn.data.token_texts import join_tokens
from kerascnn.estimator import Estimator
from kerascnn.tagged_texts import (
    Entity,
    TaggedToken,
    check_sentences,
    check_texts_or_tokens,
    convert_tags,
    find_entities,
)  # fmt: skip
from kerascnn.tagger_bundle import TaggerBundle, check_golden_tags, load_tagger, save_tagger, select_scores
from kerascnn.tasks import TAGGING
from kerascnn.tasks.tagging_metrics import evaluate_tags
from kerascnn.tasks.viterbi import TagDecoder
from kerascnn.utils.argument_names import name_arguments
from kerascnn.utils.arguments import check_flag, check_path, check_verbosity
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import require_tensorflow_backend
from kerascnn.utils.tensorflow_startup import check_fork, claim_process
from kerascnn.utils.thread_safety import BUILD_LOCK

if TYPE_CHECKING:
    import keras

    from kerascnn.evaluation.tagger_card import TaggedExample
    from kerascnn.prediction import BatchFunction

DEFAULT_MODEL = "id_cnn"
"""Model of a tagger, in place of the default for labels of texts."""
BATCH_SIZE = 256
"""Sentences that are predicted together."""


class TokenClassifier(Estimator):
    """A tagger: a label for each token of a text, such as parts of speech or entities.

    All settings are keyword arguments, as for ``TextClassifier``; ``docs/settings.md`` explains them.

    Example::

        tagger = TokenClassifier(model="id_cnn", epochs=10)
        tagger.fit([["Peter", "lives", "in", "Rome"]], [["B-PER", "O", "O", "B-LOC"]])
        tagger.predict(["Peter lives in Rome."])     # [['B-PER', 'O', 'O', 'B-LOC', 'O']]
        tagger.predict_entities(["Peter lives in Rome."])[0][1].text     # 'Rome'

    Args:
        model: Name of the architecture: ``id_cnn``, ``char_id_cnn`` for Chinese and Japanese characters, ``bilstm``.
            The default of ``TextClassifier`` means ``id_cnn``.
        seed: Seed of weights, dropout and the order of sentences.
        validation_fraction: Fraction of the sentences that ``fit`` uses for early stopping if it gets no validation
            data, up to 0.5.

    Attributes:
        classes_: All tags, (tags,).
        bundle_: Everything that training produced, see ``tagger_bundle.TaggerBundle``.
    """

    classes_: np.ndarray
    bundle_: TaggerBundle
    _predict_batch: BatchFunction | None = None
    _decoder: TagDecoder

    @property
    def model_(self) -> keras.Model:
        """The trained functional Keras model, see ``Tagger.build``."""
        check_is_fitted(self, "bundle_")
        return self.bundle_.model

    @property
    def default_model(self) -> str:
        """Name of the model in place of ``word_cnn``, which has one label per text."""
        return DEFAULT_MODEL

    @name_arguments
    def fit(
        self,
        texts: Sequence[Sequence[str]],
        labels: Sequence[Sequence[str]],
        *,
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
                predictions have IOB2.
            validation_data: Sentences and tags for early stopping; by default a part of the sentences.
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
        TAGGING.check_settings(config.training, has_teacher=False)
        sentences, tags = check_sentences(texts, labels)
        tags = convert_tags(tags)
        if validation_data is not None:
            try:
                held_out, held_out_tags = check_sentences(*validation_data)
            except (InputError, TypeError, ValueError) as error:
                raise InputError(f"validation_data: {error}") from None
            train, validation = TaggedSentences(sentences, tags), TaggedSentences(held_out, convert_tags(held_out_tags))
        else:
            order = random.Random(config.source.split_seed).sample(range(len(sentences)), len(sentences))
            count = min(len(order) - 1, round(config.source.validation_fraction * len(order)))
            train, validation = (
                TaggedSentences([sentences[i] for i in sorted(part)], [tags[i] for i in sorted(part)])
                for part in (order[count:], order[:count])
            )
        bundle = train_tagger(
            config, train, validation, optimizer=self.custom_optimizer, callbacks=callbacks, folder=state_folder,
            resume=resume, verbose=verbose,
        )  # fmt: skip
        self._set_bundle(bundle)
        return self

    @name_arguments
    def predict(self, texts: Sequence[str | Sequence[str]]) -> list[list[str]]:
        """Predict the tag of each token: the most probable sequence of tags of each sentence.

        Args:
            texts: Texts, or lists of tokens. A text is split into words and punctuation marks; ``predict_tokens`` has
                the words.
        """
        return [[token.tag for token in tokens] for tokens in self.predict_tokens(texts)]

    @name_arguments
    def predict_proba(self, texts: Sequence[str | Sequence[str]]) -> list[np.ndarray]:
        """Return the probabilities of all tags of each token, float32 (tokens, tags), in the order of ``classes_``.

        They are marginal probabilities, given the whole sentence.
        """
        sentences = [[token[0] for token in tokens] for _, tokens in map(self._tokenize, check_texts_or_tokens(texts))]
        return [probabilities for _, probabilities in self._predict_sentences(sentences)]

    @name_arguments
    def predict_tokens(self, texts: Sequence[str | Sequence[str]]) -> list[list[TaggedToken]]:
        """Return the tokens of each text with their tags, probabilities, and positions in the text.

        Positions in a list of tokens are those in the tokens joined by spaces, see ``data.token_texts.join_tokens``.
        """
        tokenized = [self._tokenize(text)[1] for text in check_texts_or_tokens(texts)]
        answers = self._predict_sentences([[token[0] for token in tokens] for tokens in tokenized])
        labels = self.bundle_.labels
        return [
            [
                TaggedToken(*token, tag, score)
                for token, tag, score in zip(tokens, tags, select_scores(labels, tags, values).tolist(), strict=True)
            ]
            for tokens, (tags, values) in zip(tokenized, answers, strict=True)
        ]

    @name_arguments
    def predict_entities(self, texts: Sequence[str | Sequence[str]]) -> list[list[Entity]]:
        """Return the spans of each text with label, positions in the text, and probability.

        Raises:
            InputError: The tags have no spans, as parts of speech.
        """
        check_is_fitted(self, "bundle_")
        if not has_spans(self.bundle_.labels):
            raise InputError("the tags have no spans such as B-PER; call predict_tokens for the tag of each token")
        texts = check_texts_or_tokens(texts)
        sources = [text if isinstance(text, str) else join_tokens(text)[0] for text in texts]
        return [find_entities(text, tokens) for text, tokens in zip(sources, self.predict_tokens(texts), strict=True)]

    @name_arguments
    def evaluate(self, texts: Sequence[Sequence[str]], labels: Sequence[Sequence[str]]) -> dict[str, Any]:
        """Return the metrics of tagged sentences, see ``tasks.tagging_metrics.evaluate_tags``.

        Args:
            texts: Sentences, each a list of tokens.
            labels: The tag of each token.
        """
        check_is_fitted(self, "bundle_")
        sentences, tags = check_sentences(texts, labels)
        predicted = [tags for tags, _ in self._predict_sentences(sentences)]
        return evaluate_tags(convert_tags(tags), predicted, sentences)

    @name_arguments
    def score(self, texts: Sequence[Sequence[str]], y: Any, sample_weight: Any = None) -> float:
        """Return the F1 of the spans, or the accuracy of the tokens if the tags have no spans.

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
            self.bundle_, folder, self._predict_sentences,
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
        check_golden_tags(folder / "golden.json", bundle, tagger._predict_sentences)
        return tagger

    def __getstate__(self) -> dict[str, Any]:
        """Return the state without the compiled function."""
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_predict_batch"}

    def _set_bundle(self, bundle: TaggerBundle) -> None:
        self.bundle_, self.classes_ = bundle, np.asarray(bundle.labels, dtype=object)
        self._predict_batch, self._decoder = None, bundle.decoder()

    def _tokenize(self, text: str | Sequence[str]) -> tuple[str, list[tuple[str, int, int]]]:
        """Return a text, and its tokens with their positions."""
        check_is_fitted(self, "bundle_")
        if isinstance(text, str):
            return text, [(text[a:b], a, b) for a, b in self.bundle_.vectorizer.split_text(text)]
        joined, tokens = join_tokens(text)
        return joined, [(token.text, token.start, token.end) for token in tokens]

    def _predict_sentences(self, sentences: Sequence[Sequence[str]]) -> list[tuple[list[str], np.ndarray]]:
        """Return the tags of each sentence, and the probabilities of all tags, float32 (tokens, tags)."""
        from kerascnn.data.batches import sorted_batch_indices
        from kerascnn.data.ragged import RaggedIds
        from kerascnn.prediction import make_batch_function

        check_is_fitted(self, "bundle_")
        check_fork()
        claim_process()
        with BUILD_LOCK:
            if self._predict_batch is None:
                self._predict_batch = make_batch_function(self.bundle_.scores_model())
        ids = RaggedIds(*self.bundle_.vectorizer.encode(sentences))
        labels, empty = self.bundle_.labels, np.zeros((0, len(self.bundle_.labels)), np.float32)
        answers: list[tuple[list[str], np.ndarray]] = [([], empty)] * len(ids)
        for rows in sorted_batch_indices(ids.lengths, BATCH_SIZE) if len(ids) else ():
            lengths = ids.lengths[rows]
            if not lengths.any():
                continue
            scores = self._predict_batch(ids.to_padded(rows)).numpy()
            tags, probabilities = self._decoder.decode(scores, lengths)
            for row, length, best, values in zip(rows, lengths, tags, probabilities, strict=True):
                answers[row] = [labels[i] for i in best[:length]], values[:length]
        return answers
