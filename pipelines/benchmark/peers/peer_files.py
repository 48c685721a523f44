"""What the programs of the peers read and write: arguments, CSV files of the rows, and JSON of the result."""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from pathlib import Path
from typing import Any

# everything is in the folder of the encoder
os.environ["HF_HUB_OFFLINE"] = "1"


def parse_arguments(description: str | None) -> argparse.Namespace:
    """Return the arguments of a program: ``folder``, ``encoder`` and ``seed``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", type=Path, help="has train.csv and test.csv, and receives result.json")
    parser.add_argument("--encoder", required=True, help="sentence encoder in the format of sentence-transformers")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def read_rows(file: Path) -> tuple[list[str], list[str]]:
    """Return the texts and labels of a CSV file with the columns ``text`` and ``label``."""
    csv.field_size_limit(sys.maxsize)
    with open(file, encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [row["text"] for row in rows], [row["label"] for row in rows]


def write_result(folder: Path, **result: Any) -> None:
    """Write ``result.json``: predictions, seconds of the training, parameters, and epochs."""
    (folder / "result.json").write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
