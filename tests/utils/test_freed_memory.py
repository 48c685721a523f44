"""Memory of a process, in a process of its own."""

import json
import os
import platform
import subprocess
import sys

import pytest

from kerascnn.utils.freed_memory import ENVIRONMENT

PROGRAM = """
import json, os
from kerascnn.utils.freed_memory import keep_freed_memory

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6

def resident_after_use():
    b"x" * 100_000_000
    return resident() - before

before = resident()
outside = resident_after_use()
with keep_freed_memory():
    inside = resident_after_use()
print(json.dumps([outside, inside, resident() - before, resident_after_use()]))
"""

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only with glibc")


def megabytes_kept(**variables):
    """Return the megabytes that stay after 100 are freed: before a block, in it, after it, and freed again."""
    environment = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT} | variables
    printed = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, check=True).stdout
    return json.loads(printed)


def test_freed_memory_stays_in_the_process_until_the_block_ends():
    outside, inside, after, outside_again = megabytes_kept()
    assert inside > 90
    assert max(outside, after, outside_again) < 10


def test_choice_of_the_user_takes_precedence():
    assert max(megabytes_kept(MALLOC_MMAP_THRESHOLD_="1000000")) < 10
