"""Free ranges of TCP ports below the ephemeral ones, so that nobody's outgoing connection sits on them."""

import fcntl
import json
import os
import random
import socket
import time

from .images import build_dir

LOWEST, HIGHEST = 12000, 31000
FRESH_S = 120       # in that time what was given out is bound, or not needed any more

_random = random.Random(os.getpid())
_given = set()


def _is_free(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
    return True


def _choose(count, taken):
    for _ in range(1000):
        first = _random.randrange(LOWEST, HIGHEST - count)
        block = range(first, first + count)
        if _given.isdisjoint(block) and taken.isdisjoint(block) and all(_is_free(port) for port in block):
            return first
    raise RuntimeError(f"no {count} neighbouring free ports between {LOWEST} and {HIGHEST}")


def free_ports(count=1):
    """The first of `count` neighbouring ports that are free, not given out before by this process, nor of late by another
    one of this build."""
    with open(build_dir() / "ports-given", "a+", encoding="ascii") as book:
        fcntl.flock(book, fcntl.LOCK_EX)
        book.seek(0)
        fresh = [entry for entry in map(json.loads, book) if time.time() - entry[0] < FRESH_S]
        taken = {port for _, first, many in fresh for port in range(first, first + many)}
        first = _choose(count, taken)
        book.truncate(0)
        book.writelines(json.dumps(entry) + "\n" for entry in [*fresh, (time.time(), first, count)])
    _given.update(range(first, first + count))
    return first
