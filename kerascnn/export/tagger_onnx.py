"""Export the scores of a tagger as an ONNX file."""

from __future__ import annotations

from pathlib import Path

import keras

from kerascnn.runtimes.file_hashes import write_file_hashes
from kerascnn.runtimes.onnx import HASHES
from kerascnn.tagger_bundle import TaggerBundle
from kerascnn.utils.atomic_files import atomic_folder, write_json
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
