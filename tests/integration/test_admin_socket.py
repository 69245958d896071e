"""The commands reach the orchestrator over its unix socket, which is for root, its user and its group; whoever cannot have
it serves without, and says so."""

import itertools
import json
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess

import pytest

from harness import sanitizer
from harness.orchestrator import binary, run_binary
from harness.ports import free_ports
from harness.processes import ProcessOrchestrator
from harness.wait import wait_until

NOBODY = 65534
UNIT = pathlib.Path(__file__).parents[2] / "orchestrator/systemd/selfless.service.in"
_numbers = itertools.count(300000)


@pytest.fixture
def unstarted(tmp_path):
    """Another orchestrator, to be configured."""
    folder = tmp_path / "unstarted"
    folder.mkdir()
    orchestrator = ProcessOrchestrator(folder, next(_numbers))
    yield orchestrator
    orchestrator.close()


def path_of(orchestrator):
    return f"{orchestrator.socket_dir}/admin.sock"


def without_address(orchestrator, tmp_path):
    """A configuration that is the orchestrator's, but for an address at which nobody is."""
    path = tmp_path / "elsewhere.json"
    path.write_text(json.dumps({**orchestrator.config, "admin": f"127.0.0.1:{free_ports()}"}))
    return path


def ask(orchestrator, head):
    """Status and body of a request over the socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(path_of(orchestrator))
        client.sendall(head.encode() + b"Connection: close\r\n\r\n")
        reply = b"".join(iter(lambda: client.recv(65536), b""))
    return int(reply.split(b" ", 2)[1]), reply.partition(b"\r\n\r\n")[2]


def as_nobody(*args):
    """A command of somebody who is not root, not the orchestrator's user and not of its group."""
    def become():
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    return subprocess.run([str(binary()), *map(str, args)], capture_output=True, text=True, timeout=30, check=False,
                          preexec_fn=become, env=dict(os.environ, **sanitizer.ENVIRONMENT))


def test_commands_take_it_first(processes, tmp_path):
    orchestrator, service = processes(None, scale={"min": 1, "max": 2, "window_s": 3600})
    found = os.stat(path_of(orchestrator))
    assert stat.S_ISSOCK(found.st_mode) and found.st_mode & 0o777 == 0o660 and found.st_gid == os.getegid()
    elsewhere = without_address(orchestrator, tmp_path)
    assert service in run_binary("status", "-c", elsewhere).stdout
    assert run_binary("scale", "-c", elsewhere, service, "2").returncode == 0
    orchestrator.wait_slots(service, 2, 20)
    assert run_binary("status", "--admin", f"unix:{path_of(orchestrator)}").returncode == 0
    status, body = ask(orchestrator, "GET /api/fleet HTTP/1.1\r\nHost: localhost\r\n")
    assert status == 200 and json.loads(body)["name"] == orchestrator.name


def test_then_the_address(processes):
    orchestrator, service = processes(1)
    os.unlink(path_of(orchestrator))
    assert service in orchestrator.status()
    orchestrator.stop()
    done = orchestrator.command("status")
    assert done.returncode == 1 and f"127.0.0.1:{orchestrator.admin_port}" in done.stderr
    assert path_of(orchestrator) in done.stderr, done.stderr


def test_without_any_address(processes):
    orchestrator, service = processes(1)
    port = orchestrator.admin_port
    orchestrator.stop()
    orchestrator.config["admin"] = []
    orchestrator.spawn()
    wait_until(lambda: orchestrator.command("status").returncode == 0, 20, "ready")
    assert service in orchestrator.status()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5)


def test_it_goes_with_the_orchestrator_and_a_dead_one_is_replaced(processes, tmp_path):
    orchestrator, service = processes(1)
    orchestrator.kill()
    assert os.path.exists(path_of(orchestrator))
    orchestrator.start()
    assert service in run_binary("status", "-c", without_address(orchestrator, tmp_path)).stdout
    orchestrator.stop()
    assert not os.path.exists(path_of(orchestrator))


def test_two_in_one_folder(processes, unstarted):
    """The first one keeps the socket; who means the second one is not given the first."""
    first, service = processes(1)
    second = unstarted
    second.socket_dir = second.config["socket_dir"] = first.socket_dir
    other = second.add_backends("other", 1)
    second.start()
    assert "event=admin-socket-off" in second.log() and "another program answers" in second.log()
    shown = second.status()
    assert other in shown and service not in shown
    assert service in first.status()
    status, body = ask(first, f"POST /api/drain HTTP/1.1\r\nHost: {second.name}\r\nContent-Length: 0\r\n")
    assert status == 421 and first.name in json.loads(body)["detail"]
    second.stop(signal.SIGINT)
    assert os.path.exists(path_of(first))


