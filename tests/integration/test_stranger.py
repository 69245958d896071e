"""A stranger with an image of their own walks docs/own-image.md from the first command to the last, by its words alone: built, tried,
served, killed, healed and scaled. No request of anybody else fails meanwhile."""

import os

import pytest

import own_image
from harness.host import Host
from harness.images import build_dir
from harness.wait import wait_until

PAGE = own_image.Page("own-image.md")
pytestmark = pytest.mark.skipif(not os.path.exists("/usr/sbin/nginx"), reason="the example is nginx-light's")


@pytest.fixture(name="typist")
def _typist(tmp_path):
    made = Host(tmp_path / "host")
    home = tmp_path / "home"
    home.mkdir()
    try:
        made.start_dockerd()
        yield own_image.Typist(made, home, home, f"PATH={build_dir() / 'orchestrator'}:$PATH")
    finally:
        made.close()


def test_from_a_dockerfile_to_healed_and_scaled(typist):
    minutes = own_image.walk(PAGE, typist)
    print(f"\na stranger was served, healed and scaled after {minutes:.1f} minutes, without the time to read")
    typist.end()


def test_without_any_file(typist):
    typist.type_in(PAGE.blocks("sh")[0])
    program = typist.host.start(typist.seen / "log", *([str(build_dir() / "orchestrator" / "orchestrator")] +
                                                       PAGE.without_a_file().split()[1:]))
    wait_until(lambda: typist.host.run("curl --silent http://127.0.0.1:8088/", check=False).stdout == own_image.HELLO, 60, program.log)
    status = typist.type_in("orchestrator reload || true; orchestrator status")
    assert "use -c FILE" in status and "hello" in status
    assert program.stop() == 0
    assert typist.host.text("docker ps --all --quiet") == ""
