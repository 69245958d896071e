"""What certificates that come by themselves outlive: time, a full disk, the CA's limits, another configuration, and an orchestrator that
is killed at each step of an order. ROUNDS=50 for as many of these."""

import os
import signal
import subprocess
import threading
import time

import pytest

from harness.certificates import DAY_S, openssl
from harness.mounts import small_disk
from harness.small_ca import Refusal
from harness.wait import holds_for, wait_until
from test_acme import HOST, certificates, is_issued, state, wait_issued
from test_acme_scripted import place        # pylint: disable=unused-import
from test_reload import lines, reload
from test_tls import shown

ROUNDS = int(os.environ.get("ROUNDS", "12"))


def orders(place, host=HOST):     # pylint: disable=redefined-outer-name
    return sum(1 for what, payload in place.ca.asked if what == "new-order" and payload["identifiers"][0]["value"] == host)


# --- time ----------------------------------------------------------------------------------------------------------

def keep(folder, pair, host):
    """As an earlier process kept it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{host}.pem"
    path.write_text(pair.key.read_text() + pair.cert.read_text())
    path.chmod(0o600)


def test_renewed_in_time(place, tmp_path):      # pylint: disable=redefined-outer-name
    """Certificates of 90 days, one that is 59 days old, one that is 61, and one that gets 60 days old while we look on."""
    now = time.time()
    folder = tmp_path / "state" / "certs"
    for host, begin in (("young.example.org", now - 59 * DAY_S), ("old.example.org", now - 61 * DAY_S), (HOST, now - 60 * DAY_S + 20)):
        keep(folder, place.issuer.make(host, begin=begin, end=begin + 90 * DAY_S), host)
    orchestrator = place({"state_dir": str(tmp_path / "state")}, names=["young.example.org", "old.example.org"])
    before = certificates(orchestrator)
    wait_until(lambda: certificates(orchestrator)["old.example.org"]["ends_ms"] > before["old.example.org"]["ends_ms"], 15, "the old one's renewal")
    assert time.time() < now + 20 and orders(place) == 0
    wait_until(lambda: certificates(orchestrator)[HOST]["ends_ms"] > before[HOST]["ends_ms"], 30, "the renewal")
    assert time.time() >= now + 20
    time.sleep(2)
    assert orders(place) == 1 and orders(place, "old.example.org") == 1 and orders(place, "young.example.org") == 0
    assert certificates(orchestrator)["young.example.org"] == before["young.example.org"]


def test_old_as_it_comes(place):        # pylint: disable=redefined-outer-name
    """A CA that issues what is to be renewed at once is not asked again at once."""
    place.ca.begin_s = 80 * DAY_S
    orchestrator = place()
    wait_issued(orchestrator)
    holds_for(lambda: orders(place) == 1, 5, "one order")
    wait_until(lambda: '"order"' not in (state(orchestrator) / f"{HOST}.json").read_text(), 5, "the end of it")
    orchestrator.kill()
    orchestrator.spawn()
    orchestrator.wait_ready()
    holds_for(lambda: orders(place) == 1, 5, "one order")


# --- a full disk ---------------------------------------------------------------------------------------------------

def fill(folder):
    subprocess.run(["dd", "if=/dev/zero", f"of={folder}/ballast", "bs=1k"], check=False, capture_output=True)


def test_a_full_disk(place, tmp_path):      # pylint: disable=redefined-outer-name
    """It fills while the CA signs: the certificate is shown, and kept once there is room; while it is full, nothing is ordered."""
    sign, disk, two = place.issuer.sign, tmp_path / "state", "two.example.org"

    def sign_and_fill(*args):
        fill(disk)
        return sign(*args)
    with small_disk(disk, "2m"):
        place.issuer.sign = sign_and_fill
        orchestrator = place()
        wait_issued(orchestrator)
        wait_until(lambda: lines(orchestrator, "certificate-not-kept"), 10, "it is told")
        assert "make room" in orchestrator.log() and shown(place.tls_port, HOST) == ([HOST], "ec")
        orchestrator.config["services"][0]["hosts"].append(two)
        reload(orchestrator)
        wait_until(lambda: (certificates(orchestrator)[two]["failure"] or {"text": ""})["text"].startswith("nothing is ordered"), 10, "the refusal")
        assert orders(place, two) == 0
        place.issuer.sign = sign
        (disk / "ballast").unlink()
        kept = state(orchestrator) / f"{HOST}.pem"
        wait_until(kept.exists, 60, "it is kept")
        assert openssl("x509", "-in", kept, "-noout", "-pubkey") == openssl("pkey", "-in", kept, "-pubout")
        orchestrator.kill()
        orchestrator.spawn()
        orchestrator.wait_ready()
        wait_until(lambda: shown(place.tls_port, HOST) == ([HOST], "ec"), 10, "it is shown from the disk")
        orchestrator.command("renew", two)
        wait_issued(orchestrator, HOST, two)
        assert orders(place) == 1 and orders(place, two) == 1
        orchestrator.stop(signal.SIGINT)    # with its containers, while their records are there


# --- limits --------------------------------------------------------------------------------------------------------

def test_rate_limited(place):       # pylint: disable=redefined-outer-name
    """The CA's wish is kept, across a kill, too, and told in its words; then the order goes well."""
    place.ca.refuse = {"new-order": [Refusal(429, "rateLimited", "too many certificates already issued", Retry_After="75")]}
    began = time.time()
    orchestrator = place()
    one = wait_until(lambda: certificates(orchestrator)[HOST] if certificates(orchestrator)[HOST]["failure"] else None, 20, "the refusal")
    assert "too many certificates already issued (rateLimited)" in one["failure"]["text"] and "when the CA allows it" in one["failure"]["remedy"]
    assert began + 74 < one["next_ms"] / 1000 < time.time() + 76
    time.sleep(1)
    orchestrator.kill()
    orchestrator.spawn()
    orchestrator.wait_ready()
    assert certificates(orchestrator)[HOST]["next_ms"] == one["next_ms"]
    wait_until(lambda: time.time() * 1000 > one["next_ms"] - 1500 or orders(place) > 1, 90, "the time")
    assert orders(place) == 1
    wait_issued(orchestrator, deadline_s=20)
    assert orders(place) == 2 and time.time() * 1000 > one["next_ms"]


