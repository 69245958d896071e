"""Two CAs: who is asked when the first one is away or refuses, and that the first one has the next word."""

import json
import signal
import time

import pytest

from harness.certificates import DAY_S, openssl
from harness.mounts import small_disk
from harness.small_ca import Refusal
from harness.wait import holds_for, wait_until
from test_acme import HOST, certificates, is_issued, renew, state, wait_issued
from test_acme_endures import fill, keep
from test_acme_scripted import Place
from test_reload import lines, reload


@pytest.fixture
def place(processes, tmp_path):
    """`place()` is a started orchestrator that orders from `place.ca`, and `place.other` is its fallback."""
    class Two(Place):
        def __init__(self):
            super().__init__(processes, tmp_path)
            self.other = self.add_ca()

        def __call__(self, settings=None, **acme):
            return super().__call__(settings, **{"fallback": self.other.directory, **acme})

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


def test_left_at_the_first(place):
    """An order that its CA is still at work on when it is the other one's turn is taken up when it is its own again, also by the next
    process."""
    answer, orders = place.ca.answer, []

    def slow(method, path, message):
        if path.startswith("/finalize") or (orders and path.startswith("/order/")):
            orders.append(path)
            raise Refusal(503, "serverInternal", "away")
        return answer(method, path, message)
    place.ca.answer = slow
    place.other.refuse["new-order"] = [Refusal(403, "rejectedIdentifier", "no")]
    orchestrator = place()
    wait_until(lambda: failures(orchestrator) == 1, 15, "a failure")
    for _ in range(3):
        fail_again(orchestrator)
    assert place.other.count("new-order") == 1
    assert certificates(orchestrator)[HOST]["next_ca"] == place.ca.directory
    wait_until(lambda: kept(orchestrator)["failures"] == 4 and "left_order" in kept(orchestrator), 10, "the record")
    orchestrator.kill()
    orchestrator.spawn()
    orchestrator.wait_ready()
    place.ca.answer = answer
    renew(orchestrator)
    wait_issued(orchestrator)
    assert lines(orchestrator, "certificate-ordered")[-1].endswith("resumed=yes")
    assert certificates(orchestrator)[HOST]["ca"] == place.ca.directory and place.ca.count("new-order") == 1
    wait_until(lambda: "left_order" not in kept(orchestrator) and "order" not in kept(orchestrator), 5, "the end of it")


def test_the_other_is_not_forgotten(place):
    """What fails at one CA is no reason to ask the other one again who we are."""
    place.ca.refuse["new-order"] = [Refusal(429, "rateLimited", "too many", Retry_After="7200")] * 20
    orchestrator = place()
    for host in (HOST, "two.example.org", "three.example.org"):
        if host != HOST:
            orchestrator.config["services"][0]["hosts"].append(host)
            reload(orchestrator)
        wait_until(lambda: certificates(orchestrator)[host]["failure"], 15, "the refusal")      # pylint: disable=cell-var-from-loop
        assert orchestrator.command("renew", host).returncode == 0
        wait_issued(orchestrator, host)
    assert place.other.count("new-order") == 3 and place.other.count("new-account") == 1


def test_a_fallback_by_a_reload(place, tmp_path):
    """It changes nothing of what the first one said, but that is waited for no longer than until time presses."""
    folder, now = tmp_path / "state", time.time()
    keep(folder / "certs", place.issuer.make(HOST, begin=now - 71.5 * DAY_S + 18, end=now + 18.5 * DAY_S + 18), HOST)
    place.ca.refuse["new-order"] = [Refusal(429, "rateLimited", "too many", Retry_After="7200")] * 20
    orchestrator = place({"state_dir": str(folder)}, fallback="")
    wait_until(lambda: failures(orchestrator) == 1, 15, "the refusal")
    assert now + 7190 < certificates(orchestrator)[HOST]["next_ms"] / 1000
    orchestrator.config["acme"]["fallback"] = place.other.directory
    reload(orchestrator)
    one = certificates(orchestrator)[HOST]
    assert one["failure"]["count"] == 1 and one["next_ca"] == place.other.directory
    assert now + 13 < one["next_ms"] / 1000 < now + 23
    wait_until(lambda: certificates(orchestrator)[HOST]["ca"] == place.other.directory, 40, "its renewal")
    assert time.time() > now + 13 and place.ca.count("new-order") == place.other.count("new-order") == 1


def test_the_first_has_no_account(place, tmp_path):
    """Its key cannot be used: the fallback issues for a host that has nothing, and the log says what to do."""
    orchestrator = place(fallback="")
    wait_issued(orchestrator)
    (account,) = state(orchestrator).glob("account-*.pem")
    orchestrator.stop()
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072", "-out", tmp_path / "key")
    account.write_bytes((tmp_path / "key").read_bytes())
    orchestrator.config["acme"]["fallback"] = place.other.directory
    orchestrator.config["services"][0]["hosts"].append("two.example.org")
    orchestrator.spawn()
    orchestrator.wait_ready()
    wait_issued(orchestrator, "two.example.org")
    assert certificates(orchestrator)["two.example.org"]["ca"] == place.other.directory
    assert place.ca.count("new-order") == 1 and lines(orchestrator, "acme-account-unreadable")


def test_a_cause_of_ours(place):
    """Nobody is where the host should be: the other one would say the same, and is not asked."""
    place.ca.http_port = place.ca.port      # something else is there
    orchestrator = place(challenges="http-01")
    wait_until(lambda: failures(orchestrator) == 1, 15, "a failure")
    for _ in range(4):
        fail_again(orchestrator)
    assert certificates(orchestrator)[HOST]["next_ca"] == place.ca.directory
    assert place.ca.count("new-order") == 5 and place.other.asked == []


def test_our_clock_is_off(place):
    place.ca.clock_off_s = place.other.clock_off_s = 7200
    orchestrator = place()
    wait_until(lambda: failures(orchestrator) == 1, 15, "a failure")
    for _ in range(3):
        fail_again(orchestrator)
    one = certificates(orchestrator)[HOST]
    assert "this machine's clock is 120 minutes behind" in one["failure"]["text"] and one["next_ca"] == place.ca.directory
    assert place.other.asked == [] and place.ca.count("new-order") == 0


def test_our_disk_is_full(place, tmp_path):
    disk = tmp_path / "state"
    with small_disk(disk, "2m"):
        orchestrator = place(challenges="http-01")
        wait_issued(orchestrator)
        fill(disk)
        orchestrator.config["services"][0]["hosts"].append("two.example.org")
        reload(orchestrator)
        for count in range(1, 5):
            wait_until(lambda: (certificates(orchestrator)["two.example.org"]["failure"] or {"count": 0})["count"] == count, 15, "a failure")   # pylint: disable=cell-var-from-loop
            one = certificates(orchestrator)["two.example.org"]
            assert one["failure"]["text"].startswith("nothing is ordered") and one["next_ca"] == place.ca.directory
            assert orchestrator.command("renew", "two.example.org").returncode == 0
        (disk / "ballast").unlink()
        assert place.other.asked == [] and place.ca.count("new-order") == 1
        orchestrator.stop(signal.SIGINT)    # with its containers, while their records are there


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
