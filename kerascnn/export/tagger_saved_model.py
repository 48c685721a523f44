"""Export a tagger as a SavedModel that tags tokens in TensorFlow Serving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from kerascnn.export.saved_model import HASHES, latest_version
from kerascnn.layers.linear_chain_crf import combine_potentials, compute_marginals, find_best_tags
from kerascnn.runtimes.file_hashes import check_file_hashes, write_file_hashes
from kerascnn.tagger_bundle import TaggerBundle
from kerascnn.text.tf_tokenizer import apply_rules
from kerascnn.text.tf_words import split_texts
from kerascnn.text.token_encoder import UNKNOWN_ID
from kerascnn.utils.atomic_files import atomic_folder
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import suppress_native_stderr
from kerascnn.utils.tensorflow_startup import check_fork, claim_process

__all__ = ["SavedTagger", "export", "latest_version"]


class TokenTable(tf.Module):
    """Tokens to ids in the graph, as ``TokenEncoder``.

    Args:
        bundle: The tagger, whose vocabularies become constants of the graph.
    """

    def __init__(self, bundle: TaggerBundle) -> None:
        super().__init__()
        vectorizer = bundle.vectorizer
        self._rules, self._length = vectorizer.rules, vectorizer.word_length
        self._tokens = _make_table(vectorizer.vocabulary)
        self._characters = _make_table(vectorizer.characters) if vectorizer.characters else None

    def __call__(self, tokens: tf.Tensor) -> tf.Tensor:
        """Return the ids of tokens, string (batch, time), 0 for empty ones: int32 (batch, time, …)."""
        shape, flat = tf.shape(tokens), tf.reshape(tokens, [-1])
        forms = apply_rules(flat, self._rules)
        ids = self._tokens.lookup(forms)
        without_digits = self._tokens.lookup(tf.strings.regex_replace(forms, "[0-9]", "0"))
        ids = tf.where(ids == UNKNOWN_ID, without_digits, ids)
        ids = tf.where(flat == "", 0, ids)
        if self._characters is None:
            return tf.reshape(ids, shape)
        letters = tf.strings.unicode_split(flat, "UTF-8")
        half, lengths = self._length // 2, letters.row_lengths()
        is_long = lengths > self._length
        first = letters[:, : self._length - half]
        rest = tf.where(is_long, lengths - half, self._length - half)
        last = tf.ragged.boolean_mask(letters, tf.ragged.range(lengths) >= tf.cast(_expand(rest, lengths), tf.int64))
        numbers = tf.ragged.map_flat_values(self._characters.lookup, tf.concat([first, last], axis=1))
        numbers = numbers.to_tensor(shape=[None, self._length])
        return tf.reshape(tf.concat([ids[:, None], numbers], axis=1), [shape[0], shape[1], 1 + self._length])


def _expand(values: tf.Tensor, lengths: tf.Tensor) -> tf.RaggedTensor:
    """Return a value for each row of a ragged tensor as many times as the row is long."""
    return tf.RaggedTensor.from_row_lengths(tf.repeat(values, lengths), lengths)


def _make_table(tokens: Sequence[str]) -> tf.lookup.StaticHashTable:
    known = list(tokens[UNKNOWN_ID + 1 :]) or ["\n"]
    numbers = tf.range(UNKNOWN_ID + 1, UNKNOWN_ID + 1 + len(known), dtype=tf.int32)
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(tf.constant(known), numbers), UNKNOWN_ID)


def score_windows(compute_scores: Callable[[tf.Tensor], tf.Tensor], ids: tf.Tensor, size: int) -> tf.Tensor:
    """Return the scores of the tags of sentences that are longer than a model sees at a time, in the graph.

    The windows are those of ``sentence_tagger.split_windows``; a sentence with fewer windows than others repeats one.

    Args:
        compute_scores: The model, ids of windows to float32 (windows, size, tags).
        ids: int32 (batch, time, …), 0 at padding; ``time`` is at least ``size``.
        size: Most tokens that the model sees at a time.

    Returns:
        Float32 (batch, time, tags).
    """
    margin = size // 4
    step = size - 2 * margin
    shape = tf.shape(ids)
    places = tf.range(shape[1])
    is_token = (ids[:, :, 0] if ids.shape.rank == 3 else ids) != 0
    lengths = tf.reduce_max(tf.where(is_token, places + 1, 0), axis=1)
    last = tf.maximum(lengths - size, 0)
    count = 1 - (-tf.reduce_max(last) // step)
    starts = tf.minimum(tf.range(count)[None] * step, last[:, None])
    windows = tf.gather(ids, starts[:, :, None] + tf.range(size), batch_dims=1)  # (batch, count, size, …)
    scores = compute_scores(tf.reshape(windows, tf.concat([[shape[0] * count, size], shape[2:]], 0)))
    scores = tf.reshape(scores, [shape[0], count * size, scores.shape[-1]])
    numbers = tf.clip_by_value((places - margin) // step, 0, count - 1)  # the window of each token
    offsets = tf.clip_by_value(places - tf.gather(starts, numbers, axis=1), 0, size - 1)
    return tf.gather(scores, numbers * size + offsets, batch_dims=1)


class TaggerSignatures:
    """The signatures of the SavedModel.

    Args:
        bundle: The tagger.
        table: Its tokens to ids.
    """

    def __init__(self, bundle: TaggerBundle, table: TokenTable) -> None:
        self._model, self._table, self._labels = bundle.scores_model(), table, bundle.labels
        self._level, self._size = bundle.config.text.level, bundle.config.text.max_length
        decoder = bundle.decoder()
        self._start, self._transitions = (tf.constant(x, tf.float32) for x in (decoder.start, decoder.transitions))
        self._normalize = decoder.normalize

    def _compute_scores(self, ids: tf.Tensor) -> tf.Tensor:
        return self._model(ids, training=False)

    def text(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """Split texts into tokens and tag these.

        Args:
            text: string (batch,).

        Returns:
            `tokens`, `tags` and `scores` as those of ``serving_default``, and `starts` and `ends` int32 (batch, time),
            the positions of each token in its text, in characters; 0 at padding.
        """
        tokens, starts, ends = split_texts(text, self._level)
        padded = tokens.to_tensor("")
        places = {"starts": starts.to_tensor(), "ends": ends.to_tensor()}
        return {"tokens": padded, **self.serving_default(padded), **places}

    def serving_default(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        """Tag tokens.

        Args:
            tokens: string (batch, time), sentences padded with empty strings.

        Returns:
            `tags` string (batch, time), and `scores` float32 (batch, time), the probability of each tag; empty and 0 at
            padding.
        """
        ids = self._table(tokens)
        shape = tf.shape(ids)
        # Convolutions fail on a batch without sentences, or without any token.
        padding = [
            [0, tf.cast(shape[0] == 0, tf.int32)],
            [0, tf.cast(shape[1] == 0, tf.int32)],
            *[[0, 0]] * (ids.shape.rank - 2),
        ]
        ids = tf.pad(ids, padding)
        scores = tf.cond(
            tf.shape(ids)[1] > self._size,
            lambda: score_windows(self._compute_scores, ids, self._size),
            lambda: self._compute_scores(ids),
        )
        if self._normalize:
            scores = tf.nn.log_softmax(scores)
        is_token = (ids[:, :, 0] if ids.shape.rank == 3 else ids) != 0
        valid = tf.cast(is_token, tf.float32)[:, :, None]
        potentials = combine_potentials(scores, valid, self._start, self._transitions)
        best = find_best_tags(potentials)
        probabilities = tf.gather(compute_marginals(potentials), best, batch_dims=2)
        tags = tf.where(is_token, tf.gather(tf.constant(self._labels), best), "")
        probabilities = tf.where(is_token, probabilities, 0.0)
        return {"tags": tags[: shape[0], : shape[1]], "scores": probabilities[: shape[0], : shape[1]]}


def export(bundle: TaggerBundle, bundle_folder: Path) -> Path:
    """Write the next version of the SavedModel: ``serving/1``, ``serving/2``, ...

    Returns:
        The folder of the new version.
    """
    serving = bundle_folder / "serving"
    latest = latest_version(serving)
    folder = serving / str(int(latest.name) + 1 if latest else 1)
    with atomic_folder(folder) as partial:
        with suppress_native_stderr():
            table, archive = TokenTable(bundle), keras.export.ExportArchive()
            archive.track(table)
            signatures = TaggerSignatures(bundle, table)
            spec = tf.TensorSpec([None, None], tf.string, name="tokens")
            archive.add_endpoint("serving_default", signatures.serving_default, input_signature=[spec])
            text = tf.TensorSpec([None], tf.string, name="text")
            archive.add_endpoint("text", signatures.text, input_signature=[text])
            archive.write_out(str(partial), verbose=False)
        write_file_hashes(partial, partial / HASHES)
    return folder


class SavedTagger:
    """A version of the SavedModel, loaded as TensorFlow Serving does.

    Args:
        folder: The version.

    Raises:
        InputError: The folder contains no SavedModel, or a damaged one, or a file is changed.
    """

    def __init__(self, folder: Path) -> None:
        check_fork()
        check_file_hashes(folder, folder / HASHES)
        claim_process()
        graph = tf.Graph()
        with graph.as_default():
            self._session = tf.compat.v1.Session(graph=graph)
            try:
                loaded = tf.compat.v1.saved_model.load(self._session, [tf.saved_model.SERVING], str(folder))
            except (OSError, RuntimeError, tf.errors.OpError) as error:
                reason = str(error).strip().splitlines()[0]
                raise InputError(f"{folder}: not a complete SavedModel ({reason}); export it again") from None
        self._signatures = loaded.signature_def

    def tag_tokens(self, tokens: Sequence[str]) -> tuple[list[str], list[float]]:
        """Return the tags of the tokens of a sentence, and the probabilities of these."""
        encoded = np.array([[token.encode("utf-8", "surrogatepass") for token in tokens]], dtype=object)
        found = self._run("serving_default", encoded)
        return [value.decode() for value in found["tags"][0]], found["scores"][0].tolist()

    def tag_text(self, text: str) -> list[tuple[str, int, int, str]]:
        """Return the tokens of a text: token, start, end, and tag."""
        found = self._run("text", np.array([text.encode("utf-8", "surrogatepass")], dtype=object))
        tokens, tags = ([value.decode() for value in found[name][0]] for name in ("tokens", "tags"))
        return list(zip(tokens, found["starts"][0].tolist(), found["ends"][0].tolist(), tags, strict=True))

    def _run(self, name: str, values: np.ndarray) -> dict[str, np.ndarray]:
        signature = self._signatures[name]
        [model_input] = signature.inputs.values()
        outputs = {key: value.name for key, value in signature.outputs.items()}
        found: dict[str, np.ndarray] = self._session.run(outputs, {model_input.name: values})
        return found
