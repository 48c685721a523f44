"""The word CNN of Kim (2014) as PyTorch tutorials write it: ``Conv2d`` over words by channels, a loop over batches."""

import argparse
import collections
import csv
import json
import re
import time

import torch
from timing import time_predictions
from torch import nn
from torch.nn import functional

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--length", type=int, required=True)
parser.add_argument("--characters", action="store_true")
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--predict", action="store_true")
args = parser.parse_args()

torch.manual_seed(args.seed)


def read(name):
    """Rows of a split."""
    with open(f"{args.folder}/{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


tables = list(map(read, ("train", "dev", "test")))
labels = {label: number for number, label in enumerate(sorted({row["label"] for row in tables[0]}))}


def split(text):
    """Characters, or words in lower case without punctuation."""
    return list(text) if args.characters else re.sub(r"[^\w\s]", "", text.lower()).split()


documents = [[split(row["text"]) for row in table] for table in tables]
common = collections.Counter(token for document in documents[0] for token in document).most_common(19_998)
vocabulary = {token: number for number, (token, _) in enumerate(common, 2)}


def padded(document):
    """Ids of a document, cut or filled with 0 to the length of all."""
    return ([vocabulary.get(token, 1) for token in document[: args.length]] + [0] * args.length)[: args.length]


(train, dev, test) = (torch.tensor([padded(document) for document in rows]) for rows in documents)
train_y, dev_y, test_y = (torch.tensor([labels[row["label"]] for row in table]) for table in tables)


class TextCNN(nn.Module):
    """Three widths of 100 filters, the strongest answer of each."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(vocabulary) + 2, 100, padding_idx=0)
        self.convolutions = nn.ModuleList(nn.Conv2d(1, 100, (size, 100)) for size in (3, 4, 5))
        self.logits = nn.Linear(300, len(labels))

    def forward(self, ids):
        """Ids (batch, length) to logits (batch, classes)."""
        words = self.embedding(ids).unsqueeze(1)
        pooled = [functional.relu(convolution(words)).squeeze(3).amax(2) for convolution in self.convolutions]
        return self.logits(functional.dropout(torch.cat(pooled, 1), 0.5, self.training))


@torch.no_grad()
def classes_of(texts):
    """The classes of raw texts."""
    model.eval()
    ids = torch.tensor([padded(split(text)) for text in texts])
    return torch.cat([model(part).argmax(1) for part in ids.split(256)])


@torch.no_grad()
def accuracy(ids, classes):
    """Part of the documents that is right."""
    model.eval()
    right = sum((model(x).argmax(1) == y).sum().item() for x, y in zip(ids.split(256), classes.split(256), strict=True))
    return right / len(classes)


model = TextCNN()
optimizer = torch.optim.Adam(model.parameters(), 1e-3)
start = time.perf_counter()
for _ in range(args.epochs):
    model.train()
    for rows in torch.randperm(len(train)).split(64):
        optimizer.zero_grad()
        functional.cross_entropy(model(train[rows]), train_y[rows]).backward()
        optimizer.step()
    accuracy(dev, dev_y)
seconds = time.perf_counter() - start
torch.save(model.state_dict(), f"{args.folder}/model.pt")
measured = {"seconds": seconds, "accuracy": accuracy(test, test_y)}
if args.predict:
    measured |= time_predictions(classes_of, [row["text"] for row in tables[2]])
print(json.dumps(measured))
