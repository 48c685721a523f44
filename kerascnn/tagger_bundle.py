"""The bundle of a tagger. It has the files of other bundles, and ``characters.txt`` if the tokens are words."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerascnn import config as configuration
from kerascnn.bundle import WriteFiles, load_model_file, read_roles, write_bundle
from kerascnn.bundle_contents import read_token_vectorizer
from kerascnn.config import Config
from kerascnn.data.records import TAGGING_TASK
from kerascnn.data.tag_schemes import allowed_transitions
from kerascnn.golden_tags import make_golden_tags
from kerascnn.manifest import (
    CHARACTERS_FILE,
    CHECKED_FILES,
    PRETRAINING,
    check_files,
    read_classifier_manifest,
    read_history,
    read_manifest,
)  # fmt: skip
from kerascnn.models import BuiltModel, LayerRoles
from kerascnn.models.tagger import CRF_LAYER, SCORES_LAYER
from kerascnn.tasks import TAGGING, Task
from kerascnn.tasks.sentence_tagger import ComputeScores, SentenceTagger
from kerascnn.tasks.viterbi import IMPOSSIBLE, TagDecoder
from kerascnn.text import vocabulary
from kerascnn.text.escaped_lines import read_escaped_lines, write_escaped_lines
from kerascnn.text.token_vectorizer import TokenVectorizer
from kerascnn.utils.atomic_files import read_json, write_json
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    import keras


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

    def sentence_tagger(self, compute_scores: ComputeScores) -> SentenceTagger:
        """Return what tags sentences, given a function that computes the outputs of ``scores_model``."""
        settings = self.config.text
        return SentenceTagger(
            self.labels, self.vectorizer.encoder, self.decoder(), settings.level, settings.max_length, compute_scores
        )


def save_tagger(
    bundle: TaggerBundle, folder: Path, tagger: SentenceTagger, write_files: WriteFiles, *, overwrite: bool = False
) -> None:
    """Write a bundle to a new folder, completely or not at all.

    Args:
        bundle: The tagger.
        folder: The folder to create.
        tagger: Tags sentences with the model, for the golden answers.
        write_files: Writes the files for people, such as the model card.
        overwrite: Replace an existing bundle.

    Raises:
        InputError: The folder exists and must not be replaced.
    """

    def write_answers(partial_folder: Path) -> None:
        write_escaped_lines(partial_folder / "labels.txt", bundle.labels)
        write_json(partial_folder / "golden.json", make_golden_tags(tagger))

    writers = (partial(_write_characters, bundle.vectorizer), write_answers, write_files)
    write_bundle(bundle, folder, TAGGING_TASK, writers, overwrite=overwrite)


def save_tagger_encoder(
    bundle: TaggerBundle, folder: Path, write_files: WriteFiles, *, overwrite: bool = False
) -> None:
    """Write a pretrained encoder of a tagger, ids to features of tokens, to a new folder, completely or not at all.

    Args:
        bundle: The encoder; it has no labels.
        folder: The folder to create.
        write_files: Writes the files for people, such as the model card.
        overwrite: Replace an existing bundle.

    Raises:
        InputError: The folder exists and must not be replaced.
    """
    writers = (partial(_write_characters, bundle.vectorizer), write_files)
    write_bundle(bundle, folder, PRETRAINING, writers, overwrite=overwrite)


def _write_characters(vectorizer: TokenVectorizer, folder: Path) -> None:
    if vectorizer.characters:
        vocabulary.write_vocabulary(folder / CHARACTERS_FILE, vectorizer.characters)


def load_tagger(folder: Path) -> TaggerBundle:
    """Read a bundle.

    Raises:
        InputError: It is missing, damaged, of another task, or written by a newer version; the message names the file.
    """
    manifest = read_classifier_manifest(folder)
    if manifest["task"] != TAGGING_TASK:
        raise InputError(f"{folder}: has labels of texts; read it with kerascnn.load or TextClassifier.load")
    check_files(folder, manifest, CHECKED_FILES)
    vectorizer, config_file = read_token_vectorizer(folder, manifest), folder / "config.yaml"
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


def load_token_vectorizer(folder: Path) -> TokenVectorizer:
    """Read only the vectorizer of a tagger, or of a pretrained encoder of one.

    Raises:
        InputError: It is missing, damaged, written by a newer version, or another bundle.
    """
    manifest = read_manifest(folder)
    if "word_length" not in manifest["vectorizer"]:
        raise InputError(
            f"{folder}: is not a tagger; a tagger starts from another one, from an encoder of pretrain --model id_cnn,"
            " or from word vectors, --vectors"
        )
    return read_token_vectorizer(folder, manifest)
