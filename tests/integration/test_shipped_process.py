"""docker/up --engine process serves the whole application, by port and by page, before and after every kind of replacement, with
no Docker anywhere: what was acknowledged is there, byte for byte; docker/down ends all of it, and removes data where asked.

The scenarios are one life, in their order.
"""

import pytest

from harness.browser import is_there as browser_is_there
from harness.processes import records_in
from shipped_life import life_on

pytestmark = pytest.mark.skipif(not browser_is_there(), reason="needs Debian's packages chromium and chromium-driver")


@pytest.fixture(name="life", scope="module")
def _life(tmp_path_factory):
    with life_on(tmp_path_factory.mktemp("shipped"), "--engine", "process") as life:
        yield life


def signal(life, service, name):
    """To the process in the service's first slot, as `kill` sends it."""
    record = records_in(life.host.folder / "selfless" / "process")[life.shipped.container(service)]
    life.host.run(f"kill -{name} {record['pid']}")


def test_the_round_trip(life):
    life.begin()


def test_by_the_page(life):
    life.visitor.arrive()


def test_called_again_it_is_harmless(life):
    assert f"already running (pid {life.shipped.pid()})" in life.shipped.up("--engine", "process")
    life.goes_on()


@pytest.mark.parametrize("name", ["KILL", "STOP", "TERM"])
def test_signal(life, name):
    life.hurt("acts", lambda: signal(life, "acts", name))


@pytest.mark.parametrize("name", ["KILL", "TERM"])
def test_signal_to_users(life, name):
    life.hurt("users", lambda: signal(life, "users", name))


def test_crash(life):
    def crash():
        assert life.host.request(8000, "/api/v1/_crash", "POST").status == 200
    life.hurt("acts", crash)


@pytest.mark.parametrize("order", ["replace acts 0", "roll acts", "roll users"])
def test_order(life, order):
    life.hurt(order.split()[1], lambda: life.shipped.order(*order.split()))


def test_scale_to_three_and_back(life):
    life.shipped.scale("acts", 3)
    life.goes_on([lambda port=port: life.host.connect(port) for port in (8001, 8002)])
    life.shipped.scale("acts", 1)
    life.goes_on()


def test_sighup(life):
    before = life.shipped.container("acts")
    assert "event=reloaded" in life.shipped.reload()
    life.goes_on()
    assert life.shipped.container("acts") == before


def test_orchestrator_killed(life):
    """docker/up again finds the processes and goes on with them."""
    life.shipped.scale("acts", 1)
    before = life.shipped.container("acts"), life.shipped.container("users")
    life.host.run(f"kill -KILL {life.shipped.pid()}")
    life.shipped.up("--engine", "process")
    life.goes_on()
    assert (life.shipped.container("acts"), life.shipped.container("users")) == before


def test_users_away_and_back(life):
    rule = "OUTPUT -p tcp --dport 8080 -j REJECT --reject-with tcp-reset"
    life.trip.users_away(lambda: life.host.run(f"iptables -I {rule}"), lambda: life.host.run(f"iptables -D {rule}"))
    life.goes_on()


def test_down_and_up(life):
    life.shipped.down()
    assert life.host.run("pidof acts users orchestrator", check=False).stdout == ""
    life.shipped.up("--engine", "process")
    life.goes_on()


def test_down_with_the_data(life):
    life.visitor.check()
    life.shipped.down("--volumes")
    assert life.host.run("pidof acts users orchestrator", check=False).stdout == ""
    left = {path.name for path in (life.host.folder / "selfless").rglob("*") if path.is_file()}
    assert not any(name.startswith(("acts", "users")) for name in left), left
    assert not list((life.host.folder / "docker").iterdir()), "no Docker anywhere"
