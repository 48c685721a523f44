"""Trains the models it is given, one after another, as one process or, where ``TF_CONFIG`` says so, as one of several.

python -m tests.conformance.workers TEXTS.json WEIGHTS.npz MODEL...

The texts are a list of texts and a list of labels. The weights of a model stand under its name and their paths.
"""

import dataclasses
import json
import os
import sys

import numpy as np

from kerascnn import TextClassifier, models
from tests.conformance.descriptors import DESCRIPTORS, MAX_LENGTH, NORMALIZED

SETTINGS = {"max_length": MAX_LENGTH, "patience": 9, "deterministic": True, "global_clipnorm": 0.1}
STEPS = {"epochs": 2, "batch_size": 24}
ONE_STEP = {"epochs": 1, "batch_size": 64}


def train(name, texts, labels):
    """The weights of a model without dropout, which every process would draw for itself."""
    dropouts = {field.name: 0.0 for field in dataclasses.fields(models.get(name)) if field.name.endswith("dropout")}
    strategy = "multi_worker" if "TF_CONFIG" in os.environ else "none"
    settings = SETTINGS | (ONE_STEP if name in NORMALIZED else STEPS) | DESCRIPTORS[name] | dropouts
    classifier = TextClassifier(model=name, strategy=strategy, **settings)
    return classifier.fit(texts, labels, validation_data=(texts, labels)).bundle_.model.weights


def main():
    texts, output, *names = sys.argv[1:]
    with open(texts, encoding="utf-8") as file:
        examples = json.load(file)
    weights = {f"{name} {weight.path}": weight.numpy() for name in names for weight in train(name, *examples)}
    np.savez(output, **weights)


if __name__ == "__main__":
    main()
