"""docker pause of one of several containers: no GET waits longer than 600 ms, none fails, and the slot has a new container
(new ID, same name, same port). The only container serves again without the waits of
two ordinary probes.
"""

import statistics

from harness.faults import docker_pause, hurt_and_wait
from harness.flood import Lateness
from harness.poller import Poller

LIMIT_S = 4.0           # of any one, on a machine that may have other work
WAIT_S = 0.6            # of a request, with other containers
ONLY_S = 2.2            # the median of the only one: 1.5 s on a machine that does nothing else (tests/bench/heal)


def pause_each(orchestrator, service, slots):
    """Seconds until another one serves there, for each."""
    return [hurt_and_wait(orchestrator, service, slot, docker_pause, LIMIT_S) for slot in slots]


def test_nobody_waits_long_among_three(web, pace):
    orchestrator, service = web(3)
    with Lateness() as lateness, Poller(orchestrator.port, clients=32, every_s=0.05) as poller:
        pause_each(orchestrator, service, [1, 0, 2])
    poller.assert_clean(at_least=500)
    limit = (WAIT_S + 2 * lateness.ms() / 1000) * pace
    assert poller.slowest() <= limit, f"{sorted(o.took for o in poller.outcomes)[-10:]}, {limit:.2f} allowed"


def test_the_only_one(web, pace):
    """Requests are held meanwhile, not refused."""
    orchestrator, service = web(1)
    with Poller(orchestrator.port, clients=2) as poller:
        took = pause_each(orchestrator, service, [0] * 3)
    poller.assert_clean()
    assert statistics.median(took) <= ONLY_S * pace, (took, pace)


def test_on_new_connections(web):
    orchestrator, service = web(3)
    with Poller(orchestrator.port, clients=2, keep_alive=False) as poller:
        pause_each(orchestrator, service, range(3))
    poller.assert_clean(at_least=100)
