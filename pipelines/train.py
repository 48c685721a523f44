"""Train a text classifier: rows of text and labels in, a folder that predicts out."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Generic

import tyro

from kerascnn import config as configuration
from kerascnn import models
from kerascnn.config import Config, ModelConfigT
from kerascnn.utils.atomic_files import check_output_folder, read_json
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import log
from pipelines.command import limit_threads, parse, run, start_tensorflow, start_tensorflow_for

if TYPE_CHECKING:
    from kerascnn import TextClassifier
    from kerascnn.bundle import Bundle
    from kerascnn.data.records import Label, Row
    from kerascnn.data.splits import Splits
    from kerascnn.distillation.data import DistillationData

DESCRIPTION = """Train a text classifier: rows of text and labels in, a folder that predicts out.

Without any option it trains on the BBC News articles of the extra "demo". Options of a group may be written with
hyphens or as in the YAML file (--text.max_length). The network's options are those of the chosen --model."""

ADVICE = 4
"""Findings about the data that are said before a training, at the most."""
SHOWN = 5
"""Labels that a message names, at the most."""


@dataclass(frozen=True, kw_only=True)
class Arguments(Generic[ModelConfigT]):
    """What the command adds to a run."""

    run: Annotated[Config[ModelConfigT], tyro.conf.arg(name="")]
    config: str = ""
    """YAML file of settings, as config.yaml of a bundle; options on the command line win."""
    resume: bool = False
    """Go on with the interrupted run of the same settings, data and output."""
    overwrite: bool = False
    """Replace the bundle that stands at --output."""
    no_examples: bool = False
    """Leave texts of the test data out of report.html, which shows the worst mistakes and the least certain answers."""
    list_models: bool = False
    """List the architectures and stop."""
    json: bool = False
    """Print the figures as JSON on standard output."""


