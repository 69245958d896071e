"""Very many clients at once, in one thread: what a single epoll loop can ask of a server in a moment."""

import errno
import multiprocessing
import resource
import select
import socket
import struct
import time

RESET = struct.pack("ii", 1, 0)     # closing leaves nothing behind, so that the next flood has ports
TICK_S = 0.01


def raise_descriptors():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


class Flood:
    """`count` connections to a port of 127.0.0.1, begun at the same time, each with one request."""

    def __init__(self, port, count, request, receive_buffer=None):
        self.request, self.poll, self.clients, self.replies = request, select.epoll(), {}, {}
        for _ in range(count):
            client = socket.socket()
            client.setblocking(False)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            if receive_buffer is not None:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
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

    def send(self, seconds):
        """Sends each request once it can be; afterwards nobody reads."""
        left = len(self.clients)
        for number, _ in self._events(seconds):
            if number is not None:
                error = self.clients[number].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                assert error == 0, errno.errorcode[error]
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
        except ConnectionResetError:
            piece = b""
        self.replies[number] += piece
        if not piece or is_whole(self.replies[number]):
            self.poll.unregister(number)
            left.remove(number)


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
