"""Hosts over TLS: what comes in clear for a host with a certificate is sent there, Strict-Transport-Security where it is asked for,
https for the containers, and a word about hosts that have no certificate."""

import json
import socket
import time

import pytest

from harness.certificates import DAY_S, tls_settings
from harness.client import RawClient, raw_target
from harness.orchestrator import run_binary
from harness.ports import free_ports
from harness.tls import TlsSocket
from harness.wait import wait_until
from test_proxy_protocol import GET, HEADERS, fields_of
from test_reload import reload


def start(make, image, *pairs, tls=None, **settings):
    tls_port = free_ports()
    orchestrator = make(tls=tls_settings(tls_port, *pairs, **(tls or {})), **settings)
    orchestrator.tls_port = tls_port
    orchestrator.add_service("web", image, 1)
    return orchestrator.start()


@pytest.fixture(scope="module")
def running(shared_orchestrate, backend_image, authority, tmp_path_factory):
    log = tmp_path_factory.mktemp("log") / "access.log"
    pairs = [authority.make("example.org", "*.wild.example", "192.0.2.1"),
             authority.make("late.example", begin=time.time() - 3 * DAY_S, end=time.time() - DAY_S)]
    folder = tmp_path_factory.mktemp("challenges")
    (folder / "token").write_text("token.thumb")
    return start(shared_orchestrate, backend_image, *pairs, trusted_proxies=["127.0.0.2"], access_log=str(log),
                 acme_challenge_dir=str(folder), redirects=[{"from": "www.wild.example", "to": "example.org"}],
                 tls={"hsts_s": 31536000})


def ask(orchestrator, head, secure=False, name="example.org", source="127.0.0.1"):
    raw = RawClient(orchestrator.tls_port if secure else orchestrator.port)
    if source != "127.0.0.1":
        raw.close()
        raw.socket = socket.create_connection(("127.0.0.1", orchestrator.port), timeout=15, source_address=(source, 0))
    if secure:
        raw.socket = TlsSocket(raw.socket, None, name)
    with raw:
        raw.send(f"{head}\r\n\r\n".encode())
        return raw.read_reply(head.split()[0])


@pytest.mark.parametrize("head, location", [
    ("GET / HTTP/1.1\r\nHost: example.org", "https://example.org/"),
    ("GET /a?b=/c HTTP/1.1\r\nHost: EXAMPLE.org.:8080", "https://example.org/a?b=/c"),
    ("POST /a HTTP/1.1\r\nContent-Length: 0\r\nHost: a.wild.example", "https://a.wild.example/a"),
    ("GET http://example.org/x HTTP/1.1\r\nHost: other", "https://example.org/x"),
    ("GET /x HTTP/1.1\r\nHost: 192.0.2.1", "https://192.0.2.1/x"),
    ("GET /x HTTP/1.1\r\nHost: www.wild.example", "https://www.wild.example/x"),
    ("GET /x HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-Proto: https", "https://example.org/x"),     # a stranger says so
])
def test_sent_to_https(running, head, location):
    reply = ask(running, head)
    assert (reply.status, reply.get("Location"), reply.get("Strict-Transport-Security")) == (308, location, None)


@pytest.mark.parametrize("host", ["other.example", "late.example", "a.b.wild.example", "wild.example", "127.0.0.1", ""])
def test_not_where_no_good_certificate_is(running, host):
    """None at all, or one that has expired: the client could not go there."""
    assert ask(running, f"GET / HTTP/1.1\r\nHost: {host}").status == 200


def test_not_what_came_to_a_trusted_proxy_by_https(running):
    assert ask(running, "GET / HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-Proto: https", source="127.0.0.2").status == 200
    assert ask(running, "GET / HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-Proto: http", source="127.0.0.2").status == 308


def test_not_challenges(running):
    reply = ask(running, "GET /.well-known/acme-challenge/token HTTP/1.1\r\nHost: example.org")
    assert (reply.status, reply.body) == (200, b"token.thumb")


