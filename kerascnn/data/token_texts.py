"""Texts of tokens: find tokens in a text, or join them to one."""

from __future__ import annotations

from collections.abc import Sequence

from kerascnn.data.records import Token
from kerascnn.text.words import is_cjk


def locate_tokens(tokens: Sequence[str], text: str, lines: Sequence[int] = ()) -> tuple[Token, ...] | None:
    """Return tokens with their positions in the text that they are the words of; None if it has others.

    Upper and lower case may differ.

    Args:
        tokens: The tokens, in order.
        text: The text; only spaces may be between the tokens.
        lines: Line of each token in its file; empty: not known.
    """
    located, position = [], 0
    for number, token in enumerate(tokens):
        while position < len(text) and text[position].isspace():
            position += 1
        if text[position : position + len(token)].lower() != token.lower():
            return None
        located.append(Token(token, position, position + len(token), lines[number] if lines else 0))
        position += len(token)
    return None if text[position:].strip() else tuple(located)


def join_tokens(
    tokens: Sequence[str], lines: Sequence[int] = (), glued: Sequence[bool] = ()
) -> tuple[str, tuple[Token, ...]]:
    """Return the text of tokens, and the tokens with their positions in it.

    There is a space between two tokens, except between two Chinese or Japanese characters.

    Args:
        tokens: The tokens, in order.
        lines: Line of each token in its file; empty: not known.
        glued: Whether no space follows each token; empty: not known.
    """
    text, located = "", []
    for number, token in enumerate(tokens):
        is_glued = glued[number - 1] if glued else bool(text) and is_cjk(text[-1]) and is_cjk(token[0])
        if number and not is_glued:
            text += " "
        located.append(Token(token, len(text), len(text) + len(token), lines[number] if lines else 0))
        text += token
    return text, tuple(located)
