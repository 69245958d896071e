"""TLS on the front, as openssl's own client, curl and a raw one see it: versions, suites, names, protocols, tickets, ends."""

import re
import socket
import ssl
import subprocess

import pytest

from harness.certificates import tls_settings
from harness.client import RawClient, raw_target, request
from harness.tls import TlsSocket, context
from harness.wait import wait_until

GET_AND_CLOSE = "GET /fast HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n"


@pytest.fixture
def secure(processes, authority):
    """`secure()` is a started orchestrator that speaks TLS on its port, with a certificate for a.example and *.b.example."""
    def start(*certificates, listen=(), **tls):
        def settings(port):
            pairs = certificates or [authority.make("a.example", "*.b.example")]
            return {"listen": list(listen), "tls": tls_settings(port, *pairs, **tls)}
        return processes(1, settings)[0]
    return start


def s_client(port, *args, said="", end=True):
    """What openssl's client prints, and whether it came to a handshake."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *args]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as client:
        if end:
            printed, _ = client.communicate(said, timeout=20)
        else:               # until the other side ends it
            client.stdin.write(said)
            client.stdin.flush()
            printed = client.stdout.read()
            client.wait(20)
    return printed, client.returncode == 0 and "Cipher is (NONE)" not in printed


def shown(port, name=None, *args):
    """(names of the certificate that is shown, kind of its key)"""
    named = ["-noservername"] if name is None else ["-servername", name]
    printed, _ = s_client(port, *named, *args)
    pem = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", printed, re.DOTALL)
    if pem is None:
        return None
    text = subprocess.run(["openssl", "x509", "-noout", "-text"], input=pem[0], text=True, capture_output=True, check=True).stdout
    names = re.search(r"Alternative Name:.*\n\s*(.*)", text)
    return names and names[1].replace("DNS:", "").split(", "), "rsa" if "rsaEncryption" in text else "ec"


def tls_socket(port, using=None, name="a.example"):
    return TlsSocket(socket.create_connection(("127.0.0.1", port), timeout=15), using, name)


def raw_client(port):
    client = RawClient(port)
    client.socket = TlsSocket(client.socket, context(), "a.example")
    return client


def curl(port, target, *args):
    return subprocess.run(["curl", "-sSk", "--max-time", "15", *args, f"https://127.0.0.1:{port}{target}"], capture_output=True,
                          check=False)


def in_flight(orchestrator):
    return sum(value for name, value in orchestrator.metrics().items() if name.startswith("selfless_in_flight"))


# --- what is agreed on ---


def refused_with(alert, port, *args):
    """Whether it came to no handshake, by a word of the server's."""
    printed, agreed = s_client(port, *args)
    return not agreed and f"alert {alert}" in printed


@pytest.mark.parametrize("version, good", [("tls1_3", True), ("tls1_2", True), ("tls1_1", False), ("tls1", False)])
def test_versions(secure, version, good):
    # the client would not offer the old ones by itself
    args = secure().port, f"-{version}", "-cipher", "DEFAULT@SECLEVEL=0"
    assert s_client(*args)[1] if good else refused_with("protocol version", *args)


def test_only_1_3(secure):
    orchestrator = secure(min_version="1.3")
    assert s_client(orchestrator.port, "-tls1_3")[1]
    assert refused_with("protocol version", orchestrator.port, "-tls1_2")


