"""docs/operating.md's example of two hosts behind a load balancer serves the whole application, as it stands there, before and
after replacements on both, and with the users host away and back."""

import contextlib
import json

import pytest

from documents import ROOT, configurations
from harness import sanitizer
from harness.host import Host
from harness.lan import Balancer, Lan
from harness.orchestrator import binary
from harness.round_trip import RoundTrip
from harness.shipped import Shipped
from harness.wait import wait_until

EXAMPLES = [text for text in configurations(ROOT / "docs" / "operating.md") if "trusted_proxies" in text]


class Served(Shipped):
    """One of the two hosts, with its own dockerd and its own orchestrator."""

    def __init__(self, host, text):
        super().__init__(host, binary())
        self.config, self.program = host.folder / "config.json", None
        self.config.write_text(text, encoding="utf-8")
        self.service = json.loads(text)["services"][0]["name"]
        host.start_dockerd()
        host.make_images()

    def start(self):
        self.program = self.host.start(self.host.folder / "orchestrator.log", binary(), "-c", self.config,
                                       env=sanitizer.ENVIRONMENT)
        wait_until(lambda: self.container(self.service), 60, f"{self.service} is ready")

    def stop(self):
        assert self.program.stop() == 0
        sanitizer.assert_none(self.program.log(), self.service)


class TwoHosts:
    def __init__(self, users, acts, balancer):
        self.users, self.acts, self.balancer = users, acts, balancer
        self.trip = RoundTrip("http://10.0.0.5", balancer.connect)

    def goes_on(self):
        self.trip.again()


@pytest.fixture(name="two", scope="module")
def _two(tmp_path_factory):
    with contextlib.ExitStack() as closing:
        lan = Lan("10.0.0.5")
        closing.callback(lan.close)
        served = []
        for text, address in zip(EXAMPLES, ("10.0.0.7", "10.0.0.6"), strict=True):
            host = Host(tmp_path_factory.mktemp("host"))
            closing.callback(host.close)
            lan.join(host, address)
            served.append(Served(host, text))
        for one in served:
            one.start()
        balancer = Balancer(lan, [("/api/v1/users", "10.0.0.7"), ("/", "10.0.0.6")])
        closing.callback(balancer.close)
        yield TwoHosts(*served, balancer)
        for one in served:
            one.stop()


def test_the_addresses_are_those_of_the_document():
    assert len(EXAMPLES) == 2 and all('"trusted_proxies": ["10.0.0.5"]' in text for text in EXAMPLES)
    assert '"USERS_URL": "http://10.0.0.7"' in EXAMPLES[1]


def test_the_round_trip(two):
    two.trip.all()
    two.goes_on()


@pytest.mark.parametrize("which", ["acts", "users"])
@pytest.mark.parametrize("how", ["kill", "remove", "pause"])
def test_docker(two, which, how):
    one = getattr(two, which)
    one.scale(which, 1)
    one.hurt(which, lambda: getattr(one.host.docker, how)(f"{which}_0"))
    two.goes_on()


def test_private_paths_and_the_health_check_of_a_load_balancer(two):
    assert two.trip.ask("GET", "/_count").status == 403
    assert two.trip.ask("GET", "/categories").status in (200, 204)      # 204: no test before has made any


def test_users_host_away_and_back(two):
    two.trip.users_away(two.users.stop, two.users.start)
    two.goes_on()


def test_deleted_user(two):
    two.trip.delete_ben()
    two.goes_on()
