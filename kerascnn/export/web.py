"""The folder ``web`` of a bundle: a static page that classifies as you type, in the browser alone."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from kerascnn.bundle import Bundle
from kerascnn.errors import InputError
from kerascnn.export import edge_folder, tflite
from kerascnn.files import whole_folder, write_json
from kerascnn.golden import PROBES

PAGE = Path(__file__).parent / "web_page"
INSTALLED = "node_modules"
EXAMPLES = 4


def export(
    bundle: Bundle, bundle_folder: Path, *, quantize: Sequence[tflite.Quantize], texts: Sequence[str] = ()
) -> Path:
    """Write a page to ``web/`` in the place of any other; what npm installed there stays.

    Args:
        bundle: The classifier.
        bundle_folder: Its folder, whose name becomes the page's title.
        quantize: Precision of the one file that the page runs, see ``tflite.convert``.
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
    folder = bundle_folder / "web"
    with whole_folder(folder) as beside:
        shutil.copytree(PAGE, beside, dirs_exist_ok=True)
        edge_folder.write_model(bundle, beside, quantize[0], texts)
        edge_folder.describe_files(bundle, beside)
        write_json(beside / "page.json", {"title": bundle_folder.resolve().name, "examples": _examples(bundle)})
        if (folder / INSTALLED).is_dir():
            shutil.copytree(folder / INSTALLED, beside / INSTALLED, symlinks=True)
    return folder


def _examples(bundle: Bundle) -> list[str]:
    """The golden texts of a sentence's length that the vocabulary knows best."""

    def unknown(text: str) -> float:
        ids = bundle.vectorizer.encode_plain(text)
        return ids.count(1) / max(1, len(ids))

    sentences = [text for text in PROBES if 12 <= len(text) <= 90 and text.isprintable() and "<" not in text]
    return sorted(sentences, key=unknown)[:EXAMPLES]
