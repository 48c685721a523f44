"""The bundle of a tagger. It has the files of other bundles, and ``characters.txt`` if the tokens are words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerascnn import config as configuration
from kerascnn.bundle import WriteFiles, load_model_file, read_roles, write_manifest
from kerascnn.bundle_files import write_history
from kerascnn.config import Config
from kerascnn.data.records import TAGGING_TASK
from kerascnn.data.tag_schemes import allowed_transitions
from kerascnn.golden import PROBES, TOLERANCE
from kerascnn.manifest import CHECKED_FILES, check_files, read_classifier_manifest, read_history
from kerascnn.models import BuiltModel, LayerRoles
from kerascnn.models.tagger import CRF_LAYER, SCORES_LAYER
from kerascnn.tasks import TAGGING, Task
from kerascnn.tasks.viterbi import IMPOSSIBLE, TagDecoder
from kerascnn.text import vocabulary
from kerascnn.text.escaped_lines import read_escaped_lines, write_escaped_lines
from kerascnn.text.token_vectorizer import TokenVectorizer
from kerascnn.utils.atomic_files import atomic_folder, check_output_folder, read_json, write_json
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    import keras

CHARACTERS_FILE = "characters.txt"
"""Second vocabulary, which a bundle has if its tokens are words."""

PredictTags = Callable[[Sequence[Sequence[str]]], Sequence[tuple[Sequence[str], np.ndarray]]]
"""Function from sentences of tokens to the tags of each and the probabilities of all tags, (tokens, tags)."""


@dataclass
class TaggerBundle:
    """A trained tagger with its settings, labels, metrics and history; the fields are those of ``Bundle``."""

    config: Config[Any]
    vectorizer: TokenVectorizer
    labels: list[str]
    """Tags, in the order of the scores."""
    model: keras.Model
    """Functional model, see ``Tagger.build``."""
    roles: LayerRoles
    metrics: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    task: Task = TAGGING
    temperature: float = 1.0
    thresholds: list[float] | None = None
    distillation: dict[str, Any] = field(default_factory=dict)
    label_type: str = "str"
    indicator_dtype: str | None = None
    scripts: dict[str, float] = field(default_factory=dict)
    languages: list[str] = field(default_factory=list)

    @property
    def built(self) -> BuiltModel:
        """The model with its layers by role."""
        return BuiltModel(self.model, self.roles)

    def scores_model(self) -> keras.Model:
        """Return the model from ids to the scores of the tags, float32 (batch, time, tags)."""
        import keras

        return keras.Model(self.model.input, self.model.get_layer(SCORES_LAYER).output)

    def decoder(self) -> TagDecoder:
        """Return the decoder of the scores: of spans, sequences that IOB2 does not allow are impossible."""
        allowed_start, allowed = (np.where(x, 0.0, IMPOSSIBLE) for x in map(np.array, allowed_transitions(self.labels)))
        if CRF_LAYER not in {layer.name for layer in self.model.layers}:
            return TagDecoder(allowed_start, allowed, normalize=True)
        transitions, start = self.model.get_layer(CRF_LAYER).get_weights()
        return TagDecoder(start + allowed_start, transitions + allowed)


def save_tagger(
    bundle: TaggerBundle, folder: Path, predict: PredictTags, write_files: WriteFiles, *, overwrite: bool = False
) -> None:
    """Write a bundle to a new folder, completely or not at all.

    Args:
        bundle: The tagger.
        folder: The folder to create.
        predict: Function from tokens to tags, for the golden answers.
        write_files: Writes the files for people, such as the model card.
        overwrite: Replace an existing bundle.

    Raises:
        InputError: The folder exists and must not be replaced.
    """
    check_output_folder(folder, overwrite=overwrite)
    with atomic_folder(folder) as partial:
        configuration.save_yaml(bundle.config, partial / "config.yaml")
        vocabulary.write_vocabulary(partial / "vocabulary.txt", bundle.vectorizer.vocabulary)
        if bundle.vectorizer.characters:
            vocabulary.write_vocabulary(partial / CHARACTERS_FILE, bundle.vectorizer.characters)
        write_escaped_lines(partial / "labels.txt", bundle.labels)
        bundle.model.save(partial / "model.keras")
        write_json(partial / "metrics.json", bundle.metrics)
        write_history(bundle.history, partial / "history.csv")
        write_json(partial / "golden.json", make_golden(bundle, predict))
        write_files(partial)
        write_manifest(bundle, partial, TAGGING_TASK)


def load_tagger(folder: Path) -> TaggerBundle:
    """Read a bundle.

    Raises:
        InputError: It is missing, damaged, of another task, or written by a newer version; the message names the file.
    """
    manifest = read_classifier_manifest(folder)
    if manifest["task"] != TAGGING_TASK:
        raise InputError(f"{folder}: has labels of texts; read it with kerascnn.load or TextClassifier.load")
    has_characters = CHARACTERS_FILE in manifest["files"]
    check_files(folder, manifest, [*CHECKED_FILES, *([CHARACTERS_FILE] if has_characters else [])])
    characters = vocabulary.read_vocabulary(folder / CHARACTERS_FILE) if has_characters else []
    words, config_file = vocabulary.read_vocabulary(folder / "vocabulary.txt"), folder / "config.yaml"
    try:
        vectorizer = TokenVectorizer.from_config(manifest["vectorizer"], words, characters)
    except (KeyError, TypeError) as error:
        raise InputError(f"{folder / 'manifest.json'}: vectorizer: {error!r}") from None
    bundle = TaggerBundle(
        config=configuration.config_from_dict(configuration.load_yaml(config_file), str(config_file)),
        vectorizer=vectorizer,
        labels=read_escaped_lines(folder / "labels.txt"),
        model=load_model_file(folder / "model.keras", manifest["packages"]),
        roles=read_roles(folder, manifest),
        metrics=read_json(folder / "metrics.json"),
        history=read_history(folder),
        data=manifest["data"],
        scripts=manifest["scripts"],
        languages=manifest["languages"],
    )
    if bundle.model.output_shape[-1] != len(bundle.labels):
        raise InputError(
            f"{folder / 'labels.txt'}: {len(bundle.labels)} tags for {bundle.model.output_shape[-1]} scores"
        )
    return bundle


def make_golden(bundle: TaggerBundle, predict: PredictTags) -> dict[str, Any]:
    """Return the answers of a tagger to the probe texts: tokens, ids, tags, and the probabilities of these tags.

    Raises:
        InputError: A probability is NaN.
    """
    split = bundle.vectorizer.split_text
    sentences = [tokens for text in PROBES if (tokens := [text[start:end] for start, end in split(text)])]
    answers = predict(sentences)
    if not all(np.isfinite(probabilities).all() for _, probabilities in answers):
        raise InputError("the model predicts NaN; train it again with a lower training.learning_rate")
    return {
        "tokens": sentences,
        "ids": [bundle.vectorizer.encode_tokens(tokens) for tokens in sentences],
        "tags": [list(tags) for tags, _ in answers],
        "probabilities": [[float(f"{p:.7g}") for p in select_scores(bundle.labels, *answer)] for answer in answers],
    }


def select_scores(labels: Sequence[str], tags: Sequence[str], probabilities: np.ndarray) -> np.ndarray:
    """Return the probabilities of the predicted tags, float32 (tokens,), given those of all tags, (tokens, tags)."""
    positions = {label: position for position, label in enumerate(labels)}
    return np.asarray(probabilities[np.arange(len(tags)), [positions[tag] for tag in tags]])


def check_golden_tags(path: Path, bundle: TaggerBundle, predict: PredictTags) -> None:
    """Check that ids, tags and probabilities of the golden texts are the same as at training.

    Raises:
        InputError: They differ, or the file is damaged.
    """
    golden = read_json(path)
    try:
        rows = list(zip(golden["tokens"], golden["ids"], golden["tags"], golden["probabilities"], strict=True))
        answers = predict(golden["tokens"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: damaged ({error!r}); copy the bundle again") from None
    for (tokens, ids, tags, expected), (found, probabilities) in zip(rows, answers, strict=True):
        text = " ".join(tokens)[:40]
        if bundle.vectorizer.encode_tokens(tokens) != ids:
            raise InputError(f"{path}: the tokens {text!r} are encoded differently than at training")
        if list(found) != tags:
            raise InputError(f"{path}: {text!r} has other tags than at training")
        difference = float(np.abs(select_scores(bundle.labels, found, probabilities) - expected).max())
        if not difference <= TOLERANCE:
            raise InputError(f"{path}: the probabilities of {text!r} differ by {difference:.2g} from those at training")
