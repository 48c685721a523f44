"""Export a tagger as TFLite files: the folder ``edge`` of a bundle, with everything that a device needs to run them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import keras
import tensorflow as tf

from kerascnn import edge_files, edge_tagger
from kerascnn.export.checks import check_tagger_export
from kerascnn.export.tflite import PRECISION_SUFFIXES
from kerascnn.export.tflite_conversion import Precision
from kerascnn.golden import TOLERANCE
from kerascnn.manifest import CHARACTERS_FILE, SCHEMA_VERSION
from kerascnn.tagger_bundle import TaggerBundle
from kerascnn.tasks import sentence_tagger, viterbi
from kerascnn.text import python_tokenizer, token_encoder, unicode_tables, words
from kerascnn.text.escaped_lines import write_escaped_lines
from kerascnn.text.rules import find_tables
from kerascnn.text.vocabulary import write_vocabulary
from kerascnn.utils.atomic_files import atomic_folder, sha256
from kerascnn.utils.errors import InputError
from kerascnn.utils.sealed_json import write_sealed_json
from kerascnn.utils.stderr import suppress_native_stderr


def export(bundle: TaggerBundle, bundle_folder: Path, *, quantize: Sequence[Precision] = ("none",)) -> Path:
    """Write ``edge/model_PRECISION.tflite``, the scores of tags, and a program that finds the best sequence of tags.

    Args:
        bundle: The tagger.
        bundle_folder: Folder of the bundle.
        quantize: Precisions ``none``, ``float16``, ``dynamic``; each is one file.

    Returns:
        The edge folder.

    Raises:
        InputError: A precision is ``int8``, or the extra `edge` is not installed.
    """
    check_tagger_export("tflite", quantize)
    folder = bundle_folder / "edge"
    with atomic_folder(folder, keep=True) as partial:
        for precision, content in convert(bundle, quantize).items():
            (partial / f"model_{PRECISION_SUFFIXES[precision]}.tflite").write_bytes(content)
        write_program(bundle, partial, bundle_folder)
    return folder


def convert(
    bundle: TaggerBundle, quantize: Sequence[Precision], *, length: int | None = None
) -> dict[Precision, bytes]:
    """Return the content of a .tflite file for each precision.

    Its input is ids, int32 (1, length, …), its output the scores of the tags, float32 (1, length, tags).

    Args:
        bundle: The tagger.
        quantize: The precisions.
        length: Number of tokens; None: any, by resizing the input.
    """
    model = bundle.scores_model()
    spec = tf.TensorSpec([1, length, *model.input_shape[2:]], tf.int32, name="ids")
    contents: dict[Precision, bytes] = {}
    with tempfile.TemporaryDirectory() as folder, suppress_native_stderr():
        archive = keras.export.ExportArchive()
        archive.add_endpoint(
            "serving_default", lambda ids: {"scores": model(ids, training=False)}, input_signature=[spec]
        )
        archive.write_out(folder, verbose=False)
        for precision in quantize:
            converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["serving_default"])
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
            if precision != "none":
                converter.optimizations = [tf.lite.Optimize.DEFAULT]
            if precision == "float16":
                converter.target_spec.supported_types = [tf.float16]
            contents[precision] = bytes(converter.convert())
    return contents


def write_program(bundle: TaggerBundle, folder: Path, bundle_folder: Path) -> None:
    """Write the program that runs the TFLite files of a folder, and their description."""
    shutil.copy(edge_tagger.__file__, folder / "edge.py")
    for module in (edge_files, python_tokenizer, sentence_tagger, token_encoder, unicode_tables, viterbi, words):
        shutil.copy(str(module.__file__), folder)
    write_description(bundle, folder, bundle_folder)
    for path in sorted(folder.glob("model_*.tflite")):
        try:
            difference = edge_tagger.EdgeTagger(path).check()
        except ValueError as error:
            raise InputError(str(error)) from None
        if path.name == edge_files.MODEL_FILES[0] and not difference <= TOLERANCE:
            raise InputError(f"{path.name}: its probabilities differ by {difference:.2g} from those at training")


def write_description(bundle: TaggerBundle, folder: Path, bundle_folder: Path, *, length: int | None = None) -> None:
    """Write ``edge.json`` with everything but the weights, and the files that it names.

    Args:
        bundle: The tagger.
        folder: Folder with the models and the programs.
        bundle_folder: Folder of the bundle.
        length: Number of tokens that the models take; None: any.
    """
    vectorizer, decoder = bundle.vectorizer, bundle.decoder()
    write_escaped_lines(folder / "labels.txt", bundle.labels)
    write_vocabulary(folder / "vocabulary.txt", vectorizer.vocabulary)
    if vectorizer.characters:
        write_vocabulary(folder / CHARACTERS_FILE, vectorizer.characters)
    shutil.copy(bundle_folder / "golden.json", folder)
    suffixes = (".tflite", ".txt", ".py")
    names = [path for path in sorted(folder.iterdir()) if path.suffix in suffixes or path.name == "golden.json"]
    description = {
        "schema_version": SCHEMA_VERSION,
        "task": bundle.task.name,
        "level": vectorizer.settings.level,
        "max_length": bundle.config.text.max_length,
        "length": length,
        "rules": vectorizer.rules,
        "unicode": find_tables(vectorizer.rules),
        "word_length": vectorizer.word_length,
        "start": decoder.start.tolist(),
        "transitions": decoder.transitions.tolist(),
        "normalize": decoder.normalize,
        "files": {path.name: sha256(path) for path in names},
    }
    write_sealed_json(folder / "edge.json", description)
