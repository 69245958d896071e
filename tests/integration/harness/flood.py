"""Very many clients at once: what a single epoll loop, or some of them side by side, can ask of a server in a moment."""

import errno
import multiprocessing
import resource
import select
import socket
import ssl
import struct
import time

from . import tls

NO_PORT_YET = 24                    # IP_BIND_ADDRESS_NO_PORT: a port is as good as another's where the other end differs
RESET = struct.pack("ii", 1, 0)     # closing leaves nothing behind, so that the next flood has ports
TICK_S = 0.01
CROWD_PROCESSES = 2
CROWD_OPEN = 6000                   # of each: beyond that it waits for the server


def raise_descriptors():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


class Flood:
    """`count` connections to a port of 127.0.0.1, begun at the same time, each with one request."""

    def __init__(self, port, count, request, receive_buffer=None):
        self.port, self.request, self.poll, self.clients, self.replies = port, request, select.epoll(), {}, {}
        for _ in range(count):
            client = socket.socket()
            client.setblocking(False)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            if receive_buffer is not None:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            if port in tls.PORTS:
                client.bind((next(tls.ADDRESSES), 0))
            client.connect_ex(("127.0.0.1", port))
            self.clients[client.fileno()] = client
            self.poll.register(client.fileno(), select.EPOLLOUT | select.EPOLLONESHOT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in self.clients.values():
            client.close()
        self.poll.close()

    def _events(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            yield from self.poll.poll(0.05)
            yield None, None

    def _is_shaken(self, number):
        """Over TLS: the handshake of a client that is connected is done; else it goes on, when something comes."""
        if self.port not in tls.PORTS:
            return True
        if not isinstance(self.clients[number], ssl.SSLSocket):
            self.clients[number] = tls.context().wrap_socket(self.clients[number], server_hostname="localhost",
                                                             do_handshake_on_connect=False)
        try:
            self.clients[number].do_handshake()
        except ssl.SSLWantReadError:
            self.poll.modify(number, select.EPOLLIN | select.EPOLLONESHOT)
            return False
        return True

    def send(self, seconds):
        """Sends each request once it can be; afterwards nobody reads."""
        left = len(self.clients)
        for number, _ in self._events(seconds):
            if number is not None:
                error = self.clients[number].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                assert error == 0, errno.errorcode[error]
                if not self._is_shaken(number):
                    continue
                self.clients[number].send(self.request)
                left -= 1
            if left == 0:
                return
        raise AssertionError(f"{left} clients could not send within {seconds} s")

    def read(self, seconds, is_whole=lambda data: b"\r\n\r\n" in data):
        """Reads every reply until it is whole; gives them. A connection that ends before that counts as cut."""
        for number in self.clients:
            self.poll.modify(number, select.EPOLLIN)
            self.replies[number] = bytearray()
        left = set(self.clients)
        for number, _ in self._events(seconds):
            if number in left:
                self._take(number, is_whole, left)
            if not left:
                break
        assert not left, f"{len(left)} of {len(self.clients)} replies are not whole after {seconds} s"
        return [bytes(reply) for reply in self.replies.values()]

    def _take(self, number, is_whole, left):
        try:
            piece = self.clients[number].recv(1 << 18)
        except ssl.SSLWantReadError:
            return
        except (ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            piece = b""
        self.replies[number] += piece
        if not piece or is_whole(self.replies[number]):
            self.poll.unregister(number)
            left.remove(number)


class _Offer:
    """A part of a crowd: connections are begun as its rate says, and catch up where the machine held it up."""

    def __init__(self, address, source, words, per_s):
        self.address, self.source, self.words, self.per_s = address, source, words, per_s
        self.poll, self.clients = select.epoll(), {}
        self.begun = self.offered = self.answered = 0

    def _begin(self):
        client = socket.socket()
        client.setblocking(False)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.setsockopt(socket.IPPROTO_IP, NO_PORT_YET, 1)
        client.bind((self.source, 0))
        client.connect_ex(self.address)
        self.clients[client.fileno()] = client
        self.poll.register(client.fileno(), select.EPOLLOUT | select.EPOLLONESHOT)
        self.begun += 1

    def _go_on(self, number, events):
        """Speaks once it is connected, leaves once there is an answer or an end."""
        client = self.clients[number]
        try:
            if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                self.answered += bool(client.recv(65536))
            else:
                client.send(self.words)
                self.offered += 1
                self.poll.modify(number, select.EPOLLIN)
                return
        except OSError:
            pass
        del self.clients[number]
        client.close()

    def run(self, seconds):
        begin = time.monotonic()
        while (now := time.monotonic() - begin) < seconds:
            while self.begun < now * self.per_s and len(self.clients) < CROWD_OPEN:
                self._begin()
            for number, events in self.poll.poll(TICK_S):
                self._go_on(number, events)
        for client in self.clients.values():
            client.close()
        return self.offered, self.answered


def _offer(seconds, *args):
    raise_descriptors()
    return _Offer(*args).run(seconds)


def crowd(port, words, per_s, seconds, source="127.0.0.1"):
    """From processes of their own, at that rate, clients come, say these words, and leave once they have an answer. (how many spoke,
    how many were answered)"""
    part = (seconds, ("127.0.0.1", port), source, words, per_s / CROWD_PROCESSES)
    with multiprocessing.Pool(CROWD_PROCESSES) as pool:
        return tuple(map(sum, zip(*pool.starmap(_offer, [part] * CROWD_PROCESSES))))


def _tick(worst, ended):
    """A process that does nothing but look how late it is woken."""
    while True:
        begin = time.monotonic()
        if ended.wait(TICK_S):
            return
        worst.value = max(worst.value, time.monotonic() - begin - TICK_S)


class Lateness:
    """How late this machine wakes those who wait, at the worst: the part of a delay that is not the orchestrator's."""

    def __enter__(self):
        self.worst, self._ended = multiprocessing.Value("d", 0.0), multiprocessing.Event()
        self._process = multiprocessing.Process(target=_tick, args=(self.worst, self._ended), daemon=True)
        self._process.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._process.join(10)

    def ms(self):
        return 1000 * self.worst.value
