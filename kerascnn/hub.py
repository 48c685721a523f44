"""Bundles on the Hugging Face Hub: upload, download and model card."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from kerascnn.evaluation.card_metadata import FOLDER_PLACEHOLDER, merge_cards, merge_metadata
from kerascnn.manifest import (
    CHARACTERS_FILE,
    CHECKED_FILES,
    SENTENCEPIECE_FILE,
    Manifest,
    check_files,
    read_manifest,
    reject_ensemble,
)  # fmt: skip
from kerascnn.runtimes.runtime import Runtime, list_export_files
from kerascnn.utils.arguments import shorten
from kerascnn.utils.errors import InputError
from kerascnn.utils.hugging_face import (
    HUB,
    create_client,
    describe_error,
    download,
    is_address,
    is_repository_name,
    parse_address,
)  # fmt: skip

EXTRA = "hub"
"""Extra of kerascnn with the package huggingface_hub."""
EXAMPLE = f"{HUB}alice/news"
"""Address for messages."""
PRIVATE_FILES = ("report.html",)
"""Files that may show texts of the training data."""
EXPORTS = ("edge", "web", "serving", "onnx")
"""Folders of exports."""
PICTURE = "confusion_matrix.png"
"""The picture that the model card shows; others are the user's own."""
_COMMIT = re.compile(r"[0-9a-f]{40}")


def download_bundle(
    address: str,
    *,
    revision: str | None = None,
    token: str | None = None,
    runtime: Runtime = "tensorflow",
    verbose: bool = True,
) -> Path:
    """Download the files of a bundle that loading reads into the cache of the Hub, and return their folder.

    Pages and programs are not downloaded, nor any other file that loading does not read. What is in the cache is not
    downloaded again; with the environment variable ``HF_HUB_OFFLINE`` there is no connection.

    Args:
        address: ``hf://OWNER/NAME`` or ``hf://OWNER/NAME@REVISION``.
        revision: Branch, tag or commit, unless the address has one; None: the branch ``main``.
        token: Token of a user; None: the one that is logged in, if any.
        runtime: The runtime that will answer; the export that it reads is downloaded, too. ``auto``: the exports for
            all runtimes that are installed.
        verbose: Show progress bars.

    Raises:
        InputError: The package huggingface_hub is missing, the download fails, or the repository is not a bundle.
    """
    name, found = parse_address(address, EXAMPLE)
    if found and revision and found != revision:
        raise InputError(f"{address}: the address has another revision than {revision!r}; leave one of them out")
    revision = revision or found
    remedy = "or give the folder of a bundle"
    fetch = partial(download, name, extra=EXTRA, remedy=remedy, token=token)
    folder = fetch(["manifest.json"], revision=revision, verbose=False)
    if not (folder / "manifest.json").is_file():
        raise InputError(f"{address}: not a bundle of kerascnn (it has no manifest.json)")
    try:
        manifest = read_manifest(folder)
    except InputError as error:
        raise InputError(f"{address}: not a bundle of kerascnn, or damaged: {error}") from None
    # all files of the same commit, also if there is another one now
    commit = folder.name if _COMMIT.fullmatch(folder.name) else revision
    files = ["manifest.json", *_list_checked(manifest), *list_export_files(runtime)]
    return fetch(files, revision=commit, verbose=verbose)


def find_bundle(
    repository: str | Path, *, revision: str | None = None, token: str | None = None,
    runtime: Runtime = "tensorflow", verbose: bool = True,
) -> Path:  # fmt: skip
    """Return the folder of a bundle: that of the user, or the cache of the Hub, see ``download_bundle``.

    Args:
        repository: A folder, ``OWNER/NAME``, or an address of the Hub.
        revision: Branch, tag or commit of the Hub.
        token: Token of a user of the Hub.
        runtime: As for ``download_bundle``.
        verbose: Show progress bars of a download.

    Raises:
        InputError: There is neither, or the download fails.
    """
    if not isinstance(repository, str | Path):
        raise InputError(f"repo_id: give OWNER/NAME, or a folder. Received: {shorten(repository)}")
    if not is_address(repository):
        if Path(repository).exists():
            if revision:
                raise InputError(f"{repository} is a folder, which has no revision {revision!r}; leave it out")
            return Path(repository)
        if not isinstance(repository, str) or not is_repository_name(repository):
            raise InputError(f"{repository}: there is no such folder, and it is not OWNER/NAME of a repository")
        repository = f"{HUB}{repository}"
    return download_bundle(str(repository), revision=revision, token=token, runtime=runtime, verbose=verbose)


