"""A client's side of TLS with its end in our hands: Python's own sockets cannot end one direction alone.

PORTS has those where TLS is spoken: clients of the harness do so there, too; see front_kinds.py.
"""

import contextlib
import functools
import http.client
import itertools
import socket
import ssl
import threading

PORTS = set()
ADDRESSES = itertools.cycle(f"127.0.1.{number}" for number in range(1, 201))    # for crowds: of one, some are turned away


@functools.cache
def context(roots=None, version=None, protocols=()):
    """Trusts roots (a file); without, it trusts anybody."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if roots is not None:
        made.load_verify_locations(roots)
    else:
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    if version is not None:
        made.minimum_version = made.maximum_version = version
    if protocols:
        made.set_alpn_protocols(list(protocols))
    return made


def client_hello(name="localhost"):
    """What a client says first, as bytes."""
    said = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context().wrap_bio(ssl.MemoryBIO(), said, server_hostname=name).do_handshake()
    return said.read()


class TlsSocket:
    """Over a connected socket, which it owns. As a socket: sendall, recv, shutdown(SHUT_WR), settimeout, close, fileno. An end
    without close_notify is a ConnectionResetError, as a reset is. One thread may send while another receives."""

    def __init__(self, raw, using=None, name="localhost"):
        self.raw = raw
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.ssl = (using or context()).wrap_bio(self._in, self._out, server_hostname=name)
        self._ended = self._shaken = False
        self._held = None       # what was read ahead
        self._state = threading.RLock()     # of all but the raw socket
        self._sending = threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _flush(self):
        """In the order in which it was written: where another thread is at it, that one sends this, too."""
        while self._out.pending and self._sending.acquire(blocking=False):
            try:
                self.raw.sendall(self._out.read())
            finally:
                self._sending.release()

    def _try(self, call):
        """(its result, True), or (None, False): more bytes are needed."""
        try:
            with self._state:
                return call(), True
        except ssl.SSLWantReadError:
            return None, False
        finally:
            self._flush()

    def _do(self, call):
        """The handshake comes with the first call: who only connects does not wait for one."""
        if not self._shaken:
            self._shaken = True
            self._do(self.ssl.do_handshake)
        while True:
            result, done = self._try(call)
            if done:
                return result
            piece = self.raw.recv(65536)
            if not piece:
                raise ConnectionResetError("the end came without close_notify")
            with self._state:
                self._in.write(piece)

    def sendall(self, data):
        self._do(lambda: self.ssl.write(data) if data else None)

    def send(self, data):
        self.sendall(data)
        return len(data)

    def _read(self, count):
        if self._held:
            held, self._held = self._held[:count], self._held[count:] or None
            return held
        try:
            return b"" if self._ended else self.ssl.read(count)
        except ssl.SSLZeroReturnError:
            self._ended = True
            return b""

    def recv(self, count):
        return self._do(lambda: self._read(count))

    def shutdown(self, how):
        """Says close_notify, and does not wait for the other side's."""
        assert how == socket.SHUT_WR
        self.sendall(b"")
        with self._state:
            self._take_what_is_here()
            with contextlib.suppress(ssl.SSLWantReadError):
                self.ssl.unwrap()
        self._flush()

    def _take_what_is_here(self):
        """The library's end reads on, and takes what it finds for a mistake."""
        taken = self._held or b""
        try:
            while piece := self.ssl.read(65536):
                taken += piece
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self._ended = True
        self._held = taken or None

    def wait_readable(self, seconds):
        """Bytes of the other side's, or the end: the socket is readable for tickets, too."""
        before = self.raw.gettimeout()
        self.raw.settimeout(seconds)
        try:
            self._held = self.recv(65536) or None
            return True
        except TimeoutError:
            return False
        except ConnectionResetError:
            return True
        finally:
            self.raw.settimeout(before)

    def settimeout(self, seconds):
        self.raw.settimeout(seconds)

    def setsockopt(self, *args):
        self.raw.setsockopt(*args)

    def getsockname(self):
        return self.raw.getsockname()

    def fileno(self):
        return self.raw.fileno()

    def close(self):
        self.raw.close()


class _Connection(http.client.HTTPSConnection):
    """An end without close_notify is an error here, too."""

    def connect(self):
        http.client.HTTPConnection.connect(self)
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host, suppress_ragged_eofs=False)


def connection(port, timeout, host="127.0.0.1", source=None):
    """As http.client has it, for this port. source: the client's own address."""
    settings = {"timeout": timeout, "source_address": (source, 0) if source else None}
    if port in PORTS:
        return _Connection(host, port, context=context(), **settings)
    return http.client.HTTPConnection(host, port, **settings)


def scheme(port):
    return "https" if port in PORTS else "http"


def version(port):
    """That harness and orchestrator agree on; None: none is spoken."""
    return "1.3" if port in PORTS else None


def wrap(raw, port):
    """A connected socket, as it is to be spoken on at this port."""
    return TlsSocket(raw) if port in PORTS else raw
