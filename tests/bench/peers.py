"""The proxies that are compared: each one process tree, one worker, pinned to one core, in front of given backends.

A peer is a class with `name`, `available()`, and an object of it with `port`, `pid`, `start(backends)`, `stop()`;
backends are [(address, port)]. Their settings are each program's own for this job: keep-alive to the backends,
no access log. With a pair (see harness.certificates) they speak TLS 1.3, with that certificate.
"""

import os
import shutil
import signal
import socket
import subprocess

from harness.ports import free_ports
from harness.wait import wait_until

import measure


def _listens(port):
    with socket.create_connection(("127.0.0.1", port), timeout=0.2):
        return True


class Peer:
    name = program = None
    environment = {}

    def __init__(self, folder, core=None, pair=None):
        self.folder, self.core, self.pair, self.port, self.process = folder, core, pair, free_ports(), None
        self.backends = []

    @classmethod
    def available(cls):
        return shutil.which(cls.program) is not None

    @property
    def pid(self):
        return self.process.pid

    def command(self, backends):
        raise NotImplementedError

    def start(self, backends):
        self.backends = backends
        pinned = ["taskset", "-c", str(self.core)] if self.core is not None else []
        log = open(self.folder / f"{self.name}.log", "wb")      # pylint: disable=consider-using-with
        self.process = subprocess.Popen(pinned + self.command(backends), stdout=log, stderr=log,
                                        env=dict(os.environ, **self.environment), start_new_session=True)
        log.close()
        try:
            wait_until(lambda: _listens(self.port), 20, f"{self.name} listens")
        except AssertionError as error:
            self.stop()
            raise RuntimeError(f"{error}:\n{(self.folder / f'{self.name}.log').read_text()}") from None

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)     # its own session: start_new_session
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def restart(self):
        self.stop()
        self.start(self.backends)

    def write(self, text):
        path = self.folder / f"{self.name}.conf"
        path.write_text(text)
        return str(path)


class Nginx(Peer):
    name = program = "nginx"

    def command(self, backends):
        servers = "".join(f"server {a}:{p};" for a, p in backends)
        tls = f"ssl_certificate {self.pair.cert}; ssl_certificate_key {self.pair.key}; ssl_protocols TLSv1.3;" if self.pair else ""
        return ["nginx", "-c", self.write(f"""
user root; daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx-error.log crit;
events {{ worker_connections 30000; }}
worker_rlimit_nofile 60000;
http {{
    access_log off; keepalive_timeout 600; keepalive_requests 1000000000; tcp_nodelay on;
    client_max_body_size 32m; client_body_buffer_size 64k;
    client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy;
    fastcgi_temp_path {self.folder}/fastcgi; uwsgi_temp_path {self.folder}/uwsgi; scgi_temp_path {self.folder}/scgi;
    upstream backend {{ {servers} keepalive 128; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{self.port} {"ssl" if self.pair else ""} backlog=4096; {tls}
        location / {{ proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    }}
}}
""")]


class Haproxy(Peer):
    name = program = "haproxy"

    def command(self, backends):
        servers = "".join(f"    server s{i} {a}:{p} check inter 1s fall 1\n" for i, (a, p) in enumerate(backends))
        tls = ""
        if self.pair:
            both = self.folder / "haproxy.pem"
            both.write_text(self.pair.cert.read_text() + self.pair.key.read_text())
            tls = f"ssl crt {both} ssl-min-ver TLSv1.3 alpn http/1.1"
        return ["haproxy", "-db", "-f", self.write(f"""
global
    nbthread 1
    maxconn 10100
    no strict-limits
defaults
    mode http
    option http-keep-alive
    http-reuse always
    retries 3
    option redispatch
    timeout connect 1s
    timeout client 600s
    timeout server 600s
frontend in
    bind 127.0.0.1:{self.port} {tls} backlog 4096
    default_backend out
backend out
    balance roundrobin
{servers}""")]


class H2o(Peer):
    name = program = "h2o"

    def command(self, backends):
        address, port = backends[0]      # the one of Debian takes one backend a path
        tls = f", ssl: {{ certificate-file: {self.pair.cert}, key-file: {self.pair.key} }}" if self.pair else ""
        return ["h2o", "-c", self.write(f"""
user: root
num-threads: 1
max-connections: 25000
http1-request-timeout: 600
hosts:
  default:
    listen: {{ host: 127.0.0.1, port: {self.port}{tls} }}
    paths:
      "/":
          proxy.reverse.url: http://{address}:{port}/
          proxy.timeout.keepalive: 600000
""")]


class Caddy(Peer):
    name = program = "caddy"
    environment = {"GOMAXPROCS": "1", "HOME": "/tmp", "XDG_CONFIG_HOME": "/tmp", "XDG_DATA_HOME": "/tmp"}

    def command(self, backends):
        to = " ".join(f"{a}:{p}" for a, p in backends)
        tls = f"\ttls {self.pair.cert} {self.pair.key} {{\n\t\tprotocols tls1.3\n\t}}\n" if self.pair else ""
        return ["caddy", "run", "--adapter", "caddyfile", "--config", self.write(
            f"{{\n\tadmin off\n\tauto_https off\n}}\nhttp{'s' if self.pair else ''}://127.0.0.1:{self.port} {{\n{tls}\treverse_proxy {to} {{\n"
            "\t\ttransport http {\n\t\t\tkeepalive_idle_conns_per_host 256\n\t\t}\n\t}\n}\n")]


class Ours:
    """The orchestrator with one service; its backends are containers it makes itself."""

    name = "selfless"

    def __init__(self, orchestrator, core=None, name=name):
        self.orchestrator, self.core, self.name = orchestrator, core, name
        self.port = orchestrator.port

    @property
    def pid(self):
        return self.orchestrator.process.pid

    def start(self):
        self.orchestrator.start()
        if self.core is not None:
            measure.pin(self.pid, self.core)

    def restart(self):
        """The container stays: it is adopted."""
        self.orchestrator.stop()
        self.start()

    def stop(self):
        self.orchestrator.close()


PEERS = [Nginx, Haproxy, H2o, Caddy]
