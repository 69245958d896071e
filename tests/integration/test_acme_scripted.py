"""Certificates from a CA that does what a scenario wants: what is answered to it and what is not, and when it is asked again."""

import json
import socket
import ssl
import time

import pytest

from harness.certificates import Authority
from harness.ports import free_ports
from harness.small_ca import Refusal, SmallCa, serial_of
from harness.tls import context
from harness.wait import holds_for, wait_until
from test_acme import HOST, certificates, renew, wait_issued
from test_reload import lines, reload
from test_tls import shown


class Place:
    """`place()` is a started orchestrator that orders from `place.ca`."""

    def __init__(self, processes, folder):
        self.processes, self.folder = processes, folder
        self.http_port, self.tls_port = free_ports(), free_ports()
        self.issuer = Authority(folder / "issuer")
        self.cas = []
        self.ca = self.add_ca()

    def add_ca(self, **settings):
        made = SmallCa(self.http_port, self.tls_port, self.issuer, **settings)
        self.cas.append(made)
        return made

    def close(self):
        for ca in self.cas:
            ca.__exit__()

    def __call__(self, settings=None, **acme):
        whole = {"listen": f"127.0.0.1:{self.http_port}", "tls": {"listen": f"127.0.0.1:{self.tls_port}"},
                 "acme": {"agree_to_terms": True, "directory": self.ca.directory, "ca_file": str(self.ca.roots), **acme}, **(settings or {})}
        return self.processes(1, whole, hosts=[HOST])[0]


