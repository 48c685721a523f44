"""``python -m pipelines.benchmark``."""

from pipelines.benchmark import main
from pipelines.command import run

if __name__ == "__main__":
    run(main)
