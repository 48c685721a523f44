"""Save a classifier, and run it without TensorFlow as a phone or a small server does.

pip install "kerascnn[edge]"
"""

import numpy as np

import kerascnn
from kerascnn import TextClassifier
from kerascnn.edge import EdgeClassifier
from kerascnn.export import tflite

texts = ["turn the light on", "light on please", "turn the light off", "lights off", "play some music", "play a song"] * 5
labels = ["on", "on", "off", "off", "play", "play"] * 5
TextClassifier(epochs=5, max_length=16, min_count=1).fit(texts, labels).save("commands", overwrite=True)

classifier = kerascnn.load("commands")  # checks the hash of each file and the golden answers
folder = tflite.export(classifier.bundle_, classifier.folder, quantize=["none"])

edge = EdgeClassifier(folder)  # needs NumPy and ai-edge-litert only; edge.py is in the folder
texts = ["please turn on the light", "music"]
print(classifier.predict(texts), edge.predict(texts))
np.testing.assert_allclose(classifier.predict_proba(texts), edge.predict_proba(texts), atol=1e-4)
