"""Certificates come by themselves from an ACME CA: soon after the start, for a host that a reload adds, whatever becomes of another
host, of the CA, or of the process; and what was ordered once is not ordered again."""

import json
import re
import socket
import time

import pytest

from harness import pebble
from harness.certificates import Authority
from harness.client import request
from harness.ports import free_ports
from harness.tls import context
from harness.wait import holds_for, wait_until
from test_reload import lines, reload
from test_tls import shown

HOST = "one.example.org"


@pytest.fixture(autouse=True)
def _needs_pebble():
    if not pebble.is_there():
        pytest.skip("needs Debian's package pebble")


@pytest.fixture
def place(processes, tmp_path):
    """`place()` is a started orchestrator that orders from `place.ca`, a CA that refuses half of the nonces, for its hosts."""
    class Place:
        http_port, tls_port, ca_port = (free_ports() for _ in range(3))
        ca = None

        def open_ca(self, **settings):
            folder = tmp_path / f"ca{time.monotonic_ns()}"
            folder.mkdir()
            self.ca = pebble.Pebble(folder, self.http_port, self.tls_port, port=self.ca_port, **settings)
            return self.ca

        def close_ca(self):
            if self.ca is not None:
                self.ca.close()
            self.ca = None

        def __call__(self, hosts=(HOST,), ca=True, **acme):
            if ca:
                self.open_ca()
            settings = {"listen": f"127.0.0.1:{self.http_port}", "tls": {"listen": f"127.0.0.1:{self.tls_port}"},
                        "acme": {"agree_to_terms": True, "email": "someone@example.org", "directory": pebble.directory(self.ca_port),
                                 "ca_file": str(pebble.roots()), **acme}}
            return processes(1, settings, hosts=list(hosts))[0]

    made = Place()
    yield made
    made.close_ca()


def certificates(orchestrator):
    """{host: what is known of its certificate}"""
    return {one["host"]: one for one in json.loads(request(orchestrator.admin_port, "/api/certificates").body)["certificates"]}


def is_issued(orchestrator, host=HOST):
    one = certificates(orchestrator).get(host, {})
    return one.get("source") == "acme" and one.get("issuer") is not None


def wait_issued(orchestrator, *hosts, deadline_s=60):
    def issued():
        assert orchestrator.process.poll() is None, orchestrator.log()[-3000:]
        return all(is_issued(orchestrator, host) for host in hosts or (HOST,))
    try:
        wait_until(issued, deadline_s, "certificates")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{orchestrator.log()[-3000:]}") from None


def ordered(orchestrator):
    """[host, ...] of the orders that were begun anew."""
    return [re.search(r" host=(\S+)", line)[1] for line in lines(orchestrator, "certificate-ordered") if line.endswith("resumed=no")]


def state(orchestrator):
    return orchestrator.folder / "state" / "certs"


def test_the_first_certificate(place, tmp_path):
    begin = time.monotonic()
    orchestrator = place()
    wait_issued(orchestrator, deadline_s=15 - (time.monotonic() - begin))
    print(f"{time.monotonic() - begin:.1f} s from the start")
    root = tmp_path / "issuer.pem"
    root.write_text(place.ca.root())
    assert shown(place.tls_port, HOST) == ([HOST], "ec")
    with socket.create_connection(("127.0.0.1", place.tls_port)) as raw, \
            context(str(root)).wrap_socket(raw, server_hostname=HOST) as trusted:
        assert trusted.version() == "TLSv1.3"
    for path in state(orchestrator).iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path
    assert orchestrator.metrics()['selfless_acme_orders_total{outcome="issued"}'] == 1


def at_ca(place):
    """How many orders the CA knows of."""
    return place.ca.log().count("Added order ")


