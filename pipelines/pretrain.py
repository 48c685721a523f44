"""Pretrain a network on text without labels, by naming hidden tokens; training starts from it with --init-from."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Generic

import tyro

from kerascnn.config import Config, MaskingConfig, ModelConfigT, TransferConfig
from kerascnn.utils.atomic_files import check_output_folder, read_json
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import log
from pipelines import train
from pipelines.command import run, start_tensorflow, start_tensorflow_for

DEFAULTS: dict[str, Any] = {"epochs": 10, "monitor": "loss"}
"""Where pretraining differs from training."""


@dataclass(frozen=True, kw_only=True)
class Arguments(Generic[ModelConfigT]):
    """What the command adds to a run."""

    run: Annotated[Config[ModelConfigT], tyro.conf.arg(name="")]
    masking: MaskingConfig = field(default_factory=MaskingConfig)
    config: str = ""
    """YAML file of settings; options on the command line win."""
    resume: bool = False
    """Go on with the interrupted run of the same settings, data and output."""
    overwrite: bool = False
    """Replace the bundle that stands at --output."""
    json: bool = False
    """Print the figures as JSON on standard output."""


def arguments(argv: Sequence[str] | None = None) -> Arguments[Any]:
    """The command line over the YAML file over the defaults of the model."""
    base, config = train.base_config(argv)
    if not config:
        base = dataclasses.replace(base, training=dataclasses.replace(base.training, **DEFAULTS))
    return train.parse_over(base, config, Arguments, "pretrain", __doc__, argv)


def output_folder(config: Config[Any]) -> Path:
    """``config.output``, or saved_models/DATA-MODEL-pretrained."""
    if config.output:
        return Path(config.output)
    folder = train.output_folder(config)
    return folder.with_name(f"{folder.name}-pretrained")


def pretrain(args: Arguments[Any]) -> dict[str, Any]:
    """Pretrain, and write the encoder; returns its metrics."""
    config, folder = args.run, output_folder(args.run)
    if config.transfer != TransferConfig():
        raise InputError("pretraining starts from nothing; leave out the settings of transfer")
    state = train.state_folder(folder)
    if args.resume and folder.exists() and not state.exists():
        log(f"{folder} is finished already")
        return read_json(folder / "metrics.json")
    check_output_folder(folder, overwrite=args.overwrite or args.resume)
    start_tensorflow_for(config.data)
    texts = read_texts(config)
    log(f"{len(texts):,} texts")
    train.replace_interrupted(state, resume=args.resume)
    start_tensorflow()
    from kerascnn import bundle
    from kerascnn.pretraining.pretrain import pretrain

    made = pretrain(texts, config, args.masking, folder=state, resume=args.resume, verbose=True)
    digest = hashlib.sha256("\x1e".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
    made.data["train"] = {"sources": list(config.data), "rows": len(texts), "sha256": digest}
    bundle.write_encoder(made, folder, overwrite=args.overwrite or args.resume)
    train.clear(state, folder)
    _report(made.metrics, folder)
    return made.metrics


def read_texts(config: Config[Any]) -> list[str]:
    """All texts of the data that are not blank, each once, labels ignored."""
    from kerascnn.data import sources

    texts: dict[str, None] = {}
    count = 0
    for spec in config.data:
        for record in sources.read_texts(spec, config.source):
            count += 1
            texts[record.fields[config.source.text_column]] = None
    kept = [text for text in texts if text.strip()]
    if len(kept) < count:
        log(f"{count - len(kept):,} of {count:,} texts are blank or repeat another one; left out")
    return kept


def _report(metrics: dict[str, Any], folder: Path) -> None:
    held_out = metrics["validation"]
    log(
        f"\nof {held_out['tokens']:,} hidden tokens of held-out texts {held_out['accuracy']:.1%} are named right;"
        f" perplexity {held_out['perplexity']:.1f}\n{metrics['parameters']:,} parameters, {metrics['epochs']} epochs in"
        f" {metrics['seconds']:.0f} s ({metrics['documents_per_second']:,.0f} documents/s)\nwrote {folder}"
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = arguments(argv)
    metrics = pretrain(args)
    if args.json:
        print(json.dumps(metrics, ensure_ascii=False))


if __name__ == "__main__":
    run(main)
