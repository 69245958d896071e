"""Booted for real, with systemd as PID 1: start, status, reload, watchdog, restarts that no client notices, the journal."""

import json
import re

import pytest

from harness import tls
from harness.archive import image_archive
from harness.certificates import usual, usual_authority
from harness.images import backend_binary
from harness.machine import InsidePoller
from harness.packages import newer
from harness.wait import holds_for, wait_until

CONFIG = "/etc/selfless/orchestrator.json"
DROP_IN = "/run/systemd/system/selfless.service.d"
WORST_EXPOSURE = 2.5


def configuration(size=2, **service):
    return json.dumps({"services": [{"name": "web", "image": "backend", "routes": ["/"], "scale": {"min": size, "max": size},
                                     "health": {"path": "/_health"}, "reach": "socket", **service}]})


@pytest.fixture(scope="module")
def booted(machine, debs):
    """The orchestrator installed and configured, not started."""
    machine.copy_in(debs["selfless-orchestrator"], machine.home)
    machine.run("apt install ./selfless-orchestrator_*.deb")
    archive = image_archive("backend", {"/backend": (backend_binary().read_bytes(), 0o755)}, ["/backend"])
    machine.run("docker load", stdin=archive)
    return machine


@pytest.fixture
def started(booted):
    """Running with two containers, without drop-ins, and not by its socket unit."""
    booted.run(f"rm -rf {DROP_IN} && systemctl daemon-reload && systemctl stop selfless.socket selfless-tls.socket selfless.service")
    booted.write(CONFIG, configuration())
    booted.run("systemctl reset-failed && systemctl start selfless")
    return booted


def slots(machine):
    return [(slot["container"], slot["state"]) for slot in machine.get("/api/fleet", 9090).json()["services"][0]["slots"]
            if slot["state"] != "empty"]


def wait_two_ready(machine):
    wait_until(lambda: [state for _, state in slots(machine)] == ["ready", "ready"], 30, "two ready")


def status_text(machine):
    return machine.show("selfless", "StatusText")


def test_installed_it_is_neither_enabled_nor_started(booted):
    assert booted.run("systemctl is-enabled selfless.service selfless.socket selfless-tls.socket", check=False).stdout.split() == ["disabled"] * 3
    assert booted.run("systemctl is-active selfless.service", check=False).stdout.strip() == "inactive"


def test_units_have_nothing_to_complain_about(booted):
    done = booted.run("systemd-analyze verify --man=no selfless.service selfless.socket selfless-tls.socket")
    assert (done.stdout, done.stderr) == ("", "")


def test_exposure(booted):
    text = booted.text("systemd-analyze security --no-pager selfless.service")
    assert float(re.search(r"Overall exposure level for selfless.service: ([\d.]+)", text)[1]) <= WORST_EXPOSURE, text


def test_started_is_serving(started):
    assert [state for _, state in slots(started)] == ["ready", "ready"]
    assert started.get("/fast").status == 200
    wait_until(lambda: status_text(started) == "web 2/2 ready", 5, "the status")
    assert 'Status: "web 2/2 ready"' in started.text("systemctl status --no-pager selfless")


def test_activating_until_a_container_serves(started):
    """Its health path says 503: no container is ready before start_ms is over, and then it was tried."""
    started.run("systemctl stop selfless")
    started.write(CONFIG, configuration(1, health={"path": "/api/v1/status?code=503", "start_ms": 8000}))
    started.run("systemctl start --no-block selfless")
    wait_until(lambda: started.get("/api/fleet", 9090).status == 200, 10, "admin answers")
    holds_for(lambda: started.show("selfless", "ActiveState") == "activating", 1.5, "still activating")
    wait_until(lambda: started.show("selfless", "ActiveState") == "active", 40, "active")
    wait_until(lambda: status_text(started) == "web 0/1 ready", 5, "the status")


def test_reload_applies_a_good_file(started):
    before = dict(slots(started))
    pid = started.show("selfless", "MainPID")
    started.write(CONFIG, configuration(3))
    started.run("systemctl reload selfless")
    wait_until(lambda: len([1 for _, state in slots(started) if state == "ready"]) == 3, 20, "three ready")
    assert set(before) <= set(dict(slots(started)))
    assert started.show("selfless", "MainPID") == pid
    wait_until(lambda: status_text(started) == "web 3/3 ready", 5, "the status")


@pytest.mark.parametrize("text,says", [
    ('{"services": [{"name": "web", "image": "backend", "rutes": []}]}', "rutes"),
    (configuration()[:-1], "orchestrator.json:"),
])
def test_reload_refuses_a_bad_file_and_says_why(started, text, says):
    before = slots(started)
    started.write(CONFIG, text)
    done = started.run("systemctl reload selfless", check=False)
    assert done.returncode != 0
    assert says in started.text("journalctl --unit=selfless --no-pager --lines=10")
    assert started.show("selfless", "ActiveState") == "active"
    assert slots(started) == before
    assert started.get("/fast").status == 200


