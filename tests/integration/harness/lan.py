"""Hosts that see each other: a wire between them, in a network namespace of its own, and a load balancer on it."""

import contextlib
import http.client
import http.server
import os
import pathlib
import socket
import subprocess
import threading

from .island import Island

_INIT = 'ip link set lo up && ip link add lan type bridge && ip link set lan up && ip address add "$1/24" dev lan && echo ready && cat'
KEPT_FIELDS = ("content-type", "allow", "retry-after")


class Lan:
    """It ends with the process that made it. address: our own on it, where the load balancer is."""

    def __init__(self, address):
        self.address, self._count, self._ports = address, 0, {}
        self._process = subprocess.Popen(["unshare", "--net", "sh", "-c", _INIT, "lan", address], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        assert self._process.stdout.readline() == "ready\n", "no bridge can be made here"
        self.pid = self._process.pid
        self.space = Island(self.pid)

    @staticmethod
    def _ip(pid, *words):
        subprocess.run(["nsenter", f"--net={pathlib.Path('/proc', str(pid), 'ns', 'net')}", "ip", *map(str, words)], check=True)

    def join(self, host, address):
        self._count += 1
        near = self._ports[address] = f"port{self._count}"
        self._ip(self.pid, "link", "add", near, "type", "veth", "peer", "name", "wire", "netns", host.pid)
        self._ip(self.pid, "link", "set", near, "master", "lan", "up")
        self._ip(host.pid, "address", "add", f"{address}/24", "dev", "wire")
        self._ip(host.pid, "link", "set", "wire", "up")

    def cut(self, address):
        """Nobody sees that host any more, until mend."""
        self._ip(self.pid, "link", "set", self._ports[address], "down")

    def mend(self, address):
        self._ip(self.pid, "link", "set", self._ports[address], "up")

    def join_here(self, address):
        """This machine's own network joins. Its end of the wire goes with the bridge."""
        self._count += 1
        near, here = f"port{self._count}", f"slt{self.pid}"
        self._ip(self.pid, "link", "add", near, "type", "veth", "peer", "name", here, "netns", os.getpid())
        self._ip(self.pid, "link", "set", near, "master", "lan", "up")
        subprocess.run(["ip", "address", "add", f"{address}/24", "dev", here], check=True)
        subprocess.run(["ip", "link", "set", here, "up"], check=True)

    def connect(self, address, port):
        return self.space.connect(port, address)

    def close(self):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


class Balancer:
    """Sends each request to the address whose prefix is first in `routes`: [(prefix, address)]. Says whom it is for, as such
    do. One that cannot be reached is 502."""

    def __init__(self, lan, routes):
        self.lan, self.routes = lan, routes
        listener = lan.space.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((lan.address, 80))
        listener.listen(64)
        self.server = http.server.ThreadingHTTPServer((lan.address, 80), self._handler(), bind_and_activate=False)
        self.server.socket.close()
        self.server.socket, self.server.daemon_threads = listener, True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def connect(self):
        return self.lan.connect(self.lan.address, 80)

    def forward(self, method, target, fields, body):
        address = next(to for prefix, to in self.routes if target.startswith(prefix))
        connection = http.client.HTTPConnection(address, 80, timeout=60)
        try:
            connection.sock = self.lan.connect(address, 80)
            connection.request(method, target, body, {**fields, "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"})
            reply = connection.getresponse()
            return reply.status, {k: v for k, v in reply.getheaders() if k.lower() in KEPT_FIELDS}, reply.read()
        except (OSError, http.client.HTTPException) as error:
            return 502, {}, str(error).encode()
        finally:
            connection.close()

    def _handler(balancer):     # pylint: disable=no-self-argument
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fields = {k: v for k, v in self.headers.items() if k.lower() in ("host", "content-type", "accept")}
                status, fields, body = balancer.forward(self.command, self.path, fields, body)
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *_):
                pass
        return Handler

    def close(self):
        with contextlib.suppress(OSError):
            self.server.shutdown()
        self.server.server_close()
