"""Repositories of the Hugging Face Hub: addresses, downloads into its cache, and what its errors mean."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from kerascnn.utils.errors import InputError, to_one_line
from kerascnn.utils.optional_packages import import_optional

HUB = "hf://"
"""Prefix of the address of a repository."""
_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_MAX_REASON = 200


def is_address(path: object) -> bool:
    """Return whether a path is an address of the Hub, which starts with ``hf://``."""
    return isinstance(path, str) and path.startswith(HUB)


def is_repository_name(name: str) -> bool:
    """Return whether a text has the form ``OWNER/NAME``."""
    return _NAME.fullmatch(name) is not None


def split_address(address: str) -> tuple[str, str | None]:
    """Return name and revision of ``hf://NAME`` or ``hf://NAME@REVISION``; the revision may be None."""
    name, _, revision = address.removeprefix(HUB).partition("@")
    return name, revision or None


def suggest_address(folder: Path) -> str:
    """Return the address that may be meant by a path of no bundle, ``OWNER/NAME`` or ``hf:/OWNER/NAME``; else empty."""
    name = folder.as_posix()
    is_name = is_repository_name(name.partition("@")[0].removeprefix("hf:/"))
    return f"{HUB}{name.removeprefix('hf:/')}" if is_name and not folder.parent.exists() else ""


def parse_address(address: str, example: str) -> tuple[str, str | None]:
    """Return name and revision of ``hf://OWNER/NAME`` or ``hf://OWNER/NAME@REVISION``; the revision may be None.

    Args:
        address: The address.
        example: A valid one, for the message.

    Raises:
        InputError: The address has another form.
    """
    name, revision = split_address(address)
    if not is_repository_name(name):
        raise InputError(f"{address}: expected {HUB}OWNER/NAME, such as {example}")
    return name, revision


def download(
    name: str,
    files: Iterable[str],
    *,
    extra: str,
    remedy: str,
    revision: str | None = None,
    token: str | None = None,
    verbose: bool = True,
) -> Path:
    """Return the folder of files of a repository in the cache of the Hub; what is in the cache is not downloaded.

    Args:
        name: ``OWNER/NAME``.
        files: Names or patterns of the files.
        extra: Extra of kerascnn with the package huggingface_hub.
        remedy: What to do if the download fails, the end of the message.
        revision: Branch, tag or commit; None: the branch ``main``.
        token: Token of a user; None: the one that is logged in, if any.
        verbose: Show progress bars.

    Raises:
        InputError: The package is missing, or the download fails.
    """
    library = import_library(extra)
    options = {key: value for key, value in (("revision", revision), ("token", token)) if value is not None}
    try:
        with contextlib.nullcontext() if verbose else _hide_progress_bars():
            return Path(library.snapshot_download(name, allow_patterns=list(files), **options))
    except Exception as error:  # the library and those below it have their own errors
        address = f"{HUB}{name}" + (f"@{revision}" if revision else "")
        raise InputError(f"{address}: cannot be downloaded ({describe_error(error)}); {remedy}") from None


def import_library(extra: str) -> Any:
    """Import and return the package huggingface_hub; the extra would add TensorFlow where it is left out on purpose.

    Raises:
        InputError: It is missing.
    """
    try:
        return import_optional("huggingface_hub", extra)
    except InputError as error:
        raise InputError(f"{error}, or pip install huggingface_hub") from None


@contextlib.contextmanager
def _hide_progress_bars() -> Iterator[None]:
    from huggingface_hub import utils

    bars: Any = utils  # its types do not list them
    if bars.are_progress_bars_disabled():
        yield
        return
    bars.disable_progress_bars()
    try:
        yield
    finally:
        bars.enable_progress_bars()


def describe_error(error: Exception) -> str:
    """Describe an error of huggingface_hub in a few words, and what helps."""
    from huggingface_hub import constants, errors

    status = getattr(getattr(error, "response", None), "status_code", None)
    log_in = "log in by: hf auth login, or give a token"
    if isinstance(error, errors.GatedRepoError):
        return f"its owner grants access on request, on its page; then {log_in}"
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"there is no such repository, or it is private; check the name, or {log_in}"
    if isinstance(error, errors.RevisionNotFoundError):
        return "it has no such revision; give a branch, a tag or a commit"
    if status == 401:
        return f"the Hub asks for a valid token; {log_in}"
    if status == 403:
        return "the token has no permission for it; give one that may, for an upload one with write access"
    if isinstance(error, errors.OfflineModeIsEnabled | errors.LocalEntryNotFoundError) and constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set, and the cache does not have it"
    if _is_connection_error(error) or _is_connection_error(error.__cause__):
        return f"{constants.ENDPOINT} cannot be reached"
    return to_one_line(error)[:_MAX_REASON] or type(error).__name__


def _is_connection_error(error: BaseException | None) -> bool:
    """Return whether the HTTP library of huggingface_hub, which differs between its versions, found no server."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"ConnectError", "ConnectionError", "ConnectTimeout"})


def create_client(token: str | None, extra: str) -> Any:
    """Return the client of the Hub's interface, ``huggingface_hub.HfApi``.

    Raises:
        InputError: The package is missing.
    """
    return import_library(extra).HfApi(token=token)