def test_a_restart_costs_no_order(place):
    """What is on the disk is shown before anybody is asked: also while the CA is away."""
    orchestrator = place()
    wait_issued(orchestrator)
    wait_until(lambda: '"failures":0' in (state(orchestrator) / f"{HOST}.json").read_text(), 5, "the record")
    before = certificates(orchestrator)[HOST]
    place.close_ca()
    for end in (orchestrator.stop, orchestrator.kill):
        end()
        orchestrator.spawn()
        wait_until(lambda: shown(place.tls_port, HOST) == ([HOST], "ec"), 10, "the certificate of before")
        holds_for(lambda: len(ordered(orchestrator)) == 1, 2, "no order")
        orchestrator.wait_ready()
        assert certificates(orchestrator)[HOST] == before


def test_ca_away_at_start(place):
    orchestrator = place(ca=False)
    wait_until(lambda: lines(orchestrator, "certificate-failed"), 10, "a failure")
    assert shown(place.tls_port, HOST)[0] != [HOST]
    failure = certificates(orchestrator)[HOST]["failure"]
    assert "does not answer" in failure["text"] and "firewall" in failure["remedy"]
    place.open_ca()
    wait_issued(orchestrator)
    assert at_ca(place) == 1 and certificates(orchestrator)[HOST]["failure"] is None


def test_reload_adds_a_host(place):
    orchestrator = place()
    wait_issued(orchestrator)
    orchestrator.config["services"][0]["hosts"].append("two.example.org")
    orchestrator.config["redirects"] = [{"from": "www.example.org", "to": HOST}]
    reload(orchestrator)
    wait_issued(orchestrator, HOST, "two.example.org", "www.example.org")
    for host in (HOST, "two.example.org", "www.example.org"):
        assert shown(place.tls_port, host) == ([host], "ec")
    assert sorted(ordered(orchestrator)) == sorted([HOST, "two.example.org", "www.example.org"])
    orchestrator.config["services"][0]["hosts"].remove("two.example.org")
    reload(orchestrator)
    assert "two.example.org" not in certificates(orchestrator)
    assert (state(orchestrator) / "two.example.org.pem").exists()


def renew(orchestrator, host=HOST):
    """An order now, as soon as none is under way by itself."""
    wait_until(lambda: orchestrator.command("renew", host).returncode == 0, 15, "an order")


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_proven_over_tls(place, version):
    """Without port 80, and where handshakes for names that no certificate has are refused: before the first one that is all of them."""
    orchestrator = place(ca=False, challenges="tls-alpn-01")
    orchestrator.config["tls"].update(strict_sni=True, min_version=version)
    reload(orchestrator)
    place.open_ca()
    renew(orchestrator)
    wait_issued(orchestrator)
    assert shown(place.tls_port, HOST) == ([HOST], "ec")
    assert orchestrator.metrics()['selfless_handshakes_total{version="1.3",result="challenge"}'] >= 1
    assert orchestrator.metrics().get('selfless_handshakes_total{version="1.3",result="full"}', 0) <= 2
    assert "http-01" not in (state(orchestrator) / f"{HOST}.json").read_text()


def test_the_other_way_after_a_failure(place):
    """Port 80 is closed: the next order is proven on port 443, and so are those after it."""
    closed = place.http_port
    place.http_port = free_ports()
    orchestrator = place(ca=False)
    place.http_port = closed
    place.open_ca()
    renew(orchestrator)
    wait_until(lambda: "by http-01" in (certificates(orchestrator)[HOST]["failure"] or {"text": ""})["text"], 60, "a failure on port 80")
    assert "port 80" in certificates(orchestrator)[HOST]["failure"]["remedy"]
    renew(orchestrator)
    wait_issued(orchestrator)
    before = certificates(orchestrator)[HOST]["ends_ms"]
    time.sleep(1.1)
    orchestrator.stop()
    orchestrator.spawn()
    orchestrator.wait_ready()
    renew(orchestrator)
    wait_until(lambda: certificates(orchestrator)[HOST]["ends_ms"] > before, 15, "another certificate")
    assert len(lines(orchestrator, "certificate-failed")) <= 2 and "by tls-alpn-01" not in orchestrator.log()