def base_config(argv: Sequence[str] | None) -> tuple[Config[Any], str]:
    """The YAML file that a command line names over the defaults of the model, and the file's name."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--config", default="")
    first.add_argument("--model", default="")
    first.add_argument("--init-from", "--init_from", "--transfer.init-from", "--transfer.init_from")
    known, _ = first.parse_known_args(argv)
    values = configuration.load_yaml(known.config) if known.config else {}
    if known.model and known.model != values.get("model", Config.model):
        # settings of another architecture's network and text do not carry over
        values = {key: value for key, value in values.items() if key not in ("network", "text")}
    if known.init_from is None:
        known.init_from = (values.get("transfer") or {}).get("init_from", "")
    start = configuration.default_config(known.model or values.get("model", ""), known.init_from)
    return configuration.config_from_dict(
        {**values, "model": start.model}, known.config or "--model", start
    ), known.config


def arguments(argv: Sequence[str] | None = None, verb: str = "train", description: str = DESCRIPTION) -> Arguments[Any]:
    """The command line over the YAML file over the defaults of the model."""
    return parse_over(*base_config(argv), Arguments, verb, description, argv)


def parse_over(
    base: Config[Any], config: str, kind: Any, verb: str, description: str, argv: Sequence[str] | None
) -> Any:
    """The command line over a run.

    Args:
        base: The run.
        config: The YAML file that it came from, if any.
        kind: What the command adds to a run: a dataclass with fields ``run`` and ``config``, of any network.
        verb: The command.
        description: What it does, for its help.
        argv: The command line; None: that of the process.
    """
    of_network = kind[type(base.network)]
    return parse(
        of_network, f"python -m pipelines.{verb}", description, argv, default=of_network(run=base, config=config)
    )


def output_folder(config: Config[Any]) -> Path:
    """``config.output``, or saved_models/DATA-MODEL; of a distilled model saved_models/DATA-MODEL-distilled."""
    if config.output:
        return Path(config.output)
    data = config.data[0].rpartition(":")[2].replace("/", "-") if ":" in config.data[0] else _stem(Path(config.data[0]))
    return Path("saved_models") / f"{data}-{config.model}{'-distilled' if config.distillation.teacher else ''}"


def _stem(path: Path) -> str:
    stem = path.name.partition(".")[0]
    return path.absolute().parent.name if stem == "train" else stem


def state_folder(folder: Path) -> Path:
    """Where the state of a training lies until its bundle is written."""
    return folder.with_name(f"{folder.name}.training")


def replace_interrupted(state: Path, *, resume: bool) -> None:
    """Clear away the state of an interrupted training that is not to go on."""
    if state.exists() and not resume:
        log(f"{state}: an interrupted run lies here and is replaced; to go on with it, stop now and add --resume")
        shutil.rmtree(state)


def read_splits(config: Config[Any]) -> Splits:
    """The rows of a run; where TensorFlow reads them it is started first."""
    from kerascnn.data.splits import load_splits

    start_tensorflow_for([*config.data, *config.validation_data, *config.test_data])
    return load_splits(config.data, config.validation_data, config.test_data, config.source)


def clear(state: Path, folder: Path) -> None:
    """Remove the state of a finished training, whose logs go into its bundle."""
    if (state / "tensorboard").exists():
        shutil.move(state / "tensorboard", folder / "tensorboard")
    shutil.rmtree(state)


def train(args: Arguments[Any]) -> dict[str, Any]:
    """Train, evaluate and write the bundle; returns its metrics."""
    from kerascnn import tasks
    from kerascnn.audit import audit

    config, folder = args.run, output_folder(args.run)
    state = state_folder(folder)
    if args.resume and folder.exists() and not state.exists():
        log(f"{folder} is finished already")
        return read_json(folder / "metrics.json")
    check_output_folder(folder, overwrite=args.overwrite or args.resume)
    limit_threads(config.network)
    splits = read_splits(config)
    for message in splits.messages:
        log(message)
    log(f"{len(splits.train):,} training, {len(splits.validation):,} validation and {len(splits.test):,} test rows")
    tasks.infer_task([row.label for row in splits.train]).check_settings(
        config.training, has_teacher=bool(config.distillation.teacher)
    )
    for issue in audit.quick_audit(splits, config)[:ADVICE]:
        log(f"{issue.message}; {issue.suggestion}; more by python -m pipelines.audit")
    start_tensorflow()
    from kerascnn.classifier import TextClassifier
    from kerascnn.training.distributed import strategies

    chief = strategies.is_chief(config.training.strategy)
    if chief:
        replace_interrupted(state, resume=args.resume)
    distillation = load_distillation_data(config, splits)
    classifier = TextClassifier.from_config(config)
    classifier.fit(
        *columns(distillation.rows if distillation else splits.train),
        soft_labels=distillation.soft_labels if distillation else None,
        validation_data=columns(splits.validation) if splits.validation else None,
        folder=state, resume=args.resume, verbose=chief,
    )  # fmt: skip
    if not chief:
        log("done; the first process writes the bundle")
        return classifier.bundle_.metrics
    for name in ("validation", "test"):
        if rows := getattr(splits, name):
            _measure(classifier, name, *columns(rows), examples=not args.no_examples)
    classifier.bundle_.data.update(_provenance(config, splits, distillation))
    if distillation:
        classifier.bundle_.distillation |= {"sha256": distillation.sha256}
    classifier.save(folder, overwrite=args.overwrite or args.resume)
    clear(state, folder)
    _report(classifier.bundle_, folder)
    return classifier.bundle_.metrics


def _measure(
    classifier: TextClassifier, name: str, texts: Sequence[str], labels: Sequence[Any], *, examples: bool
) -> None:
    """Put the figures of a split into the bundle, and those of its texts that the report shows."""
    from kerascnn.evaluation.report import telling

    bundle, probabilities = classifier.bundle_, classifier.predict_proba(texts)
    bundle.metrics[name] = classifier.evaluate(texts, labels, probabilities=probabilities)
    if examples:
        codes = bundle.task.encode(labels, classifier.classes_)
        bundle.examples = telling(
            texts, codes, probabilities, bundle.labels, task=bundle.task, thresholds=bundle.thresholds
        )


def load_distillation_data(config: Config[Any], splits: Splits) -> DistillationData | None:
    """What the teacher says about the training, if there is one."""
    if not config.distillation.teacher:
        if config.distillation.unlabelled:
            raise InputError("--unlabelled: texts without labels need a --teacher who answers them")
        return None
    from kerascnn.distillation import data

    distillation = data.load_soft_labels(config, splits)
    for message in distillation.messages:
        log(message)
    return distillation


def columns(rows: Sequence[Row]) -> tuple[list[str], list[Label | None]]:
    """Texts and labels; None for the label of an unlabelled text."""
    return [row.text for row in rows], [None if row.label == "" else row.label for row in rows]


def _provenance(config: Config[Any], splits: Splits, distillation: DistillationData | None) -> dict[str, Any]:
    """What each split was read from, how many rows it has, and a hash of them."""
    from kerascnn.data.records import hash_rows

    sources = {"train": config.data, "validation": config.validation_data, "test": config.test_data}
    rows_of = {name: getattr(splits, name) for name in sources}
    if distillation:
        sources["unlabelled"], rows_of["unlabelled"] = config.distillation.unlabelled, distillation.unlabelled
    found = {}
    for name, specs in sources.items():
        if rows := rows_of[name]:
            found[name] = {"sources": list(specs or config.data), "rows": len(rows), "sha256": hash_rows(rows)}
    return found


def _report(bundle: Bundle, folder: Path) -> None:
    from kerascnn.evaluation.metrics import table

    metrics = bundle.metrics
    name = "test" if "test" in metrics else "validation"
    log(f"\n{name} data\n\n{table(metrics[name])}\n")
    log(
        f"{metrics['parameters']:,} parameters, {metrics['epochs']} epochs in {metrics['seconds']:.0f} s"
        f" ({metrics['documents_per_second']:,.0f} documents/s){_calibration(metrics)}"
    )
    if bundle.thresholds is not None and bundle.config.training.calibrate:
        log(_thresholds(bundle))
    log(f"wrote {folder}")


def _calibration(metrics: dict[str, Any]) -> str:
    if "uncalibrated_ece" not in metrics:
        return ""
    before, after = metrics["uncalibrated_ece"], metrics["validation"]["ece"]
    return f"\ncalibration error on the validation data {before:.3f}, with the fitted temperature {after:.3f}"


def _thresholds(bundle: Bundle) -> str:
    from kerascnn.evaluation.multi_label_metrics import FEW, untuned

    kept = untuned(bundle.metrics["validation"])
    said = f"thresholds of the highest F1 on the validation data for {len(bundle.labels) - len(kept)} labels"
    if not kept:
        return said
    names = ", ".join(map(repr, kept[:SHOWN])) + ", …" * (len(kept) > SHOWN)
    return f"{said}; 0.5 for {names}: fewer than {FEW} of its rows have the label, or lack it"


def list_models() -> None:
    """Print a line for each architecture; parameters for 2 classes and a vocabulary of 20,000 or the most it takes."""
    for name, network in models.list_models().items():
        size = network().parameters(vocabulary_size=min(20_000, network.text.max_tokens), num_classes=2)
        print(f"{name:<14} {size / 1e6:5.1f}M parameters  {network.good_for} ({network.paper})")


def carry_out(args: Arguments[Any]) -> None:
    """Do what the command line asks for."""
    if args.list_models:
        list_models()
        return
    metrics = train(args)
    if args.json:
        print(json.dumps(metrics, ensure_ascii=False))


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    carry_out(arguments(argv))


if __name__ == "__main__":
    run(main)
