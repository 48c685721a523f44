"""Train models in this process, or as one of several workers if ``TF_CONFIG`` is set.

python -m tests.conformance.workers TEXTS.json WEIGHTS.npz MODEL...

TEXTS.json is a list of texts and a list of labels. The keys of the weights are the name of the model and their path.
"""

import dataclasses
import json
import os
import sys

import numpy as np

from kerascnn import TextClassifier, models
from tests.conformance.descriptors import BATCH_NORMALIZED, DESCRIPTORS, MAX_LENGTH, model_name

SETTINGS = {
    "max_length": MAX_LENGTH,
    "patience": 9,
    "deterministic": True,
    "global_clipnorm": 0.1,
    "contrastive": "never",
}
"""Contrastive training compares the texts of one worker, so its weights depend on the number of workers."""
STEPS = {"epochs": 2, "batch_size": 24}
ONE_STEP = {"epochs": 1, "batch_size": 64}


def train(name, texts, labels):
    """Train a model without dropout, which is random in each process, and return its weights."""
    dropouts = {
        field.name: 0.0 for field in dataclasses.fields(models.get(model_name(name))) if field.name.endswith("dropout")
    }
    strategy = "multi_worker" if "TF_CONFIG" in os.environ else "none"
    settings = SETTINGS | (ONE_STEP if name in BATCH_NORMALIZED else STEPS) | DESCRIPTORS[name] | dropouts
    classifier = TextClassifier(model=model_name(name), strategy=strategy, **settings)
    return classifier.fit(texts, labels, validation_data=(texts, labels)).bundle_.model.weights


def main():
    texts, output, *names = sys.argv[1:]
    with open(texts, encoding="utf-8") as file:
        examples = json.load(file)
    weights = {f"{name} {weight.path}": weight.numpy() for name in names for weight in train(name, *examples)}
    np.savez(output, **weights)


if __name__ == "__main__":
    main()
