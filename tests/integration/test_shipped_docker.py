"""docker/up as it is serves the whole application, by port and by page, before and after every kind of replacement: what was
acknowledged is there, byte for byte; docker/down takes all of it away, and the data only where that is asked for.

The scenarios are one life, in their order.
"""

import re

import pytest

from harness.browser import is_there as browser_is_there
from harness.images import ROOT
from shipped_life import life_on

pytestmark = pytest.mark.skipif(not browser_is_there(), reason="needs Debian's packages chromium and chromium-driver")


@pytest.fixture(name="life", scope="module")
def _life(tmp_path_factory):
    with life_on(tmp_path_factory.mktemp("shipped")) as life:
        yield life


def readme_block(heading, word):
    """The commands of a section's block that holds the word."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").split(f"\n### {heading}\n")[1]
    return next(block for block in re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S) if word in block)


def test_the_round_trip(life):
    life.begin()


def test_by_the_page(life):
    life.visitor.arrive()


def test_the_lines_that_docker_up_prints(life):
    """Called again it is harmless, and says that it runs already."""
    said = life.shipped.up()
    assert f"already running (pid {life.shipped.pid()})" in said
    lines = [line.strip() for line in said.splitlines() if line.strip().startswith("curl ")]
    asked = " && ".join(f"{line} -s -o /dev/null -w '%{{http_code}} '" for line in lines)
    assert life.host.text(asked) == "201 201 200"


@pytest.mark.parametrize("how", ["kill", "remove", "pause", "restart", "stop"])
def test_docker(life, how):
    life.hurt("acts", lambda: getattr(life.host.docker, how)("acts_0"))


def test_crash(life):
    def crash():
        assert life.host.request(8000, "/api/v1/_crash", "POST").status == 200
    life.hurt("acts", crash)


@pytest.mark.parametrize("order", ["replace acts 0", "roll acts", "roll users"])
def test_order(life, order):
    life.hurt(order.split()[1], lambda: life.shipped.order(*order.split()))


@pytest.mark.parametrize("how", ["restart", "kill"])
def test_docker_on_users(life, how):
    life.hurt("users", lambda: getattr(life.host.docker, how)("users_0"))


def test_scale_to_three_and_back(life):
    life.shipped.scale("acts", 3)
    life.goes_on([lambda port=port: life.host.connect(port) for port in (8001, 8002)])
    life.shipped.scale("acts", 1)
    life.goes_on()


def test_sighup(life):
    before = life.shipped.container("acts")
    assert "event=reload-refused" in (said := life.shipped.reload()) and "no file to read" in said
    life.goes_on()
    assert life.shipped.container("acts") == before


def test_orchestrator_killed(life):
    """docker/up again finds the containers and goes on with them."""
    life.shipped.scale("acts", 1)
    before = life.shipped.container("acts"), life.shipped.container("users")
    life.host.run(f"kill -KILL {life.shipped.pid()}")
    life.shipped.up()
    life.goes_on()
    assert (life.shipped.container("acts"), life.shipped.container("users")) == before


def test_users_away_and_back(life):
    """Off the network that acts finds it by, while the orchestrator sees it well."""
    before = life.shipped.container("users")
    life.trip.users_away(lambda: life.host.run("docker network disconnect selfless users_0"),
                         lambda: life.host.run("docker network connect --alias users selfless users_0"))
    assert life.shipped.container("users") == before
    life.goes_on()


def test_backup_down_and_restore(life):
    """As the README says, command by command; and every act is there, from before the backup and from after it."""
    home = life.host.folder
    life.host.run(f"set -e\n{readme_block('Backup and restore', 'docker exec')}", cwd=home)
    later = life.trip.expect(201, "POST", "/categories", ["after the backup"])
    assert later == {}
    pid = life.shipped.pid()
    down, *rest = readme_block("Backup and restore", "docker volume inspect").splitlines()
    assert (down, rest.pop()) == ("docker/down", "docker/up")
    life.shipped.down()
    assert life.host.text("docker ps --all --quiet") == "" and life.host.run(f"kill -0 {pid}", check=False).returncode != 0
    life.host.run("\n".join(["set -e", *rest]), cwd=home)
    life.shipped.up()
    assert "after the backup" not in life.trip.expect(200, "GET", "/categories")
    life.goes_on()


def test_down_and_up(life):
    life.shipped.down()
    life.shipped.up()
    life.goes_on()


def test_down_with_the_data(life):
    life.visitor.check()
    life.shipped.down("--volumes")
    assert life.host.text("docker ps --all --quiet; docker volume ls --quiet --filter label=selfless.name;"
                          " docker network ls --quiet --filter label=selfless.name; ls -d /run/selfless 2>/dev/null || true") == ""
