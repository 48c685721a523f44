"""Print a script that completes commands, options and values with the Tab key in bash, zsh or fish."""

from __future__ import annotations

import functools
import importlib
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from pipelines.command import parse, run
from pipelines.config_files import list_configs
from pipelines.options import Option, read_options, subcommands

DESCRIPTION = """Print a script that completes commands, options, files, folders and values with the Tab key.

- bash: kerascnn completion bash > ~/.local/share/bash-completion/completions/kerascnn
- zsh: kerascnn completion zsh > ~/.zfunc/_kerascnn
- fish: kerascnn completion fish > ~/.config/fish/completions/kerascnn.fish"""

TEMPLATES = Path(__file__).parent / "shells"
FOLDERS = ("BUNDLE", "FOLDER")
"""Placeholders of values that are folders."""
FILES = ("FILE", "DATA", "VECTORS", "TEACHER", "CONFIG")
"""Placeholders of values that are files or folders."""


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The shell."""

    shell: Annotated[Literal["bash", "zsh", "fish"], tyro.conf.Positional]
    """Shell to write the script for."""


@dataclass(frozen=True)
class Completion:
    """What the Tab key offers for an option.

    Attributes:
        names: Names of the option.
        values: Words to choose the value from.
        paths: ``files``, ``folders``, or an empty string.
        is_switch: Whether the option has no value.
        help: What the option does.
    """

    names: tuple[str, ...]
    values: tuple[str, ...]
    paths: str
    is_switch: bool
    help: str


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.completion") -> None:
    """Run the command."""
    shell = parse(Arguments, prog, DESCRIPTION, argv).shell
    commands = _list_commands()
    print(_format_fish(commands) if shell == "fish" else _format_script(shell, commands), end="")


def _list_commands() -> dict[str, list[Completion]]:
    """Return each command, or command and subcommand, to its options; positional arguments have no names."""
    from pipelines.__main__ import COMMANDS

    commands: dict[str, list[Completion]] = {}
    for command in COMMANDS:
        module = importlib.import_module(f"pipelines.{command.replace('-', '_')}")
        members = subcommands(module.COMMAND) if hasattr(module, "COMMAND") else {"": module.Arguments}
        for name, kind in members.items():
            commands[f"{command} {name}".strip()] = list(_list_completions(kind))
    return commands


def _list_completions(kind: Any) -> Iterator[Completion]:
    """Return the options of a dataclass, with the settings of all models."""
    from kerascnn import models
    from kerascnn.config import default_config

    has_run = "run" in getattr(kind, "__dataclass_fields__", {})
    runs = [{"run": default_config(model)} for model in models.list_options()] if has_run else [{}]
    found: dict[tuple[str, ...], Completion] = {}
    for values in runs:
        for option in read_options(kind, values):
            names = () if option.is_positional else option.names
            found.setdefault(option.path, Completion(names, *_describe_values(option), _shorten(option.help)))
    yield from found.values()
    yield Completion(("--help", "-h"), (), "", True, "Show the help and exit.")
    yield Completion(("--help-all",), (), "", True, "Show the help of all settings and exit.")


def _describe_values(option: Option) -> tuple[tuple[str, ...], str, bool]:
    """Return the words, the kind of paths, and whether an option is a switch."""
    kind = option.metavar.strip("[").split(" ")[0]
    paths = "folders" if kind in FOLDERS else "files" if kind in FILES else ""
    return option.choices or _list_words(kind), paths, option.hint is bool


@functools.cache
def _list_words(kind: str) -> tuple[str, ...]:
    """Return the names that a value of some kind may be."""
    from kerascnn import models

    return tuple(models.list_options()) if kind == "MODEL" else tuple(list_configs()) if kind == "CONFIG" else ()


def _shorten(text: str) -> str:
    """Return the first sentence, without signs that have a meaning in a shell."""
    sentence = text.split(". ")[0].split("; ")[0].removesuffix(".")
    plain = "".join(character for character in sentence if character not in "'\"\\$`")
    return textwrap.shorten(plain, 80, placeholder=" …")


def _format_script(shell: str, commands: Mapping[str, Sequence[Completion]]) -> str:
    """Return the script for bash or zsh: the template of the shell with its branches of ``case``."""
    options, values = [], []
    members: dict[str, list[str]] = {}
    for command, completions in commands.items():
        name, _, member = command.partition(" ")
        members.setdefault(name, []).append(member)
        names = " ".join(name for completion in completions for name in completion.names)
        options.append(f'    "{command}") options="{names}" ;;')
        for completion in completions:
            if not completion.is_switch:
                # a positional argument is the value of no option
                patterns = " | ".join(f'"{command} {name}"' for name in completion.names or ("",))
                words = " ".join(completion.values)
                values.append(f'    {patterns}) values="{words}" paths="{completion.paths}" ;;')
    branches = {
        "COMMANDS": " ".join(members),
        "SUBCOMMANDS": "\n".join(
            f'    {name}) values="{" ".join(found)}" ;;' for name, found in members.items() if any(found)
        ),
        "OPTIONS": "\n".join(options),
        "VALUES": "\n".join(values),
    }
    script = (TEMPLATES / f"completion.{shell}").read_text(encoding="utf-8")
    for name, text in branches.items():
        script = script.replace(f"@{name}@", text)
    return script


def _format_fish(commands: Mapping[str, Sequence[Completion]]) -> str:
    """Return the script for fish: a line for each option and the commands that have it."""
    from pipelines.__main__ import COMMANDS

    lines = ["# Tab completion of kerascnn for fish, written by: kerascnn completion fish", "complete -c kerascnn -f"]
    for name, summary in COMMANDS.items():
        lines.append(f"complete -c kerascnn -n __fish_use_subcommand -a {name} -d '{_shorten(summary)}'")
    users: dict[Completion, list[str]] = {}
    for command, completions in commands.items():
        name, _, member = command.partition(" ")
        condition = f"__fish_seen_subcommand_from {name}"
        if member:
            seen = f"{condition}; and not __fish_seen_subcommand_from {_list_members(commands, name)}"
            lines.append(f"complete -c kerascnn -n '{seen}' -a {member}")
        for completion in completions:
            users.setdefault(completion, []).append(command)
    for completion, names in users.items():
        plain = " ".join(name for name in names if " " not in name)
        conditions = [f"__fish_seen_subcommand_from {plain}"] if plain else []
        for name, _, member in (name.partition(" ") for name in names if " " in name):
            conditions.append(f"__fish_seen_subcommand_from {name}; and __fish_seen_subcommand_from {member}")
        lines += [
            f"complete -c kerascnn -n '{condition}' {_format_fish_option(completion)}" for condition in conditions
        ]
    return "\n".join(lines) + "\n"


def _list_members(commands: Mapping[str, Any], name: str) -> str:
    """Return the subcommands of a command."""
    return " ".join(command.partition(" ")[2] for command in commands if command.startswith(f"{name} "))


def _format_fish_option(completion: Completion) -> str:
    """Return the arguments of ``complete`` for an option."""
    words = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in completion.names]
    values = " ".join(completion.values)
    if completion.paths == "folders":
        values += " (__fish_complete_directories)"
    if not completion.is_switch:
        words.append("-r -F" if completion.paths == "files" else "-x" if completion.names else "")
    if values.strip():
        words.append(f"-a '{values.strip()}'")
    return " ".join(filter(None, [*words, f"-d '{completion.help}'"]))


if __name__ == "__main__":
    run(main)
