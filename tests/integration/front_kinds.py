"""Which scenarios run over which kinds of connection, and which a kind is excused from, with the reason.

    own     in clear, read by the orchestrator itself
    evhttp  the key http1
    tls     the same addresses speak TLS, and so do the harness's clients

Scenarios marked `front` hold for every kind. Usually those of SELECTION run over the others, too; with `--http1 tls` all that
are run do, and with `--http1 every` those marked `front` run over each kind.
"""

KINDS = ["own", "evhttp", "tls"]

# of those marked: what takes seconds and touches most of a kind
SELECTION = {
    "evhttp": [
        "test_http.py::",
        "test_drain.py::test_requests_in_flight_are_finished",
    ],
    "tls": [
        "test_chaos.py::",
        "test_drain.py::test_requests_in_flight_are_finished",
        "test_http.py::",
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


def kinds_of(nodeid, marked, option):
    if option in KINDS:
        return [option]
    if not marked:
        return ["own"]
    return [kind for kind in KINDS if kind == "own" or option == "every" or any(word in nodeid for word in SELECTION[kind])]
