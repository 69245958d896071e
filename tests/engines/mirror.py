"""A proxy for apt in a space that has no network: it asks from here. Packages, whose names say which version they are, are
kept in a folder; lists are not."""

import http.server
import os
import pathlib
import shutil
import threading
import urllib.error
import urllib.parse
import urllib.request

from delivered import in_the_clear, mirror

TIMEOUT_S = 120
LEFT_OUT = ("content-type", "content-length", "last-modified")


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _origin(self):
        """Where this machine would ask."""
        real = mirror()
        return self.path.replace(in_the_clear(real), real, 1)

    def do_GET(self):   # pylint: disable=invalid-name
        kept = self.server.folder / urllib.parse.quote(urllib.parse.urlsplit(self.path).path, safe="")
        try:
            if self.path.endswith(".deb"):
                self._send_kept(kept)
            else:
                self._pass_on()
        except urllib.error.HTTPError as error:
            self._refuse(error.code)
        except OSError as error:
            print(f"engines: mirror: {self.path}: {error}", flush=True)
            self._refuse(502)

    def _refuse(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _ask(self):
        fields = {name: value for name, value in self.headers.items() if name.lower() in ("if-modified-since", "if-range", "range")}
        return urllib.request.urlopen(urllib.request.Request(self._origin(), headers=fields), timeout=TIMEOUT_S)

    def _pass_on(self):
        with self._ask() as reply:
            body = reply.read()
            self.send_response(reply.status)
            for name, value in reply.getheaders():
                if name.lower() in LEFT_OUT and name.lower() != "content-length":
                    self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_kept(self, kept):
        if not kept.exists():
            new = kept.with_name(f"{kept.name}.{threading.get_ident()}.new")
            del self.headers["Range"]
            with self._ask() as reply, open(new, "wb") as file:
                shutil.copyfileobj(reply, file)
            new.rename(kept)
        os.utime(kept)
        self.send_response(200)
        self.send_header("Content-Length", str(kept.stat().st_size))
        self.end_headers()
        with open(kept, "rb") as file:
            shutil.copyfileobj(file, self.wfile)

    def log_message(self, *_):      # pylint: disable=arguments-differ
        pass


class Mirror(http.server.ThreadingHTTPServer):
    """On a socket that was made in the space."""
    daemon_threads = True

    def __init__(self, listener, port, folder: pathlib.Path):
        super().__init__(("127.0.0.1", port), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket, self.folder = listener, folder
        folder.mkdir(exist_ok=True)
        self.server_bind()
        self.server_activate()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()
