"""docker/up --swarm, with docker/swarm.json.in: a swarm of one node, with a PostgreSQL cluster of its own, on a host of its own; docker/join brings a second
host, whose containers serve as well; docker/down takes away what was made, and only what it is told to."""

import contextlib
import json
import os
import re

import pytest

from harness import builtin, postgresql
from harness.host import Host
from harness.images import ROOT
from harness.lan import Lan
from harness.shipped import Shipped
from harness.wait import wait_until

pytestmark = pytest.mark.skipif(not postgresql.is_there() or os.geteuid() != 0, reason="needs Debian's package postgresql-15, and root")

POSTGRESQL = {"etc-postgresql": "/etc/postgresql", "postgresql": "/var/lib/postgresql"}
STATE = "/var/lib/selfless/up"
TEMPLATE = ROOT / "docker" / "swarm.json.in"


@pytest.fixture(name="hosts", scope="module")
def _hosts(tmp_path_factory):
    with contextlib.ExitStack() as closing:
        lan = Lan("10.0.0.5")
        closing.callback(lan.close)
        made = []
        for address in "10.0.0.1", "10.0.0.2":
            host = Host(tmp_path_factory.mktemp("host"), POSTGRESQL)
            closing.callback(host.close)
            closing.callback(host.run, "docker swarm leave --force", check=False)
            lan.join(host, address)
            made.append(host)
        made[0].run("chown postgres: /var/lib/postgresql")
        closing.callback(made[0].run, "pg_lsclusters -h | while read -r v n _; do pg_dropcluster --stop $v $n; done", check=False)
        yield made


@pytest.fixture(name="trip", scope="module")
def _trip(hosts):
    return Shipped(hosts[0]).round_trip()


def _nodes(shipped):
    fleet = shipped.host.request(9090, "/api/fleet", timeout=5).json()
    return {slot["node"].split("(")[1][:-1] for service in fleet["services"] for slot in service["slots"] if slot["node"]}


def test_it_is_the_built_in_application():
    """But for what is one host's, and two of each."""
    lines = TEMPLATE.read_text(encoding="utf-8").replace("@LISTEN@", '""').splitlines()
    for service in json.loads("\n".join(line for line in lines if not line.startswith("//")))["services"]:
        shipped = builtin.settings(service["name"])
        for key in "routes", "private", "health":
            assert service[key] == shipped[key]
        assert service["scale"]["count"] == shipped["scale"]["count"] and service["scale"]["min"] == 2


def test_nothing_is_made_unasked(hosts):
    done = hosts[0].run("docker/up --swarm --advertise-addr 10.0.0.1", check=False, timeout=600)
    assert done.returncode == 1 and "--yes says yes" in done.stdout
    assert hosts[0].text("docker info --format '{{.Swarm.LocalNodeState}}'; pg_lsclusters --no-header") == "inactive"
    done = hosts[0].run("docker/join", check=False)
    assert done.returncode == 1 and "docker/up --swarm makes it one" in done.stdout


def test_the_application_on_a_swarm_of_its_own(hosts, trip):
    said = hosts[0].script("up", "--swarm", "--yes", "--advertise-addr", "10.0.0.1")
    assert "serving    http://127.0.0.1:80" in said
    trip.all()
    assert hosts[0].text(f"stat -c %a {STATE}/store-url {STATE}/swarm.json {STATE}/effective.json | sort -u") == "600"
    assert re.fullmatch(r"postgresql://selfless:[0-9a-f]{40}@10\.0\.0\.1:\d+/selfless", hosts[0].text(f"cat {STATE}/store-url"))
    listed = hosts[0].text("docker service ls --format '{{.Name}} {{.Replicas}}'").splitlines()
    assert len(listed) == 4 and all(line.endswith(" 1/1") for line in listed)
    assert "already running" in hosts[0].script("up", "--swarm", "--yes")


def test_a_second_node_by_the_two_lines(hosts, trip):
    """ssh is all that is left out."""
    first, second = hosts
    second.start_dockerd()
    load, join = first.text("docker/join").splitlines()
    save, _, load = load.partition(" | ssh root@HOST ")
    images = second.folder / "images.tar"
    first.run(f"{save} >{images}")
    second.run(f"{load} <{images}")
    assert join.startswith("ssh root@HOST docker swarm join --token SWMTKN-")
    second.run(join.removeprefix("ssh root@HOST "))
    shipped = Shipped(first)
    shipped.scale("acts", 4)
    wait_until(lambda: _nodes(shipped) == {"10.0.0.1", "10.0.0.2"}, 30, "both nodes have containers")
    trip.again()
    assert json.loads(second.text("docker inspect $(docker ps -q | head -1)"))[0]["Config"]["Labels"]["selfless.name"] == "selfless"


def test_down_leaves_the_swarm_and_the_data(hosts, trip):
    said = hosts[0].script("down")
    assert "removing" in said and hosts[0].text("docker service ls -q; docker ps -q") == ""
    wait_until(lambda: hosts[1].text("docker ps -q") == "", 30, "none is left on the second")
    assert hosts[0].text("docker info --format '{{.Swarm.LocalNodeState}}'; pg_lsclusters -h | cut -d' ' -f1-2") == "active\n15 selfless"
    hosts[0].script("up", "--swarm", "--yes")
    trip.again()


def test_down_with_all_that_was_made(hosts):
    done = hosts[0].run("docker/down --volumes --swarm", check=False, timeout=240)
    assert done.returncode == 1 and "1 other nodes are in the swarm" in done.stdout
    assert hosts[0].text("pg_lsclusters -h | cut -d' ' -f1-2") == "15 selfless"
    hosts[1].run("docker swarm leave")
    other = hosts[0].text("docker node ls --format '{{.ID}} {{.Self}}' | sed -n 's/ false$//p'")
    wait_until(lambda: hosts[0].run(f"docker node rm {other}", check=False).returncode == 0, 30, "the second node has left")
    hosts[0].script("down", "--volumes", "--swarm")
    assert hosts[0].text(f"docker info --format '{{{{.Swarm.LocalNodeState}}}}'; pg_lsclusters -h; ls /var/lib/postgresql/15 {STATE}/store-url 2>&- || true") \
        == "inactive"
    assert "was not made by docker/up: it stays" in hosts[0].script("down", "--swarm")
