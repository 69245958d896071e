"""Free ranges of TCP ports below the ephemeral ones, so that nobody's outgoing connection sits on them."""

import os
import random
import socket

LOWEST, HIGHEST = 12000, 31000

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


def free_ports(count=1):
    """The first of `count` neighbouring ports that are free, and not given out before by this process."""
    for _ in range(1000):
        first = _random.randrange(LOWEST, HIGHEST - count)
        block = range(first, first + count)
        if _given.isdisjoint(block) and all(_is_free(port) for port in block):
            _given.update(block)
            return first
    raise RuntimeError(f"no {count} neighbouring free ports between {LOWEST} and {HIGHEST}")
