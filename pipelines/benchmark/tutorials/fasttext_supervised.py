"""The tutorial of fastText: separated punctuation, lower case, and bigrams."""

import argparse
import csv
import json
import re
import tempfile
import time

import fasttext
from timing import time_predictions

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--length", type=int, help="not used: all tokens count")
parser.add_argument("--characters", action="store_true")
parser.add_argument("--epochs", type=int, help="not used: the tutorial has 25")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--predict", action="store_true")
args = parser.parse_args()

punctuation = re.compile(r"([.!?,'/()])")


def read(name):
    """Return the texts and labels of a split."""
    with open(f"{args.folder}/{name}.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["label"] for row in rows]


def normalize(text):
    """Return a text as a line of tokens with spaces between them."""
    if args.characters:
        return " ".join("".join(text.split()))
    return punctuation.sub(r" \1 ", " ".join(text.split())).lower()


train, test = read("train"), read("test")
names = sorted(set(train[1]))
with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
    for text, label in zip(*train, strict=True):
        file.write(f"__label__{names.index(label)} {normalize(text)}\n")
    file.flush()
    start = time.perf_counter()
    model = fasttext.train_supervised(
        file.name, lr=1.0, epoch=25, wordNgrams=3 if args.characters else 2, seed=args.seed, thread=1, verbose=0
    )
measured = {"seconds": time.perf_counter() - start}


def predict(texts):
    """Return the label of each text."""
    labels, _ = model.predict([normalize(text) for text in texts])
    return [names[int(found[0].removeprefix("__label__"))] for found in labels]


measured["accuracy"] = sum(map(str.__eq__, predict(test[0]), test[1])) / len(test[1])
if args.predict:
    measured |= time_predictions(predict, test[0])
print(json.dumps(measured))