@pytest.fixture
def place(processes, tmp_path):
    made = Place(processes, tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("balanced", [False, True], ids=["direct", "balanced"])
@pytest.mark.parametrize("kind", ["http-01", "tls-alpn-01"])
def test_proven(place, kind, balanced):
    """Behind a load balancer connections begin with a PROXY header, the CA's too."""
    if balanced:
        place.ca.before = b"PROXY TCP4 192.0.2.1 192.0.2.2 1234 443\r\n"
    orchestrator = place({"proxy_protocol_from": ["127.0.0.1"]} if balanced else None, challenges=kind)
    wait_issued(orchestrator)
    assert [payload for what, payload in place.ca.asked if what == "challenge"] == [{"kind": kind}]


def ask_for_challenge(port, name, protocols=("acme-tls/1",)):
    """What comes of it: the protocol that was agreed on, "refused" after an alert."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        try:
            with context(None, None, tuple(protocols)).wrap_socket(raw, server_hostname=name) as shaken:
                return shaken.selected_alpn_protocol()
        except ssl.SSLError:
            return "refused"


def test_what_is_no_challenge_is_not_answered(place):
    """Neither before, nor during one for another host, nor behind it."""
    orchestrator = place()
    wait_issued(orchestrator)
    for name in (HOST, "other.example.org"):
        assert ask_for_challenge(place.tls_port, name) == "refused"
    assert ask_for_challenge(place.tls_port, HOST, ("acme-tls/1", "http/1.1")) == "http/1.1"
    assert shown(place.tls_port, HOST) == ([HOST], "ec")


def test_nothing_is_served_over_a_challenge(place):
    """A connection whose handshake is a challenge's is ended behind it, though its client has sent a request along."""
    seen = []

    class Nosy(SmallCa):
        def _look_tls(self, host, token, answer):
            with socket.create_connection(("127.0.0.1", self.tls_port), timeout=10) as raw, \
                    context(None, None, ("acme-tls/1",)).wrap_socket(raw, server_hostname=host) as shaken:
                try:
                    shaken.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                    shaken.settimeout(10)
                    seen.append(shaken.recv(1000))
                except (ConnectionError, ssl.SSLError) as error:
                    seen.append(error)
            super()._look_tls(host, token, answer)

    place.ca.__class__ = Nosy
    orchestrator = place(challenges="tls-alpn-01")
    wait_issued(orchestrator)
    assert seen and all(not isinstance(one, bytes) or one == b"" for one in seen), seen
    metrics = orchestrator.metrics()
    assert metrics['selfless_handshakes_total{version="1.3",result="challenge"}'] == 2
    assert sum(value for name, value in metrics.items() if name.startswith("selfless_requests_total")) == 0


def test_without_an_address_in_clear(place):
    """`listen` is empty: http-01 cannot be, and is not tried."""
    orchestrator = place({"listen": []})
    wait_issued(orchestrator)
    assert [payload["kind"] for what, payload in place.ca.asked if what == "challenge"] == ["tls-alpn-01"]
    orchestrator.config["acme"]["challenges"] = "http-01"
    orchestrator.write_config()
    checked = orchestrator.command("--check")
    assert checked.returncode == 2 and "acme.challenges" in checked.stderr and "0.0.0.0:80" in checked.stderr


def test_renewed_when_the_ca_says(place, tmp_path):
    """Asked for by the certificate's name, within the bounds of the RFC; a window that has passed renews at once, and the order says what
    it stands in for."""
    moments = [(20 * 86400, 21 * 86400), (-7200, -3600)]
    place.ca.window = lambda name: tuple(time.time() + seconds for seconds in moments[0])
    place.ca.retry_after = 1        # a minute is the least
    orchestrator = place()
    wait_issued(orchestrator)
    first = orchestrator.folder / "state" / "certs" / f"{HOST}.pem"
    wait_until(lambda: certificates(orchestrator)[HOST]["renews_by"] == "ca", 15, "the CA's wish")
    name = serial_of(first)
    assert place.ca.last("renewal-info") == {"name": name}
    assert "replaces" not in place.ca.last("new-order")
    one = certificates(orchestrator)[HOST]
    assert 20 * 86400 - 60 <= one["renews_ms"] / 1000 - time.time() <= 21 * 86400
    assert one["ca"] == place.ca.directory and one["challenge"] == "http-01"
    said = orchestrator.command("certificates").stdout
    assert "proven by http-01" in said and "when the CA says" in said
    assert place.ca.count("renewal-info") == 1
    moments.pop(0)
    orchestrator.stop()
    record = orchestrator.folder / "state" / "certs" / f"{HOST}.json"
    kept = json.loads(record.read_text())
    assert kept["ask_ms"] / 1000 - time.time() > 30
    record.write_text(json.dumps({**kept, "ask_ms": 0}))        # its time has come
    orchestrator.spawn()
    orchestrator.wait_ready()
    wait_until(lambda: place.ca.count("new-order") == 2, 15, "a renewal")
    assert place.ca.last("new-order")["replaces"] == name
    wait_until(lambda: certificates(orchestrator)[HOST]["failure"] is None and serial_of(first) != name, 15, "another one")
    wait_until(lambda: place.ca.last("renewal-info") == {"name": serial_of(first)}, 15, "the CA's wish for that one")
    holds_for(lambda: place.ca.count("new-order") == 2, 3, "that one rests, though its window has passed, too")


def test_a_predecessor_that_the_ca_does_not_take(place):
    place.ca.window = lambda name: (time.time() + 86400, time.time() + 90000)
    orchestrator = place()
    wait_issued(orchestrator)
    before = certificates(orchestrator)[HOST]["ends_ms"]
    place.ca.refuse["new-order"] = [Refusal(409, "alreadyReplaced")]
    time.sleep(1.1)
    renew(orchestrator)
    wait_until(lambda: certificates(orchestrator)[HOST]["ends_ms"] > before, 15, "another certificate")
    assert place.ca.count("new-order") == 3 and "replaces" not in place.ca.last("new-order")
    assert certificates(orchestrator)[HOST]["failure"] is None


def test_renewal_information_that_does_not_come(place):
    """It is asked for later, more and more seldom; the certificate is renewed by its life."""
    place.ca.window = lambda name: (time.time(), time.time() - 1)       # ends before it begins
    orchestrator = place()
    wait_issued(orchestrator)
    wait_until(lambda: lines(orchestrator, "renewal-not-said"), 15, "a word on it")
    assert "ends before it begins" in orchestrator.log() and "next_try_s=21600" in orchestrator.log()
    holds_for(lambda: place.ca.count("renewal-info") == 1, 3, "one question")
    one = certificates(orchestrator)[HOST]
    assert one["renews_by"] == "life" and abs(one["renews_ms"] / 1000 - time.time() - 60 * 86400) < 3600


def test_a_ca_that_says_nothing_of_renewals_is_not_asked_for_each_host(place):
    place.ca.window = lambda name: (time.time() + 86400, time.time() + 90000)
    place.ca.refuse["renewal-info"] = [Refusal(503, "serverInternal")] * 9
    orchestrator = place({"acme": {"agree_to_terms": True, "directory": place.ca.directory, "ca_file": str(place.ca.roots),
                                   "names": [HOST, "two.example.org"]}})
    wait_issued(orchestrator, HOST, "two.example.org")
    wait_until(lambda: lines(orchestrator, "renewal-not-said"), 15, "a word on it")
    assert "next_try_s=60" in orchestrator.log()
    holds_for(lambda: place.ca.count("renewal-info") == 1, 3, "one question for both")


def test_short_lives_and_profiles(place):
    """A profile that the CA does not have is told before anything is ordered; one of six days is renewed after three."""
    place.ca.profiles = {"classic": "as ever", "shortlived": "six days"}
    place.ca.life_s = 160 * 3600
    orchestrator = place(profile="shrotlived")
    wait_until(lambda: certificates(orchestrator)[HOST]["failure"], 15, "a failure")
    assert "it has classic, shortlived" in certificates(orchestrator)[HOST]["failure"]["text"]
    assert place.ca.count("new-order") == 0
    orchestrator.config["acme"]["profile"] = "shortlived"
    reload(orchestrator)
    renew(orchestrator)
    wait_issued(orchestrator)
    assert place.ca.last("new-order")["profile"] == "shortlived"
    one = certificates(orchestrator)[HOST]
    assert abs(one["renews_ms"] / 1000 - time.time() - 80 * 3600) < 600
    assert abs(one["ends_ms"] - one["soon_ms"] - 40 * 3600000) < 1000
    assert orchestrator.command("status").returncode == 0