def push_bundle(
    folder: Path,
    repository: str,
    *,
    private: bool | None = None,
    token: str | None = None,
    revision: str | None = None,
    commit_message: str = "Upload a bundle of kerascnn",
    metadata: Mapping[str, Any] | None = None,
    with_report: bool = False,
    keep_card: bool = False,
) -> str:
    """Upload a bundle with its exports as one commit, and return the address of its page.

    The repository is created if it does not exist. Files of an earlier bundle that this one does not have are removed,
    other files stay. The new model card keeps tags and keys, such as ``license``, that only the old one has.

    Args:
        folder: The bundle.
        repository: ``OWNER/NAME``.
        private: Whether a new repository is private; None: the default of the owner.
        token: Token of a user with write access; None: the one that is logged in.
        revision: Branch, which is created if it does not exist; None: ``main``.
        commit_message: First line of the commit.
        metadata: Further keys of the model card, such as ``license``, see ``merge_metadata``.
        with_report: Upload ``report.html`` too, which shows texts of the test data.
        keep_card: Keep the text of the model card that the repository has, with the metadata of the new one.

    Raises:
        InputError: The folder is not a complete bundle, the package huggingface_hub is missing, or the upload fails.
    """
    client = create_upload_client(repository, token)
    manifest = read_manifest(folder)
    reject_ensemble(folder, manifest, "a repository of the Hub has a single model")
    check_files(folder, manifest, _list_checked(manifest))
    card = _read_card(folder, repository)
    merge_metadata(card, metadata or {})  # fails before the repository is created
    try:
        client.create_repo(repository, private=private, exist_ok=True)
        if revision and not revision.startswith("refs/"):
            client.create_branch(repository, branch=revision, exist_ok=True)
        present = client.list_repo_files(repository, revision=revision)
        if "README.md" in present:
            old = client.hf_hub_download(repository, "README.md", revision=revision)
            card = merge_cards(card, Path(old).read_text(encoding="utf-8", errors="replace"), keep_text=keep_card)
        operations = _list_operations(folder, present, merge_metadata(card, metadata or {}), with_report=with_report)
        client.create_commit(repository, operations, commit_message=commit_message, revision=revision)
    except Exception as error:  # the library and those below it have their own errors
        raise InputError(f"{HUB}{repository}: cannot be uploaded ({describe_error(error)})") from None
    return f"{client.endpoint}/{repository}" + (f"/tree/{revision}" if revision else "")


def create_upload_client(repository: str, token: str | None) -> Any:
    """Return the client for an upload.

    Raises:
        InputError: The name of the repository has another form, or the package huggingface_hub is missing.
    """
    if not isinstance(repository, str) or not is_repository_name(repository):
        raise InputError(f"{shorten(repository)}: expected OWNER/NAME, such as alice/news")
    return create_client(token, EXTRA)


def _read_card(folder: Path, repository: str) -> str:
    """Return the model card of a bundle, with its address on the Hub; empty if it has none."""
    card = folder / "README.md"
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    return text.replace(FOLDER_PLACEHOLDER, f"{HUB}{repository}")


def _list_checked(manifest: Manifest) -> list[str]:
    """Return the files of a bundle that loading reads."""
    return [name for name in (*CHECKED_FILES, SENTENCEPIECE_FILE, CHARACTERS_FILE) if name in manifest["files"]]


def _list_operations(folder: Path, present: Sequence[str], card: str, *, with_report: bool) -> list[Any]:
    """Return what a commit adds and removes.

    Args:
        folder: The bundle.
        present: Files of the repository.
        card: The model card to write.
        with_report: Add ``report.html``, too.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    files = {name: folder / name for name in _list_files(folder, with_report=with_report)}
    added = [CommitOperationAdd(name, str(path)) for name, path in files.items() if name != "README.md"]
    added.append(CommitOperationAdd("README.md", card.encode("utf-8", "replace")))
    removed = [name for name in present if _is_ours(name) and name not in files and name != "README.md"]
    return [*added, *(CommitOperationDelete(name) for name in removed)]


def _list_files(folder: Path, *, with_report: bool) -> list[str]:
    """Return the paths of the files of a bundle that are uploaded."""
    paths = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    private = () if with_report else PRIVATE_FILES
    return [path.as_posix() for path in paths if _is_ours(path.as_posix()) and path.as_posix() not in private]


def _is_ours(name: str) -> bool:
    """Return whether a path is that of a file of a bundle or of an export; others in the folder are the user's own."""
    path = Path(name)
    if any(part.startswith(".") for part in path.parts):
        return False
    if len(path.parts) > 1:
        return path.parts[0] in EXPORTS
    return name in (
        "manifest.json",
        *CHECKED_FILES,
        SENTENCEPIECE_FILE,
        CHARACTERS_FILE,
        "README.md",
        PICTURE,
        *PRIVATE_FILES,
    )
