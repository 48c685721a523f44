"""Train SetFit (Tunstall et al. 2022) with the settings of its paper: pairs of texts, then a logistic regression."""

from __future__ import annotations

import tempfile
import time

from peer_files import parse_arguments, read_rows, write_result

EPOCHS, BATCH, LEARNING_RATE = 1, 16, 2e-5
PAIRS = 20
"""Pairs of the same class, and as many of different classes, per row."""


def main() -> None:
    """Train on ``train.csv``, and write the predictions for ``test.csv``."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments
    from transformers import set_seed

    args = parse_arguments(__doc__)
    texts, labels = read_rows(args.folder / "train.csv")
    test_texts, _ = read_rows(args.folder / "test.csv")
    names = sorted(set(labels))
    set_seed(args.seed)
    model = SetFitModel.from_pretrained(args.encoder)
    rows = Dataset.from_dict({"text": texts, "label": [names.index(label) for label in labels]})
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingArguments(
            output_dir=folder, num_epochs=EPOCHS, batch_size=BATCH, num_iterations=PAIRS,
            body_learning_rate=LEARNING_RATE, seed=args.seed, report_to="none", save_strategy="no",
            show_progress_bar=False,
        )  # fmt: skip
        start = time.perf_counter()
        Trainer(model=model, args=settings, train_dataset=rows).train()
        seconds = time.perf_counter() - start
    predictions = model.predict(test_texts, as_numpy=True)
    weights = sum(weight.numel() for weight in model.model_body.parameters())
    head = model.model_head
    write_result(
        args.folder,
        predictions=[names[int(number)] for number in predictions],
        seconds=seconds,
        parameters=weights + head.coef_.size + head.intercept_.size,
        epochs=EPOCHS,
    )


if __name__ == "__main__":
    main()
