"""Connections from proxy_protocol_from begin with a PROXY header, version 1 or 2; its source is the client, for the containers,
the access log and trusted_proxies."""

import json
import signal
import socket
import struct
import time

import pytest

from harness import tls
from harness.client import RawClient
from harness.orchestrator import run_binary
from harness.wait import wait_until
from test_forwarding_fields import at_backend
from test_reload import reload

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V4 = socket.inet_aton("192.0.2.1") + socket.inet_aton("192.0.2.2") + struct.pack("!HH", 1234, 80)
V6 = socket.inet_pton(socket.AF_INET6, "2001:db8::1") * 2 + struct.pack("!HH", 1234, 80)
TLV = b"\x04\x00\x05world"
GET = b"GET /headers HTTP/1.1\r\nHost: example.org\r\n\r\n"


def v2(command, family, rest):
    return SIGNATURE + bytes([command, family]) + struct.pack("!H", len(rest)) + rest


HEADERS = {
    "v1 TCP4": (b"PROXY TCP4 192.0.2.1 192.0.2.2 1234 80\r\n", "192.0.2.1"),
    "v1 TCP6": (b"PROXY TCP6 2001:db8::1 2001:db8::1 1234 80\r\n", "2001:db8::1"),
    "v1 UNKNOWN": (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
    "v2 TCP4": (v2(0x21, 0x11, V4), "192.0.2.1"),
    "v2 TCP6": (v2(0x21, 0x21, V6), "2001:db8::1"),
    "v2 with TLVs": (v2(0x21, 0x11, V4 + TLV), "192.0.2.1"),
    "v2 as long as may be": (v2(0x21, 0x11, V4 + b"\xee" * 508), "192.0.2.1"),
    "v2 LOCAL": (v2(0x20, 0x00, b""), "127.0.0.1"),
    "v2 of a unix socket": (v2(0x21, 0x31, b"/" * 216), "127.0.0.1"),
}


@pytest.fixture(scope="module")
def running(shared_orchestrate, backend_image, tmp_path_factory):
    log = tmp_path_factory.mktemp("log") / "access.log"
    orchestrator = shared_orchestrate(proxy_protocol_from=["127.0.0.1"], head_timeout_ms=2000, access_log=str(log))
    orchestrator.add_service("web", backend_image, 1)
    orchestrator.start()
    return orchestrator


def fields_of(reply):
    assert reply.status == 200
    pairs = (line.split(": ", 1) for line in reply.body.decode().split("\r\n")[1:] if line)
    return {name.lower(): value for name, value in pairs}


def connect(orchestrator):
    """In clear, for the header is in front of TLS."""
    return RawClient(orchestrator.port, in_clear=True)


def send_behind(raw, header, data):
    """At once, where no TLS comes between."""
    if tls.version(raw.port) is None:
        raw.send(header + data)
    else:
        raw.send(header)
        raw.start_tls()
        raw.send(data)


def logged(orchestrator, request_id):
    with open(orchestrator.config["access_log"], encoding="utf-8") as log:
        return [line for line in map(json.loads, log) if line["request"] == request_id]


@pytest.mark.parametrize("header, client", HEADERS.values(), ids=list(HEADERS))
def test_whose_connection_it_is(running, header, client):
    with connect(running) as raw:
        send_behind(raw, header, GET)
        first = fields_of(raw.read_reply())
        raw.send(GET)       # and all that follow on the connection
        second = fields_of(raw.read_reply())
    for got in (first, second):
        assert (got["x-forwarded-for"], got["x-real-ip"]) == (client, client)
        assert wait_until(lambda got=got: logged(running, got["x-request-id"]), 5, "its line")[0]["client"] == client


@pytest.mark.parametrize("header, client", HEADERS.values(), ids=list(HEADERS))
def test_in_pieces(running, header, client):
    """As a network may cut it: at each byte, where it is short."""
    with connect(running) as raw:
        for at in range(0, len(header), 1 if len(header) < 64 else 97):
            raw.send(header[at:at + (1 if len(header) < 64 else 97)])
            time.sleep(0.001)       # so that the pieces come apart
        raw.start_tls()
        raw.send(GET)
        assert fields_of(raw.read_reply())["x-real-ip"] == client


@pytest.mark.parametrize("bytes_sent", [
    GET, b"PROXY TCP4 192.0.2.1 192.0.2.2 1234\r\n" + GET, b"PROXY TCP4 2001:db8::1 ::1 1 2\r\n" + GET, b"proxy unknown\r\n" + GET,
    b"PROXY UNKNOWN " + b"x" * 100 + b"\r\n" + GET, v2(0x21, 0x11, V4[:-1]) + GET, v2(0x22, 0x11, V4) + GET,
    v2(0x21, 0x11, V4 + b"\0" * 509) + GET, v2(0x21, 0x41, V4) + GET, b"\x16\x03\x01\x00",
])
def test_what_is_no_header_is_closed(running, bytes_sent):
    began = time.monotonic()
    with connect(running) as raw:
        raw.send(bytes_sent)
        assert raw.read_all() == b""
    assert time.monotonic() - began < 1.5       # by what was said, before head_timeout_ms is over
    assert "event=proxy-header-missing peer=127.0.0.1" in running.log()


def test_a_header_that_does_not_come(running):
    """head_timeout_ms is for the header and the head together."""
    began = time.monotonic()
    with connect(running) as silent, connect(running) as slow:
        slow.send(b"PROXY TCP4 192.0.2.1 ")
        assert silent.read_all() == b"" and slow.read_all() == b""
    assert 1.5 < time.monotonic() - began < 6


def ends_within(orchestrator, most_s):
    began = time.monotonic()
    orchestrator.process.wait(timeout=30)
    return time.monotonic() - began < most_s


def test_the_end_waits_for_headers_that_have_begun(processes):
    """Who has said nothing is closed soon, and not blamed for it; whose header is on its way is served."""
    orchestrator = processes(1, {"proxy_protocol_from": ["127.0.0.1"], "head_timeout_ms": 8000})[0]
    with connect(orchestrator) as silent, connect(orchestrator) as slow:
        slow.send(b"PROXY TCP4 192.0.2.1 ")
        time.sleep(0.2)
        began = time.monotonic()
        orchestrator.process.send_signal(signal.SIGTERM)
        assert silent.read_all() == b"" and time.monotonic() - began < 4
        time.sleep(max(0, began + 2 - time.monotonic()))
        send_behind(slow, b"192.0.2.2 1234 80\r\n", GET)
        assert slow.read_reply().status == 200
        assert ends_within(orchestrator, 5)
    assert "event=proxy-header-missing" not in orchestrator.log()


def test_the_end_does_not_wait_for_a_handshake_that_does_not_begin(processes):
    def settings(port):
        return {"listen": [], "tls": {"listen": f"127.0.0.1:{port}"}, "proxy_protocol_from": ["127.0.0.1"], "head_timeout_ms": 8000}
    orchestrator = processes(1, settings)[0]
    with connect(orchestrator) as slow:
        slow.send(b"PROXY TCP4 192.0.2.1 ")
        time.sleep(0.2)
        orchestrator.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        slow.send(b"192.0.2.2 1234 80\r\n")
        assert ends_within(orchestrator, 4)


def test_a_second_header_is_a_bad_request(running):
    with connect(running) as raw:
        send_behind(raw, HEADERS["v2 TCP4"][0], HEADERS["v1 TCP4"][0] + GET)
        assert raw.read_reply().status == 400


@pytest.mark.parametrize("header", [HEADERS["v1 TCP4"][0], HEADERS["v2 TCP4"][0]])
def test_from_others_it_is_a_bad_request(orchestrate, backend_image, header):
    orchestrator = orchestrate(proxy_protocol_from=["192.0.2.0/24"])
    orchestrator.add_service("web", backend_image, 1)
    orchestrator.start()
    with RawClient(orchestrator.port) as raw:
        raw.send(header + GET)
        assert raw.read_reply().status == 400
    assert fields_of(orchestrator.get("/headers"))["x-real-ip"] == "127.0.0.1"


def test_the_source_may_be_a_trusted_proxy(orchestrate, backend_image):
    """Then what it says in X-Forwarded-For counts; what its own client wrote there does not."""
    orchestrator = orchestrate(proxy_protocol_from=["127.0.0.1"], trusted_proxies=["192.0.2.0/24"])
    orchestrator.add_service("web", backend_image, 1)
    orchestrator.start()
    for header, said, client in (("v1 TCP4", "6.6.6.6, 198.51.100.7, 192.0.2.9", "198.51.100.7"), ("v1 TCP6", "6.6.6.6", "2001:db8::1")):
        with connect(orchestrator) as raw:
            send_behind(raw, HEADERS[header][0], GET[:-2] + f"X-Forwarded-For: {said}\r\nX-Real-IP: 6.6.6.6\r\n\r\n".encode())
            got = fields_of(raw.read_reply())
        assert got["x-real-ip"] == client
        assert got["x-forwarded-for"] == (f"{said}, 192.0.2.1" if header == "v1 TCP4" else client)


def test_a_reload_changes_who_must_say_it(orchestrate, backend_image):
    orchestrator = orchestrate()
    orchestrator.add_service("web", backend_image, 1)
    orchestrator.start()
    assert at_backend(orchestrator)["x-real-ip"] == ["127.0.0.1"]
    orchestrator.config["proxy_protocol_from"] = "127.0.0.0/8"
    reload(orchestrator)
    with connect(orchestrator) as raw:
        send_behind(raw, HEADERS["v2 TCP6"][0], GET)
        assert fields_of(raw.read_reply())["x-real-ip"] == "2001:db8::1"


def test_many_at_once_and_some_that_leave(running):
    with connect(running) as last:
        for number in range(200):
            with connect(running) as raw:
                raw.send(HEADERS["v2 TCP4"][0][:number % 28])
        send_behind(last, HEADERS["v1 TCP4"][0], GET)
        assert fields_of(last.read_reply())["x-real-ip"] == "192.0.2.1"
    wait_until(lambda: running.metrics()["selfless_connections"] == 0, 10, "no connection")


def test_evhttp_cannot(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"http1": "evhttp", "proxy_protocol_from": "10.0.0.0/8", "services": [{"name": "web", "image": "x"}]}))
    done = run_binary("--check", "-c", path)
    assert done.returncode == 2 and "proxy_protocol_from" in done.stderr and "evhttp" in done.stderr
