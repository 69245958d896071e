"""GET / and /web/*: the page's files, with types, entity tags and a policy; nothing of it is counted."""

import hashlib
import re

import pytest

from harness.client import RawClient, request
from harness.images import ROOT
from services_native import Native
from web_site import shared_site, site  # pylint: disable=unused-import

PAGE = ROOT / "services" / "web" / "page"
FILES = sorted(path.name for path in PAGE.iterdir())
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".svg": "image/svg+xml"}


@pytest.fixture(scope="module", name="port")
def _port(tmp_path_factory):
    """Of an acts service alone."""
    services = Native(tmp_path_factory.mktemp("web"))
    try:
        yield services.start().acts_port
    finally:
        services.stop()


def count(port):
    return request(port, "/api/v1/_count").json()


@pytest.mark.parametrize("name", FILES)
def test_every_file(port, name):
    reply = request(port, f"/web/{name}")
    assert (reply.status, reply.body) == (200, (PAGE / name).read_bytes())
    assert reply.get("Content-Type") == TYPES["." + name.split(".")[-1]]
    assert reply.get("ETag") == f'"{hashlib.sha256(reply.body).hexdigest()[:16]}"'
    assert reply.get("Content-Length") == str(len(reply.body))


@pytest.mark.parametrize("path", ["/", "/?x=1", "/web/index.html", "/web/%69ndex.html"])
def test_the_page(port, path):
    reply = request(port, path)
    assert (reply.status, reply.body) == (200, (PAGE / "index.html").read_bytes())


@pytest.mark.parametrize("path", ["/", "/web/app.js", "/web/icon.svg"])
def test_fields(port, path):
    reply = request(port, path)
    policy = dict(part.strip().split(" ", 1) for part in reply.get("Content-Security-Policy").split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' data: blob:" and policy["require-trusted-types-for"] == "'script'"
    assert reply.get("X-Content-Type-Options") == "nosniff" and reply.get("Referrer-Policy") == "no-referrer"
    assert reply.get("Cache-Control") == "no-cache"
    assert reply.get("Access-Control-Allow-Origin") == "*"


@pytest.mark.parametrize("path", ["/", "/web/app.js", "/web/base.css", "/web/icons.svg"])
def test_not_modified(port, path):
    whole = request(port, path)
    tag = whole.get("ETag")
    for value in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        reply = request(port, path, headers={"If-None-Match": value})
        assert (reply.status, reply.body, reply.get("ETag")) == (304, b"", tag), value
        assert reply.get("Content-Security-Policy") and reply.get("Content-Length") is None
    for value in ('"x"', tag[:-2] + '"', ""):
        assert request(port, path, headers={"If-None-Match": value}).body == whole.body, value


@pytest.mark.parametrize("path", ["/", "/web/app.js"])
def test_head(port, path):
    get, head = request(port, path), request(port, path, "HEAD")
    assert (head.status, head.body) == (200, b"")
    for field in ("Content-Length", "Content-Type", "ETag", "Content-Security-Policy"):
        assert head.get(field) == get.get(field)


@pytest.mark.parametrize("path", ["/web/", "/web/nothing.js", "/web/app.js/", "/web/a/b", "/web", "/webx", "/index.html", "/web/..%2fapp.js",
                                  "/web/../app.js", "/favicon.ico"])
def test_no_such_file(port, path):
    with RawClient(port) as client:     # the path as it is
        client.send(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        reply = client.read_reply()
    assert reply.status == 404 and reply.json()["error"]


@pytest.mark.parametrize("path", ["/", "/web/app.js"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods(port, path, method):
    reply = request(port, path, method, b"x")
    assert reply.status == 405 and reply.get("Allow") == "GET, HEAD, OPTIONS"


def test_options(port):
    reply = request(port, "/", "OPTIONS")
    assert (reply.status, reply.get("Access-Control-Allow-Methods")) == (204, "GET, HEAD")


def test_not_counted(port):
    before = count(port)
    for path in ("/", "/web/app.js", "/web/nothing"):
        request(port, path)
    assert count(port) == before
    request(port, "/api/v1/categories")
    assert count(port) == [before[0] + 1]


def test_many_at_once_on_one_connection(port):
    """Each whole, in order: the largest among them fill the socket."""
    names = FILES * 8
    with RawClient(port) as client:
        client.send(b"".join(f"GET /web/{name} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for name in names))
        for name in names:
            assert client.read_reply().body == (PAGE / name).read_bytes(), name


def test_a_slow_reader_gets_all_of_it(port):
    largest = max(FILES, key=lambda name: (PAGE / name).stat().st_size)
    with RawClient(port) as client:
        client.send(f"GET /web/{largest} HTTP/1.1\r\nHost: a\r\n\r\n".encode() * 50)
        for _ in range(50):
            assert client.read_reply().body == (PAGE / largest).read_bytes()


def test_names_only_files_that_are_there():
    """What the page, its styles and its modules ask for is in the folder, and nothing comes from elsewhere."""
    for name in FILES:
        text = (PAGE / name).read_text()
        for found in re.findall(r'"/web/([^"#]+)', text):
            assert found in FILES, f"{name} asks for {found}"
        assert not re.search(r"(src|href)=\"(https?:)?//|url\(|@import|from \"(?!/web/)", text), name
        assert "innerHTML" not in text and "style=" not in text and not re.search(r"\son\w+=\"", text), name


def test_asks_for_all_modules_at_once():
    """Rather than one after the other, as each names the next: over a slow line that is seconds."""
    page = (PAGE / "index.html").read_text()
    for name in FILES:
        assert not name.endswith(".js") or name == "app.js" or f'rel="modulepreload" href="/web/{name}"' in page, name


def test_through_the_orchestrator(site):
    reply = site.orchestrator.get("/")
    assert (reply.status, reply.body) == (200, (PAGE / "index.html").read_bytes())
    assert reply.get("Content-Security-Policy")
    assert site.orchestrator.get("/", headers={"If-None-Match": reply.get("ETag")}).status == 304
    assert site.orchestrator.get("/web/app.js", method="HEAD").status == 200
