"""docs/many-hosts.md, from three bare machines on, command by command as it stands there: three machines that were booted, a package
and an image; then the leader's machine loses its power."""

import contextlib
import itertools
import json
import os
import re

import pytest

from documents import ROOT
from harness.client import request
from harness.host import Host
from harness.lan import Lan
from harness.machine import InsidePoller, Machine
from harness.packages import NAMES
from harness.wait import wait_until
from test_packages import nginx_image

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can boot machines")

MOST_COMMANDS = 12
_numbers = itertools.count(310000)


def walk():
    """[(who, commands)] of the section: who: "each", "first", "others"."""
    text = (ROOT / "docs" / "many-hosts.md").read_text(encoding="utf-8").split("\n## From three bare machines\n")[1].split("\n## ")[0]
    return [("each" if "On each" in who else "first" if "On the first" in who else "others", block.strip().splitlines())
            for who, block in re.findall(r"^(On [^\n]*):\n\n```sh\n(.*?)^```$", text, re.M | re.S)]


def test_it_takes_at_most_twelve_commands():
    steps = walk()
    assert [who for who, _ in steps] == ["each", "first", "others", "each"]
    assert 8 <= sum(len(commands) for _, commands in steps) <= MOST_COMMANDS


@pytest.fixture(name="three")
def _three(docker, debs, machine_files, tmp_path):
    with contextlib.ExitStack() as closing:
        made = []
        for _ in range(3):
            machine = Machine(docker, machine_files[1], next(_numbers))
            closing.callback(machine.close)
            machine.boot()
            cgroup = json.loads(machine.text("cat /etc/docker/daemon.json"))["cgroup-parent"]
            machine.run("rm /etc/docker/daemon.json")       # the walk writes that
            machine.write("/etc/systemd/system/docker.service.d/tests.conf", f"[Service]\nEnvironment=DOCKER_OPTS=--cgroup-parent={cgroup}\n")
            machine.copy_in(debs[NAMES[0]], machine.home)
            machine.address = docker.inspect(machine.id)["NetworkSettings"]["IPAddress"]
            made.append(machine)
        site = nginx_image(machine_files[0], tmp_path)
        for machine in made:
            machine.write("my-site.tar", site)
        yield made


def _perform(three):
    """What the last command of each block but the last has printed is the token."""
    token = None
    said = {}
    for who, commands in walk():
        for machine in {"each": three, "first": three[:1], "others": three[1:]}[who]:
            for command in commands:
                command = command.replace("me=10.0.0.1", f"echo {machine.address} >me").replace("10.0.0.1", three[0].address)
                command = command.replace("TOKEN", token or "")
                said[command] = machine.run(f'me=$(cat me 2>/dev/null)\n{command}').stdout.strip()
                if "join-token" in command:
                    token = said[command]
    return said


def _status(machine):
    return machine.run("orchestrator status", check=False).stdout


def _leads(machine):
    return "leads: its host is" in _status(machine)


def test_the_walk(docker, three):
    said = _perform(three)
    assert any("Somebody else's image" in text for text in said.values())
    for machine in three:
        wait_until(lambda: "the loss of any node is covered" in _status(machine), 60, "it is covered")     # pylint: disable=cell-var-from-loop
        listening = machine.text("ss -Hltn | awk '{ print $4 }'")
        assert not re.search(r"^(0\.0\.0\.0|\*|\[::\]):3[2-9]\d{3}$", listening, re.M), listening
    leader = next(machine for machine in three if _leads(machine))
    others = [machine for machine in three if machine is not leader]
    with contextlib.ExitStack() as stack:
        pollers = [stack.enter_context(InsidePoller(machine, 80, "/", clients=2, every_s=0.05)) for machine in others]
        docker.kill(leader.id)
        wait_until(lambda: any(_leads(machine) for machine in others), 90, "another one leads")
        for machine in others:
            wait_until(lambda: "2 of 3 managers are there" in _status(machine), 60, "what is left")     # pylint: disable=cell-var-from-loop
            wait_until(lambda: re.search(r"^site +(\d+) +\1 ", _status(machine), re.M), 60, "at full strength")  # pylint: disable=cell-var-from-loop
    for poller in pollers:
        poller.assert_clean()
    for machine in others:
        assert request(80, "/", host=machine.address).status == 200


# --- a database with a second copy ---

POSTGRESQL = {"etc-postgresql": "/etc/postgresql", "postgresql": "/var/lib/postgresql"}
SYSTEMCTL = "systemctl() { pg_ctlcluster 15 main $1; }\n"       # there is no systemd on these hosts


def data_blocks():
    text = (ROOT / "docs" / "many-hosts.md").read_text(encoding="utf-8").split("\n## Data\n")[1].split("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S), re.search(r"`(runuser[^`]*promote)`", text)[1].replace("\n", " ")


@pytest.mark.skipif(not os.path.exists("/usr/lib/postgresql/15/bin/postgres"), reason="needs Debian's package postgresql-15")
def test_postgresql_on_two_of_them(tmp_path):
    blocks, promote = data_blocks()
    assert len(blocks) == 2
    with contextlib.ExitStack() as closing:
        lan, hosts = Lan("10.0.0.5"), []
        closing.callback(lan.close)
        for number, address in (1, "10.0.0.1"), (2, "10.0.0.2"):
            host = Host(tmp_path / str(number), POSTGRESQL)
            closing.callback(host.close)
            lan.join(host, address)
            host.run("chown postgres: /var/lib/postgresql && pg_createcluster 15 main --start")
            closing.callback(host.run, "pg_dropcluster --stop 15 main", check=False)
            hosts.append(host)
        first, second = hosts
        sql = "cd / && runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --command"
        for host, block in zip(hosts, blocks):
            host.run(f"set -e\n{SYSTEMCTL}{block}")
        first.run(f"{sql} 'CREATE TABLE kept AS SELECT 42 AS n'")
        wait_until(lambda: second.run(f"{sql} 'SELECT n FROM kept'", check=False).stdout.strip() == "42", 20, "the second has it")
        assert second.run(f"{sql} 'DELETE FROM kept'", check=False).returncode != 0       # it follows
        first.run("pg_ctlcluster 15 main stop -m immediate")
        second.run(promote, cwd="/")
        wait_until(lambda: second.run(f"{sql} 'DELETE FROM kept'", check=False).returncode == 0, 20, "the second takes writes")