def test_over_tls(running):
    """The containers hear of https, a redirect stays there, the log says which TLS, and browsers are told to come back so."""
    reply = ask(running, "GET /headers HTTP/1.1\r\nHost: example.org\r\nX-Request-Id: over-tls", secure=True)
    assert reply.status == 200 and b"x-forwarded-proto: https\r\n" in reply.body.lower()
    assert reply.all("Strict-Transport-Security") == ["max-age=31536000"]
    reply = ask(running, "GET /x HTTP/1.1\r\nHost: www.wild.example", secure=True, name="www.wild.example")
    assert (reply.status, reply.get("Location")) == (308, "https://example.org/x")
    for head in ("GET /x HTTP/1.1\r\nHost: www.wild.example", "GET / HTTP/1.1\r\nbad", "HEAD / HTTP/1.1\r\nHost: example.org"):
        assert ask(running, head, secure=True).all("Strict-Transport-Security") == (["max-age=31536000"] if "bad" not in head else [])
    with open(running.config["access_log"], encoding="utf-8") as log:
        line = wait_until(lambda: [line for line in map(json.loads, log) if line["request"] == "over-tls"], 5, "its line")[0]
    assert (line["tls"], line["protocol"], line["host"]) == ("1.3", "HTTP/1.1", "example.org")


def test_a_containers_own_word_stays(running):
    first = b"HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=7\r\nContent-Length: 0\r\n\r\n"
    assert ask(running, f"GET {raw_target(first)} HTTP/1.1\r\nHost: example.org", secure=True).all("Strict-Transport-Security") == ["max-age=7"]


def test_another_port_and_off(orchestrate, backend_image, authority):
    orchestrator = start(orchestrate, backend_image, authority.make("example.org"), tls={"redirect_port": 8443})
    assert ask(orchestrator, "GET /x HTTP/1.1\r\nHost: example.org:8080").get("Location") == "https://example.org:8443/x"
    assert ask(orchestrator, "GET /x HTTP/1.1\r\nHost: example.org", secure=True).get("Strict-Transport-Security") is None
    orchestrator.config["tls"].update(redirect=False, hsts_s=60)
    reload(orchestrator)
    assert ask(orchestrator, "GET /x HTTP/1.1\r\nHost: example.org").status == 200
    assert ask(orchestrator, "GET /x HTTP/1.1\r\nHost: example.org", secure=True).get("Strict-Transport-Security") == "max-age=60"


@pytest.mark.parametrize("header", ["v1 TCP4", "v2 with TLVs", "v1 UNKNOWN"])
def test_a_proxy_header_comes_before_tls(orchestrate, backend_image, authority, header):
    orchestrator = start(orchestrate, backend_image, authority.make("example.org"), proxy_protocol_from=["127.0.0.1"])
    raw = RawClient(orchestrator.tls_port)
    raw.send(HEADERS[header][0])
    raw.socket = TlsSocket(raw.socket, None, "example.org")
    with raw:
        raw.send(GET)
        got = fields_of(raw.read_reply())
    assert (got["x-real-ip"], got["x-forwarded-proto"]) == (HEADERS[header][1], "https")
    with RawClient(orchestrator.tls_port) as raw, pytest.raises(ConnectionResetError):
        raw.socket = TlsSocket(raw.socket, None, "example.org")     # without the header
        raw.send(GET)
    assert "event=proxy-header-missing peer=127.0.0.1" in orchestrator.log()


def test_a_host_without_certificate_is_said(tmp_path, authority):
    pair = authority.make("example.org", "*.wild.example")
    path = tmp_path / "config.json"
    path.write_text(json.dumps({
        "tls": tls_settings(443, pair), "redirects": [{"from": "www.example.org", "to": "example.org"}],
        "services": [{"name": "web", "image": "x", "hosts": ["EXAMPLE.org", "a.wild.example", "*.wild.example", "a.b.wild.example",
                                                             "wild.example", "*.example.org", "192.0.2.1"]}]}))
    done = run_binary("--check", "-c", path)
    assert done.returncode == 0
    said = [line for line in done.stderr.splitlines() if "no certificate is for" in line]
    assert [line.split('"')[1] for line in said] == ["a.b.wild.example", "wild.example", "*.example.org", "192.0.2.1", "www.example.org"]
    assert all("services[0].hosts" in line for line in said[:4]) and "redirects[0].from" in said[4]
