"""Let's Encrypt's test CA (Debian's package pebble) and its name server: every name is this machine."""

import json
import os
import shutil
import ssl
import subprocess
import urllib.request

from .certificates import usual, usual_authority
from .ports import free_ports
from .wait import wait_until


def is_there():
    return shutil.which("pebble") is not None


def directory(port):
    return f"https://localhost:{port}/dir"


def roots():
    """Of the CA's own https, which is the same whichever takes another's place."""
    return usual_authority().roots


def settings(pair, port, management, http_port, tls_port, bindings=None):
    """The text of its file; pair: paths of what it shows itself."""
    return json.dumps({"pebble": {
        "listenAddress": f"127.0.0.1:{port}", "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(pair.cert), "privateKey": str(pair.key), "httpPort": http_port, "tlsPort": tls_port, "ocspResponderURL": "",
        "externalAccountBindingRequired": bindings is not None, "externalAccountMACKeys": bindings or {}}})


class Pebble:
    """http_port, tls_port: where it looks for challenges by http-01 and tls-alpn-01. nonces_refused: of a hundred good ones. port: of
    its API, so that one may take another's place. bindings: {kid: key}, where accounts have to be bound. No authorisation is used again."""

    def __init__(self, folder, http_port, tls_port=1, nonces_refused=50, port=None, bindings=None):
        management, self.dns_port, self._names = (free_ports() for _ in range(3))
        self.port = port or free_ports()
        self.directory = directory(self.port)
        self._management = f"https://localhost:{management}"
        (folder / "pebble.json").write_text(settings(usual(), self.port, management, http_port, tls_port, bindings))
        self.log_path = folder / "pebble.log"
        env = dict(os.environ, PEBBLE_VA_NOSLEEP="1", PEBBLE_WFE_NONCEREJECT=str(nonces_refused), PEBBLE_AUTHZREUSE="0")
        with open(self.log_path, "wb") as log:
            self._processes = [subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=env) for command in (
                ["pebble-challtestsrv", "-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", "",
                 "-dns01", f"127.0.0.1:{self.dns_port}", "-management", f"127.0.0.1:{self._names}"],
                ["pebble", "-strict", "-config", str(folder / "pebble.json"), "-dnsserver", f"127.0.0.1:{self.dns_port}"])]
        self._tls = ssl.create_default_context(cafile=str(roots()))
        try:
            wait_until(self._serves, 20, "pebble")
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for process in self._processes:
            process.kill()
            process.wait()

    def get(self, path, base=None):
        with urllib.request.urlopen((base or self._management) + path, context=self._tls, timeout=10) as reply:
            return reply.read()

    def _serves(self):
        try:
            return self.get("/roots/0") and self.get("", self.directory)
        except OSError:
            return False

    def point(self, name, address):
        """From now on its name server says that this name is there."""
        for order, what in (("clear-a", {}), ("add-a", {"addresses": [address]})):
            body = json.dumps({"host": f"{name}.", **what}).encode()
            urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{self._names}/{order}", body, method="POST"), timeout=10).close()

    def root(self):
        """PEM, of what it issues."""
        return self.get("/roots/0").decode()

    def log(self):
        return self.log_path.read_text(errors="replace")
