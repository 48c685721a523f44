"""Export a static web page that classifies text in the browser as you type: the folder ``web`` of a bundle."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from kerascnn.bundle import Bundle
from kerascnn.export import tflite
from kerascnn.export.checks import check_web
from kerascnn.export.tflite_conversion import Precision
from kerascnn.golden import PROBES
from kerascnn.utils.atomic_files import atomic_folder, write_json

PAGE_FOLDER = Path(__file__).parent / "web_page"
NPM_FOLDER = "node_modules"
NUM_EXAMPLES = 3
_MARKUP = re.compile("<|://")


def export(
    bundle: Bundle, bundle_folder: Path, *, quantize: Sequence[Precision] = ("none",), texts: Sequence[str] = ()
) -> Path:
    """Write the page to ``web/``; it replaces an existing page, but keeps the packages that npm installed.

    Args:
        bundle: The classifier.
        bundle_folder: Folder of the bundle; its name becomes the title of the page.
        quantize: Precision of the one file that the page runs, see ``tflite_conversion.convert``.
        texts: Documents for the calibration of ``int8``; the folder contains none of them.

    Returns:
        The web folder.

    Raises:
        InputError: There is more than one precision, or a setting is not supported in browsers.
    """
    check_web(bundle.vectorizer.settings, quantize)
    folder = bundle_folder / "web"
    with atomic_folder(folder) as partial:
        shutil.copytree(PAGE_FOLDER, partial, dirs_exist_ok=True)
        tflite.write_models(bundle, partial, quantize, texts)
        tflite.write_description(bundle, partial)
        write_json(partial / "page.json", {"title": bundle_folder.resolve().name, "examples": _choose_examples(bundle)})
        if (folder / NPM_FOLDER).is_dir():
            shutil.copytree(folder / NPM_FOLDER, partial / NPM_FOLDER, symlinks=True)
    return folder


def _choose_examples(bundle: Bundle) -> list[str]:
    """Return the sentences among the golden texts with the tokens that are most frequent in the training texts."""
    vectorizer = bundle.vectorizer

    def rarity(text: str) -> float:
        # ids are frequency ranks, and the log frequency of a word decreases with its log rank (Zipf's law)
        ranks = [token if token > 1 else len(vectorizer.vocabulary) for token in vectorizer.encode_text(text)]
        return sum(map(math.log, ranks)) / max(1, len(ranks))

    return sorted(filter(is_example, PROBES), key=rarity)[:NUM_EXAMPLES]


def is_example(text: str) -> bool:
    """Return whether a golden text is a sentence that people can read."""
    return 12 <= len(text) <= 80 and text.isprintable() and not _MARKUP.search(text)
