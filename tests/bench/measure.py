"""CPU time of processes, what wrk says, medians."""

import glob
import re
import statistics
import subprocess
import threading


def descendants(pid):
    """The process and all that came from it."""
    found = [pid]
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        try:
            with open(path, encoding="ascii") as file:
                for child in file.read().split():
                    found += descendants(int(child))
        except FileNotFoundError:
            continue
    return found


def _run_ns(path):
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read().split()[0])
    except FileNotFoundError:
        return 0


def cpu_us(pid):
    """CPU time, user and system, of a process with all its threads and children, in microseconds.

    From schedstat, which counts nanoseconds; utime and stime of stat are the same sum in ticks of 10 ms.
    """
    total = 0
    for process in descendants(pid):
        total += sum(_run_ns(path) for path in glob.glob(f"/proc/{process}/task/*/schedstat"))
    return total / 1000


def rss_kb(pid):
    total = 0
    for process in descendants(pid):
        with open(f"/proc/{process}/status", encoding="ascii") as status:
            total += int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])
    return total


class RssWatch:
    """`with RssWatch(pid) as watch: ...`: the largest RSS of the process tree meanwhile, in watch.peak_kb."""

    EVERY_S = 0.2

    def __init__(self, pid):
        self.pid, self.peak_kb = pid, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while True:
            self.peak_kb = max(self.peak_kb, rss_kb(self.pid))
            if self._over.wait(self.EVERY_S):
                return

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()


_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


def _latency_ms(text, percentile):
    value = re.search(rf"^\s+{percentile}%\s+([\d.]+)(us|ms|s|m)\s*$", text, re.MULTILINE)
    return float(value[1]) * _UNITS[value[2]] if value else float("nan")


class Load:
    """What one run of wrk says.

    Its percentiles hold what a stalled connection would have asked meanwhile, too (it corrects for coordinated omission):
    one stall of 1 s on 32 connections weighs as many requests as would have been made in it.
    """

    def __init__(self, text):
        self.requests = int(re.search(r"(\d+) requests in", text)[1])
        self.per_second = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
        self.p50_ms, self.p99_ms = _latency_ms(text, 50), _latency_ms(text, 99)
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
        self.bad_status = int(bad[1]) if bad else 0
        self.broken = sum(map(int, broken.groups())) if broken else 0
        self.failures = self.bad_status + self.broken
        longest = re.search(r"Latency\s+\S+\s+\S+\s+([\d.]+)(us|ms|s|m)\b", text)
        self.max_ms = float(longest[1]) * _UNITS[longest[2]] if longest else float("nan")


def wrk_command(url, seconds, connections, script=None, core=None, timeout_s=15):
    command = ["taskset", "-c", str(core)] if core is not None else []
    command += ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", f"{timeout_s}s"]
    if script is not None:
        command += ["-s", str(script)]
    return command + [url]


def wrk(*args, **kwargs):
    done = subprocess.run(wrk_command(*args, **kwargs), capture_output=True, text=True, check=True)
    return Load(done.stdout)


def pin(pid, core):
    for process in descendants(pid):
        subprocess.run(["taskset", "-acp", str(core), str(process)], stdout=subprocess.DEVNULL, check=True)


def median(values):
    return statistics.median(values)


def machine():
    """One line that says what this was measured on."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        text = file.read()
    model = re.search(r"model name\s*:\s*(.+)", text)
    kernel = subprocess.run(["uname", "-r"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{model[1] if model else 'unknown CPU'}, {text.count('processor')} cores, Linux {kernel}"
