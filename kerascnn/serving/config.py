"""Settings of the HTTP server, and the names under which it serves bundles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import annotated_types
import tyro

from kerascnn.hub import find_bundle
from kerascnn.serving.errors import RequestError
from kerascnn.settings import NonNegativeFloat, PositiveInt, Settings
from kerascnn.utils.errors import InputError
from kerascnn.utils.hugging_face import is_address, split_address


@dataclass(frozen=True, kw_only=True)
class ServingConfig(Settings):
    """Where the server listens, what it accepts, and how it batches and stops."""

    host: Annotated[str, tyro.conf.arg(metavar="HOST")] = "127.0.0.1"
    """Address to listen on; 0.0.0.0: all addresses of this machine, as in a container."""
    port: Annotated[int, annotated_types.Interval(ge=0, le=65535)] = 8501
    """Port to listen on; 0: any free one, which the first message names."""
    max_body_bytes: PositiveInt = 8_000_000
    """Largest body of a request in bytes; a larger one is answered with 413."""
    max_texts: PositiveInt = 1024
    """Most texts of a request; more are answered with 413."""
    max_text_characters: PositiveInt = 100_000
    """Most characters of a text; a longer one is answered with 413."""
    max_waiting_texts: PositiveInt = 16_384
    """Most texts that wait for the model at a time; requests beyond are answered with 503 and Retry-After."""
    batch_window_ms: NonNegativeFloat = 2.0
    """Milliseconds that a request waits for others, to be predicted with them in one batch. While the model is busy,
    requests gather for the next batch without this delay."""
    max_batch_texts: PositiveInt = 256
    """Texts of a batch, beyond which no request is added to it."""
    drain_seconds: NonNegativeFloat = 1.0
    """Seconds that the server still accepts requests after SIGTERM, while /healthz answers 503 and connections are
    closed after their response, so that balancers and clients turn to other servers first."""
    stop_seconds: PositiveInt = 20
    """Most seconds that a stop waits for the responses of accepted requests."""


def check_limits(config: ServingConfig, texts: Sequence[Sequence[Any]], unit: str) -> None:
    """Check the number and the length of the texts of a request.

    Args:
        config: The limits.
        texts: The texts, or lists of ids or tokens.
        unit: What a text consists of, for messages.

    Raises:
        RequestError: There are more or longer texts than the limits allow.
    """
    if len(texts) > config.max_texts:
        raise RequestError(
            413, f"{len(texts):,} texts; this server accepts up to {config.max_texts:,} in a request (--max-texts)"
        )
    for number, text in enumerate(texts):
        if len(text) > config.max_text_characters:
            raise RequestError(
                413,
                f"text {number} has {len(text):,} {unit}; this server accepts up to {config.max_text_characters:,}"
                " (--max-text-characters)",
            )


def default_name(bundle: str) -> str:
    """Return the name under which a bundle is served: that of its folder, or of its repository on the Hub."""
    return split_address(bundle)[0].rpartition("/")[2] if is_address(bundle) else Path(bundle).resolve().name


def name_bundles(bundle: str, models: Sequence[str]) -> dict[str, Path]:
    """Return the name of each model to the folder of its bundle.

    Args:
        bundle: Folder of a bundle, or its address on the Hub, which is served under its own name; empty: none.
        models: Further bundles as ``NAME=BUNDLE``.

    Raises:
        InputError: There is none, a name is used twice, or cannot be a part of an address.
    """
    pairs = [(default_name(bundle), bundle)] if bundle else []
    for model in models:
        name, separator, folder = model.partition("=")
        if not (name and separator and folder):
            raise InputError(f"--model: {model!r} is not NAME=BUNDLE, such as news=saved_models/bbc-word_cnn")
        pairs.append((name, folder))
    if not pairs:
        raise InputError("no bundle to serve; give the folder of one, or --model NAME=BUNDLE for each of several")
    names = [name for name, _ in pairs]
    for name, folder in pairs:
        if not name or set(name) & set("/:") or not name.isprintable():
            raise InputError(f"{name!r} cannot be a part of an address; name it with --model NAME={folder}")
        if names.count(name) > 1:
            raise InputError(f"two bundles are called {name!r}; name them with --model NAME=BUNDLE")
    return {name: find_bundle(folder) if is_address(folder) else Path(folder) for name, folder in pairs}
