"""acme_challenge_dir: the CA's questions are answered from files, before hosts, redirects and private paths, whatever serves; and
Debian's certbot, lego, uacme and dehydrated get certificates by it."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from documents import ROOT, blocks, configurations
from harness import pebble
from harness.certificates import openssl
from harness.client import RawClient
from harness.wait import wait_until
from test_reload import reload

WAY = "/.well-known/acme-challenge/"


@pytest.fixture
def challenges(tmp_path):
    folder = tmp_path / "challenges"
    folder.mkdir()
    return folder


def start(orchestrate, image, folder, **settings):
    orchestrator = orchestrate(acme_challenge_dir=str(folder), redirects=[{"from": "www.example.org", "to": "example.org"}], **settings)
    orchestrator.add_service("web", image, 1, hosts=["example.org"], private=["/.well-known"])
    return orchestrator.start()


def ask(orchestrator, target, host="example.org", method="GET"):
    return orchestrator.ask(f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0")


def test_files(orchestrate, backend_image, challenges):
    orchestrator = start(orchestrate, backend_image, challenges)
    below = challenges / ".well-known" / "acme-challenge"
    below.mkdir(parents=True)
    (challenges / "token_1").write_text("token_1.thumb")
    (below / "token-2").write_text("token-2.thumb")
    for token in ("token_1", "token-2"):
        for host in ("example.org", "www.example.org", "unknown.example", ""):
            reply = ask(orchestrator, WAY + token, host)
            assert (reply.status, reply.body) == (200, f"{token}.thumb".encode())
            assert reply.get("Content-Type") == "application/octet-stream"
    reply = ask(orchestrator, f"{WAY}token_1", method="HEAD")
    assert (reply.status, reply.get("Content-Length"), reply.body) == (200, "13", b"")
    assert ask(orchestrator, f"{WAY}token_1?x=y").status == 200
    assert ask(orchestrator, f"http://www.example.org{WAY}token_1", "x").status == 200
    with RawClient(orchestrator.port) as client:        # the connection goes on
        for _ in range(3):
            client.send(f"GET {WAY}token_1 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert client.read_reply().body == b"token_1.thumb"


def test_what_is_no_token(orchestrate, backend_image, challenges):
    orchestrator = start(orchestrate, backend_image, challenges)
    (challenges / "good").write_text("good.thumb")
    (challenges / "more.txt").write_text("x")
    (challenges / "large").write_bytes(b"x" * 4097)
    (challenges / "link").symlink_to("/etc/hostname")
    (challenges / "folder").mkdir()
    os.mkfifo(challenges / "pipe")
    (challenges.parent / "outside").write_text("x")
    for token in ("unknown", "", "more.txt", "large", "link", "folder", "pipe", "../outside", "..%2foutside", "%2e%2e/outside", "good/",
                  "good%00", "a" * 200, "./good"):
        reply = ask(orchestrator, WAY + token)
        assert (reply.status, reply.get("Content-Type")) == (404, "application/problem+json"), token
    for method in ("POST", "DELETE", "OPTIONS"):
        reply = ask(orchestrator, f"{WAY}good", method=method)
        assert (reply.status, reply.get("Allow")) == (405, "GET, HEAD")
    assert ask(orchestrator, "/.well-known/other").status == 403     # private, as ever


def test_before_anything_serves(orchestrate, backend_image, challenges):
    """A CA may ask while no container has ever been ready."""
    orchestrator = orchestrate(acme_challenge_dir=str(challenges))
    name = orchestrator.add_service("web", backend_image, 1, health={"path": "/status?code=404"})
    (challenges / "token").write_text("token.thumb")
    orchestrator.spawn()
    wait_until(orchestrator.listens, 30, "the front")
    assert ask(orchestrator, f"{WAY}token").body == b"token.thumb"
    assert not any(slot["state"] == "ready" for slot in orchestrator.slots(name))


def test_off_it_is_a_path_as_any_other(orchestrate, backend_image, challenges):
    orchestrator = start(orchestrate, backend_image, challenges)
    orchestrator.config["services"][0]["private"] = []
    del orchestrator.config["acme_challenge_dir"]
    reload(orchestrator)
    reply = ask(orchestrator, f"{WAY}token")
    assert reply.status == 200 and reply.backend is not None


# --- clients -------------------------------------------------------------------------------------------------------

NAMES = ["example.org", "www.example.org"]
PAGE = ROOT / "docs" / "tls.md"

# What has a client ask the scenario's CA, and take its terms; and the certificate that it leaves.
CLIENTS = {
    "certbot": ('certbot() { command certbot --non-interactive --agree-tos --register-unsafely-without-email --server "$CA" --config-dir '
                'etc/letsencrypt --work-dir work --logs-dir logs "$@"; }', "etc/letsencrypt/live/example.org/fullchain.pem"),
    "lego": ('lego() { command lego --server "$CA" "$@"; }', "var/lib/lego/certificates/example.org.crt"),
    "uacme": ('uacme() { command uacme --yes --acme-url "$CA" "$@"; }', "etc/ssl/uacme/example.org/cert.pem"),
    "dehydrated": ('dehydrated() { command dehydrated --ca "$CA" --config etc/dehydrated/config "$@"; }',
                   "var/lib/dehydrated/certs/example.org/fullchain.pem"),
}


def documented(client):
    """The lines for it in docs/tls.md: its paragraph of the block that has them all."""
    block, = (block for block in blocks(PAGE, "sh") if all(client in block for client in CLIENTS))
    paragraph, = (text for text in block.split("\n\n") if re.search(rf"^(\w+=\S+ )?{client} ", text, re.M))
    return paragraph


def settle(text, folder):
    """With the machine's folders below the scenario's."""
    return re.sub(r"(?<![\w/])/(?=(etc|var/lib)/)", f"{folder}/", text)


def type_in(client, ca, folder):
    """Its documented lines, on a machine whose authorities are the CA's."""
    (folder / "etc" / "dehydrated" / "conf.d").mkdir(parents=True)
    (folder / "etc" / "ssl").mkdir()
    (folder / "var" / "lib" / "dehydrated").mkdir()
    if client == "dehydrated":
        shipped = pathlib.Path("/etc/dehydrated/config").read_text(encoding="utf-8")
        (folder / "etc" / "dehydrated" / "config").write_text(f"{settle(shipped, folder)}\nACCOUNT_KEYSIZE=2048\n")
    trust = f'mount --bind "{pebble.roots()}" /etc/ssl/certs/ca-certificates.crt'
    lines = f"set -e\n{CLIENTS[client][0]}\n{settle(documented(client), folder)}"
    done = subprocess.run(["unshare", "--mount", "bash", "-ec", f'{trust}; exec bash -c "$1"', "bash", lines], capture_output=True,
                          text=True, cwd=folder, timeout=180, check=False, env=dict(os.environ, HOME=str(folder), CA=ca.directory))
    assert done.returncode == 0, f"{lines}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.mark.parametrize("client", list(CLIENTS))
