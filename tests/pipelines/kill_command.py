"""Run a command in this process, and kill it at a file event: kill_command.py EVENT ROOT COMMAND OPTIONS."""

import importlib
import sys

from pipelines.command import run
from tests.kill_events import count_events

if __name__ == "__main__":
    kill_at, root, name, *options = sys.argv[1:]
    count = count_events(int(kill_at), root=root)
    run(lambda: importlib.import_module(f"pipelines.{name}").main(options))
    print(count(), flush=True)
