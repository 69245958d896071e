"""Waiting for a condition with a deadline: the only way a scenario waits."""

import time

STEP_S = 0.01
LONGEST_S = 0.1


def pause(begin):
    """Until the next look: the longer it has been waited, since who asks dockerd all the time takes its processor from it."""
    time.sleep(min(LONGEST_S, max(STEP_S, (time.monotonic() - begin) / 10)))


def wait_until(condition, deadline_s, what):
    """Calls condition until it gives something true, and returns that; fails after deadline_s.

    An exception of the world (a refused connection, say) counts as "not yet" and is told in the failure.
    """
    begin = time.monotonic()
    end = begin + deadline_s
    last = None
    while True:
        try:
            last = condition()
            if last:
                return last
        except (OSError, ValueError, KeyError, IndexError) as error:
            last = error
        if time.monotonic() >= end:
            raise AssertionError(f"not within {deadline_s} s: {what} (last: {last!r})")
        pause(begin)


def holds_for(condition, seconds, what):
    """The opposite: condition must be true all the time for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert condition(), f"did not hold for {seconds} s: {what}"
        time.sleep(STEP_S)
