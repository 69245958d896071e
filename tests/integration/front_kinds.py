"""Which scenarios run over which kinds of connection, and which a kind is excused from, with the reason.

    own     in clear, read by the orchestrator itself
    evhttp  the key http1
    tls     the same addresses speak TLS, and so do the harness's clients

Scenarios marked `front` hold for every kind. Usually those of SELECTION run over the others, too; with `--http1 tls` all that
are run do, and with `--http1 every` those marked `front` run over each kind.
"""

import pathlib
import re

KINDS = ["own", "evhttp", "tls"]

# of those marked: what takes seconds and touches most of a kind; over TLS something of each: storm, hold, replay, drain, limits, restart
SELECTION = {
    "evhttp": [
        "test_drain.py::test_drain_ms_bounds_it",
        "test_http.py::",
    ],
    "tls": [
        "test_chaos.py::",
        "test_drain.py::test_a_reply_that_the_end_cuts_does_not_look_whole",
        "test_drain.py::test_drain_ms_bounds_it",
        "test_drain.py::test_idle_connections_do_not_hold_up_the_end",
        "test_drain.py::test_nobody_waits_for_one_that_drains",
        "test_hold.py::",
        "test_http.py::",
        "test_limits.py::",
        "test_replay.py::test_a_kill_is_no_end_of_a_reply",
        "test_replay.py::test_cut_short_before_its_end_is_replayed_when_small",
        "test_replay.py::test_one_that_is_being_replaced_is_waited_for",
        "test_replay.py::test_replay_brings_the_body_again",
        "test_restart_held_socket.py::",
    ],
}

HALF_CLOSED = "evhttp ends a connection whose client has closed its side, so half_close is cancel"
EXCUSED = {
    "evhttp": {
        "test_half_close.py": HALF_CLOSED,
        "test_max_connections.py::test_out_of_descriptors":
            "evhttp accepts, and closes nobody for a newcomer when it has no descriptor: that one waits for a second",
    },
    "tls": {
        "test_limits.py::test_out_of_descriptors":
            "a client that has not finished its handshake counts as idle: it makes room, and accepting need not pause",
    },
}


def excuse(kind, nodeid):
    """Why this scenario does not hold for the kind; None: it does."""
    return next((reason for word, reason in EXCUSED.get(kind, {}).items() if word in nodeid), None)


def check():
    """What is named above is there: a scenario that was renamed is not run by nobody."""
    for word in (word for chosen in (*SELECTION.values(), *EXCUSED.values()) for word in chosen):
        name, _, function = word.partition("::")
        path = pathlib.Path(__file__).with_name(name)
        if not path.exists() or (function and not re.search(rf"^def {function}\(", path.read_text(), re.M)):
            raise ValueError(f"front_kinds.py names {word}, which is not there")


def kinds_of(nodeid, marked, option):
    if option in KINDS:
        return [option]
    if not marked:
        return ["own"]
    return [kind for kind in KINDS if kind == "own" or option == "every" or any(word in nodeid for word in SELECTION[kind])]
