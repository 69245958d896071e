"""An ACME CA that says what a scenario wants of it: what pebble does not do (renewal information, profiles, short lives, refusals).

It does not look at signatures; whether a host is where it is said to be it does look, by http-01 or tls-alpn-01.
"""

import base64
import hashlib
import http.client
import http.server
import itertools
import json
import secrets
import socket
import ssl
import subprocess
import threading
import time

from .certificates import usual, usual_authority
from .ports import free_ports

ACME_IDENTIFIER = bytes.fromhex("06082b0601050507011f0101ff04220420")     # RFC 8737: the extension, critical, up to its 32 bytes


def _decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Refusal(Exception):
    """What is answered instead: status, type and words of a problem, and more fields."""

    def __init__(self, status, kind, detail="no", **fields):
        super().__init__(detail)
        self.status, self.kind, self.detail = status, kind, detail
        self.fields = {name.replace("_", "-"): value for name, value in fields.items()}


class SmallCa:
    """http_port, tls_port: where it looks for challenges. issuer: an Authority that signs.
    before: bytes that its connections begin with. What may be changed while it runs: life_s, of what it issues (begin_s ago);
    window(leaf) -> (from, until) in Unix time, None: renewal information is offered; retry_after, of that; clock_off_s, of its Date; profiles {name: what it is}; refuse {what: [Refusal, ...]}, one for
    each time, where what is new-account, account (a change of it), new-order, challenge or renewal-info. asked is what was: [(what, payload), ...]."""

    def __init__(self, http_port, tls_port, issuer, port=None, before=b"", binds=False, offers=("http-01", "tls-alpn-01")):
        self.http_port, self.tls_port, self.issuer, self.before, self.binds, self.offers = http_port, tls_port, issuer, before, binds, offers
        self.life_s, self.begin_s, self.window, self.retry_after, self.profiles, self.refuse, self.asked = 86400 * 90, 60, None, None, {}, {}, []
        self.clock_off_s = 0
        self._numbers, self._made, self._lock = itertools.count(1), {}, threading.Lock()
        self.roots = usual_authority().roots
        self.port = port or free_ports()
        self.base = f"https://localhost:{self.port}"
        self.directory = f"{self.base}/directory"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(usual().cert, usual().key)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def count(self, what):
        return sum(1 for one, _ in self.asked if one == what)

    def last(self, what):
        """The payload of the last one."""
        return [payload for one, payload in self.asked if one == what][-1]

    # --- what it answers -----------------------------------------------------------------------------------------

    def _note(self, what, payload):
        with self._lock:
            self.asked.append((what, payload))
            script = self.refuse.get(what)
            refusal = script.pop(0) if script else None
        if refusal is not None:
            raise refusal

    def _directory(self):
        said = {"newNonce": f"{self.base}/nonce", "newAccount": f"{self.base}/account", "newOrder": f"{self.base}/order",
                "meta": {"externalAccountRequired": self.binds}}
        if self.profiles:
            said["meta"]["profiles"] = self.profiles
        if self.window is not None:
            said["renewalInfo"] = f"{self.base}/renewal"
        return said

    def _order(self, number):
        order = self._made[number]
        said = {"status": order["status"], "authorizations": [f"{self.base}/authorization/{number}"], "finalize": f"{self.base}/finalize/{number}"}
        if order["status"] == "valid":
            said["certificate"] = f"{self.base}/certificate/{number}"
        return said

    def _new_order(self, payload):
        self._note("new-order", payload)
        number = str(next(self._numbers))
        self._made[number] = {"status": "pending", "host": payload["identifiers"][0]["value"], "proof": "pending", "token": secrets.token_urlsafe(16)}
        return 201, self._order(number), {"Location": f"{self.base}/order/{number}"}

    def _authorization(self, number):
        order = self._made[number]
        challenges = [{"type": kind, "url": f"{self.base}/challenge/{number}/{kind}", "token": order["token"], "status": order["proof"]}
                      for kind in self.offers]
        if order["proof"] == "invalid":
            challenges[0]["error"] = order["error"]
        return {"status": order["proof"], "challenges": challenges}

    def _challenge(self, number, kind, thumbprint):
        self._note("challenge", {"kind": kind})
        order = self._made[number]
        try:
            answer = f"{order['token']}.{thumbprint}"
            (self._look_tls if kind == "tls-alpn-01" else self._look_http)(order["host"], order["token"], answer)
            order.update(proof="valid", status="ready")
        except (OSError, http.client.HTTPException, AssertionError) as error:
            order.update(proof="invalid", status="invalid",
                         error={"type": "urn:ietf:params:acme:error:connection", "detail": f"{kind}: {error}"})
        return {}

    def _look_http(self, host, token, answer):
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=10)
        connection.connect()
        connection.sock.sendall(self.before)
        connection.request("GET", f"/.well-known/acme-challenge/{token}", headers={"Host": host})
        reply = connection.getresponse()
        assert (reply.status, reply.read().decode()) == (200, answer)
        connection.close()

    def _look_tls(self, host, _token, answer):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["acme-tls/1"])
        with socket.create_connection(("127.0.0.1", self.tls_port), timeout=10) as raw:
            raw.sendall(self.before)
            with context.wrap_socket(raw, server_hostname=host) as shaken:
                assert shaken.selected_alpn_protocol() == "acme-tls/1"
                assert ACME_IDENTIFIER + hashlib.sha256(answer.encode()).digest() in shaken.getpeercert(True)
                shaken.settimeout(5)
                try:
                    assert shaken.recv(1) == b""        # the other side ends it, whatever this one does
                except (ConnectionResetError, ssl.SSLEOFError):
                    pass

    def _finalize(self, number, csr):
        order = self._made[number]
        now = time.time() - self.begin_s
        with self._lock:
            order["chain"] = self.issuer.sign(_decode(csr), order["host"], now, now + self.life_s)
        order["status"] = "valid"
        return self._order(number)

    def _renewal(self, name):
        self._note("renewal-info", {"name": name})
        begin, end = self.window(name)
        return 200, {"suggestedWindow": {"start": _rfc3339(begin), "end": _rfc3339(end)}}, \
            {"Retry-After": str(self.retry_after)} if self.retry_after is not None else {}

    def answer(self, method, path, message):
        """(status, document or text, fields)"""
        what, *args = path.strip("/").split("/")
        payload = _decode(message["payload"]) if message else b""
        payload = json.loads(payload) if payload else None
        if what == "nonce":
            return 200, "", {}
        if what == "directory" and method == "GET":
            return 200, self._directory(), {}
        if what == "renewal" and method == "GET":
            return self._renewal(args[0])
        if what == "account" and args:
            self._note("account", payload)
            return 200, {"status": "valid", **payload}, {}
        if what == "account":
            self._note("new-account", payload)
            self._thumbprint = self._thumb(message)
            return 201, {"status": "valid"}, {"Location": f"{self.base}/account/1"}
        if what == "order" and not args:
            return self._new_order(payload)
        if what == "order":
            return 200, self._order(args[0]), {}
        if what == "authorization":
            return 200, self._authorization(args[0]), {}
        if what == "challenge":
            return 200, self._challenge(*args, self._thumbprint), {}
        if what == "finalize":
            return 200, self._finalize(args[0], payload["csr"]), {}
        if what == "certificate":
            return 200, self._made[args[0]]["chain"], {}
        raise Refusal(404, "malformed", f"no such thing: {path}")

    @staticmethod
    def _thumb(message):
        """RFC 7638, of the key of a newAccount."""
        key = json.loads(_decode(message["protected"]))["jwk"]
        wanted = {name: key[name] for name in ("crv", "e", "kty", "n", "x", "y") if name in key}
        return _encode(hashlib.sha256(json.dumps(wanted, separators=(",", ":"), sort_keys=True).encode()).digest())

    def _handler(ca):       # pylint: disable=no-self-argument
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def log_message(self, *_):      # pylint: disable=arguments-differ
                pass

            def date_time_string(self, timestamp=None):
                return super().date_time_string((timestamp or time.time()) + ca.clock_off_s)

            def _reply(self, status, said, fields):
                body = (said if isinstance(said, str) else json.dumps(said)).encode()
                self.send_response(status)
                for name, value in {"Replay-Nonce": secrets.token_urlsafe(16), "Content-Length": str(len(body)), **fields}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def _do(self):
                length = int(self.headers.get("Content-Length", 0))
                message = json.loads(self.rfile.read(length)) if length else None
                try:
                    self._reply(*ca.answer(self.command, self.path, message))
                except Refusal as no:
                    self._reply(no.status, {"type": f"urn:ietf:params:acme:error:{no.kind}", "detail": no.detail}, no.fields)

            do_GET = do_POST = do_HEAD = _do        # pylint: disable=invalid-name

        return Handler


def serial_of(path):
    """The certificate's identifier of RFC 9773 section 4.1, worked out by other means than ours."""
    text = subprocess.run(["openssl", "x509", "-in", str(path), "-noout", "-serial", "-ext", "authorityKeyIdentifier"], capture_output=True,
                          text=True, check=True).stdout
    serial = bytes.fromhex(text.split("serial=")[1].split()[0])
    key = bytes.fromhex(text.split("Identifier:")[1].replace("keyid:", "").split()[0].replace(":", ""))
    return f"{_encode(key)}.{_encode((b'' if serial[0] < 0x80 else bytes(1)) + serial)}"
