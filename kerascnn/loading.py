"""``load``: read a bundle, to predict with it in one of several runtimes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from kerascnn.data.records import TAGGING_TASK
from kerascnn.manifest import is_ensemble, read_classifier_manifest, reject_ensemble
from kerascnn.runtimes.runtime import Runtime, check_runtime, choose_runtime, has_runtime, prefer_tensorflow
from kerascnn.utils.argument_names import name_arguments
from kerascnn.utils.arguments import check_path
from kerascnn.utils.hugging_face import is_address
from kerascnn.utils.optional_packages import require_tensorflow_backend
from kerascnn.utils.tensorflow_startup import import_tensorflow

if TYPE_CHECKING:
    from kerascnn.classifier import TextClassifier
    from kerascnn.ensembles.classifier import EnsembleClassifier
    from kerascnn.predictor import Predictor
    from kerascnn.token_classifier import TokenClassifier


@overload
def load(folder: str | Path, *, runtime: Literal["tensorflow"] | None = None) -> TextClassifier: ...


@overload
def load(folder: str | Path, *, runtime: Runtime) -> Predictor: ...


@name_arguments
def load(folder: str | Path, *, runtime: Runtime | None = None) -> Any:
    """Read a bundle that training wrote, and check that it answers as at training.

    Args:
        folder: The bundle, or ``hf://OWNER/NAME`` or ``hf://OWNER/NAME@REVISION`` of the Hugging Face Hub.
        runtime: ``tensorflow``: a ``TextClassifier``, with all its methods. ``tflite``, ``onnx``: a ``TextPredictor``,
            which predicts with an export of the bundle; it is loaded in a fraction of a second, without TensorFlow.
            ``auto``: a ``TextPredictor`` if the bundle has an export that can run here, otherwise a
            ``TextClassifier``; of a bundle of the Hub, the exports are used only where TensorFlow is not installed.
            None: ``tensorflow`` if it is installed, otherwise ``auto``.

    Returns:
        A ``TextClassifier`` or ``TextPredictor``; a ``TokenClassifier`` or ``TokenPredictor`` if the bundle has a tag
        for each token; an ``EnsembleClassifier`` if it is an ensemble.

    Raises:
        InputError: The bundle or its export is missing, damaged, newer than this package, or predicts other
            probabilities; or a package is not installed.
    """
    if runtime is None:
        runtime = "tensorflow" if has_runtime("tensorflow") else "auto"
    runtime = check_runtime(runtime)
    if is_address(folder):
        from kerascnn.hub import download_bundle

        runtime = prefer_tensorflow(runtime)
        folder = download_bundle(str(folder), runtime=runtime)
    folder = check_path("folder", folder)
    manifest = read_classifier_manifest(folder)
    is_tagger = manifest["task"] == TAGGING_TASK
    chosen = choose_runtime(folder, runtime)
    if chosen == "tensorflow":
        require_tensorflow_backend("a trained tagger" if is_tagger else "a trained classifier")
        import_tensorflow()
        if is_ensemble(manifest):
            return _load_ensemble(folder)
        return _load_tagger(folder) if is_tagger else _load_classifier(folder)
    reject_ensemble(folder, manifest)
    if is_tagger:
        from kerascnn.runtimes.token_predictor import TokenPredictor

        return TokenPredictor(folder, chosen)
    from kerascnn.runtimes.text_predictor import TextPredictor

    return TextPredictor(folder, chosen)


def _load_classifier(folder: Path) -> TextClassifier:
    from kerascnn.classifier import TextClassifier

    return TextClassifier.load(folder)


def _load_tagger(folder: Path) -> TokenClassifier:
    from kerascnn.token_classifier import TokenClassifier

    return TokenClassifier.load(folder)


def _load_ensemble(folder: Path) -> EnsembleClassifier:
    from kerascnn.ensembles.classifier import EnsembleClassifier

    return EnsembleClassifier.load(folder)
