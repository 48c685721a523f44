"""Help of the commands: a short one of the options that people use, and one of all settings.

The text is drawn by tyro, from dataclasses that are made for it: the help has one line break less, no default where a
switch is off or a value is empty, and only the names that a person types.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, get_origin

import tyro

from pipelines.options import Group, Option, read_members, read_options, subcommands

HELP, HELP_ALL = ("-h", "--help"), "--help-all"
SHOW_ALL = "Show the help of all {} settings and exit."


def wants_help(argv: Sequence[str]) -> bool:
    """Return whether a command line asks for help."""
    options = argv[: argv.index("--")] if "--" in argv else argv
    return bool({*HELP, HELP_ALL} & set(options))


def help_kind(kind: Any, values: Mapping[str, Any], *, show_all: bool) -> Any:
    """Return the dataclass, or union of subcommands, whose help to show.

    Args:
        kind: That of the command. Its constant ``UNUSED`` names fields that the command does not read, and the short
            help leaves out.
        values: Name of a field to its default, where it differs from that of the class.
        show_all: Whether to show all settings, or those that have a name without a group.
    """
    if members := subcommands(kind):
        parts = [
            Annotated[help_kind(member, values, show_all=show_all), tyro.conf.subcommand(name)]
            for name, member in members.items()
        ]
        return functools.reduce(operator.or_, parts)
    if show_all:
        return _make_tree(get_origin(kind) or kind, read_members(kind, values))
    kind = get_origin(kind) or kind
    options = list(read_options(kind, values))
    unused = getattr(kind, "UNUSED", ())
    shown = [option for option in options if option.has_short_name and option.path[-1] not in unused]
    fields = [_make_field("_".join(option.path), option, option.names[0]) for option in shown]
    if len(shown) < len(options):
        show = tyro.conf.arg(help=SHOW_ALL.format(len(options)), help_behavior_hint="")
        fields.append(("help_all", Annotated[bool, show], dataclasses.field(default=False)))
    return _make_dataclass(kind, fields)


def _make_tree(kind: type, members: Iterable[Option | Group]) -> type:
    """Return a dataclass of all options, with a dataclass for each group."""
    fields = []
    for member in members:
        if isinstance(member, Group):
            group = _make_tree(type(member.settings), member.read())
            hint = group if member.path else Annotated[group, tyro.conf.arg(name="")]
            fields.append((member.name, hint, dataclasses.field(default_factory=group)))
        else:
            fields.append(_make_field(member.path[-1], member))
    return _make_dataclass(kind, fields)


def _make_dataclass(kind: type, fields: Sequence[tuple[str, Any, Any]]) -> type:
    """Return a dataclass with the name and the docstring of another one."""
    return dataclasses.make_dataclass(kind.__name__, fields, namespace={"__doc__": inspect.getdoc(kind)}, kw_only=True)


def _make_field(name: str, option: Option, shown: str = "") -> tuple[str, Any, Any]:
    """Return a field for ``make_dataclass`` with one name of an option; none: with all of them."""
    text = f"Turn off: {option.help}" if option.default is True else option.help
    config: dict[str, Any] = {"metavar": option.config.metavar, "help": text, "help_behavior_hint": _describe(option)}
    if shown and not option.is_positional:
        # tyro adds no- to the name of a switch that is on
        prefix = "--no-" if option.default is True else "--"
        config |= {"name": shown.removeprefix(prefix), "prefix_name": False}
    else:
        config["aliases"] = option.config.aliases
    hint: Any = Annotated
    return name, hint[option.hint, *option.metadata, tyro.conf.arg(**config)], dataclasses.field(default=option.default)


def _describe(option: Option) -> str:
    """Return the default of an option as a person reads it."""
    value = option.default
    if value is dataclasses.MISSING:
        return "(required)"
    if isinstance(value, bool) or value in ("", ()):
        return ""
    shown = " ".join(map(str, value)) if isinstance(value, tuple) else value
    return f"(default: {shown})"
