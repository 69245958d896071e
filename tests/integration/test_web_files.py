"""GET / and /web/*: the page's files, with types, entity tags, a policy and how long they are kept; nothing of it is counted."""

import hashlib
import re

import pytest

from harness.client import RawClient, request
from harness.images import ROOT, build_dir
from services_native import Native
from web_site import shared_site, site  # pylint: disable=unused-import

SOURCE = ROOT / "services" / "web" / "page"
PAGE = build_dir() / "services" / "web" / "page"        # as it is bundled
KINDS = ["index.html", "page.js", "page.css", "icon.svg"]
PAGE_BYTES = 120000
YEAR = "public, max-age=31536000, immutable"
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


def named(kind):
    """The name under which the bundle has a file: with its hash in it, but for the page itself."""
    stem, ending = kind.split(".")
    [path] = PAGE.glob(kind if ending == "html" else f"{stem}.*.{ending}")
    return path.name


def count(port):
    return request(port, "/api/v1/_count").json()


@pytest.mark.parametrize("kind", KINDS)
def test_every_file(port, kind):
    name = named(kind)
    reply = request(port, f"/web/{name}")
    assert (reply.status, reply.body) == (200, (PAGE / name).read_bytes())
    assert reply.get("Content-Type") == TYPES["." + name.split(".")[-1]]
    digest = hashlib.sha256(reply.body).hexdigest()[:16]
    assert reply.get("ETag") == f'"{digest}"' and (digest in name) == (kind != "index.html")
    assert reply.get("Content-Length") == str(len(reply.body))
    assert reply.get("Cache-Control") == ("no-cache" if kind == "index.html" else YEAR)


@pytest.mark.parametrize("name", ["page.js", "page.0123456789abcdef.js"])
def test_a_name_of_another_version(port, name):
    """While containers are replaced, a new one's page may ask an old one: the file that there is, and not for long."""
    reply = request(port, f"/web/{name}")
    assert (reply.status, reply.body) == (200, (PAGE / named("page.js")).read_bytes())
    assert reply.get("Cache-Control") == "no-cache"


def test_the_page_is_small_and_names_what_there_is(port):
    """All that a first visit takes but for acts; whatever it asks for is there, and kept for ever."""
    page = request(port, "/").body
    names = re.findall(rb'"/web/([^"]+)"', page)
    assert sorted(name.decode() for name in names) == sorted(named(kind) for kind in KINDS if kind != "index.html")
    assert len(page) + sum(len(request(port, f"/web/{name.decode()}").body) for name in names) < PAGE_BYTES


@pytest.mark.parametrize("path", ["/", "/?x=1", "/web/index.html", "/web/%69ndex.html"])
def test_the_page(port, path):
    reply = request(port, path)
    assert (reply.status, reply.body) == (200, (PAGE / "index.html").read_bytes())


@pytest.mark.parametrize("path", ["/", "/web/page.js", "/web/icon.svg", "final"])
def test_fields(port, path):
    final = path == "final"
    path = f"/web/{named('page.js')}" if final else path
    reply = request(port, path)
    policy = dict(part.strip().split(" ", 1) for part in reply.get("Content-Security-Policy").split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' blob:" and policy["require-trusted-types-for"] == "'script'"
    assert reply.get("X-Content-Type-Options") == "nosniff" and reply.get("Referrer-Policy") == "no-referrer"
    assert reply.get("Cache-Control") == (YEAR if final else "no-cache")
    assert reply.get("Access-Control-Allow-Origin") == "*"


@pytest.mark.parametrize("path", ["/", "/web/page.js", "/web/page.css", "final"])
def test_not_modified(port, path):
    path = f"/web/{named('icon.svg')}" if path == "final" else path
    whole = request(port, path)
    tag = whole.get("ETag")
    for value in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        reply = request(port, path, headers={"If-None-Match": value})
        assert (reply.status, reply.body, reply.get("ETag")) == (304, b"", tag), value
        assert reply.get("Content-Security-Policy") and reply.get("Content-Length") is None
    for value in ('"x"', tag[:-2] + '"', ""):
        assert request(port, path, headers={"If-None-Match": value}).body == whole.body, value


@pytest.mark.parametrize("path", ["/", "/web/page.js"])
def test_head(port, path):
    get, head = request(port, path), request(port, path, "HEAD")
    assert (head.status, head.body) == (200, b"")
    for field in ("Content-Length", "Content-Type", "ETag", "Content-Security-Policy"):
        assert head.get(field) == get.get(field)


@pytest.mark.parametrize("path", ["/web/", "/web/nothing.js", "/web/app.js", "/web/words.js", "/web/page.js/", "/web/a/b", "/web", "/webx",
                                  "/index.html", "/web/..%2fpage.js", "/web/../page.js", "/favicon.ico"])
def test_no_such_file(port, path):
    with RawClient(port) as client:     # the path as it is
        client.send(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        reply = client.read_reply()
    assert reply.status == 404 and reply.json()["error"]


@pytest.mark.parametrize("path", ["/", "/web/page.js"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods(port, path, method):
    reply = request(port, path, method, b"x")
    assert reply.status == 405 and reply.get("Allow") == "GET, HEAD, OPTIONS"


def test_options(port):
    reply = request(port, "/", "OPTIONS")
    assert (reply.status, reply.get("Access-Control-Allow-Methods")) == (204, "GET, HEAD")


def test_not_counted(port):
    before = count(port)
    for path in ("/", "/web/page.js", "/web/nothing"):
        request(port, path)
    assert count(port) == before
    request(port, "/api/v1/categories")
    assert count(port) == [before[0] + 1]


def test_many_at_once_on_one_connection(port):
    """Each whole, in order: the largest among them fill the socket."""
    names = [named(kind) for kind in KINDS] * 30
    with RawClient(port) as client:
        client.send(b"".join(f"GET /web/{name} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for name in names))
        for name in names:
            assert client.read_reply().body == (PAGE / name).read_bytes(), name


def test_a_slow_reader_gets_all_of_it(port):
    largest = named("page.js")
    with RawClient(port) as client:
        client.send(f"GET /web/{largest} HTTP/1.1\r\nHost: a\r\n\r\n".encode() * 50)
        for _ in range(50):
            assert client.read_reply().body == (PAGE / largest).read_bytes()


def test_nothing_comes_from_elsewhere():
    """Neither in the sources nor in what is made of them; nor does text become markup or style anywhere."""
    for path in [*SOURCE.iterdir(), *PAGE.iterdir()]:
        text = path.read_text()
        assert not re.search(r"(src|href)=\"(https?:)?//|url\(|@import|from \"(?!/web/)", text), path
        assert "innerHTML" not in text and "style=" not in text and not re.search(r"\son\w+=\"", text), path


def test_through_the_orchestrator(site):
    reply = site.orchestrator.get("/")
    assert (reply.status, reply.body) == (200, (PAGE / "index.html").read_bytes())
    assert reply.get("Content-Security-Policy")
    assert site.orchestrator.get("/", headers={"If-None-Match": reply.get("ETag")}).status == 304
    assert site.orchestrator.get("/web/page.js", method="HEAD").status == 200
