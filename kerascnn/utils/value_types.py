"""Check values against type hints."""

from __future__ import annotations

import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from kerascnn.utils.errors import to_one_line


def check_type(value: Any, hint: Any) -> None:
    """Check that a value, and all that is in it, has a type.

    typeguard does it, unless the value obviously has the type: the import of typeguard would take a fifth of the time
    in which a command answers.

    Raises:
        TypeError: It has another type; the message is one line.
    """
    if _obviously_has_type(value, hint):
        return
    import typeguard

    try:
        typeguard.check_type(value, hint, collection_check_strategy=typeguard.CollectionCheckStrategy.ALL_ITEMS)
    except typeguard.TypeCheckError as error:
        raise TypeError(to_one_line(error)) from None


def _obviously_has_type(value: Any, hint: Any) -> bool:
    """Return whether a value has a plain type, or is a container of such values; False also if it is not obvious."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if is_typeddict(hint):
        hints = get_type_hints(hint)
        has_keys = type(value) is dict and value.keys() == hints.keys()
        return has_keys and all(_obviously_has_type(value[name], kind) for name, kind in hints.items())
    if origin is None:
        return type(value) is hint
    if origin is Literal:
        return type(value) is str and value in arguments
    if origin in (Union, types.UnionType):
        return any(_obviously_has_type(value, kind) for kind in arguments)
    if type(value) is not origin:
        return False
    if origin is dict:
        key, kind = arguments
        return all(type(name) is key and _obviously_has_type(item, kind) for name, item in value.items())
    is_sequence = origin is list or (origin is tuple and arguments[1:] == (...,))
    return is_sequence and all(_obviously_has_type(item, arguments[0]) for item in value)