def test_suites(secure, authority):
    """Mozilla's intermediate without plain Diffie-Hellman; nothing of before."""
    port = secure(authority.make("a.example"), authority.make("a.example", key="rsa")).port
    for suite in ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]:
        assert s_client(port, "-ciphersuites", suite, "-tls1_3")[1], suite
    for kind in ["ECDSA", "RSA"]:
        for suite in ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"]:
            assert s_client(port, "-tls1_2", "-cipher", f"ECDHE-{kind}-{suite}")[1], f"{kind} {suite}"
    for suite in ["DHE-RSA-AES128-GCM-SHA256", "AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "AES128-SHA",
                  "aNULL", "eNULL", "ECDHE-ECDSA-AES128-CCM"]:
        assert refused_with("handshake failure", port, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0"), suite


def test_groups(secure):
    port = secure().port
    for group, used in [("X25519", "X25519"), ("P-256", "prime256v1"), ("P-384", "secp384r1")]:
        printed, agreed = s_client(port, "-groups", group)
        assert agreed and re.search(rf"(Server|Peer) Temp Key: (ECDH, )?{used}, \d+ bits", printed), printed
    assert refused_with("handshake failure", port, "-tls1_2", "-groups", "secp256k1", "-cipher", "DEFAULT@SECLEVEL=0")


def test_no_compression(secure):
    printed, agreed = s_client(secure().port)
    assert agreed and "Compression: NONE" in printed


def der(tag, content):
    size = len(content)
    return bytes([tag]) + (bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")) + content


def der_items(content):
    """[(tag, whole item), ...]"""
    items = []
    while content:
        width = content[1] & 127 if content[1] > 127 else 0
        size = 2 + width + (int.from_bytes(content[2:2 + width], "big") if width else content[1])
        items.append((content[0], content[:size]))
        content = content[size:]
    return items


def allow_early_data(session):
    """As if the server had said that it takes early data with this ticket: [15] of OpenSSL's SSL_SESSION, max_early_data."""
    (_, whole), = der_items(ssl.PEM_cert_to_DER_cert(session.read_text().replace("SSL SESSION PARAMETERS", "CERTIFICATE")))
    items = [(tag, item) for tag, item in der_items(whole[4:]) if tag != 0xaf] + [(0xaf, der(0xaf, der(2, b"\x40\x00")))]
    forged = der(0x30, b"".join(item for _, item in sorted(items, key=lambda pair: (pair[0] >= 0xa0, pair[0] if pair[0] >= 0xa0 else 0))))
    session.write_text(ssl.DER_cert_to_PEM_cert(forged).replace("CERTIFICATE", "SSL SESSION PARAMETERS"))


def test_early_data_is_refused(secure, tmp_path):
    """No ticket allows it; what comes all the same is not read, and the handshake goes on without it."""
    orchestrator = secure()
    session, early = tmp_path / "session", tmp_path / "early"
    printed, _ = s_client(orchestrator.port, "-tls1_3", "-sess_out", str(session), "-ign_eof", said=GET_AND_CLOSE)
    assert set(re.findall(r"Max Early Data: (\d+)", printed)) == {"0"}
    allow_early_data(session)
    early.write_text(GET_AND_CLOSE.replace("/fast", "/early"))
    printed, agreed = s_client(orchestrator.port, "-tls1_3", "-sess_in", str(session), "-early_data", str(early), "-ign_eof", said=GET_AND_CLOSE)
    assert agreed and "Early data was rejected" in printed and printed.count("HTTP/1.1 200") == 1
    assert "Reused, TLS" in printed


@pytest.mark.parametrize("offered, chosen", [("http/1.1", "http/1.1"), ("h2,http/1.1", "http/1.1"), ("http/1.0", "http/1.0"), ("http/1.0,http/1.1", "http/1.1"),
                                             ("h2", None)])
def test_protocols(secure, offered, chosen):
    printed, agreed = s_client(secure().port, "-alpn", offered)
    assert agreed == (chosen is not None)
    if chosen:
        assert f"ALPN protocol: {chosen}" in printed
    else:
        assert "no application protocol" in printed


def test_renegotiation_is_refused(secure):
    printed, _ = s_client(secure().port, "-tls1_2", said="R\n", end=False)
    assert "RENEGOTIATING" in printed and "no renegotiation" in printed


# --- whose certificate ---


def test_names(secure, authority):
    port = secure(authority.make("a.example", "*.b.example"), authority.make("c.example", "x.b.example")).port
    first, second = ["a.example", "*.b.example"], ["c.example", "x.b.example"]
    for name, names in [("a.example", first), ("A.Example", first), ("y.b.example", first), ("x.b.example", second),
                        ("c.example", second), ("b.example", first), ("z.y.b.example", first), ("d.example", first), (None, first)]:
        assert shown(port, name) == (names, "ec"), name


def test_strict_names(secure):
    port = secure(strict_sni=True).port
    assert shown(port, "a.example") is not None
    assert shown(port, "d.example") is None
    assert shown(port) is None
    assert "unrecognized name" in s_client(port, "-servername", "d.example")[0]


def test_two_kinds_side_by_side(secure, authority):
    port = secure(authority.make("a.example"), authority.make("a.example", key="rsa")).port
    assert shown(port, "a.example")[1] == "ec"
    assert shown(port, "a.example", "-sigalgs", "RSA-PSS+SHA256:RSA+SHA256")[1] == "rsa"
    assert shown(port, "a.example", "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256")[1] == "rsa"


def test_the_chain_is_trusted(secure, authority):
    port = secure().port
    with tls_socket(port, context(authority.roots)) as client:
        client.sendall(b"GET /fast HTTP/1.1\r\nHost: a.example\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")


def test_a_stand_in_until_there_is_one(processes):
    orchestrator, _ = processes(1, lambda port: {"listen": [], "tls": {"listen": f"127.0.0.1:{port}"}})
    printed, agreed = s_client(orchestrator.port)
    assert agreed and "no certificate is configured here yet" in printed


# --- tickets ---


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_tickets_outlive_a_restart(secure, tmp_path, version):
    orchestrator = secure()
    kept = str(tmp_path / "session")
    # a ticket of 1.3 comes behind the handshake: with the reply at the latest
    printed, _ = s_client(orchestrator.port, f"-{version}", "-sess_out", kept, "-ign_eof", said=GET_AND_CLOSE)
    assert "New, TLS" in printed
    orchestrator.stop()
    orchestrator.start()
    printed, _ = s_client(orchestrator.port, f"-{version}", "-sess_in", kept, "-ign_eof", said=GET_AND_CLOSE)
    assert "Reused, TLS" in printed
    resumed = f'selfless_handshakes_total{{version="{version[-3:].replace("_", ".")}",result="resumed"}}'
    assert orchestrator.metrics()[resumed] == 1


# --- where an end is one ---


def test_a_whole_reply_ends_with_close_notify(secure):
    port = secure().port
    target = raw_target(CHUNKED + b"0\r\n\r\n")
    with tls_socket(port) as client:
        client.sendall(f"GET {target} HTTP/1.0\r\n\r\n".encode())
        got = b""
        while piece := client.recv(65536):
            got += piece
    assert got.endswith(b"\r\n\r\nwhole")
    assert curl(port, target, "--http1.0").returncode == 0


def test_a_cut_reply_does_not(secure):
    """The backend leaves in the middle. To a client of HTTP/1.0 an end would be the end of the body."""
    port = secure().port
    target = raw_target(CHUNKED, then="close")
    with tls_socket(port) as client:
        client.sendall(f"GET {target} HTTP/1.0\r\n\r\n".encode())
        with pytest.raises(ConnectionResetError):
            while client.recv(65536):
                pass
    assert curl(port, target, "--http1.0").returncode != 0


def test_half_close(secure):
    """close_notify says that nothing more is sent, not that nobody waits."""
    port = secure().port
    with raw_client(port) as client:
        client.send(b"GET /slow?ms=300 HTTP/1.1\r\nHost: a\r\n\r\n")
        client.end()
        assert client.read_reply().body == b"slow\n"
        assert client.is_closed()


def test_an_end_without_close_notify_is_leaving(secure):
    orchestrator = secure()
    with raw_client(orchestrator.port) as client:
        client.send(b"GET /slow?ms=60000 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: in_flight(orchestrator) == 1, 10, "the request is in flight")
        client.socket.raw.shutdown(socket.SHUT_WR)
        wait_until(lambda: in_flight(orchestrator) == 0, 10, "it is given up")


# --- who is wrong here ---


def test_clear_http_is_told_so(secure):
    orchestrator = secure()
    for method in ["GET", "DELETE", "OPTIONS"]:
        reply = request(orchestrator.port, "/fast", method)
        assert reply.status == 400 and reply.get("Content-Type") == "application/problem+json"
        assert "TLS is spoken here" in reply.json()["detail"]


def test_tls_on_a_clear_port_is_closed(processes):
    orchestrator, _ = processes(1)
    with RawClient(orchestrator.port) as client:
        client.send(bytes.fromhex("16030100c8010000c40303") + bytes(180))
        assert client.read_all() == b""


def test_garbage_is_closed(secure):
    with RawClient(secure().port) as client:
        client.send(b"\x80\x00\x01\x02 what is this")
        assert client.read_all() == b""


# --- tunnels ---


def test_an_upgraded_connection(secure):
    with raw_client(secure().port) as client:
        client.send(b"GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        assert client.read_head()[0] == 101
        for size in (1, 100, 16384, 16385, 300000):
            client.send(b"x" * size)
            assert client.read_exactly(size) == b"x" * size
        client.end()
        assert client.is_closed()
