"""`reach: socket`: containers are asked through their unix sockets alone, and no socket's directory outlives its container."""

import glob
import os
import shutil
import threading

from harness.faults import crash, docker_kill, docker_pause, docker_remove, hurt_and_wait
from harness.poller import Poller
from harness.wait import wait_until

CONNECTED = "03"


def connections_inside(orchestrator, service, slot):
    """How many connections the container has on its socket. The kernel lists them where the peer is: on the host."""
    pid = orchestrator.docker.inspect(orchestrator.ids(service)[slot])["State"]["Pid"]
    with open("/proc/net/unix", encoding="utf-8") as file:
        rows = [line.split() for line in file]
    on_socket = {f"socket:[{row[6]}]" for row in rows[1:] if row[5] == CONNECTED and row[-1] == "/run/selfless/http"}
    return sum(os.readlink(fd) in on_socket for fd in glob.glob(f"/proc/{pid}/fd/*"))


def directories(orchestrator):
    names = os.listdir(orchestrator.socket_dir)
    return sorted(f"{orchestrator.socket_dir}/{name}" for name in names if name not in ("admin.sock", "tickets"))


def mounted(orchestrator):
    """The directories that belong to containers, running or made ahead."""
    return sorted(c["Labels"]["selfless.socket"] for c in orchestrator.docker.list(f"selfless.name={orchestrator.name}"))


def wait_tidy(orchestrator, count):
    """Each container, and the one made ahead for each, has its directory; there is no other."""
    wait_until(lambda: len(mounted(orchestrator)) == 2 * count and directories(orchestrator) == mounted(orchestrator), 20,
               "a directory for each container and no more")


def test_requests_go_through_the_socket(web):
    orchestrator, service = web(1, reach="socket")
    assert orchestrator.slots(service)[0]["address"] == "unix:" + next(
        d for d in mounted(orchestrator) if os.path.exists(d + "/http")) + "/http"
    replies = []
    threads = [threading.Thread(target=lambda: replies.append(orchestrator.get("/slow?ms=1000"))) for _ in range(5)]
    for thread in threads:
        thread.start()
    wait_until(lambda: connections_inside(orchestrator, service, 0) >= 5, 5, "five connections on the socket")
    for thread in threads:
        thread.join()
    assert [r.status for r in replies] == [200] * 5
    assert os.stat(orchestrator.socket_dir).st_mode & 0o767 == 0o700, "others may reach the sockets, or our group may list them"


def test_replacement_takes_the_directory_away(web):
    orchestrator, service = web(2, reach="socket")
    with Poller(orchestrator.port) as poller:
        for slot, hurt in ((0, docker_kill), (1, docker_remove), (0, docker_pause), (1, crash)):
            hurt_and_wait(orchestrator, service, slot, hurt, 8)
    poller.assert_clean()
    wait_tidy(orchestrator, 2)
    orchestrator.send_signal(2)
    assert orchestrator.process.wait(60) == 0
    assert directories(orchestrator) == []


def test_adopted_with_its_socket(web):
    orchestrator, service = web(2, reach="socket")
    before = orchestrator.ids(service)
    orchestrator.stop()
    orchestrator.start()
    assert orchestrator.ids(service) == before
    assert {orchestrator.get("/fast").backend for _ in range(4)} == {i[:12] for i in before.values()}
    assert all(s["address"].startswith("unix:") for s in orchestrator.slots(service))
    wait_tidy(orchestrator, 2)


def test_what_a_killed_one_left_is_swept(web):
    orchestrator, service = web(2, reach="socket")
    before = mounted(orchestrator)
    orchestrator.kill()
    orchestrator.docker.remove(orchestrator.ids(service)[1])
    orchestrator.start()
    wait_tidy(orchestrator, 2)
    assert set(before) - set(directories(orchestrator)), "the removed one's directory is still there"


def test_containers_whose_directory_is_gone_are_replaced(web):
    """/run is empty after a reboot, and somebody may tidy it up."""
    orchestrator, service = web(2, reach="socket")
    before = set(orchestrator.ids(service).values())
    orchestrator.stop()
    shutil.rmtree(orchestrator.socket_dir)
    orchestrator.start()
    wait_until(lambda: before.isdisjoint(orchestrator.ids(service).values()), 30, "both replaced")
    orchestrator.wait_slots(service, 2)
    assert orchestrator.get("/fast").status == 200
    wait_tidy(orchestrator, 2)
