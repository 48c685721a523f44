"""``kerascnn VERB`` and ``python -m pipelines VERB``: the commands of this folder."""

from __future__ import annotations

import importlib
import sys

from pipelines.command import run

VERBS = {
    "train": "train a text classifier",
    "audit": "what is unusual about the data of a training, and what helps",
    "pretrain": "let a network learn from text without labels, for training to start from",
    "evaluate": "figures of a bundle on labelled data",
    "find-threshold": "how sure an answer must be to be right often enough",
    "predict": "labels and probabilities for new text",
    "tune": "search for the settings that are best on the validation data",
    "distill": "train a text classifier on what a teacher says",
    "export": "what runs elsewhere: TensorFlow Serving, TFLite, MediaPipe, a web page, ONNX",
    "benchmark": "accuracy and speed of models on data sets, as CSV and as a table",
}


def main() -> None:
    """Hand the command line over to its verb."""
    verb = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if verb in ("-h", "--help"):
        print("usage: kerascnn VERB [OPTIONS]\n")
        print("\n".join(f"  {name:<14} {what}" for name, what in VERBS.items()))
        print("\nkerascnn VERB --help explains its options.")
        return
    if verb not in VERBS:
        print(f"error: no command is called {verb!r}; there are {', '.join(VERBS)}", file=sys.stderr)
        raise SystemExit(2)
    command = importlib.import_module(f"pipelines.{verb.replace('-', '_')}")
    run(lambda: command.main(sys.argv[2:]))


if __name__ == "__main__":
    main()
