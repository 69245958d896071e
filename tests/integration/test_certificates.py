"""Certificates from files: a change is noticed and taken whole, a bad one leaves the former in force, and everybody hears when one ends.

SWAPS=10000 for the long run: no request fails, and the memory does not grow.
"""

import os
import time

import pytest

from harness import sanitizer, tls
from harness.certificates import DAY_S, tls_settings
from harness.orchestrator import run_binary
from harness.poller import Poller
from harness.wait import wait_until
from test_tls import shown

SWAPS = int(os.environ.get("SWAPS", "15"))
NOTICED_S = 60
# freed memory is given back, so that what grows is what is kept
ENVIRONMENT = sanitizer.ENVIRONMENT["ASAN_OPTIONS"] + ":quarantine_size_mb=0:thread_local_quarantine_size_kb=0"


@pytest.fixture
def serving(processes):
    """`serving(pair, ...)`: started, with these certificates."""
    def start(*pairs, environment=None, **settings):
        def of(port):
            tls.PORTS.add(port)
            return {"listen": [], "tls": tls_settings(port, *pairs, max_handshakes_per_s=100000), **settings}
        return processes(1, of, environment)[0]
    return start


def names(orchestrator, name=None):
    return shown(orchestrator.port, name)[0]


def test_a_change_is_noticed(serving, authority):
    pair = authority.make("a.example")
    orchestrator = serving(pair)
    assert names(orchestrator) == ["a.example"]
    pair.replace_by(authority.make("b.example"))
    wait_until(lambda: names(orchestrator) == ["b.example"], NOTICED_S, "the new one is shown")
    assert 'event=certificate-changed' in orchestrator.log()


def test_a_bad_change_is_not_taken(serving, authority):
    pair = authority.make("a.example")
    orchestrator = serving(pair)
    pair.cert.write_text("-----BEGIN CERTIFICATE-----\nwhat\n-----END CERTIFICATE-----\n")
    wait_until(lambda: "event=certificate-refused" in orchestrator.log(), NOTICED_S, "it is said")
    assert str(pair.cert) in orchestrator.log() and "certificate 1 is damaged" in orchestrator.log()
    assert names(orchestrator) == ["a.example"]


def test_files_that_vanish(serving, authority):
    """What was shown is shown on; `status` says so until they are back, and the log once."""
    pair = authority.make("a.example")
    orchestrator = serving(pair)
    assert "certificate: " not in orchestrator.status()
    for path in (pair.cert, pair.key):
        path.rename(f"{path}.away")
    said = wait_until(lambda: next((line for line in orchestrator.status().splitlines() if "certificate: " in line), None),
                      NOTICED_S, "the trouble")
    assert "the former one is shown" in said and "No such file" in said and "docs/tls.md" in said
    time.sleep(2)
    assert orchestrator.log().count("event=certificate-refused") == 1 and names(orchestrator) == ["a.example"]
    for path in (pair.cert, pair.key):
        path.with_name(f"{path.name}.away").rename(path)
    wait_until(lambda: "certificate: " not in orchestrator.status(), NOTICED_S, "all is well")


def test_a_reload_takes_all_or_nothing(serving, authority):
    first, second = authority.make("a.example"), authority.make("b.example")
    orchestrator = serving(first)
    setting = orchestrator.config["tls"]
    setting["certificates"] = [first.setting, {"cert": str(second.cert), "key": str(first.key)}]
    orchestrator.write_config()
    refused = orchestrator.command("reload")
    assert refused.returncode == 1 and "tls.certificates[1]" in refused.stderr and "is not the key of" in refused.stderr
    assert names(orchestrator, "b.example") == ["a.example"]
    setting["certificates"] = [first.setting, second.setting]
    setting["min_version"] = "1.3"
    orchestrator.write_config()
    assert orchestrator.command("reload").returncode == 0
    assert names(orchestrator, "b.example") == ["b.example"]
    assert shown(orchestrator.port, "b.example", "-tls1_2") is None


def test_a_start_with_a_bad_one_is_refused(serving, authority):
    orchestrator = serving(authority.make("a.example"))
    orchestrator.config["tls"]["certificates"][0]["key"] = str(authority.make("b.example").key)
    orchestrator.write_config()
    for args in [], ["--check"]:
        done = run_binary("-c", orchestrator.config_path, *args)
        assert done.returncode == 2 and "tls.certificates[0]: " in done.stderr and str(orchestrator.config_path) in done.stderr


