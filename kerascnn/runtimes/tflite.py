"""Answer with the TFLite file of a bundle."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kerascnn.bundle_contents import Decision
from kerascnn.edge import EdgeClassifier
from kerascnn.runtimes.runtime import EXACT_MODEL, find_edge_folder
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import suppress_native_stderr


def load_edge(folder: Path, decision: Decision) -> EdgeClassifier:
    """Load the most exact TFLite file of a bundle.

    Args:
        folder: The bundle.
        decision: Its labels and thresholds.

    Raises:
        InputError: There is no file, or one is damaged, or belongs to another bundle.
    """
    edge = find_edge_folder(folder)
    try:
        with suppress_native_stderr():
            classifier = EdgeClassifier(edge)
        if not (edge / EXACT_MODEL).is_file():  # its own golden answers: those of the bundle are more exact
            classifier.check()
    except ValueError as error:
        raise InputError(str(error)) from None
    thresholds = np.asarray(decision.thresholds or [], np.float32)
    if classifier.labels != decision.labels or not np.array_equal(classifier.thresholds, thresholds):
        raise InputError(f"{edge}: belongs to another bundle; run python -m pipelines.export {folder} --format tflite")
    return classifier
