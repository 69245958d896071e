"""Which scenarios run over which kinds of connection (the key http1), and which a kind is excused from, with the reason.

Scenarios marked `front` hold for every kind. Usually those of SELECTION run over evhttp, too; with `--http1 evhttp` all that
are run do, and with `--http1 every` those marked `front` run over each kind.
"""

KINDS = ["own", "evhttp"]

# of those marked: what takes seconds and touches most of a kind
SELECTION = [
    "test_http.py::",
    "test_drain.py::test_requests_in_flight_are_finished",
    "test_hold.py::",
    "test_limits.py::",
]

HALF_CLOSED = "evhttp ends a connection whose client has closed its side, so half_close is cancel"
EXCUSED = {
    "evhttp": {
        "test_half_close.py": HALF_CLOSED,
        "test_max_connections.py::test_out_of_descriptors":
            "evhttp accepts, and closes nobody for a newcomer when it has no descriptor: that one waits for a second",
    },
}


def excuse(kind, nodeid):
    """Why this scenario does not hold for the kind; None: it does."""
    return next((reason for word, reason in EXCUSED.get(kind, {}).items() if word in nodeid), None)


def kinds_of(nodeid, marked, option):
    if option in KINDS:
        return [option]
    if marked and (option == "every" or any(word in nodeid for word in SELECTION)):
        return KINDS
    return ["own"]