def test_what_is_only_doubtful(serving, authority):
    now = time.time()
    pair = authority.make("a.example", begin=now - 9 * DAY_S, end=now - DAY_S, chain=False)
    pair.key.chmod(0o644)
    orchestrator = serving(pair)
    assert names(orchestrator) == ["a.example"]
    checked = run_binary("-c", orchestrator.config_path, "--check")
    assert checked.returncode == 0
    for words in ["it has expired", "no chain behind it", "can read the key"]:
        assert words in checked.stderr and words in orchestrator.log(), words


@pytest.mark.parametrize("days, code, says", [(15, 0, "ends in 14 d"), (6, 5, "ends in 5 d: renew"), (1, 5, "ends in 23 h: renew")])
def test_everybody_hears_when_it_ends(serving, authority, days, code, says):
    end = int(time.time() + days * DAY_S)
    pair = authority.make("a.example", "*.b.example", begin=end - 90 * DAY_S, end=end)
    orchestrator = serving(authority.make("c.example"), pair)
    status = orchestrator.command("status")
    assert status.returncode == code, status.stdout
    assert "certificates: 3 names, first to end *.b.example, " + says in status.stdout, status.stdout
    expiry = {k: v for k, v in orchestrator.metrics().items() if k.startswith("selfless_certificate_expiry_timestamp_seconds")}
    assert expiry['selfless_certificate_expiry_timestamp_seconds{host="*.b.example"}'] == end
    assert len(expiry) == 3
    said = {one["host"]: one for one in orchestrator.fleet()["certificates"]}
    assert said["a.example"]["until_ms"] == end * 1000 and said["a.example"]["issuer"] == "Scenario"
    assert said["a.example"]["file"] == str(pair.cert)


@pytest.mark.parametrize("hours, code, says", [(48, 0, "ends in 2 d"), (36, 5, "first to end a.example, ends in 36 h: renew")])
def test_a_short_life_ends_soon_later(serving, authority, hours, code, says):
    """A certificate for six days has three left when it is renewed: that is no matter for anybody, a quarter of its life is."""
    end = int(time.time() + hours * 3600 + 60)
    orchestrator = serving(authority.make("a.example", begin=end - 160 * 3600, end=end), authority.make("c.example"))
    status = orchestrator.command("status")
    assert status.returncode == code and says in status.stdout, status.stdout
    said = {one["host"]: one for one in orchestrator.fleet()["certificates"]}
    assert said["a.example"]["soon_ms"] == (end - 40 * 3600) * 1000
    metrics = orchestrator.metrics()
    assert metrics['selfless_certificate_start_timestamp_seconds{host="a.example"}'] == end - 160 * 3600


def rss_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def test_swaps_under_load(serving, authority):
    """Half of the clients keep their connection, half make a new one for each request."""
    pair, others = authority.make("a.example"), [authority.make("a.example", f"n{i}.example") for i in range(2)]
    orchestrator = serving(pair, trusted_proxies=["127.0.0.1"], environment={"ASAN_OPTIONS": ENVIRONMENT})
    pid, memory = orchestrator.process.pid, []
    with Poller(orchestrator.port, clients=2) as kept, Poller(orchestrator.port, clients=2, keep_alive=False) as new, \
            open(orchestrator.log_path, encoding="utf-8", errors="replace") as log:
        for number in range(SWAPS):
            pair.replace_by(others[number % 2])
            orchestrator.send_signal(1)
            wait_until(lambda: any("event=reloaded" in line for line in log), 30, "it was taken")
            if number % max(1, SWAPS // 10) == max(1, SWAPS // 10) - 1:
                memory.append(rss_kb(pid))
        assert names(orchestrator) == ["a.example", f"n{(SWAPS - 1) % 2}.example"]
    kept.assert_clean(SWAPS)
    new.assert_clean(SWAPS)
    print(f"{SWAPS} swaps, {len(kept.outcomes)} + {len(new.outcomes)} requests, RSS {memory} kB")
    assert memory[-1] - memory[0] < 20000, memory
