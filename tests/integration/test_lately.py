"""What went wrong lately is remembered: by status and /api/fleet, as one entry for what goes on, also after the orchestrator ended or was killed."""

import json
import signal

from harness.mounts import small_disk
from harness.wait import wait_until


def lately(orchestrator):
    return orchestrator.fleet()["lately"]


def kept(orchestrator):
    path = orchestrator.folder / "state" / "lately.json"
    return json.loads(path.read_text()) if path.exists() else []


def kill_and_wait(orchestrator, service, count):
    """Somebody kills the container; `count` entries are there, the newest over."""
    orchestrator.docker.kill(orchestrator.ids(service)[0])
    wait_until(lambda: (found := lately(orchestrator)) and len(found) == count and found[0]["took_ms"] is not None, 30,
               f"{count} entries, the newest is over")


def test_across_the_end_and_a_kill(web):
    orchestrator, service = web(1)
    assert lately(orchestrator) == [] and "LATELY" not in orchestrator.status()
    kill_and_wait(orchestrator, service, 1)
    entry = lately(orchestrator)[0]
    assert (entry["what"], entry["service"], entry["slot"], entry["times"]) == ("fault", service, 0, 1)
    assert "somebody killed it (exit code 137)" in entry["cause"] and entry["took_ms"] > 0 and not entry["open"]
    assert f"incident={entry['incident']}" in orchestrator.log()
    orchestrator.stop(signal.SIGTERM)
    assert kept(orchestrator) == [entry]
    orchestrator.start()
    assert lately(orchestrator) == [entry]
    shown = orchestrator.status().split("LATELY", 1)[1]
    assert f"fault {service} slot 0, well after " in shown and entry["cause"] in shown
    kill_and_wait(orchestrator, service, 2)
    newest = lately(orchestrator)
    wait_until(lambda: kept(orchestrator) == newest, 10, "both are on the disk")
    orchestrator.kill()
    orchestrator.start()
    assert lately(orchestrator) == newest


def test_what_is_no_file_of_ours_is_told_of_and_nothing_else(web):
    orchestrator, service = web(1)
    for number, text in enumerate([b'[{"time_ms": 1, "what": "fa', b"\x7fELF\x00\x01", b"", b'{"lately": []}']):
        before = orchestrator.ids(service)
        orchestrator.stop(signal.SIGTERM)
        path = orchestrator.folder / "state" / "lately.json"
        path.write_bytes(text)
        orchestrator.start()
        assert lately(orchestrator) == [] and orchestrator.ids(service) == before
        warned = [line for line in orchestrator.log().splitlines() if "event=lately-lost" in line]
        assert len(warned) == number + 1 and str(path) in warned[-1] and "remedy=" in warned[-1]
        kill_and_wait(orchestrator, service, 1)
        wait_until(lambda: len(kept(orchestrator)) == 1, 10, "the file is written anew")
        orchestrator.stop(signal.SIGTERM)
        path.unlink()
        orchestrator.start()


def test_a_disk_that_is_full(orchestrate, backend_image, tmp_path):
    """Said once, shown by status with what to do, and made good once there is room."""
    orchestrator = orchestrate()
    with small_disk(orchestrator.folder / "state", "64k") as state:
        service = orchestrator.add_service("web", backend_image, 1)
        orchestrator.config["access_log"] = str(state / "access.log")
        orchestrator.start()
        ballast = state / "ballast"
        with open(ballast, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 1024)
            except OSError:
                pass
        orchestrator.docker.kill(orchestrator.ids(service)[0])
        orchestrator.wait_slots(service, 1)
        for _ in range(50):
            orchestrator.get("/fast")

        def troubles():
            return {trouble["what"]: trouble["cause"] for trouble in orchestrator.fleet()["troubles"]}
        wait_until(lambda: set(troubles()) == {"state", "access-log"}, 20, "both are told")
        for what, cause in troubles().items():
            assert "No space left on device" in cause and "make room there" in cause and len(cause) <= 200
            assert f"{what}: {cause.split('; ')[0]}" in orchestrator.status()
        assert lately(orchestrator)[0]["service"] == service
        assert orchestrator.log().count("event=state-not-kept") == 1
        ballast.unlink()
        for _ in range(20):
            orchestrator.get("/fast")
        wait_until(lambda: troubles() == {}, 40, "both are well")
        wait_until(lambda: kept(orchestrator) == lately(orchestrator), 10, "it is kept")
        assert orchestrator.log().count("event=state-kept") == 1
        orchestrator.close()
