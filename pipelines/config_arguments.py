"""Command lines that hold a whole ``Config``: options override a YAML file, which overrides the model's defaults."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic

import tyro

from kerascnn import config as configuration
from kerascnn.config import Config, ModelConfigT
from kerascnn.evaluation.figures import PictureFormat
from kerascnn.export.checks import Export
from kerascnn.utils.errors import InputError
from pipelines.command import choose_log, parse, resume_hint
from pipelines.config_files import ConfigName, find_config

SOURCE_OPTIONS = ("format", "encoding", "text_column", "label_column", "token_column", "tag_column")
"""Options of source that reading the start of the data depends on."""
RESUME_HINT = "to continue, run the same command with --resume"


@dataclass(frozen=True, kw_only=True)
class Arguments(Generic[ModelConfigT]):
    """Options of train and distill in addition to the settings of the run."""

    run: Annotated[Config[ModelConfigT], tyro.conf.arg(name="")]
    config: ConfigName = ""
    """YAML file of settings, bundle, or name of a file of the package (kim2014_rand); options on the command line
    override it."""
    resume: bool = False
    """Continue an interrupted run with the same settings, data and output; of a finished one, write the exports that
    are missing."""
    overwrite: bool = False
    """Replace the bundle at --output."""
    no_examples: bool = False
    """Leave texts of the test data out of report.html, which shows the most confident mistakes and the least certain
    predictions."""
    plots: tuple[PictureFormat, ...] = ()
    """Also write the pictures of the report into the folder plots of the bundle, in these formats."""
    export: tuple[Export, ...] = ("auto",)
    """Exports to write at the end. auto: TFLite, if the extra edge is installed and the model has at most 20 million
    parameters, so that predict answers without TensorFlow; none: no export."""
    list_models: bool = False
    """List the architectures and exit."""
    json: bool = False
    """Print the metrics as JSON to standard output."""
    quiet: bool = False
    """Print errors only, no progress and no messages."""


def base_config(argv: Sequence[str] | None) -> tuple[Config[Any], str]:
    """Return the settings that the options of a command line override, and the name of their YAML file.

    These are the settings of --config over the defaults of --model, or of the bundle that --init-from names.
    """
    options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    options.add_argument("--config", default="")
    options.add_argument("--model", default="")
    options.add_argument("--data", nargs="*", default=[])
    for name in SOURCE_OPTIONS:
        dashed = name.replace("_", "-")
        options.add_argument(f"--source.{dashed}", f"--source.{name}", f"--{dashed}", f"--{name}", dest=name)
    options.add_argument("--init-from", "--init_from", "--transfer.init-from", "--transfer.init_from")
    known, _ = options.parse_known_args(argv)
    config_file = find_config(known.config)
    values = configuration.load_yaml(config_file) if config_file else {}
    if known.model and known.model != values.get("model", Config.model):
        # network and text settings of another architecture do not apply
        values = {key: value for key, value in values.items() if key not in ("network", "text")}
    if known.init_from is None:
        transfer = values.get("transfer")
        known.init_from = str(transfer.get("init_from") or "") if isinstance(transfer, dict) else ""
    start = configuration.default_config(known.model or str(values.get("model") or ""), known.init_from)
    values = {**values, "model": start.model}
    base = configuration.config_from_dict(values, config_file or "--model", start)
    return base if known.model else _choose_tagger(base, known), known.config


def _choose_tagger(base: Config[Any], known: argparse.Namespace) -> Config[Any]:
    """Return the settings with those of a tagger, which may be overridden, if the data has a tag for each token."""
    if all(name.startswith(("demo:", "tfds:")) or os.path.isdir(name) for name in known.data or base.data):
        return base
    from kerascnn.experiment.tagger_run import choose_tagger  # takes a while

    given = {name: getattr(known, name) for name in SOURCE_OPTIONS if getattr(known, name)}
    try:
        source = base.source.replace_values(given, "--source")
        found = choose_tagger(dataclasses.replace(base, data=tuple(known.data) or base.data, source=source))
    except InputError:
        return base  # parsing and reading say what is wrong
    return dataclasses.replace(base, model=found.model, text=found.text, network=found.network)


def parse_over(
    base: Config[Any], config_file: str, kind: Any, prog: str, description: str | None, argv: Sequence[str] | None
) -> Any:
    """Parse a command line whose defaults are a run.

    Args:
        base: The run.
        config_file: The YAML file that it came from; empty: none.
        kind: Dataclass with fields ``run`` and ``config``, generic in the ``ModelConfig``.
        prog: Name of the command in its help, as the user typed it.
        description: What the command does, for its help.
        argv: The command line without the name; None: that of the process.
    """
    kind_of_model = kind[type(base.network)]
    return parse(kind_of_model, prog, description, argv, default=kind_of_model(run=base, config=config_file))


def run_workflow(args: Arguments[Any], workflow: Callable[..., Any], **options: Any) -> None:
    """Run a workflow that writes a bundle, and print its summary.

    Args:
        args: The command line.
        workflow: ``run_training`` or ``run_distillation`` of ``kerascnn.experiment``.
        **options: Arguments that the workflow alone has.
    """
    log = choose_log(quiet=args.quiet)

    def report(result: Any) -> None:
        if args.plots and (result.folder / "metrics.json").exists():  # only the chief worker writes a bundle
            from kerascnn.evaluation.plot_files import write_bundle_plots

            write_bundle_plots(result.folder, result.folder / "plots", args.plots)
        log(result.summary)
        if args.json:
            print(json.dumps(result.metrics, ensure_ascii=False), flush=True)

    with resume_hint(RESUME_HINT):
        workflow(
            args.run,
            resume=args.resume,
            overwrite=args.overwrite,
            store_examples=not args.no_examples,
            export=args.export,
            verbose=not args.quiet,
            log=log,
            report=report,
            **options,
        )
