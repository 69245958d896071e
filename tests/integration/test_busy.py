"""A container whose clients do not read is busy, not ill: it is not replaced, and each reply arrives whole.

Nor is one that has no thread for its health check since our idle connections have them all.
"""

from harness.flood import Flood
from harness.wait import holds_for, wait_until

MANY, SOME = 500, 60    # connections that a container serves at once, each in a thread of its own
BYTES = 5_000_000
HEALTH = {"path": "/_health", "start_ms": 300000}     # a slow machine may need long to read it all
REQUEST = f"GET /bytes?n={BYTES} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
READ_S = 300            # gigabytes, deciphered here where they come by TLS
HELD_S = 5              # two missed probes, each of a second and a second after the one before, are 3


def start(web, size, workers):
    orchestrator, service = web(size, env={"WORKERS": str(workers)}, health=HEALTH)
    return orchestrator, service, orchestrator.ids(service)


def is_whole(data):
    end = data.find(b"\r\n\r\n", 0, 4096)
    return end >= 0 and len(data) >= end + 4 + BYTES


def read_all(flood):
    replies = flood.read(READ_S, is_whole)
    cut = sum(1 for reply in replies if not is_whole(reply))
    assert cut == 0, f"{cut} of {len(replies)} replies are cut"


def test_the_only_one_stays(web):
    orchestrator, service, before = start(web, 1, MANY)
    with Flood(orchestrator.port, MANY, REQUEST, receive_buffer=16384) as flood:
        flood.send(30)
        wait_until(lambda: "event=busy" in orchestrator.log(), 20, "a late probe")
        holds_for(lambda: orchestrator.slots(service)[0]["state"] == "ready", HELD_S, "it stays in the rotation")
        read_all(flood)
    assert orchestrator.ids(service) == before


def test_one_of_two_leaves_the_rotation(web):
    """It gets no new requests until it answers its health check again."""
    orchestrator, service, before = start(web, 2, SOME)
    state = lambda: sorted(slot["state"] for slot in orchestrator.slots(service))
    with Flood(orchestrator.port, 2 * SOME, REQUEST, receive_buffer=16384) as flood:
        flood.send(30)
        wait_until(lambda: state() == ["ready", "suspect"], 20, "one that is busy beside the last one")
        holds_for(lambda: state() == ["ready", "suspect"], HELD_S, "both are there")
        read_all(flood)
    wait_until(lambda: state() == ["ready", "ready"], 20, "both serve again")
    assert orchestrator.ids(service) == before
