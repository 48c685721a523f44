"""Training, prediction and export where tensorflow-text cannot be imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kerascnn.text.config import TextConfig
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.text.vocabulary import RESERVED_TOKENS
from kerascnn.utils.errors import InputError

SCRIPT = """
import sys
from pathlib import Path

sys.modules["tensorflow_text"] = None  # import raises ModuleNotFoundError

from kerascnn import TextClassifier, load
from kerascnn.export import saved_model

texts = [f"a {word} film {number}" for word in ("good", "bad") for number in range(20)]
labels = [text.split()[1] for text in texts]
folder = Path(sys.argv[1])
TextClassifier(model="bow").fit(texts, labels).save(folder)
classifier = load(folder)
assert classifier.predict_proba(texts).shape == (40, 2)
version = saved_model.export(classifier.bundle_, folder)
assert saved_model.load_predict_fn(version)(texts).shape == (40, 2)
"""


def test_training_prediction_and_export_work(tmp_path):
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "bundle")]
    finished = subprocess.run(command, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (TextConfig(normalize="nfkc"), "text.normalize nfkc"),
        (TextConfig(normalize="nfkc_casefold"), "text.normalize nfkc_casefold"),
        (TextConfig(split="wordpiece"), "text.split wordpiece"),
    ],
)
def test_settings_that_need_it_say_so_in_one_line(settings, name, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_text", None)
    vectorizer = Vectorizer(settings, [*RESERVED_TOKENS, "good"])
    with pytest.raises(InputError, match=rf"{name} needs tensorflow-text, .*pip install tensorflow-text") as error:
        vectorizer.encode(["good"])
    assert "\n" not in str(error.value)
    assert vectorizer.encode_text("good") == [2]  # plain Python does not need it


def test_adapt_reports_it_before_it_reads_texts(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_text", None)
    with pytest.raises(InputError, match=r"text\.normalize nfkc needs tensorflow-text"):
        Vectorizer.adapt(iter(lambda: pytest.fail("a text was read"), None), TextConfig(normalize="nfkc"))
