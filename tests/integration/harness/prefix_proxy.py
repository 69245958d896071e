"""A proxy in front of a server that takes a path prefix away, as one does who serves several things under one name.

with PrefixProxy("/fleet", orchestrator.admin_port) as proxy:
    browser.open(f"http://127.0.0.1:{proxy.port}/fleet/")
"""

import http.client
import http.server
import threading

TIMEOUT_S = 60
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


class PrefixProxy:
    """Anything outside the prefix is 404, and its path is noted in `strays`."""

    def __init__(self, prefix, port):
        self.prefix, self.target, self.strays = prefix, port, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_any(self):
                outer.pass_on(self)

            do_GET = do_HEAD = do_POST = do_any

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def pass_on(self, client):
        if not client.path.startswith(self.prefix + "/"):
            self.strays.append(client.path)
            client.send_error(404)
            return
        body = client.rfile.read(int(client.headers.get("Content-Length", 0)))
        fields = {name: value for name, value in client.headers.items() if name.lower() not in HOP_BY_HOP}
        server = http.client.HTTPConnection("127.0.0.1", self.target, timeout=TIMEOUT_S)
        try:
            server.request(client.command, client.path[len(self.prefix):], body or None, fields)
            self._answer(client, server.getresponse())
        except OSError:
            client.close_connection = True
        finally:
            server.close()

    @staticmethod
    def _answer(client, reply):
        client.send_response_only(reply.status, reply.reason)
        for name, value in reply.getheaders():
            if name.lower() not in HOP_BY_HOP:
                client.send_header(name, value)
        client.end_headers()
        while piece := reply.read1(65536):      # events come when they come
            client.wfile.write(piece)
            client.wfile.flush()
