"""The options of the commands, read from their dataclasses: for help, tab completion and documentation."""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import itertools
import textwrap
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import tyro


@dataclass(frozen=True)
class Option:
    """An option or positional argument of a command.

    Attributes:
        path: Names of the groups that hold the option, and its field.
        hint: Type of the values, without metadata.
        metadata: Metadata of the type: ``tyro.conf.Positional`` and other markers, and ranges.
        config: Aliases and metavar, as ``tyro.conf.arg`` returns them.
        help: What the option does.
        default: Default value; ``dataclasses.MISSING``: the option is required.
    """

    path: tuple[str, ...]
    hint: Any
    metadata: tuple[Any, ...]
    config: Any
    help: str
    default: Any

    @property
    def is_positional(self) -> bool:
        """Whether the value has no name on the command line."""
        return tyro.conf.Positional in self.metadata

    @property
    def names(self) -> tuple[str, ...]:
        """Names on the command line, the shortest first."""
        *groups, field = self.path
        name = "--" + ".".join([*groups, f"no-{field}" if self.default is True else field]).replace("_", "-")
        return (*(self.config.aliases or ()), name)

    @property
    def has_short_name(self) -> bool:
        """Whether the option has a name without the name of a group."""
        return self.is_positional or "." not in self.names[0]

    @property
    def metavar(self) -> str:
        """Placeholder of the values in the help; empty if it follows from the type."""
        return self.config.metavar or ""

    @property
    def choices(self) -> tuple[str, ...]:
        """All values, if there is a list of them."""
        hint = get_args(self.hint)[0] if get_origin(self.hint) is tuple else self.hint
        hint = get_args(hint)[0] if get_origin(hint) is Annotated else hint
        return tuple(map(str, get_args(hint))) if get_origin(hint) is Literal else ()


@dataclass(frozen=True)
class Group:
    """A group of options.

    Attributes:
        name: Name of the field that holds the group.
        path: Names of the groups down to this one, as the names of its options begin.
        settings: The group with its defaults, an instance of a dataclass.
    """

    name: str
    path: tuple[str, ...]
    settings: Any

    def read(self) -> Iterator[Option | Group]:
        """Return the options and groups of the group."""
        return read_members(type(self.settings), vars(self.settings), self.path)


def read_members(
    kind: Any, values: Mapping[str, Any] | None = None, path: tuple[str, ...] = ()
) -> Iterator[Option | Group]:
    """Return the options and groups of a dataclass in their order.

    Args:
        kind: The dataclass.
        values: Name of a field to its default, where it differs from that of the class. A field of a type that is not
            known before, such as the settings of a run, needs one.
        path: Names of the groups that hold the dataclass.
    """
    kind = get_origin(kind) or kind
    hints, docs = get_type_hints(kind, include_extras=True), field_docs(kind)
    for field in dataclasses.fields(kind):
        make: Any = field.default_factory
        default = make() if callable(make) else field.default
        default = (values or {}).get(field.name, default)
        hint, *metadata = get_args(hints[field.name]) if _is_annotated(hints[field.name]) else (hints[field.name],)
        config = next((item for item in metadata if hasattr(item, "metavar")), tyro.conf.arg())
        if dataclasses.is_dataclass(default):
            yield Group(field.name, path if config.name == "" else (*path, field.name), default)  # type: ignore[attr-defined]
        else:
            markers = tuple(item for item in metadata if item is not config)
            yield Option((*path, field.name), hint, markers, config, docs[field.name], default)


def read_options(kind: Any, values: Mapping[str, Any] | None = None) -> Iterator[Option]:
    """Return the options of a dataclass, those of its groups included; see ``read_members``."""
    return _flatten(read_members(kind, values))


def _flatten(members: Iterator[Option | Group]) -> Iterator[Option]:
    for member in members:
        if isinstance(member, Group):
            yield from _flatten(member.read())
        else:
            yield member


def _is_annotated(hint: Any) -> bool:
    return get_origin(hint) is Annotated


@functools.cache
def field_docs(kind: type) -> dict[str, str]:
    """Return the docstring of each field of a dataclass and its bases."""
    docs: dict[str, str] = {}
    for base in reversed([base for base in kind.__mro__ if dataclasses.is_dataclass(base)]):
        [body] = [node.body for node in ast.parse(textwrap.dedent(inspect.getsource(base))).body]  # type: ignore[attr-defined]
        for field, text in itertools.pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                docs[field.target.id] = " ".join(str(text.value.value).split())  # type: ignore[union-attr]
    return docs


def subcommands(kind: Any) -> dict[str, type]:
    """Return the name of each subcommand to its dataclass; empty if ``kind`` is a dataclass itself."""
    if get_origin(kind) not in (Union, types.UnionType):
        return {}
    members = [get_args(member) for member in get_args(kind)]
    return {config.name: member for member, config in members}
