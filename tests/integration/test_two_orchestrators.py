"""A name belongs to one orchestrator: a second one is refused before it touches anything, and says why and what to do."""

import shutil
import stat

import pytest

from harness import sanitizer
from harness.mounts import set_read_only, small_disk
from harness.poller import Poller
from harness.wait import holds_for, wait_until


def second_of(orchestrate, first, service=True, **settings):
    """Another orchestrator of the first one's name, with ports and folders of its own unless settings say otherwise."""
    other = orchestrate()
    other.name = first.name
    other.config.update(name=first.name, socket_dir=first.socket_dir, **settings)
    if service:
        other.add_service("web", first.image(first.config["services"][0]["name"]), 1)
    return other


def refusal(orchestrator):
    """What it says when it is refused; exit code 1."""
    orchestrator.spawn()
    code = orchestrator.process.wait(30)
    orchestrator.process = None
    sanitizer.assert_none(orchestrator.log(), orchestrator.name)
    assert code == 1, orchestrator.log()[-3000:]
    return next(line for line in orchestrator.log().splitlines() if "event=start-failed" in line)


def everything(docker, name):
    """All containers of the name, with what a second one could have changed of them."""
    return {c["Id"]: (c["Names"], c["State"]) for c in docker.list(f"selfless.name={name}")}


def settled(orchestrator):
    """Nothing is being made any more: each slot has its container and the one created ahead."""
    return wait_until(lambda: all(s["next_ready"] for p in orchestrator.fleet()["services"] for s in p["slots"]
                                  if s["state"] != "empty") and everything(orchestrator.docker, orchestrator.name), 30,
                      "settled")


@pytest.mark.parametrize("same_service", [True, False])
def test_same_state_dir(web, orchestrate, docker, same_service):
    first, service = web(2)
    before = settled(first)
    other = second_of(orchestrate, first, service=not same_service, state_dir=first.config["state_dir"])
    if same_service:
        other.config["services"] = first.config["services"]
    said = refusal(other)
    assert f"{first.config['state_dir']}/lock" in said and f"process {first.process.pid}" in said, said
    assert "`name` and `state_dir`" in said and "docker/down" in said, said
    assert everything(docker, first.name) == before
    assert first.get("/fast").status == 200
    first.kill()        # the kernel frees the lock, whatever the end
    first.start()
    assert set(first.ids(service).values()) <= set(before)


@pytest.mark.parametrize("same_service", [True, False])
def test_another_state_dir(web, orchestrate, docker, same_service):
    """Only the containers tell of the first one: by the label of their owner."""
    first, service = web(2)
    before = settled(first)
    other = second_of(orchestrate, first, service=not same_service)
    if same_service:
        other.config["services"] = first.config["services"]
    with Poller(first.port) as poller:
        said = refusal(other)
        assert "--take-over" in said and "`name` and `state_dir`" in said and f"{service}_0" in said, said
        assert everything(docker, first.name) == before
    poller.assert_clean(1)
    first.stop()        # and nobody runs: they are still the first one's
    refusal(other)
    assert everything(docker, first.name) == before
    assert set(first.start().ids(service).values()) <= set(before)


def test_take_over(web, orchestrate, docker):
    """The state_dir is lost: by name they are ours, by owner not. Each is replaced by one of our own, and none is missing."""
    first, service = web(2)
    before = set(first.ids(service).values())
    first.kill()
    shutil.rmtree(first.config["state_dir"])
    refusal(first)
    with Poller(first.slot_port(service, 0)) as poller:
        first.arguments = ["--take-over"]
        first.start()
        wait_until(lambda: "event=roll-begin" in first.log(), 20, "its own take their place")
    first.arguments = []
    first.kill()        # in the middle of it, and without the option: it stays so
    first.start()
    wait_until(lambda: before.isdisjoint(first.ids(service).values()) and len(first.ids(service)) == 2, 60, "replaced")
    owners = {c["Labels"]["selfless.owner"] for c in docker.list(f"selfless.name={first.name}", every=False)}
    assert owners == {first.owner()}


def test_those_that_do_not_run_are_left_alone(web, orchestrate, docker, backend_image):
    first, _ = web(1)
    labels = {"selfless.name": first.name, "selfless.service": "other", "selfless.slot": "0", "selfless.owner": "f" * 32}
    first.stop()
    stranger = docker.create(f"{first.name}-stranger", backend_image, labels=labels)
    first.start()
    holds_for(lambda: docker.exists(stranger), 2, "left alone")
    told = [line for line in first.log().splitlines() if "event=foreign" in line]
    assert len(told) == 1 and f"{first.name}-stranger" in told[0], told


def test_owner_and_key_are_made_once_and_for_us_alone(web):
    orchestrator, _ = web(1)
    folder = orchestrator.folder / "state"
    made = {name: (folder / name).read_text() for name in ("owner", "spec.key")}
    for name in made:
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    orchestrator.stop()
    orchestrator.start()
    assert {name: (folder / name).read_text() for name in made} == made


