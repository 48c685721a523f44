"""The methods of a classifier that exchange bundles with the Hugging Face Hub."""

from __future__ import annotations

import tempfile
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from kerascnn.utils.argument_names import name_arguments


class HubMixin:
    """Adds ``push_to_hub`` and ``from_pretrained`` to a classifier that is saved to and loaded from folders."""

    @abstractmethod
    def save(self, folder: str | Path) -> None:
        """Write a bundle to a new folder."""

    @classmethod
    @abstractmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a bundle."""

    @name_arguments
    def push_to_hub(
        self,
        repo_id: str,
        *,
        private: bool | None = None,
        token: str | None = None,
        revision: str | None = None,
        commit_message: str = "Upload a bundle of kerascnn",
        license: str | None = None,
        language: str | Sequence[str] | None = None,
        datasets: str | Sequence[str] | None = None,
        tags: str | Sequence[str] | None = None,
        keep_card: bool = False,
    ) -> str:
        """Upload the bundle to the Hugging Face Hub (extra hub), from where ``from_pretrained`` loads it.

        It is saved first, without texts of the data in its report; ``kerascnn.hub.push_bundle`` uploads a folder with
        its exports and its own model card.

        Args:
            repo_id: ``OWNER/NAME``, created if it does not exist.
            private: Whether a new repository is private; None: the default of the owner.
            token: Token with write access; None: the one that is logged in.
            revision: Branch, created if it does not exist; None: ``main``.
            commit_message: First line of the commit.
            license: License for the model card, such as ``apache-2.0``; it has none unless it is given.
            language: ISO 639-1 code, or several; None: those that the training texts show.
            datasets: Data sets of the Hub that the model was trained on.
            tags: Further tags of the model card.
            keep_card: Keep the text of the model card that the repository has, with new metadata.

        Returns:
            The address of the page of the repository.

        Raises:
            InputError: The name has another form, the package huggingface_hub is missing, or the upload fails.
        """
        from kerascnn.hub import create_upload_client, push_bundle

        create_upload_client(repo_id, token)  # fails before the bundle is written
        metadata = {"license": license, "language": language, "datasets": datasets, "tags": tags}
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "bundle"
            self.save(folder)
            return push_bundle(
                folder, repo_id, private=private, token=token, revision=revision, commit_message=commit_message,
                metadata=metadata, keep_card=keep_card,
            )  # fmt: skip

    @classmethod
    @name_arguments
    def from_pretrained(cls, repo_id: str | Path, *, revision: str | None = None, token: str | None = None) -> Self:
        """Read a bundle of the Hugging Face Hub, see ``load``; what is in the cache is not downloaded again.

        Args:
            repo_id: ``OWNER/NAME`` or ``hf://OWNER/NAME``, or a folder.
            revision: Branch, tag or commit; None: ``main``.
            token: Token for a private repository; None: the one that is logged in, if any.

        Raises:
            InputError: The package huggingface_hub is missing, the download fails, or as ``load``.
        """
        from kerascnn.hub import find_bundle

        return cls.load(find_bundle(repo_id, revision=revision, token=token))
