"""What the documents tell to type, typed on a space after its docker/up, as it stands there."""

import re

from harness.images import ROOT
from harness.shipped import Shipped
from harness.wait import wait_until

BUILD_S = 600
SETTLED_S = 60
FOLLOWED_S = 5
SERVES = "curl -fs --retry 60 --retry-delay 1 --retry-all-errors -o /dev/null http://127.0.0.1/api/v1/categories"


def block(document, word):
    """The one block of commands with that word."""
    found = [text for text in re.findall(r"^```sh\n(.*?)^```$", (ROOT / document).read_text(encoding="utf-8"), re.M | re.S) if word in text]
    assert len(found) == 1, f"{document}: {len(found)} blocks of commands with {word}"
    return found[0]


def build(space):
    """Without what only tests need."""
    assert space.run("pkg-config --exists check", check=False).returncode != 0
    assert "--check" in space.run("set -e\n" + block("README.md", "cmake -B build &&"), timeout=BUILD_S).stdout


def package_lines():
    """To the packages, from the sources."""
    return block("README.md", "cmake -B build-deb")


def package_line():
    """From the package to the program."""
    return block("README.md", "apt install ./selfless-orchestrator").splitlines()[0]


def at_work(space):
    """In its order, but for the last line, which stops it. Each order is given once the one before is carried out."""
    shipped = Shipped(space)
    lines = block("README.md", "orchestrator status").splitlines()
    assert lines[-1].startswith("orchestrator drain")
    for line in lines[:-1]:
        if line.startswith("orchestrator reload"):      # docker/up alone runs with what is built in
            done = space.run("PATH=$PWD/build/orchestrator:$PATH\n" + line, check=False)
            assert done.returncode == 1 and "use -c FILE" in done.stdout, done
            continue
        if " -f" in line.split("#")[0]:                 # follows until it is interrupted, and that is a good end
            line = f"timeout --preserve-status --signal INT {FOLLOWED_S} {line}"
        wait_until(lambda order=line: space.run("PATH=$PWD/build/orchestrator:$PATH\n" + order, check=False).returncode == 0,
                   SETTLED_S, line)
    shipped.scale("acts", 1)
    shipped.wait_settled()


def api_and_backup(space):
    """An act that was posted as docs/api.md says is in the backup that is made and restored as the README says."""
    listing = "curl -fs http://127.0.0.1/api/v1/categories/greens/acts"
    assert '"caption":"planted a tree"' in space.run("set -e\n" + block("docs/api.md", "sha1sum")).stdout
    before = space.text(listing)
    space.run("set -e\n" + block("README.md", "--backup"))
    space.run("curl -fs -X DELETE http://127.0.0.1/api/v1/categories/greens")
    space.run("set -e\n" + block("README.md", "docker volume inspect") + SERVES, timeout=BUILD_S)
    assert space.text(listing) == before
    space.run("curl -fs -X DELETE http://127.0.0.1/api/v1/categories/greens && rm act.json tree.png backup.db")