def test_watchdog_ends_a_loop_that_hangs_and_the_containers_are_adopted(started):
    started.write(f"{DROP_IN}/watchdog.conf", "[Service]\nWatchdogSec=5\n")
    started.run("systemctl daemon-reload && systemctl restart selfless")
    before, pid = slots(started), started.show("selfless", "MainPID")
    started.run(f"kill -STOP {pid}")
    wait_until(lambda: started.show("selfless", "MainPID") not in (pid, "0"), 30, "another process")
    wait_until(lambda: started.show("selfless", "ActiveState") == "active", 30, "active again")
    assert slots(started) == before
    assert started.get("/fast").status == 200
    assert started.show("selfless", "NRestarts") == "1"
    assert "Watchdog timeout" in started.text("journalctl --unit=selfless --no-pager --lines=40")


def test_restart_by_the_socket_unit_refuses_nobody(started):
    started.run("systemctl stop selfless && systemctl start selfless.socket selfless.service")
    before = slots(started)
    with InsidePoller(started, 80, keep_alive=False, clients=8) as poller:
        for _ in range(3):
            served = len(poller.outcomes)
            wait_until(lambda: len(poller.outcomes) > served + 200, 20, "load")
            started.run("systemctl restart selfless")
    poller.assert_clean(600)
    assert slots(started) == before


def test_over_tls_by_its_socket_unit(started, monkeypatch):
    """As selfless.socket, for what is spoken on port 443."""
    monkeypatch.setattr(tls, "PORTS", {443})
    started.run("systemctl stop selfless")
    for source, name in ((usual().cert, "cert.pem"), (usual().key, "key.pem"), (usual_authority().roots, "roots.pem")):
        started.copy_in(source, f"/etc/selfless/{name}")
    started.run("chown selfless /etc/selfless/*.pem")
    config = json.loads(configuration())
    config["tls"] = {"listen": "0.0.0.0:443", "certificates": [{"cert": "cert.pem", "key": "key.pem"}]}
    started.write(CONFIG, json.dumps(config))
    started.run("systemctl start selfless.socket selfless-tls.socket selfless.service")
    asked = "curl --silent --show-error --fail --cacert /etc/selfless/roots.pem https://localhost/fast"
    before = started.text(asked)
    held = started.text("ss -ltnHe 'sport = :443'")
    with InsidePoller(started, 443, keep_alive=False, clients=2) as poller:
        for _ in range(2):
            served = len(poller.outcomes)
            wait_until(lambda: len(poller.outcomes) > served + 50, 20, "load")
            started.run("systemctl restart selfless")
    poller.assert_clean(100)
    assert started.text(asked) == before
    assert re.search(r"ino:(\d+)", started.text("ss -ltnHe 'sport = :443'"))[1] == re.search(r"ino:(\d+)", held)[1]
    started.run("systemctl stop selfless-tls.socket && rm /etc/selfless/*.pem")


def test_upgrade_by_the_socket_unit_refuses_nobody(started, debs, tmp_path):
    started.run("systemctl stop selfless && systemctl enable --now selfless.socket selfless.service")
    before, pid = slots(started), started.show("selfless", "MainPID")
    started.copy_in(newer(debs["selfless-orchestrator"], "99.0-0", tmp_path), started.home)
    with InsidePoller(started, 80, keep_alive=False, clients=4) as poller:
        wait_until(lambda: len(poller.outcomes) > 100, 20, "load")
        started.run("apt install ./selfless-orchestrator_99.0-0_amd64.deb")
        served = len(poller.outcomes)
        wait_until(lambda: len(poller.outcomes) > served + 100, 20, "load")
    poller.assert_clean(200)
    assert started.show("selfless", "MainPID") not in (pid, "0")
    assert slots(started) == before
    assert started.text(f"cat {CONFIG}") == configuration()


def test_journal_has_priorities(started):
    wait_two_ready(started)
    started.run(f"docker kill {started.containers()[0]}")
    wait_until(lambda: "event=replaced" in started.text("journalctl --unit=selfless --no-pager"), 20, "replaced")
    lines = [json.loads(line) for line in
             started.text("journalctl --unit=selfless --output=json --no-pager _COMM=orchestrator").splitlines()]
    priorities = {line["MESSAGE"].split()[0]: line["PRIORITY"] for line in lines}
    assert (priorities["event=serving"], priorities["event=fault"]) == ("6", "4"), priorities
    assert not any(line["MESSAGE"].startswith("<") for line in lines)


def test_removed_while_it_serves_by_its_socket(started):
    started.run("systemctl stop selfless && systemctl start selfless.socket selfless.service && apt purge selfless-orchestrator")
    assert started.run("systemctl list-units --all --no-legend 'selfless*'", check=False).stdout == ""
    assert started.text("docker ps --all --quiet --filter label=selfless.name") == ""
    assert started.run("ss -ltn 'sport = :80' | grep -c LISTEN", check=False).stdout.strip() == "0"
