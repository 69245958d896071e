"""A network of a browser's own: chromium drops its connections (ERR_NETWORK_CHANGED) whenever any interface of the machine
comes or goes, and scenarios beside it start containers all the time. So it lives in a network namespace with nothing but
loopback, and the ports it is to reach are brought there. Needs root, as Docker does; without it there is no island."""

import ctypes
import os
import socket
import struct
import threading

COMMAND = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"] if os.geteuid() == 0 else []
_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class Island:
    """The one that the process `pid`, started with COMMAND before its own, lives on."""

    def __init__(self, pid):
        self._namespace = f"/proc/{pid}/ns/net" if COMMAND else None
        self._brought = {}

    def socket(self):
        """A TCP socket there. A socket stays where it was made, whoever uses it; so a thread goes there for a moment."""
        made = []

        def make():
            with open(self._namespace, "rb") as namespace:
                if _libc.setns(namespace.fileno(), _CLONE_NEWNET) == 0:
                    made.append(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        if self._namespace is None:
            return socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        assert made, f"cannot enter the browser's network: {os.strerror(ctypes.get_errno())}"
        return made[0]

    def connect(self, port, address="127.0.0.1"):
        near = self.socket()
        near.settimeout(60)
        near.connect((address, port))
        return near

    def bring(self, port, connect=None):
        """127.0.0.1:port there is what it is here; or where connect() gives connections to."""
        if self._namespace is None or port in self._brought:
            return
        listener = self._brought[port] = self.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        threading.Thread(target=self._accept, args=(listener, connect or (lambda: _here(port))), daemon=True).start()

    def close(self):
        for listener in self._brought.values():
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    @staticmethod
    def _accept(listener, connect):
        while True:
            try:
                near = listener.accept()[0]
            except OSError:
                return
            try:
                far = connect()
            except OSError:     # refused here: as near to that as can be
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                near.close()
                continue
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=(source, sink), daemon=True).start()


def _here(port):
    return socket.create_connection(("127.0.0.1", port))


def _pass_on(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for one in (source, sink):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