def test_where_it_cannot_be(unstarted, tmp_path):
    orchestrator = unstarted
    web = orchestrator.add_backends("web", 1)
    (tmp_path / "file").write_text("")
    orchestrator.config["socket_dir"] = str(tmp_path / "file" / "run")
    orchestrator.start()
    line = next(line for line in orchestrator.log().splitlines() if "event=admin-socket-off" in line)
    assert "Not a directory" in line and "remedy=" in line
    assert orchestrator.get("/fast").status == 200
    assert web in orchestrator.status()


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_others_are_kept_out(processes):
    orchestrator, service = processes(1)
    shutil.copy(orchestrator.config_path, f"/tmp/{orchestrator.name}.json")
    config = f"/tmp/{orchestrator.name}.json"
    try:
        assert service in as_nobody("status", "-c", config).stdout      # over TCP, as anybody on this host
        done = as_nobody("status", "--admin", f"unix:{path_of(orchestrator)}")
        assert done.returncode == 1 and "Permission denied" in done.stderr, done
        os.chmod(orchestrator.socket_dir, 0o755)
        os.chmod(path_of(orchestrator), 0o666)      # whatever the file says, the kernel says who it is
        done = as_nobody("scale", "--admin", f"unix:{path_of(orchestrator)}", service, "1")
        assert done.returncode == 1 and "this socket is for root" in done.stderr, done
    finally:
        os.unlink(config)


# --- reload ---


def test_reload_waits_and_says_what_is_wrong(processes):
    orchestrator, service = processes(None, scale={"min": 1, "max": 4, "window_s": 3600})
    orchestrator.settings(service)["scale"]["min"] = 3
    orchestrator.write_config()
    done = run_binary("reload", "-c", orchestrator.config_path)
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "event=reloaded" in orchestrator.log() and orchestrator.wanted(service) == 3
    good = orchestrator.config_path.read_text()
    orchestrator.config_path.write_text(good.replace('"routes"', '"rutes"'))
    for where in (["-c", orchestrator.config_path], ["--admin", f"unix:{path_of(orchestrator)}"]):
        done = run_binary("reload", *where)
        assert done.returncode == 1 and "refused: " in done.stderr and "rutes" in done.stderr, done
    assert orchestrator.log().count("event=reload-refused") == 2
    orchestrator.config_path.write_text(good.replace(f'"127.0.0.1:{orchestrator.port}"', f'"127.0.0.1:{free_ports()}"'))
    done = run_binary("reload", "-c", orchestrator.config_path)
    assert done.returncode == 1 and "listen" in done.stderr, done
    assert orchestrator.wanted(service) == 3


def test_the_units_reload_finds_an_orchestrator_of_any_name(processes):
    """What systemctl runs, for a file that names a `socket_dir` of its own."""
    orchestrator, _ = processes()
    unit = dict(line.split("=", 1) for line in UNIT.read_text().splitlines() if line.startswith("Exec"))
    program, *start = unit["ExecStart"].split()
    assert unit["ExecReload"].split()[0] == program
    words = [str(orchestrator.config_path) if word == start[-1] else word for word in unit["ExecReload"].split()[1:]]
    done = run_binary(*words)
    assert (done.returncode, done.stderr) == (0, ""), done
    orchestrator.config_path.write_text(SPOILT["a bracket too few"](orchestrator.config_path.read_text()))
    assert run_binary(*words).returncode == 1
    assert "the file was refused" in run_binary("status", "-c", orchestrator.config_path).stdout


SPOILT = {
    "a key that nobody knows": lambda text: text.replace('"routes"', '"rutes"', 1),
    "a bracket too few": lambda text: text.rstrip().removesuffix("}"),
    "a comma too many": lambda text: text.replace('"services": [', '"services": [,', 1),
    "half of it": lambda text: text[:len(text) * 2 // 3],
}


@pytest.mark.parametrize("fault", SPOILT)
def test_whoever_has_spoilt_the_file_sees_what_runs(processes, fault):
    orchestrator, service = processes()
    orchestrator.config_path.write_text(SPOILT[fault](orchestrator.config_path.read_text()))
    for command in ("status", "events"):
        done = run_binary(command, "-c", orchestrator.config_path)
        assert done.returncode == 0 and service in done.stdout, done
        assert f"{orchestrator.config_path}:" in done.stderr and "asked all the same" in done.stderr, done
    done = run_binary("reload", "-c", orchestrator.config_path)
    assert done.returncode == 1 and f"refused: {orchestrator.config_path}:" in done.stderr, done
    assert "the file was refused" in run_binary("status", "-c", orchestrator.config_path).stdout
    done = run_binary("replace", "-c", orchestrator.config_path, service, "0")
    assert done.returncode == 0, done


def test_a_file_that_is_gone_does_not_say_whom_to_ask(processes):
    orchestrator, _ = processes()
    orchestrator.config_path.unlink()
    for command in ("status", "reload"):
        done = run_binary(command, "-c", orchestrator.config_path)
        assert done.returncode in (1, 2) and "No such file" in done.stderr and "--admin unix:" in done.stderr, done
    where = ["-c", orchestrator.config_path, "--admin", f"unix:{path_of(orchestrator)}"]
    done = run_binary("reload", *where)
    assert done.returncode == 1 and "refused: " in done.stderr and "No such file" in done.stderr, done
    done = run_binary("status", *where)
    assert done.returncode == 0 and "the file was refused" in done.stdout and "No such file" in done.stdout, done
    assert " reload-refused " in run_binary("events", *where).stdout
