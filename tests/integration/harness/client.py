"""Clients: one that speaks HTTP properly, and one that writes bytes and looks at what comes back."""

import http.client
import json as json_module
import re
import select
import socket
import struct

from . import tls

TIMEOUT_S = 15
IMF_FIXDATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
                         r"\d\d:\d\d:\d\d GMT")


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:200]!r}>"

    def get(self, name, fallback=None):
        values = self.all(name)
        return values[0] if values else fallback

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def backend(self):
        return self.get("X-Backend")

    def json(self):
        return json_module.loads(self.body)


class DialedConnection(http.client.HTTPConnection):
    """To wherever dial() leads: it gives sockets that are connected."""

    def __init__(self, dial, timeout=TIMEOUT_S):
        super().__init__("127.0.0.1", timeout=timeout)
        self._dial = dial

    def connect(self):
        self.sock = self._dial()
        self.sock.settimeout(self.timeout)


def request(port, target, method="GET", body=None, headers=None, timeout=TIMEOUT_S, host="127.0.0.1", connect=None):
    """One request on a connection of its own; connect: gives a socket that is connected, where it is not to be one from here."""
    connection = tls.connection(port, timeout, host)
    try:
        if connect is not None:
            assert port not in tls.PORTS, "the socket that was given speaks no TLS"
            connection.sock = connect()
            connection.sock.settimeout(timeout)
        return request_on(connection, target, method, body, headers)
    finally:
        connection.close()


def request_on(connection, target, method="GET", body=None, headers=None):
    connection.request(method, target, body, headers or {})
    reply = connection.getresponse()
    return Reply(reply.status, reply.getheaders(), reply.read())


class RawClient:
    """A connection whose bytes the scenario chooses."""

    def __init__(self, port, timeout=TIMEOUT_S, host="127.0.0.1", source="", in_clear=False):
        """source: an address of this host; see tls.ADDRESSES. in_clear: until start_tls."""
        self.socket = socket.create_connection((host, port), timeout=timeout, source_address=(source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port, self.held = port, b""
        if not in_clear:
            self.start_tls()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def start_tls(self):
        """If it is spoken at this port."""
        self.socket = tls.wrap(self.socket, self.port)

    def send(self, data):
        self.socket.sendall(data)

    def end(self):
        """Says that nothing more is sent; replies can still be read."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Leaves in a way that cannot be taken for end()."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def wait_readable(self, seconds):
        """True as soon as there is something to read, or the end; False after so long."""
        if isinstance(self.socket, tls.TlsSocket):
            return bool(self.held) or self.socket.wait_readable(seconds)
        return bool(self.held or select.select([self.socket], [], [], seconds)[0])

    def _receive(self):
        """What comes next; nothing at the end."""
        try:
            return self.socket.recv(65536)
        except ConnectionResetError:
            return b""

    def _read(self, is_whole, wanted):
        """Reads on until is_whole(data) gives a length; that much is taken. Data grows in place, also to many MB."""
        data = bytearray(self.held)
        try:
            while (length := is_whole(data)) is None:
                piece = self._receive()
                assert piece, f"connection ended before {wanted}, after {bytes(data[-1000:])!r}"
                data += piece
        except (OSError, AssertionError):
            self.held = bytes(data)
            raise
        self.held = bytes(data[length:])
        return bytes(data[:length])

    def read_all(self):
        """Everything up to the end of the connection."""
        pieces = [self.held]
        self.held = b""
        while piece := self._receive():
            pieces.append(piece)
        return b"".join(pieces)

    def read_exactly(self, count):
        return self._read(lambda data: count if len(data) >= count else None, f"{count} bytes")

    def read_until(self, end):
        searched = 0

        def found(data):
            nonlocal searched
            at = data.find(end, searched)
            searched = max(0, len(data) - len(end) + 1)
            return None if at < 0 else at + len(end)
        return self._read(found, repr(end))

    def read_head(self):
        """(status, [(name, value)]) of the next reply head."""
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]
        return int(lines[0].split(" ")[1]), fields

    def read_reply(self, method="GET"):
        """The next whole reply; interim ones are skipped."""
        status, fields = self.read_head()
        while 100 <= status < 200 and status != 101:
            status, fields = self.read_head()
        reply = Reply(status, fields, b"")
        if method == "HEAD" or status in (101, 204, 304):
            return reply
        if "chunked" in reply.get("Transfer-Encoding", "").lower():
            reply.body = self._read_chunks()
        elif reply.get("Content-Length") is not None:
            reply.body = self.read_exactly(int(reply.get("Content-Length")))
        else:
            reply.body = self.read_all()
        return reply

    def _read_chunks(self):
        body = b""
        while True:
            size = int(self.read_until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                break
            body += self.read_exactly(size)
            assert self.read_exactly(2) == b"\r\n"
        self.trailers = []
        while (line := self.read_until(b"\r\n")) != b"\r\n":
            self.trailers.append(line.strip().decode("latin-1"))
        return body

    def is_closed(self):
        """True once the peer has ended the connection and nothing is left to read."""
        return not self.held and not self._receive()


def raw_target(first, ms=0, second=b"", then="keep"):
    """Target of the scripted backend that makes it reply with exactly these bytes."""
    return f"/raw?a={first.hex()}&ms={ms}&b={second.hex()}&then={then}"
