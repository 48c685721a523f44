"""Save a classifier, and run it without TensorFlow as a phone or a small server does.

pip install "kerascnn[edge]"
"""

from pathlib import Path

import numpy as np

import kerascnn
from kerascnn import TextClassifier
from kerascnn.edge import EdgeClassifier
from kerascnn.export import tflite

FOLDER = Path("commands")
ROWS = {
    "on": ["turn the light on", "light on please", "switch on the lamp", "lights on"],
    "off": ["turn the light off", "lights out please", "switch the lamp off", "make it dark"],
    "play": ["play some music", "play a song", "start the radio", "I want to hear jazz"],
}
texts, labels = zip(*((text, label) for label, texts in ROWS.items() for text in texts), strict=True)
TextClassifier(max_length=16, min_count=1, filters=16).fit(texts, labels).save(FOLDER, overwrite=True)

classifier = kerascnn.load(FOLDER)  # checks the hash of each file and the golden answers
folder = tflite.export(classifier.bundle_, FOLDER)

edge = EdgeClassifier(folder)  # needs NumPy and ai-edge-litert only; edge.py is in the folder
texts = ["please switch the light on", "some jazz music", "turn it off"]
for text, (label, probability) in zip(texts, edge.predict(texts), strict=True):
    print(f"{label:4} {probability:.2f}  {text}")
np.testing.assert_allclose(edge.predict_proba(texts), classifier.predict_proba(texts), atol=1e-4)

# the same by command: python -m pipelines.export commands --format tflite saved_model web --quantize dynamic --verify
