"""Train the classifier of model2vec, with its default settings, on static vectors distilled from a sentence encoder."""

from __future__ import annotations

import time

from peer_files import parse_arguments, read_rows, write_result


def main() -> None:
    """Train on ``train.csv``, and write the predictions for ``test.csv``."""
    from model2vec.distill import distill
    from model2vec.train import StaticModelForClassification

    args = parse_arguments(__doc__)
    texts, labels = read_rows(args.folder / "train.csv")
    test_texts, _ = read_rows(args.folder / "test.csv")
    classifier = StaticModelForClassification.from_static_model(model=distill(args.encoder))
    start = time.perf_counter()
    classifier.fit(texts, labels, random_seed=args.seed)
    seconds = time.perf_counter() - start
    write_result(
        args.folder,
        predictions=[str(label) for label in classifier.predict(test_texts)],
        seconds=seconds,
        parameters=sum(weight.numel() for weight in classifier.parameters()),
        epochs=1,
    )


if __name__ == "__main__":
    main()
