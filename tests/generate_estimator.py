"""Write the constructor of ``kerascnn.estimator.Estimator``: python -m tests.generate_estimator

The constructor has every setting as a typed keyword argument, so that editors complete them. The settings classes hold
the defaults; a test compares the constructor with them.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kerascnn import estimator, models
from kerascnn.config import Config, TrainingConfig, TransferConfig
from kerascnn.data.config import SourceConfig
from kerascnn.text.config import TextConfig

BEGIN = "    # BEGIN of the constructor that tests/generate_estimator.py writes\n"
END = "    # END of the constructor that tests/generate_estimator.py writes\n"


def alternatives(hint: Any) -> list[str]:
    """Types of an annotation as source text, without the ranges of ``Annotated``."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return alternatives(arguments[0])
    if origin is typing.Literal:
        return [f"Literal[{value!r}]" for value in arguments]
    if origin is tuple:
        return [f"Sequence[{join(alternatives(arguments[0]))}]"]
    if origin in (typing.Union, types.UnionType):
        return [name for argument in arguments for name in alternatives(argument)]
    return [f"{hint.__module__}.{hint.__name__}".removeprefix("builtins.")]


def join(names: Sequence[str]) -> str:
    """A union; all literals are one."""
    values = [name.removeprefix("Literal[").removesuffix("]") for name in names if name.startswith("Literal[")]
    others = [name for name in names if not name.startswith("Literal[")]
    literal = [f"Literal[{', '.join(dict.fromkeys(values))}]"] if values else []
    return " | ".join(dict.fromkeys([*literal, *others]))


def arguments() -> dict[str, tuple[str, Any]]:
    """Name of each argument to its type and its default."""
    found: dict[str, tuple[str, Any]] = {}
    for group, names in ((Config, ("model", "seed")), (SourceConfig, ("validation_fraction",))):
        hints = typing.get_type_hints(group, include_extras=True)
        found |= {name: (join(alternatives(hints[name])), getattr(group, name)) for name in names}
    for group in (TrainingConfig, TransferConfig):
        hints = typing.get_type_hints(group, include_extras=True)
        found |= {
            field.name: (join(alternatives(hints[field.name])), field.default) for field in dataclasses.fields(group)
        }
    found["optimizer"] = "OptimizerName | keras.optimizers.Optimizer", TrainingConfig.optimizer
    types_of: dict[str, list[str]] = {}
    for group in (TextConfig, *models.list_options().values()):
        hints = typing.get_type_hints(group, include_extras=True)
        for field in dataclasses.fields(group):
            types_of.setdefault(field.name, []).extend(alternatives(hints[field.name]))
    # the model decides over the defaults of these
    return found | {name: (f"{join(names)} | None", None) for name, names in types_of.items()}


def constructor() -> str:
    """The source text between ``BEGIN`` and ``END``."""
    lines = ["    def __init__(", "        self,", "        *,"]
    for name, (annotation, default) in arguments().items():
        value = f'"{default}"' if isinstance(default, str) else repr(default)
        lines.append(f"        {name}: {annotation.replace(chr(39), chr(34))} = {value},")
    lines.append("    ) -> None:")
    lines += [f"        self.{name} = {name}" for name in arguments()]
    return "\n".join(lines) + "\n\n"


def main() -> None:
    """Replace the constructor."""
    path = Path(estimator.__file__)
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(before + BEGIN + constructor() + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