# --- another configuration -----------------------------------------------------------------------------------------

def test_another_address(place):        # pylint: disable=redefined-outer-name
    """The account is told, once, and stays the same; what is under way goes on."""
    orchestrator = place(email="old@example.org")
    wait_issued(orchestrator)
    assert place.ca.last("new-account")["contact"] == ["mailto:old@example.org"]
    answer, slow = place.ca.answer, threading.Event()

    def wait_and_answer(method, path, message):
        if path.startswith("/finalize"):
            slow.wait(20)
        return answer(method, path, message)
    place.ca.answer = wait_and_answer
    orchestrator.config["services"][0]["hosts"].append("two.example.org")
    reload(orchestrator)
    wait_until(lambda: orders(place, "two.example.org") == 1, 10, "an order")
    orchestrator.config["acme"]["email"] = "new@example.org"
    reload(orchestrator)
    wait_until(lambda: place.ca.count("account") == 1, 10, "it is told")
    slow.set()
    assert place.ca.last("account") == {"contact": ["mailto:new@example.org"]}
    wait_issued(orchestrator, HOST, "two.example.org")
    assert orders(place, "two.example.org") == 1 and place.ca.count("new-account") == 1
    reload(orchestrator)
    time.sleep(2)
    assert place.ca.count("account") == 1 and len(lines(orchestrator, "acme-email-told")) == 1


def test_another_binding(place, tmp_path):      # pylint: disable=redefined-outer-name
    """An account is bound when it is made: another one is made, with a key of its own, and used from the next order on."""
    for name in ("one", "two"):
        (tmp_path / name).write_text("zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W\n")
        (tmp_path / name).chmod(0o600)
    orchestrator = place(eab_kid="kid-1", eab_key_file=str(tmp_path / "one"))
    wait_issued(orchestrator)
    (first,) = state(orchestrator).glob("account-*.pem")
    orchestrator.config["acme"].update(eab_kid="kid-2", eab_key_file=str(tmp_path / "two"))
    reload(orchestrator)
    wait_until(lambda: orchestrator.command("renew", HOST).returncode == 0, 10, "the other account's key is kept")
    wait_until(lambda: orders(place) == 2, 15, "another order")
    assert place.ca.count("new-account") == 2 and "externalAccountBinding" in place.ca.last("new-account")
    assert len(list(state(orchestrator).glob("account-*.pem"))) == 2 and first.exists()
    wait_until(lambda: not certificates(orchestrator)[HOST]["ordering"], 15, "its end")
    assert certificates(orchestrator)[HOST]["ca"] == place.ca.directory
    assert certificates(orchestrator)[HOST]["failure"] is None


@pytest.mark.parametrize("kind", ["P-384", "rsa"])
def test_an_account_of_another_client(place, tmp_path, kind):       # pylint: disable=redefined-outer-name
    """Its key is taken as it is."""
    orchestrator = place()
    wait_issued(orchestrator)
    (account,) = state(orchestrator).glob("account-*.pem")
    orchestrator.stop()
    key = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"] if kind == "rsa" else ["-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{kind}"]
    openssl("genpkey", *key, "-out", tmp_path / "key")
    account.write_bytes((tmp_path / "key").read_bytes())
    orchestrator.spawn()
    orchestrator.wait_ready()
    assert orchestrator.command("renew", HOST).returncode == 0
    wait_until(lambda: orders(place) == 2, 15, "another order")
    wait_until(lambda: not certificates(orchestrator)[HOST]["ordering"], 15, "its end")
    assert certificates(orchestrator)[HOST]["failure"] is None


