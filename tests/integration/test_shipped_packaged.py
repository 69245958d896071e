"""The configuration that the package installs serves the whole application, before and after every kind of replacement."""

import shutil

import pytest

from harness import sanitizer
from harness.host import Host
from harness.images import ROOT
from harness.orchestrator import binary
from harness.shipped import Shipped
from harness.wait import wait_until

CONFIG = ROOT / "orchestrator" / "packaging" / "orchestrator" / "orchestrator.json"


class Packaged(Shipped):
    """As the service unit runs it, without systemd."""

    def __init__(self, host):
        super().__init__(host, binary())
        self.config, self.program = host.folder / "orchestrator.json", None
        shutil.copy(CONFIG, self.config)
        self.trip = self.round_trip()

    def start(self):
        self.program = self.host.start(self.host.folder / "orchestrator.log", binary(), "-c", self.config,
                                       env=sanitizer.ENVIRONMENT)
        wait_until(lambda: self.container("acts") and self.container("users"), 60, "acts and users are ready")
        return self

    def log(self):
        return self.program.log()

    def pid(self):
        return self.program.pid

    def goes_on(self):
        self.trip.again(lambda: self.connect("acts"))


@pytest.fixture(name="packaged", scope="module")
def _packaged(tmp_path_factory):
    host = Host(tmp_path_factory.mktemp("packaged"))
    try:
        host.start_dockerd()
        host.make_images()
        packaged = Packaged(host).start()
        yield packaged
        assert packaged.program.stop() == 0
        assert host.text("docker ps --all --quiet") == ""
        sanitizer.assert_none(packaged.log(), "orchestrator")
    finally:
        host.close()


def test_the_round_trip(packaged):
    packaged.trip.all()
    packaged.goes_on()


@pytest.mark.parametrize("service", ["acts", "users"])
@pytest.mark.parametrize("how", ["kill", "remove", "pause", "restart"])
def test_docker(packaged, service, how):
    packaged.scale("acts", 1)
    packaged.hurt(service, lambda: getattr(packaged.host.docker, how)(f"{service}_0"))
    packaged.goes_on()


@pytest.mark.parametrize("service,port", [("acts", 8000), ("users", 8080)])
def test_crash(packaged, service, port):
    packaged.hurt(service, lambda: packaged.host.request(port, "/api/v1/_crash", "POST"))
    packaged.goes_on()


def test_sighup_with_another_setting_rolls_it(packaged):
    text = packaged.config.read_text(encoding="utf-8")
    before = packaged.container("acts")
    packaged.config.write_text(text.replace('"env": {', '"env": {"LOG_LEVEL": "debug", '), encoding="utf-8")
    assert "event=reloaded" in packaged.reload()
    packaged.trip.check()
    packaged.wait_replaced("acts", before)
    packaged.goes_on()


def test_restarted_it_adopts(packaged):
    packaged.scale("acts", 1)
    before = packaged.container("acts"), packaged.container("users")
    assert packaged.program.stop("TERM") == 0
    packaged.start()
    packaged.goes_on()
    assert (packaged.container("acts"), packaged.container("users")) == before