def test_two_hosts_one_fails(place):
    """The CA does not find one of them here; its words are told, where this machine finds it, and what to do; `renew` orders at once
    when that is done."""
    lost = "localhost"                                      # the one that has an address wherever this runs
    orchestrator = place([HOST, lost], ca=False, names=[lost])
    place.open_ca()
    place.ca.point(lost, "127.0.0.9")                       # nobody listens there
    wait_issued(orchestrator)
    wait_until(lambda: (certificates(orchestrator)[lost]["failure"] or {"text": ""})["text"].startswith("the proof"), 60,
               "the failure")
    one = certificates(orchestrator)[lost]
    assert "Connection refused" in one["failure"]["text"] or "connection" in one["failure"]["text"]
    assert re.search(r"; localhost points to this machine \([^)]*(127\.0\.0\.1|::1)[^)]*\)$", one["failure"]["text"]), one
    assert "port 80" in one["failure"]["remedy"] and one["next_ms"] is not None
    said = orchestrator.command("certificates")
    assert HOST in said.stdout and "failed; next try in" in said.stdout and one["failure"]["text"] in said.stdout
    assert "what to do: " in said.stdout
    assert ordered(orchestrator).count(lost) <= 3
    place.ca.point(lost, "127.0.0.1")
    assert orchestrator.command("renew", lost).returncode == 0
    wait_issued(orchestrator, HOST, lost)
    assert orchestrator.metrics()['selfless_acme_orders_total{outcome="issued"}'] == 2


def test_commands(place):
    orchestrator = place()
    wait_issued(orchestrator)
    said = orchestrator.command("certificates")
    assert said.returncode == 0 and re.search(rf"{HOST} +Pebble Intermediate CA \w+ +\d{{4}}-.* good", said.stdout), said.stdout
    assert json.loads(orchestrator.command("certificates", "--json").stdout)["agreed"] is True
    assert f"certificates: 1 name, {HOST}, ends in 18" in orchestrator.status()
    for host, why in (("other.example.org", "no certificate is ordered for"), ("a b", "")):
        refused = orchestrator.command("renew", host)
        assert refused.returncode in (1, 2) and why in refused.stderr, refused
    before = certificates(orchestrator)[HOST]["ends_ms"]
    time.sleep(1.1)         # so that another certificate ends later, by the second
    assert orchestrator.command("renew", f"{HOST.upper()}.").returncode == 0
    wait_until(lambda: certificates(orchestrator)[HOST]["ends_ms"] > before, 15, "another certificate")
    assert shown(place.tls_port, HOST) == ([HOST], "ec")
    assert at_ca(place) == 2


def test_a_file_is_enough(place, tmp_path):
    """What a file covers is not ordered; once it does not any more, it is."""
    orchestrator = place(ca=False)
    pair = Authority(tmp_path / "files").make(HOST)
    orchestrator.config["tls"]["certificates"] = [pair.setting]
    orchestrator.config["services"][0]["hosts"].append("two.example.org")
    reload(orchestrator)
    begun = len(ordered(orchestrator))
    place.open_ca()
    wait_issued(orchestrator, "two.example.org")
    assert certificates(orchestrator)[HOST]["source"] == "file" and HOST not in ordered(orchestrator)[begun:]
    del orchestrator.config["tls"]["certificates"]
    reload(orchestrator)
    wait_issued(orchestrator, HOST, deadline_s=80)