def test_an_account_that_signs_slowly(place, tmp_path):     # pylint: disable=redefined-outer-name
    """RSA of 3072 bits: it is not signed with, and the log says what to do; so done, another account is made."""
    orchestrator = place()
    wait_issued(orchestrator)
    (account,) = state(orchestrator).glob("account-*.pem")
    orchestrator.stop()
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072", "-out", tmp_path / "key")
    account.write_bytes((tmp_path / "key").read_bytes())
    orchestrator.spawn()
    orchestrator.wait_ready()
    (line,) = lines(orchestrator, "acme-account-unreadable")
    assert "or RSA with 2048 bits" in line and "another account is made" in line
    assert orchestrator.command("renew", HOST).returncode != 0
    orchestrator.stop()
    account.unlink()
    orchestrator.spawn()
    orchestrator.wait_ready()
    wait_until(lambda: orchestrator.command("renew", HOST).returncode == 0, 10, "an account's key")
    wait_until(lambda: orders(place) == 2 and not certificates(orchestrator)[HOST]["ordering"], 15, "another order")
    assert certificates(orchestrator)[HOST]["failure"] is None


# --- killed --------------------------------------------------------------------------------------------------------

class Killer:
    """Kills the orchestrator at the CA's next question number `at`: before it is answered, or `after_s` behind it. The step's name is in
    `steps`."""

    def __init__(self, ca):
        self.ca, self.answer, self.steps = ca, ca.answer, []
        self.at = None
        ca.answer = self

    def arm(self, orchestrator, at, after_s):
        self.orchestrator, self.at, self.after_s = orchestrator, at, after_s
        self.dead = threading.Event()

    def _kill(self):
        self.orchestrator.process.kill()
        self.dead.set()

    def __call__(self, method, path, message):
        if self.at is None:
            return self.answer(method, path, message)
        self.at -= 1
        if self.at > 0:
            return self.answer(method, path, message)
        self.at = None
        self.steps.append(path.strip("/").split("/")[0])
        if self.after_s is None:
            self._kill()
            return self.answer(method, path, message)
        said = self.answer(method, path, message)
        threading.Timer(self.after_s, self._kill).start()
        return said


def test_killed_at_each_step(place):        # pylint: disable=redefined-outer-name
    """There is a certificate in the end, the account's key and the certificate's are never lost, and no more than one order too many is
    made, whichever of the CA's questions was the last."""
    orchestrator = place()
    wait_issued(orchestrator)
    orchestrator.stop()
    (account,) = state(orchestrator).glob("account-*.pem")
    key, killer, too_many, resumed = account.read_bytes(), Killer(place.ca), 0, 0
    for number in range(ROUNDS):
        host = f"kill{number}.example.org"
        orchestrator.config["services"][0]["hosts"] = [host]
        killer.arm(orchestrator, number % 9 + 1, None if number // 9 % 2 == 0 else number * 7 % 50 / 1000)
        orchestrator.spawn()
        assert killer.dead.wait(30), (number, orchestrator.log()[-2000:])
        orchestrator.process.wait(10)
        orchestrator.kill()
        assert account.read_bytes() == key
        begun = len(lines(orchestrator, "certificate-ordered"))
        orchestrator.spawn()
        orchestrator.wait_ready()
        resumed += any(line.endswith("resumed=yes") for line in lines(orchestrator, "certificate-ordered")[begun:])

        def over():
            return is_issued(orchestrator, host) or certificates(orchestrator)[host]["next_ms"] is not None   # pylint: disable=cell-var-from-loop
        wait_until(over, 30, "the end of what was begun, or that it waits: it was noted and not begun, or the CA looked while nobody was there")
        if not is_issued(orchestrator, host):
            assert orchestrator.command("renew", host).returncode == 0
        wait_issued(orchestrator, host, deadline_s=30)
        assert 1 <= orders(place, host) <= 2, number
        too_many += orders(place, host) - 1
        kept = state(orchestrator) / f"{host}.pem"
        wait_until(kept.exists, 10, "it is kept")
        assert openssl("x509", "-in", kept, "-noout", "-pubkey") == openssl("pkey", "-in", kept, "-pubout")
        wait_until(lambda: '"order"' not in (state(orchestrator) / f"{host}.json").read_text(), 10, "the end of it")    # pylint: disable=cell-var-from-loop
        orchestrator.kill()
    assert account.read_bytes() == key
    print(f"{ROUNDS} rounds, {resumed} orders taken up, {too_many} too many; killed at {', '.join(sorted(set(killer.steps)))}")
    orchestrator.start()
