"""Serve bundles over HTTP: TensorFlow Serving's REST interface, predictions for people, metrics, and a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import tyro

from kerascnn.manifest import read_manifest, reject_ensemble
from kerascnn.serving.config import ServingConfig, name_bundles
from kerascnn.utils.optional_packages import check_installed
from kerascnn.utils.tensorflow_startup import start_tensorflow
from pipelines.command import choose_log, parse, read_task_and_labels, run


@dataclass(frozen=True, kw_only=True)
class Arguments(ServingConfig):
    """The bundles and the settings of the server."""

    bundle: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="BUNDLE")] = ""
    """Folder of the bundle, which is served under the folder's name."""
    model: Annotated[tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="NAME=BUNDLE")] = ()
    """Another name for a bundle, or one of several bundles: NAME=BUNDLE; repeat the option for each."""
    quiet: bool = False
    """Print errors only, not where the server listens."""


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.serve") -> None:
    """Run the command."""
    args = parse(Arguments, prog, __doc__, argv)
    log = choose_log(quiet=args.quiet)
    bundles = name_bundles(args.bundle, args.model)
    for package in ("fastapi", "uvicorn", "prometheus_client"):
        check_installed(package, "serve")
    labels = {name: read_task_and_labels(str(folder))[1] for name, folder in bundles.items()}
    for folder in bundles.values():
        reject_ensemble(folder, read_manifest(folder))
    from kerascnn.serving import server

    bound = server.bind(args)
    with bound:
        start_tensorflow()
        from kerascnn.serving.app import build_app, load_model
        from kerascnn.serving.middleware import ServerState

        state = ServerState()
        models = {name: load_model(name, folder, args, state.metrics) for name, folder in bundles.items()}
        names = ", ".join(f"{name} ({len(labels[name])} labels)" for name in models)
        address = f"{f'[{args.host}]' if ':' in args.host else args.host}:{bound.getsockname()[1]}"
        message = f"serving {names} at http://{address}; /docs describes the interface, Ctrl-C stops the server"
        server.serve(build_app(models, args, state), args, state, bound, lambda: log(message))
    log("stopped")


if __name__ == "__main__":
    run(main)
