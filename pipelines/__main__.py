"""``python -m pipelines VERB``; ``kerascnn VERB`` and ``python -m kerascnn VERB`` end up here too."""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import version

from kerascnn.utils.errors import list_choices
from pipelines.command import run

VERBS = {
    "train": "train a text classifier",
    "audit": "report issues of the data of a training, and how to solve them",
    "pretrain": "pretrain an encoder on unlabelled text, for training to start from",
    "evaluate": "evaluate a bundle on labelled data",
    "find-threshold": "find the probability above which predictions are precise enough",
    "predict": "label new text",
    "tune": "search for the training settings that are best on the validation data",
    "distill": "train a text classifier on the class probabilities of a teacher",
    "export": "export a bundle to TensorFlow Serving, TFLite, MediaPipe, a web page or ONNX",
    "benchmark": "measure accuracy and speed on data sets, as CSV and Markdown tables",
}


def dispatch(prog: str) -> None:
    """Run the command that the first argument of the process names.

    Args:
        prog: How the user started the program, for help texts.
    """
    verb = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if verb in ("-h", "--help"):
        print(f"usage: {prog} VERB [OPTIONS]\n")
        print("\n".join(f"  {name:<14} {summary}" for name, summary in VERBS.items()))
        print(f"\n{prog} VERB --help lists the options of a verb; {prog} --version prints the version.")
    elif verb == "--version":
        print(version("kerascnn"))
    elif verb not in VERBS:
        print(f"error: no command is called {verb!r}{list_choices(verb, VERBS)}", file=sys.stderr)
        raise SystemExit(2)
    else:
        command = importlib.import_module(f"pipelines.{verb.replace('-', '_')}")
        run(lambda: command.main(sys.argv[2:], f"{prog} {verb}"))


if __name__ == "__main__":
    dispatch("python -m pipelines")