def test_a_client_gets_a_certificate(orchestrate, backend_image, tmp_path, client):
    if not pebble.is_there() or shutil.which(client) is None:
        pytest.skip(f"needs Debian's packages pebble and {client}")
    machine = tmp_path / "machine"
    challenges = machine / "var" / "lib" / "acme-challenges"
    challenges.mkdir(parents=True)
    orchestrator = start(orchestrate, backend_image, challenges)
    nonces_refused = 50 if client == "lego" else 0        # the others give up after one or two
    with pebble.Pebble(tmp_path, orchestrator.port, nonces_refused=nonces_refused) as ca:
        type_in(client, ca, machine)
        path, root = machine / CLIENTS[client][1], tmp_path / "issuer.pem"
        root.write_text(ca.root())
        assert openssl("verify", "-CAfile", root, "-untrusted", path, path).strip() == f"{path}: OK"
    names = openssl("x509", "-in", path, "-noout", "-ext", "subjectAltName")
    assert all(f"DNS:{name}" in names for name in NAMES)
    assert [left for left in challenges.rglob("*") if left.is_file()] == []


def test_as_documented(orchestrate, backend_image, challenges):
    """The configuration in docs/tls.md, with this scenario's directory, name, ports and image."""
    orchestrator = orchestrate()
    documented = json.loads(configurations(PAGE)[0])
    (settings,) = documented.pop("services")
    orchestrator.config.update(documented, acme_challenge_dir=str(challenges))
    orchestrator.add_service(settings.pop("name"), backend_image, 1, **{key: settings[key] for key in ("hosts", "routes")})
    orchestrator.start()
    (challenges / "token").write_text("token.thumb")
    for host in ("example.org", "www.example.org"):
        assert ask(orchestrator, f"{WAY}token", host).body == b"token.thumb"
        assert ask(orchestrator, "/", host).status == 200
