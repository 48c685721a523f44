"""The baseline of text classification: TF-IDF and a linear support vector machine, as in scikit-learn's user guide."""

import argparse
import csv
import json
import time

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from timing import time_predictions

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--length", type=int, help="not used: all tokens count")
parser.add_argument("--characters", action="store_true")
parser.add_argument("--epochs", type=int, help="not used")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--predict", action="store_true")
args = parser.parse_args()


def read(name):
    """Return the texts and labels of a split."""
    with open(f"{args.folder}/{name}.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["label"] for row in rows]


train, test = read("train"), read("test")
features = {"analyzer": "char", "ngram_range": (1, 3)} if args.characters else {"ngram_range": (1, 2)}
model = make_pipeline(TfidfVectorizer(sublinear_tf=True, **features), LinearSVC(random_state=args.seed))
start = time.perf_counter()
model.fit(*train)
measured = {"seconds": time.perf_counter() - start, "accuracy": model.score(*test)}
if args.predict:
    measured |= time_predictions(model.predict, test[0])
print(json.dumps(measured))
