"""The folder ``web`` of a bundle: a static page that classifies as you type, in the browser alone."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from kerascnn.bundle import Bundle
from kerascnn.export import tflite, tflite_conversion
from kerascnn.golden import PROBES
from kerascnn.utils.atomic_files import atomic_folder, write_json
from kerascnn.utils.errors import InputError

PAGE = Path(__file__).parent / "web_page"
INSTALLED = "node_modules"
EXAMPLES = 3
_MARKUP = re.compile("<|://")


def export(
    bundle: Bundle, bundle_folder: Path, *, quantize: Sequence[tflite_conversion.Precision], texts: Sequence[str] = ()
) -> Path:
    """Write a page to ``web/`` in the place of any other; what npm installed there stays.

    Args:
        bundle: The classifier.
        bundle_folder: Its folder, whose name becomes the page's title.
        quantize: Precision of the one file that the page runs, see ``tflite_conversion.convert``.
        texts: Documents to calibrate ``int8`` on; none of them is written.

    Returns:
        The web folder.

    Raises:
        InputError: More than one precision, or a setting that a browser cannot follow.
    """
    if len(quantize) != 1:
        raise InputError(f"a page runs one file; give web one --quantize, not {', '.join(quantize)}")
    if bundle.vectorizer.settings.normalize == "nfkc_casefold":
        raise InputError("text.normalize nfkc_casefold: browsers do not fold case; train with --text.normalize nfkc")
    if bundle.vectorizer.settings.uses_wordpiece:
        raise InputError("text.split wordpiece: the page takes no words apart; export --format tflite or saved_model")
    folder = bundle_folder / "web"
    with atomic_folder(folder) as beside:
        shutil.copytree(PAGE, beside, dirs_exist_ok=True)
        tflite.write_models(bundle, beside, quantize, texts)
        tflite.describe_files(bundle, beside)
        write_json(beside / "page.json", {"title": bundle_folder.resolve().name, "examples": _examples(bundle)})
        if (folder / INSTALLED).is_dir():
            shutil.copytree(folder / INSTALLED, beside / INSTALLED, symlinks=True)
    return folder


def _examples(bundle: Bundle) -> list[str]:
    """The golden texts of a sentence's length whose tokens are the most frequent in the training texts."""
    vectorizer = bundle.vectorizer

    def rarity(text: str) -> float:
        # ids are ranks, and the logarithm of a word's frequency falls with that of its rank
        ranks = [token if token > 1 else len(vectorizer.vocabulary) for token in vectorizer.encode_text(text)]
        return sum(map(math.log, ranks)) / max(1, len(ranks))

    sentences = [text for text in PROBES if 12 <= len(text) <= 80 and text.isprintable() and not _MARKUP.search(text)]
    return sorted(sentences, key=rarity)[:EXAMPLES]
