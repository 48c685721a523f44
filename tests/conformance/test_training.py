"""Training of every registered model: reproducible with a seed, and in mixed precision."""

import numpy as np

from kerascnn import TextClassifier
from tests.conformance.descriptors import DESCRIPTORS, MAX_LENGTH, every_model_full_if_slow, model_name


@every_model_full_if_slow
def test_same_seed_gives_same_weights(name, mixed):
    def weights():
        settings = {"epochs": 1, "deterministic": True, "max_length": MAX_LENGTH, "batch_size": 16}
        classifier = TextClassifier(model=model_name(name), seed=1, **settings, **DESCRIPTORS[name])
        return classifier.fit(*mixed, validation_data=mixed).bundle_.model.get_weights()

    assert all(np.array_equal(a, b) for a, b in zip(weights(), weights(), strict=True))


@every_model_full_if_slow
def test_trains_in_mixed_precision(name, mixed):
    settings = {
        "epochs": 35,
        "patience": 35,
        "schedule": "constant",
        "learning_rate": 0.003,
        "batch_size": 16,
        "max_length": MAX_LENGTH,
    }
    classifier = TextClassifier(model=model_name(name), dtype_policy="mixed_bfloat16", **settings, **DESCRIPTORS[name])
    classifier.fit(*mixed, validation_data=mixed)
    assert classifier.bundle_.model.dtype_policy.name == "mixed_bfloat16"
    assert classifier.score(*mixed) > 0.8
