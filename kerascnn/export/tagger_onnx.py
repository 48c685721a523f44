"""Export the scores of a tagger as an ONNX file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np

from kerascnn.runtimes.file_hashes import check_file_hashes, write_file_hashes
from kerascnn.runtimes.onnx import HASHES
from kerascnn.tagger_bundle import TaggerBundle, select_scores
from kerascnn.utils.atomic_files import atomic_folder, write_json
from kerascnn.utils.errors import InputError, to_one_line
from kerascnn.utils.optional_packages import import_optional
from kerascnn.utils.stderr import suppress_native_stderr


def export(bundle: TaggerBundle, bundle_folder: Path) -> Path:
    """Write ``onnx/model.onnx``, ids to scores of the tags, float32 (batch, time, tags), and ``onnx/decoder.json``.

    ``decoder.json`` has the tags, and the scores ``start`` and ``transitions`` of ``TagDecoder``, which finds the most
    probable sequence.

    Returns:
        The file.

    Raises:
        InputError: The extra `onnx` is not installed.
    """
    import_optional("tf2onnx", "onnx")
    folder, model, decoder = bundle_folder / "onnx", bundle.scores_model(), bundle.decoder()
    with atomic_folder(folder) as partial:
        with suppress_native_stderr():
            signature = [keras.InputSpec(shape=model.input_shape, dtype="int32", name="ids")]
            model.export(partial / "model.onnx", format="onnx", input_signature=signature, verbose=False)
        description = {
            "labels": bundle.labels, "start": decoder.start.tolist(), "transitions": decoder.transitions.tolist(),
            "normalize": decoder.normalize,
        }  # fmt: skip
        write_json(partial / "decoder.json", description)
        write_file_hashes(partial, partial / HASHES)
    return folder / "model.onnx"


def load_tag_fn(path: Path, bundle: TaggerBundle) -> Callable[[Sequence[str]], tuple[list[str], list[float]]]:
    """Load an ONNX file.

    Args:
        path: The file.
        bundle: The tagger, which encodes the tokens and decodes the scores.

    Returns:
        A function from the tokens of a sentence to their tags and the probabilities of these.

    Raises:
        InputError: onnxruntime is not installed or cannot load the file, or the file is changed.
    """
    onnxruntime = import_optional("onnxruntime", "onnx")
    check_file_hashes(path.parent, path.parent / HASHES)
    try:
        session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    except Exception as error:
        raise InputError(f"{path}: onnxruntime cannot load it ({to_one_line(error)}); export it again") from None
    [model_input], decoder = session.get_inputs(), bundle.decoder()

    def tag(tokens: Sequence[str]) -> tuple[list[str], list[float]]:
        ids, _ = bundle.vectorizer.encode([tokens])
        [scores] = session.run(None, {model_input.name: ids[None]})
        best, probabilities = decoder.decode(scores, np.array([len(ids)]))
        tags = [bundle.labels[position] for position in best[0]]
        return tags, select_scores(bundle.labels, tags, probabilities[0]).tolist()

    return tag
