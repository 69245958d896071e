"""Nearly ten thousand clients that come at the same moment do not stop the beat: probes are at most 1.1 s apart."""

import signal
import time

from harness.flood import Flood, Lateness, raise_descriptors
from harness.wait import wait_until

CLIENTS = 9900
BACKENDS = 10          # each has to take all that come at once into its queue
ROUNDS = 6
TRIES = 3              # on a machine that has other work, too
GAP_MS = 1100
REQUEST = b"GET /crowded/fast HTTP/1.1\r\nHost: a\r\n\r\n"


def probes(path):
    return [int(line.split()[1]) for line in path.read_text().splitlines()]


def round_of_clients(orchestrator):
    """They stay until all are answered."""
    with Flood(orchestrator.port, CLIENTS, REQUEST) as flood:
        flood.send(60)
        replies = flood.read(60)
    assert all(reply.startswith(b"HTTP/1.1 200") for reply in replies)


def rounds(orchestrator, log):
    """The longest time between two probes, and what is allowed, in ms."""
    begin = time.monotonic() * 1000
    with Lateness() as lateness:
        for _ in range(ROUNDS):
            round_of_clients(orchestrator)
            count = len(probes(log))
            wait_until(lambda count=count: len(probes(log)) > count + 1, 10, "a round's last probes")
    times = [at for at in probes(log) if at >= begin - GAP_MS]
    # a probe is sent by one process and read by another: each may be woken late
    return max(late - early for early, late in zip(times, times[1:])), GAP_MS + 2 * lateness.ms()


def test_probes_come_in_time(processes, tmp_path):
    assert raise_descriptors() > CLIENTS + 1000
    log = tmp_path / "probes"
    orchestrator, crowded = processes(BACKENDS, routes=["/crowded"])
    watched = orchestrator.add_backends("watched", 1, env={"PROBES": str(log)})
    orchestrator.write_config()
    orchestrator.send_signal(signal.SIGHUP)
    orchestrator.wait_slots(watched, 1)
    before = orchestrator.ids(crowded), orchestrator.ids(watched)
    wait_until(lambda: len(probes(log)) > 1, 10, "probes")
    seen = []
    while not seen or (seen[-1][0] > seen[-1][1] and len(seen) < TRIES):
        seen.append(rounds(orchestrator, log))
    assert seen[-1][0] <= seen[-1][1], f"gap and what is allowed, ms: {seen}"
    assert (orchestrator.ids(crowded), orchestrator.ids(watched)) == before