# --- containers from before there were owners and keys ---

def as_before(docker, orchestrator, service, backend_image):
    """A container as the version before made it: no owner, and the label of a hash without a key."""
    slot_port = orchestrator.slot_port(service, 0)
    labels = {"selfless.name": orchestrator.name, "selfless.service": service, "selfless.slot": "0",
              "selfless.spec": "af63bd4c8601b7df", "selfless.port": str(slot_port), "selfless.inside": "8000",
              "selfless.socket": ""}
    return docker.run(f"{service}_0", backend_image, host_port=slot_port, labels=labels)


def test_an_upgrade_adopts_and_rolls_once(orchestrate, docker, backend_image):
    orchestrator = orchestrate()
    service = orchestrator.add_service("web", backend_image, 1)
    old = as_before(docker, orchestrator, service, backend_image)
    orchestrator.spawn()
    wait_until(lambda: "event=adopted" in orchestrator.log(), 20, "adopted")
    wait_until(lambda: orchestrator.slots(service)[0]["state"] == "ready", 20, "it serves")
    with Poller(orchestrator.port) as poller:
        wait_until(lambda: "event=rolled" in orchestrator.log(), 60, "rolled")
        wait_until(lambda: not docker.exists(old), 20, "the old one is gone")
    poller.assert_clean()
    now = orchestrator.wait_slots(service, 1)
    orchestrator.stop()
    orchestrator.start()
    holds_for(lambda: orchestrator.ids(service) == now, 2, "the second start changes nothing")
    assert orchestrator.log().count("event=rolled") == 1


@pytest.mark.parametrize("damage", ["lost", "cut", "empty"])
def test_a_key_that_is_lost_costs_one_roll(web, damage):
    orchestrator, service = web(1)
    before = orchestrator.ids(service)
    orchestrator.stop()
    key = orchestrator.folder / "state" / "spec.key"
    if damage == "lost":
        key.unlink()
    else:
        key.write_text("0123" if damage == "cut" else "")
    orchestrator.start()
    with Poller(orchestrator.port) as poller:
        wait_until(lambda: "event=rolled" in orchestrator.log(), 60, "rolled")
        wait_until(lambda: orchestrator.ids(service) != before, 20, "the old one is gone")
        now = orchestrator.wait_slots(service, 1)
    poller.assert_clean()
    orchestrator.stop()
    orchestrator.start()
    holds_for(lambda: orchestrator.ids(service) == now, 2, "once")
    assert orchestrator.log().count("event=spec-key-lost") == 1


# --- containers of a service that the file does not know ---

def test_an_unknown_service_is_left_alone_for_drain_ms(web, docker):
    orchestrator, service = web(1, settings={"drain_ms": 4000})
    before = orchestrator.ids(service)[0]
    orchestrator.stop()
    orchestrator.config["services"] = []
    other = orchestrator.add_service("other", docker.inspect(before)["Config"]["Image"], 1)
    orchestrator.start()
    assert docker.inspect(before)["State"]["Running"], "it was removed at once"
    wait_until(lambda: not docker.exists(before), 30, "removed after drain_ms")
    lines = [line for line in orchestrator.log().splitlines() if f"name={service}_0 " in line and " warn " in line]
    assert [line.split("event=")[1].split()[0] for line in lines][-2:] == ["orphan", "unwanted"], lines
    assert orchestrator.get("/fast").status == 200 and other


# --- a state_dir that cannot be used ---

def test_a_state_dir_that_cannot_be_made(orchestrate, backend_image):
    orchestrator = orchestrate(state_dir="/proc/nowhere")
    orchestrator.add_service("web", backend_image, 1)
    said = refusal(orchestrator)
    assert "state_dir" in said and "/proc/nowhere" in said, said


def test_a_state_dir_that_is_full_or_read_only(orchestrate, backend_image):
    """Nothing is started where nothing could be kept; one that has kept it before starts all the same."""
    orchestrator = orchestrate()
    service = orchestrator.add_service("web", backend_image, 1)
    with small_disk(orchestrator.folder / "state", "64k") as disk:
        full = disk / "full"
        full.write_bytes(b"x" * 65536)
        said = refusal(orchestrator)
        assert "state_dir" in said and str(disk) in said and "No space left" in said, said
        full.unlink()
        orchestrator.start()
        now = orchestrator.ids(service)
        orchestrator.stop()
        set_read_only(disk)
        orchestrator.start()
        holds_for(lambda: orchestrator.ids(service) == now, 1, "the same containers")
        said = refusal_of_a_second(orchestrator, orchestrate)
        assert f"{disk}/lock is held" in said, said
        orchestrator.stop()
        set_read_only(disk, False)


def refusal_of_a_second(first, orchestrate):
    return refusal(second_of(orchestrate, first, state_dir=first.config["state_dir"]))
