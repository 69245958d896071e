"""The access log has one JSON line for each reply, and SIGUSR1 opens it anew."""

import json
import signal

import pytest

from harness import tls
from harness.client import RawClient
from harness.wait import wait_until

pytestmark = pytest.mark.front


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def wait_lines(path, count):
    return wait_until(lambda: len(lines_of(path)) >= count and lines_of(path), 10, f"{count} lines in {path}")


def test_a_line_for_each_reply(web, tmp_path):
    path = tmp_path / "access.log"
    orchestrator, service = web(1, {"access_log": str(path)}, private=["/private"])
    container = orchestrator.ids(service)[0]
    orchestrator.get("/echo?a=1", headers={"X-Request-Id": "one"})
    orchestrator.get("/status?code=404", method="POST", body=b"x")
    orchestrator.get("/private")
    with RawClient(orchestrator.port) as client:
        client.send(b"GET / HTTP/1.1\nHost: a\n\n")
        assert client.read_reply().status == 400
    lines = wait_lines(path, 4)
    assert [line["code"] for line in lines] == [200, 404, 403, 400]
    first = lines[0]
    assert (first["request"], first["method"], first["client"]) == ("one", "GET", "127.0.0.1")
    assert (first["service"], first["slot"], first["container"], first["tries"]) == (service, 0, container, 1)
    assert (first["tls"], first["protocol"], first["host"]) == (tls.version(orchestrator.port), "HTTP/1.1", f"127.0.0.1:{orchestrator.port}")
    assert (lines[2]["protocol"], lines[2]["host"]) == ("HTTP/1.1", f"127.0.0.1:{orchestrator.port}")
    assert (lines[3]["protocol"], lines[3]["host"]) == (None, None)
    assert first["bytes"] > 0 and first["held_us"] == 0 and 0 < first["total_us"] < 10_000_000
    assert lines[1]["method"] == "POST" and lines[1]["target"] == "/status?code=404"
    assert lines[2]["service"] is None and lines[2]["slot"] == -1


def test_reopened_on_sigusr1(web, tmp_path):
    path, moved = tmp_path / "access.log", tmp_path / "access.log.1"
    orchestrator, _ = web(1, {"access_log": str(path)})
    orchestrator.get("/echo?1")
    wait_lines(path, 1)
    path.rename(moved)
    orchestrator.send_signal(signal.SIGUSR1)
    wait_until(path.exists, 10, "a new access log")
    orchestrator.get("/echo?2")
    assert [line["target"] for line in wait_lines(path, 1)] == ["/echo?2"]
    assert [line["target"] for line in lines_of(moved)] == ["/echo?1"]


def test_nothing_is_lost_at_the_end(web, tmp_path):
    path = tmp_path / "access.log"
    orchestrator, _ = web(1, {"access_log": str(path)})
    for number in range(300):
        assert orchestrator.get(f"/fast?{number}").status == 200
    orchestrator.stop()
    assert [line["target"] for line in lines_of(path)] == [f"/fast?{number}" for number in range(300)]


def test_a_file_that_cannot_be_written_stops_the_start(orchestrate, backend_image):
    orchestrator = orchestrate(access_log="/nowhere/access.log")
    orchestrator.add_service("web", backend_image, 1)
    orchestrator.spawn()
    assert orchestrator.process.wait(30) == 1
    orchestrator.process = None
    assert "access_log: cannot write /nowhere/access.log" in orchestrator.log()


def wait_metric(orchestrator, value):
    name = "selfless_access_log_dropped_total"
    wait_until(lambda: orchestrator.metrics().get(name, -1) >= value, 10, f"{name} of {value}")
    return orchestrator.metrics()[name]


def told(orchestrator, event):
    return sum(f"event={event} " in line for line in orchestrator.log().splitlines())


def test_a_full_disk_is_said_once(web):
    """And counted; no request waits for it or fails."""
    orchestrator, _ = web(1, {"access_log": "/dev/full"})
    assert orchestrator.metrics()["selfless_access_log_dropped_total"] == 0
    for number in range(5):
        assert orchestrator.get("/fast").status == 200
        assert wait_metric(orchestrator, number + 1) == number + 1
    orchestrator.stop()
    assert told(orchestrator, "access-log-failed") == 1 and "No space left on device" in orchestrator.log()
    assert "event=access-lines-dropped count=5" in orchestrator.log()


def test_a_folder_that_is_gone_is_said_once(web, tmp_path):
    """What would go into a file that has no name any more is counted; once there is a folder again, lines go there."""
    folder = tmp_path / "logs"
    folder.mkdir()
    orchestrator, _ = web(1, {"access_log": str(folder / "access.log")})
    orchestrator.get("/fast?0")
    wait_lines(folder / "access.log", 1)
    folder.rename(tmp_path / "away")
    (tmp_path / "away" / "access.log").unlink()
    for number in range(1, 4):
        assert orchestrator.get(f"/fast?{number}").status == 200
        assert wait_metric(orchestrator, number) == number
    folder.mkdir()
    orchestrator.get("/fast?4")
    assert [line["target"] for line in wait_lines(folder / "access.log", 1)] == ["/fast?4"]
    assert told(orchestrator, "access-log-failed") == 1 and told(orchestrator, "access-log-written") == 1
    assert wait_metric(orchestrator, 3) == 3


def test_a_file_that_cannot_be_opened_anew_is_said(web, tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    orchestrator, _ = web(1, {"access_log": str(folder / "access.log")})
    folder.rename(tmp_path / "away")
    orchestrator.send_signal(signal.SIGUSR1)
    wait_until(lambda: told(orchestrator, "access-log-not-reopened"), 10, "the warning")
    orchestrator.get("/fast")
    wait_lines(tmp_path / "away" / "access.log", 1)
