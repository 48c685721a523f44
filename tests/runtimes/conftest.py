"""Bundles with exports for every runtime: one label per text, several, and a character model."""

import pytest

from kerascnn import TextClassifier
from kerascnn.export import onnx, tflite


@pytest.fixture(scope="session")
def exported(news, reviews_zh, briefs, tmp_path_factory):
    """Name of each classifier to the classifier, its folder and its texts."""
    place, found = tmp_path_factory.mktemp("exported"), {}
    data = {"news": news, "briefs": briefs, "reviews": reviews_zh}
    for name, (texts, labels) in data.items():
        level = "character" if name == "reviews" else "word"
        classifier = TextClassifier(model="bow", level=level, max_length=64, refit_rows=0).fit(texts, labels)
        classifier.save(place / name)
        tflite.export(classifier.bundle_, place / name)
        if name != "reviews":
            onnx.export(classifier.bundle_, place / name)
        found[name] = classifier, place / name, texts
    return found