def test_killed_in_the_middle(place):
    """Wherever an order is cut off, the next start takes it up: there is a certificate in the end, the account is one, and no more than
    one order too many was made."""
    orchestrator = place(ca=False)
    orchestrator.kill()
    place.open_ca()
    for round_number in range(12):
        host = f"kill{round_number}.example.org"
        orchestrator.config["services"][0]["hosts"] = [host]
        before, begun = at_ca(place), len(lines(orchestrator, "certificate-ordered"))
        orchestrator.spawn()
        wait_until(lambda: len(lines(orchestrator, "certificate-ordered")) > begun, 20, "an order")     # pylint: disable=cell-var-from-loop
        time.sleep(round_number * 0.2)      # at every step of it
        orchestrator.kill()
        orchestrator.spawn()
        orchestrator.wait_ready()
        if not is_issued(orchestrator, host) and not lines(orchestrator, "certificate-ordered")[-1].endswith("resumed=yes"):
            wait_until(lambda: certificates(orchestrator), 5, "the list")
            if certificates(orchestrator)[host]["next_ms"] is not None:
                assert orchestrator.command("renew", host).returncode == 0     # it was not under way yet, and waits
        wait_issued(orchestrator, host)
        assert 1 <= at_ca(place) - before <= 2, round_number
        wait_until(lambda: '"order"' not in (state(orchestrator) / f"{host}.json").read_text(), 10, "the end of it")    # pylint: disable=cell-var-from-loop
        orchestrator.kill()
    assert "There are now 1 accounts in memory" in place.ca.log() and "There are now 2 accounts" not in place.ca.log()
    orchestrator.start()


def test_the_ca_lost_our_account(place):
    """Pebble forgets everything when it ends."""
    orchestrator = place()
    wait_issued(orchestrator)
    place.close_ca()
    place.open_ca()
    orchestrator.config["services"][0]["hosts"].append("two.example.org")
    reload(orchestrator)
    wait_issued(orchestrator, HOST, "two.example.org")


def test_nothing_is_asked_without_consent(place):
    orchestrator = place(agree_to_terms=False)
    holds_for(lambda: not ordered(orchestrator) and "POST" not in place.ca.log(), 3, "silence")
    assert "acme.agree_to_terms is false" in orchestrator.command("renew", HOST).stderr
    assert "acme.agree_to_terms is false" in orchestrator.command("certificates").stdout
    assert request(place.http_port, "/.well-known/acme-challenge/x", headers={"Host": HOST}).backend is not None
    orchestrator.config["acme"]["agree_to_terms"] = True
    reload(orchestrator)
    wait_issued(orchestrator)
    assert request(place.http_port, "/.well-known/acme-challenge/x", headers={"Host": HOST}).status == 404


@pytest.mark.parametrize("acme, text, remedy", [
    ({"directory": "https://no-such-name.invalid/dir"}, "Could not resolve host", "resolv.conf"),
    ({"ca_file": ""}, "SSL certificate problem", "acme.ca_file"),
    ({"directory": "https://localhost:{ca}/nowhere"}, "asking for the directory failed", ""),
])
def test_words(place, acme, text, remedy):
    """What is wrong with the way to the CA is said, with what to do."""
    orchestrator = place(**{key: value.format(ca=place.ca_port) for key, value in acme.items()})
    wait_until(lambda: certificates(orchestrator)[HOST]["failure"], 30, "a failure")
    failure = certificates(orchestrator)[HOST]["failure"]
    assert text in failure["text"] and remedy in failure["remedy"], failure
    assert f"event=certificate-failed host={HOST}" in orchestrator.log()


def test_bound_accounts(place, tmp_path):
    """A CA that wants accounts bound to one of its own."""
    key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    orchestrator = place(ca=False)
    place.open_ca(bindings={"kid-1": key})
    wait_until(lambda: "(externalAccountRequired)" in orchestrator.log(), 40, "the refusal")
    assert "acme.eab_kid" in certificates(orchestrator)[HOST]["failure"]["remedy"]
    (tmp_path / "key").write_text(f"{key}\n")
    (tmp_path / "key").chmod(0o600)
    orchestrator.config["acme"].update(eab_kid="kid-1", eab_key_file=str(tmp_path / "key"))
    reload(orchestrator)
    wait_issued(orchestrator)
    (tmp_path / "key").write_text("no base64url at all\n")
    checked = orchestrator.command("--check")
    assert checked.returncode == 2 and "acme.eab_key_file" in checked.stderr
