"""Write the pages ``settings.md`` and ``commands.md`` from the dataclasses that hold every setting and option.

python docs/generate.py [FOLDER]
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import itertools
import sys
import textwrap
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import annotated_types
import tyro

sys.path.insert(0, str(Path(__file__).parents[1]))

from kerascnn import models
from kerascnn.config import Config, MaskingConfig
from kerascnn.evaluation.model_card import table
from kerascnn.settings import Settings
from kerascnn.text.config import TextConfig
from kerascnn.utils.atomic_files import atomic_write
from pipelines.__main__ import VERBS

NOTE = "<!-- made by python docs/generate.py -->"
SETTINGS = f"""{NOTE}
# Settings
Every setting has one name and one default. On the command line it is `--GROUP.KEY value` (hyphens or underscores; a
switch that is on by default is turned off by `--GROUP.no-KEY`), in a YAML file (`--config run.yaml`)
`GROUP: {{KEY: value}}`, and in Python a plain argument, `TextClassifier(KEY=value)`. The command line wins over the
file, and the file over the defaults. `config.yaml` of a bundle holds all of a training; [a file of
ours](../pipelines/configs/kim2014_rand.yaml) is shorter. The default of a setting of `text` may be the model's own, see
[below](#the-models)."""
MODELS = """## The models
`--model NAME`; the settings of the group `network` are the chosen model's. [Choosing a model](choosing_a_model.md)
compares them."""
COMMANDS = f"""{NOTE}
# Commands
`python -m pipelines.VERB` and `kerascnn VERB` are the same (`find_threshold` is `kerascnn find-threshold`). Results go
to standard output, all else to standard error. The exit status is 0; 1 where something is to be mended, which one line
says; 2 for wrong usage. Names in capitals are given without an option, in this order."""


def helps(kind: type) -> dict[str, str]:
    """The string under each field of a dataclass, its bases included."""
    found: dict[str, str] = {}
    for base in reversed([base for base in kind.__mro__ if dataclasses.is_dataclass(base)]):
        [body] = [node.body for node in ast.parse(textwrap.dedent(inspect.getsource(base))).body]  # type: ignore[attr-defined]
        for field, text in itertools.pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                found[field.target.id] = " ".join(str(text.value.value).split())  # type: ignore[union-attr]
    return found


def values(hint: Any) -> str:
    """What a setting may be: its choices, or its kind and range."""
    kind, *notes = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind))
    if get_origin(kind) is tuple:
        return f"list of: {values(get_args(kind)[0])}"
    if get_origin(kind) in (Union, types.UnionType):
        return " or ".join(values(choice) for choice in get_args(kind))
    if kind is type(None):
        return "nothing"
    return " ".join([{bool: "yes or no", int: "whole number", float: "number", str: "text"}[kind], *_range(notes)])


def _range(notes: list[Any]) -> Iterator[str]:
    for note in notes:
        for bound in note if isinstance(note, annotated_types.GroupedMetadata) else (note,):
            for name, word in {"ge": "from", "gt": "above", "le": "to", "lt": "below"}.items():
                if hasattr(bound, name):
                    yield f"{word} {getattr(bound, name)}"


def default(value: Any) -> str:
    """A default as a table shows it."""
    if value is dataclasses.MISSING:
        return "(required)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        value = " ".join(map(str, value))
    return "" if value == "" else f"`{value}`"


def options(kind: type, prefix: str = "") -> str:
    """A table of the fields of a dataclass that are no groups.

    Args:
        kind: The dataclass.
        prefix: What stands before the name of each; ``--``: they are options of a command.
    """
    hints, explained = get_type_hints(kind, include_extras=True), helps(kind)
    rows: list[tuple[str, ...]] = []
    for field in dataclasses.fields(kind):
        if not _is_group(hints[field.name], field):
            name = _name(field.name, getattr(hints[field.name], "__metadata__", ()), prefix)
            rows.append((name, default(field.default), values(hints[field.name]), explained[field.name]))
    rows = [tuple(cell.replace("<", "&lt;") for cell in row) for row in rows]
    return table(("option" if prefix == "--" else "setting", "default", "values", "what it does"), rows)


def _name(name: str, notes: Sequence[Any], prefix: str) -> str:
    """What is typed for a field; behind it its short form, if it has one."""
    if prefix != "--":
        return ", ".join(
            [f"`{prefix}{name}`", *(f"`{x}`" for note in notes for x in getattr(note, "aliases", None) or ())]
        )
    return f"`{name.upper()}`" if tyro.conf.Positional in notes else f"`--{name.replace('_', '-')}`"


def _is_group(hint: Any, field: dataclasses.Field[Any]) -> bool:
    kind = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return isinstance(kind, TypeVar) or field.name == "run" or (inspect.isclass(kind) and issubclass(kind, Settings))


def settings() -> str:
    """The page of all settings."""
    sections = [SETTINGS, "## The run", "Without a group: `--model`, in YAML `model:`.", options(Config)]
    groups = get_type_hints(Config)
    for name in ("source", "text", "training", "transfer", "distillation"):
        sections += [f"## {name}", _first(groups[name]), options(groups[name], f"{name}.")]
    sections += [
        "## masking",
        f"{_first(MaskingConfig)} Of `pretrain` alone.",
        options(MaskingConfig, "masking."),
        MODELS,
    ]
    for name, network in models.list_models().items():
        own = [field.name for field in dataclasses.fields(TextConfig)]
        differs = {
            key: getattr(network.text, key) for key in own if getattr(network.text, key) != getattr(TextConfig(), key)
        }
        text = ", ".join(f"`text.{key}` {default(value)}" for key, value in differs.items())
        sections += [f"### {name}", _first(network), f"For {network.good_for}. From: {network.paper}."]
        sections += [f"Of its own: {text}."] * bool(text) + [options(network, "network.")]
    return "\n\n".join(sections) + "\n"


def commands() -> str:
    """The page of all commands."""
    sections = [COMMANDS]
    for verb in VERBS:
        module = importlib.import_module(f"pipelines.{verb.replace('-', '_')}")
        sections += [f"## {module.__name__.rpartition('.')[2]}"]
        sections += [getattr(module, "DESCRIPTION", None) or inspect.getdoc(module) or ""]
        if hasattr(module, "Arguments"):
            sections += _command(module.Arguments)
        elif hasattr(module, "BENCHMARKS"):
            kinds = [getattr(part, name.capitalize()) for name, part in module.BENCHMARKS.items()]
            for kind in (*kinds, module.Table):
                sections += [f"### {verb} {kind.__name__.lower()}", _first(kind), *_command(kind)]
        else:
            sections += ["Options: those of [train](#train)."]
    return "\n\n".join(sections) + "\n"


def _command(kind: type) -> list[str]:
    """The options of a command, and where those of its groups stand."""
    names = [field.name for field in dataclasses.fields(kind)]
    if "run" in names:
        return [options(kind, "--"), "and all [settings](settings.md) of a run."]
    source = ["and the settings of [source](settings.md#source)."] * ("source" in names)
    return [options(kind, "--"), *source]


def _first(kind: type) -> str:
    """The first paragraph of a docstring."""
    return " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for page, text in {"settings.md": settings(), "commands.md": commands()}.items():
        with atomic_write(folder / page) as file:
            file.write(text)
