"""Export a web page that marks the spans of a text in the browser as you type: the folder ``web`` of a bundle."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from kerascnn.export.checks import check_tagger_export
from kerascnn.export.tagger_tflite import convert, write_description
from kerascnn.export.tflite import PRECISION_SUFFIXES
from kerascnn.export.tflite_conversion import Precision
from kerascnn.export.web import NPM_FOLDER, NUM_EXAMPLES, PAGE_FOLDER, is_example
from kerascnn.golden import PROBES
from kerascnn.tagger_bundle import TaggerBundle
from kerascnn.utils.atomic_files import atomic_folder, write_json

TAGGER_PAGE_FOLDER = Path(__file__).parent / "tagger_page"
SHARED_FILES = ("icon.svg", "package.json", "style.css", "files.js", "page.js", "text.js")
"""Files that the page shares with that of text classifiers."""
LENGTH = 128
"""Tokens that the model of the page sees at a time: LiteRT.js runs files with static shapes."""


def export(bundle: TaggerBundle, bundle_folder: Path, *, quantize: Sequence[Precision] = ("none",)) -> Path:
    """Write the page to ``web/``; it replaces an existing page, but keeps the packages that npm installed.

    Args:
        bundle: The tagger.
        bundle_folder: Folder of the bundle; its name becomes the title of the page.
        quantize: Precision of the one file that the page runs: ``none``, ``float16`` or ``dynamic``.

    Returns:
        The web folder.

    Raises:
        InputError: There is more than one precision, or it is not supported.
    """
    check_tagger_export("web", quantize)
    folder, length = bundle_folder / "web", min(LENGTH, bundle.config.text.max_length)
    with atomic_folder(folder) as partial:
        shutil.copytree(TAGGER_PAGE_FOLDER, partial, dirs_exist_ok=True)
        for name in SHARED_FILES:
            shutil.copy(PAGE_FOLDER / name, partial)
        for precision, content in convert(bundle, quantize, length=length).items():
            (partial / f"model_{PRECISION_SUFFIXES[precision]}.tflite").write_bytes(content)
        write_description(bundle, partial, bundle_folder, length=length)
        write_json(partial / "page.json", {"title": bundle_folder.resolve().name, "examples": _choose_examples(bundle)})
        if (folder / NPM_FOLDER).is_dir():
            shutil.copytree(folder / NPM_FOLDER, partial / NPM_FOLDER, symlinks=True)
    return folder


def _choose_examples(bundle: TaggerBundle) -> list[str]:
    """Return the sentences among the golden texts with the most tokens that the training sentences have."""
    encoder, split = bundle.vectorizer.encoder, bundle.vectorizer.split_text

    def count_unknown(text: str) -> float:
        ids = encoder.encode([text[start:end] for start, end in split(text)]).reshape(len(split(text)), -1)[:, 0]
        return float((ids <= 1).mean()) if len(ids) else 1.0

    return sorted(filter(is_example, PROBES), key=count_unknown)[:NUM_EXAMPLES]
