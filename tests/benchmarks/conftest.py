"""The benchmarks of the project as a developer runs them."""

from benchmarks.__main__ import main
from tests.pipelines.conftest import run_in_process


def command(*options):
    """Run ``python -m benchmarks OPTIONS`` in this process."""
    return run_in_process(main, *options)
