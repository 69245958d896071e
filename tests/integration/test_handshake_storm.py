"""A crowd of new TLS connections does not hold up those that stand, is let in no faster than configured, and one client has its share."""

import pytest

from harness import tls
from harness.certificates import tls_settings, usual
from harness.flood import crowd
from harness.poller import Poller
from harness.wait import wait_until

STORM_S = 6


@pytest.fixture
def serving(processes):
    def start(trusted=(), **settings):
        def of(port):
            tls.PORTS.add(port)
            return {"listen": [], "trusted_proxies": list(trusted),
                    "tls": tls_settings(port, usual(), **settings)}
        return processes(1, of)[0]
    return start


def handshakes(orchestrator, result):
    return sum(value for name, value in orchestrator.metrics().items()
               if name.startswith("selfless_handshakes_total{") and f'result="{result}"' in name)


def storm(orchestrator, per_s):
    """So many new connections a second, each with a ClientHello; gives how many of them were answered."""
    offered, answered = crowd(orchestrator.port, tls.client_hello(), per_s, STORM_S)
    print(f"{offered} ClientHellos in {STORM_S} s, {answered} answered")
    return offered, answered


def p99(poller):
    took = sorted(outcome.took for outcome in poller.outcomes)
    return took[int(len(took) * 0.99)]


def test_kept_connections_get_their_turn(serving):
    """What they wait says tests/bench/storm; here they are served in between, and none fails."""
    orchestrator = serving(trusted=["127.0.0.1"], max_handshakes_per_s=2000)
    with Poller(orchestrator.port, clients=2) as quiet:
        wait_until(lambda: len(quiet.outcomes) >= 100, 30, "enough of them")
    with Poller(orchestrator.port, clients=2) as busy:
        _, answered = storm(orchestrator, 2000)
    print(f"p99 {p99(quiet) * 1000:.1f} ms quiet, {p99(busy) * 1000:.1f} ms in the storm, {len(busy.outcomes)} requests")
    quiet.assert_clean(100)
    busy.assert_clean(answered // 20)
    assert answered > 0


def test_no_faster_than_configured(serving):
    orchestrator = serving(trusted=["127.0.0.1"], max_handshakes_per_s=50)
    offered, answered = storm(orchestrator, 500)
    assert offered > 50 * (STORM_S + 10)
    assert 50 * (STORM_S - 2) < answered < 50 * (STORM_S + 2)


def test_one_client_has_its_share(serving):
    """100 in a second; what is beyond is closed, and others are served."""
    orchestrator = serving(max_handshakes_per_s=100000)
    with Poller(orchestrator.port, keep_alive=False, every_s=0.05, source="127.0.0.2") as other:
        offered, answered = storm(orchestrator, 1000)
    assert answered < 100 * (STORM_S + 3) < offered
    assert handshakes(orchestrator, "crowded") > 0
    other.assert_clean(1)
    assert handshakes(orchestrator, "full") >= len(other.outcomes)
