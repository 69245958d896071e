"""Two CAs: who is asked when the first one is away or refuses, and that the first one has the next word."""

import json
import time

import pytest

from harness.certificates import DAY_S
from harness.small_ca import Refusal
from harness.wait import holds_for, wait_until
from test_acme import HOST, certificates, is_issued, renew, state, wait_issued
from test_acme_endures import keep
from test_acme_scripted import Place
from test_reload import lines


@pytest.fixture
def place(processes, tmp_path):
    """`place()` is a started orchestrator that orders from `place.ca`, and `place.other` is its fallback."""
    class Two(Place):
        def __init__(self):
            super().__init__(processes, tmp_path)
            self.other = self.add_ca()

        def __call__(self, settings=None, **acme):
            return super().__call__(settings, fallback=self.other.directory, **acme)

    made = Two()
    yield made
    made.close()


def away(ca):
    """Until what is returned is called it answers 503 to everybody."""
    answer = ca.answer

    def refuse(*_):
        raise Refusal(503, "serverInternal", "away")
    ca.answer = refuse

    def back():
        ca.answer = answer
    return back


def failures(orchestrator):
    return (certificates(orchestrator)[HOST]["failure"] or {"count": 0})["count"]


def fail_again(orchestrator):
    """One more order, now."""
    before = failures(orchestrator)
    wait_until(lambda: failures(orchestrator) == before and not certificates(orchestrator)[HOST]["ordering"], 10, "rest")
    renew(orchestrator)
    wait_until(lambda: failures(orchestrator) == before + 1 and not certificates(orchestrator)[HOST]["ordering"], 15, "another failure")


def kept(orchestrator):
    return json.loads((state(orchestrator) / f"{HOST}.json").read_text())


def restart(orchestrator):
    """Killed, once it is on the disk that all the failures are the first CA's."""
    wait_until(lambda: kept(orchestrator)["refused"] == kept(orchestrator)["failures"] == failures(orchestrator), 10, "the record")
    orchestrator.kill()
    orchestrator.spawn()
    orchestrator.wait_ready()


def test_the_first_is_away(place):
    """The fallback issues, also where the orchestrator was killed in between; it says when it wants that renewed, and the renewal is the
    first one's."""
    place.other.window = lambda name: (time.time() + 20 * DAY_S, time.time() + 21 * DAY_S)
    back = away(place.ca)
    orchestrator = place()
    wait_until(lambda: failures(orchestrator) == 1, 15, "a failure")
    fail_again(orchestrator)
    restart(orchestrator)
    fail_again(orchestrator)
    restart(orchestrator)
    one = certificates(orchestrator)[HOST]
    assert one["next_ca"] == place.other.directory and one["failure"]["ca"] == place.ca.directory
    assert "next try at the fallback in" in orchestrator.command("certificates").stdout
    assert place.other.asked == []
    renew(orchestrator)
    wait_issued(orchestrator)
    wait_until(lambda: certificates(orchestrator)[HOST]["renews_by"] == "ca", 15, "its wish")
    one = certificates(orchestrator)[HOST]
    assert one["ca"] == place.other.directory and one["next_ca"] == place.ca.directory and one["failure"] is None
    assert "good, from the fallback" in orchestrator.command("certificates").stdout
    assert len(list(state(orchestrator).glob("account-*.pem"))) == 2
    wait_until(lambda: "order" not in kept(orchestrator), 5, "the end of it")
    back()
    restart(orchestrator)
    renew(orchestrator)
    wait_until(lambda: certificates(orchestrator)[HOST]["ca"] == place.ca.directory, 15, "another one")
    assert place.other.count("new-order") == 1 and "replaces" not in place.ca.last("new-order")


def test_taken_up_at_the_fallback(place):
    """Killed while the fallback has an order: that one is finished, though the first one is back."""
    place.ca.refuse["new-order"] = [Refusal(429, "rateLimited", "too many", Retry_After="7200")]
    orchestrator = place()
    wait_until(lambda: failures(orchestrator) == 1, 15, "the refusal")
    one = certificates(orchestrator)[HOST]
    assert one["next_ca"] == place.other.directory and one["next_ms"] / 1000 < time.time() + 61
    answer = place.other.answer

    def kill(method, path, message):
        if path.startswith("/finalize"):
            orchestrator.process.kill()
        return answer(method, path, message)
    place.other.answer = kill
    orchestrator.command("renew", HOST)
    orchestrator.process.wait(15)
    place.other.answer = answer
    orchestrator.kill()
    orchestrator.spawn()
    orchestrator.wait_ready()
    wait_issued(orchestrator)
    assert lines(orchestrator, "certificate-ordered")[-1].endswith("resumed=yes")
    assert certificates(orchestrator)[HOST]["ca"] == place.other.directory
    assert place.ca.count("new-order") == place.other.count("new-order") == 1


def test_a_cause_of_ours(place):
    """Nobody is where the host should be: the other one would say the same, and is not asked."""
    place.ca.http_port = place.ca.port      # something else is there
    orchestrator = place(challenges="http-01")
    wait_until(lambda: failures(orchestrator) == 1, 15, "a failure")
    for _ in range(4):
        fail_again(orchestrator)
    assert certificates(orchestrator)[HOST]["next_ca"] == place.ca.directory
    assert place.ca.count("new-order") == 5 and place.other.asked == []


def test_there_is_time(place, tmp_path):
    """With a certificate that is good for weeks the first one is waited for; with one that ends soon the fallback is asked."""
    folder = tmp_path / "state"
    young, old = time.time() - 61 * DAY_S, time.time() - 73 * DAY_S
    keep(folder / "certs", place.issuer.make(HOST, begin=young, end=young + 90 * DAY_S), HOST)
    keep(folder / "certs", place.issuer.make("old.example.org", begin=old, end=old + 90 * DAY_S), "old.example.org")
    place.ca.refuse["new-order"] = [Refusal(429, "rateLimited", "too many", Retry_After="7200")] * 20
    orchestrator = place({"state_dir": str(folder)}, names=["old.example.org"])
    wait_until(lambda: all(certificates(orchestrator)[host]["failure"] for host in (HOST, "old.example.org")), 15, "the refusals")
    for host, ca in ((HOST, place.ca), ("old.example.org", place.other)):
        assert certificates(orchestrator)[host]["next_ca"] == ca.directory, host
    assert orchestrator.command("renew", "old.example.org").returncode == 0
    wait_until(lambda: certificates(orchestrator)["old.example.org"]["ca"] == place.other.directory, 15, "its renewal")
    holds_for(lambda: place.other.count("new-order") == 1, 2, "one order there")
    assert json.loads((folder / "certs" / f"{HOST}.json").read_text())["fallback"] == place.other.directory
    assert is_issued(orchestrator)


def test_what_is_no_fallback(place):
    orchestrator = place()
    wait_issued(orchestrator)
    assert place.other.asked == []
    orchestrator.config["acme"]["fallback"] = place.ca.directory
    orchestrator.write_config()
    checked = orchestrator.command("--check")
    assert checked.returncode == 2 and "acme.fallback" in checked.stderr and "leave it out" in checked.stderr
