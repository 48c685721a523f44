"""``python -m pipelines COMMAND``; ``kerascnn COMMAND`` and ``python -m kerascnn COMMAND`` run this module."""

from __future__ import annotations

import importlib
import sys

import kerascnn
from kerascnn.utils.errors import list_choices
from pipelines import option_help
from pipelines.command import run

COMMANDS = {
    "train": "train a text classifier",
    "audit": "report issues of the data of a training, and how to solve them",
    "pretrain": "pretrain an encoder on unlabelled text, for training to start from",
    "evaluate": "evaluate a bundle on labelled data",
    "plot": "draw the pictures of a bundle's metrics as PNG, SVG and PDF",
    "combine": "combine bundles into one that answers with all of them",
    "compare": "compare two bundles on the same labelled data",
    "find-threshold": "find the probability above which predictions are precise enough",
    "predict": "label new text",
    "tune": "search for the training settings that are best on the validation data",
    "distill": "train a text classifier on the class probabilities of a teacher",
    "export": "export a bundle to TensorFlow Serving, TFLite, MediaPipe, a web page or ONNX",
    "push": "upload a bundle to the Hugging Face Hub",
    "serve": "serve bundles over HTTP, with TensorFlow Serving's interface, a page and metrics",
    "benchmark": "measure accuracy and speed on data sets, as CSV and Markdown tables",
    "completion": "print a script that completes commands and options with the Tab key",
}


def dispatch(prog: str) -> None:
    """Run the command that the first argument of the process names.

    Args:
        prog: How the user started the program, for help texts.
    """
    name, *arguments = sys.argv[1:] or ["help"]
    if name == "help" and arguments:
        name, *arguments = arguments[0], "--help"
    name = name.replace("_", "-") if name.replace("_", "-") in COMMANDS else name
    if name in ("help", *option_help.HELP, option_help.HELP_ALL):
        print(f"usage: {prog} COMMAND [OPTIONS]\n")
        print("\n".join(f"  {command:<14} {summary}" for command, summary in COMMANDS.items()))
        print(f"\n{prog} COMMAND --help lists the options of a command, --help-all all of them;")
        print(f"{prog} --version prints the version.")
    elif name in ("-V", "--version"):
        print(kerascnn.__version__)
    elif name not in COMMANDS:
        print(f"error: no command is called {name!r}{list_choices(name, COMMANDS)}", file=sys.stderr)
        raise SystemExit(2)
    else:
        # imported inside, so that Ctrl-C has its message from the start
        run(lambda: importlib.import_module(f"pipelines.{name.replace('-', '_')}").main(arguments, f"{prog} {name}"))


if __name__ == "__main__":
    dispatch("python -m pipelines")
