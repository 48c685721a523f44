"""The word CNN of Kim (2014) as the Keras tutorials write it: ``TextVectorization`` in tf.data, ``fit`` with Adam."""

import argparse
import csv
import json
import time

import keras
import tensorflow as tf
from keras import layers
from timing import time_predictions

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--length", type=int, required=True)
parser.add_argument("--characters", action="store_true")
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--predict", action="store_true")
args = parser.parse_args()

keras.utils.set_random_seed(args.seed)


def read(name):
    """Texts and labels of a split."""
    with open(f"{args.folder}/{name}.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["label"] for row in rows]


train, dev, test = map(read, ("train", "dev", "test"))
labels = {label: number for number, label in enumerate(sorted(set(train[1])))}
vectorize = layers.TextVectorization(
    max_tokens=20_000, output_sequence_length=args.length, split="character" if args.characters else "whitespace"
)
vectorize.adapt(tf.data.Dataset.from_tensor_slices(train[0]).batch(1024))


def batches(rows, shuffle):
    """Batches of ids and class numbers."""
    texts, names = rows
    data = tf.data.Dataset.from_tensor_slices((texts, [labels[name] for name in names]))
    if shuffle:
        data = data.shuffle(len(texts))
    data = data.batch(64).map(lambda text, label: (vectorize(text), label), num_parallel_calls=tf.data.AUTOTUNE)
    return data.prefetch(tf.data.AUTOTUNE)


ids = keras.Input((args.length,), dtype="int32")
words = layers.Embedding(len(vectorize.get_vocabulary()), 100)(ids)
pooled = [layers.GlobalMaxPooling1D()(layers.Conv1D(100, size, activation="relu")(words)) for size in (3, 4, 5)]
model = keras.Model(ids, layers.Dense(len(labels))(layers.Dropout(0.5)(layers.concatenate(pooled))))
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])

start = time.perf_counter()
model.fit(batches(train, True), validation_data=batches(dev, False), epochs=args.epochs, verbose=0)
seconds = time.perf_counter() - start
accuracy = model.evaluate(batches(test, False), verbose=0)[1]
model.save(f"{args.folder}/model.keras")
measured = {"seconds": seconds, "accuracy": accuracy}
if args.predict:
    measured |= time_predictions(
        lambda texts: model.predict(vectorize(tf.constant(texts)), batch_size=256, verbose=0), test[0]
    )
print(json.dumps(measured))
