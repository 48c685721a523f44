"""Tab completion of the installed program, asked in the shells that this machine has."""

import shlex
import shutil
import subprocess

import pytest

from pipelines.completion import main
from tests.pipelines.conftest import run_in_process

OFFERED = {
    "kerascnn tr": {"train"},
    "kerascnn train --mod": {"--model"},
    "kerascnn train --network.bl": {"--network.blocks"},
    "kerascnn train --model word": {"word_cnn"},
    "kerascnn train --config kim2014_r": {"kim2014_rand"},
    "kerascnn train --training.class-weights ": {"none", "balanced"},
    "kerascnn train --data ro": {"rows.csv"},
    "kerascnn export saved --format tf": {"tflite"},
    "kerascnn predict ": {"saved"},
    "kerascnn predict saved/": {"saved/my reviews"},
    "kerascnn predict --json sa": {"saved"},
    "kerascnn benchmark acc": {"accuracy"},
    "kerascnn benchmark accuracy --mod": {"--models"},
    "kerascnn completion ": {"bash", "zsh", "fish"},
}
"""Command line to words that are among those offered for its end."""
NOT_OFFERED = {"kerascnn predict ": "rows.csv", "kerascnn export saved --format tf": "--model"}
END = "-- end --"
BASH = """
COMP_WORDS=({words}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_kerascnn
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
# functions of zsh's completion system, which needs a terminal
ZSH_START = """
compdef() { }
compadd() { shift; print -l -- $@ }
_files() { if [[ $1 == -/ ]]; then print -l -- *(N/) saved/*(N/); else print -l -- *(N); fi }
"""
ZSH = "words=({words}); CURRENT=$#words; _kerascnn"
FISH = "complete -C {line} | string replace -r '\\t.*' ''"


@pytest.fixture(scope="module", params=["bash", "zsh", "fish"])
def answers(request, tmp_path_factory):
    """Return each command line to the words that a shell offers for its end."""
    shell = shutil.which(request.param)
    if shell is None:
        pytest.skip(f"needs {request.param}")
    finished = run_in_process(main, request.param)
    assert finished.status == 0, finished.err
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "completion").write_text(finished.out, encoding="utf-8")
    (folder / "saved" / "my reviews").mkdir(parents=True)
    (folder / "rows.csv").write_text("")

    template = {"bash": BASH, "zsh": ZSH, "fish": FISH}[request.param]
    code = [ZSH_START * (request.param == "zsh"), "source ./completion"]
    for line in OFFERED:
        words = " ".join([*map(shlex.quote, line.split()), *(["''"] if line.endswith(" ") else [])])
        code += [template.format(words=words, line=shlex.quote(line)), f"echo '{END}'"]
    options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[request.param]
    finished = subprocess.run(
        [shell, *options, "-c", "\n".join(code)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert finished.stderr == ""
    parts = finished.stdout.split(f"{END}\n")
    return {line: [word.rstrip("/") for word in part.splitlines()] for line, part in zip(OFFERED, parts, strict=False)}


def test_completes_commands_options_values_and_paths(answers):
    assert {line: words & set(answers[line]) for line, words in OFFERED.items()} == OFFERED


def test_offers_neither_files_for_bundles_nor_options_of_other_commands(answers):
    assert [line for line, word in NOT_OFFERED.items() if word in answers[line]] == []
