"""--simulate runs the scaler over a trace: each decision, the sums, the chart, and what is said of a wrong trace.

A bursty day must cost at most 1.3 times the container-hours of an ideal that knows the future.
"""

import json
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree

import pytest

from harness.orchestrator import run_binary

DAY_TRACE = pathlib.Path(__file__).parents[1] / "bench" / "day_trace.py"
WORST_RATIO = 1.3


@pytest.fixture
def simulate(tmp_path):
    """simulate("0,5\n", "--json", scale={...}) runs it with that trace, and that scale for service `web`."""
    def run(trace, *args, scale=None):
        (tmp_path / "trace.csv").write_text(trace)
        service = {"name": "web", "image": "i", "scale": scale or {}}
        (tmp_path / "config.json").write_text(json.dumps({"services": [service]}))
        return run_binary("-c", tmp_path / "config.json", "--simulate", tmp_path / "trace.csv", *args)

    return run


def parsed(done):
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def day(seed):
    return subprocess.run([sys.executable, DAY_TRACE, "--seed", str(seed)], capture_output=True, text=True,
                          check=True, timeout=60).stdout


def requests_of(trace):
    return sum(int(line.split(",")[1]) for line in trace.splitlines() if line[0].isdigit())


SMALL = {"window_s": 100, "requests_per_container": 10, "max": 4}


def test_readable(simulate):
    done = simulate("seconds,count\n10,25\n150,5\n230,60\n", scale=SMALL)
    assert done.returncode == 0 and done.stderr == "", done
    rows = [line.split(None, 5) for line in done.stdout.splitlines() if re.match(r"\s+\d+:\d\d:\d\d\.\d{3} ", line)]
    assert [(row[0], row[1], row[2] + row[3] + row[4]) for row in rows] == [
        ("0:00:10.400", "11", "1->2"), ("0:00:10.800", "21", "2->3"), ("0:01:50.000", "25", "3->3"),
        ("0:03:30.000", "5", "3->1"), ("0:03:50.166", "11", "1->2"), ("0:03:50.333", "21", "2->3"),
        ("0:03:50.500", "31", "3->4"), ("0:05:10.000", "60", "4->4")]
    assert rows[0][5] == "early: 11 requests already ask for 2"
    assert rows[3][5] == "window ended: ceil(5 / 10) = 1"
    assert rows[7][5] == "window ended: ceil(60 / 10) = 6, at most 4"
    assert re.search(r"^requests +90 in 0:05:10.000 and 3 windows$", done.stdout, re.MULTILINE), done.stdout


def test_json_says_the_same(simulate):
    told = parsed(simulate("10,25\n150,5\n500,0\n", "--json", scale=SMALL))
    assert told["service"] == "web" and told["scale"]["max"] == 4 and told["start_ms"] == 300
    assert [(d["at"], d["why"], d["requests"], d["from"], d["wanted"]) for d in told["decisions"]] == [
        (10.4, "early", 11, 1, 2), (10.8, "early", 21, 2, 3), (110, "window", 25, 3, 3), (210, "window", 5, 3, 1),
        (310, "idle", 0, 1, 1)]
    assert [(w["start"], w["end"], w["requests"], w["need"]) for w in told["windows"]] == [
        (10, 110, 25, 3), (110, 210, 5, 1), (210, 310, 0, 1)]
    summary = told["summary"]
    assert summary["seconds"] == 500 and summary["containers_started"] == summary["containers_stopped"] == 2
    cost_s = 10.4 + 0.4 * 2 + 199.2 * 3 + 290
    ideal_s = 500 + 2 * 100 + 2 * 0.3
    assert summary["container_hours"] == pytest.approx(cost_s / 3600, abs=1e-6)
    assert summary["ideal_container_hours"] == pytest.approx(ideal_s / 3600, abs=1e-6)
    assert summary["ratio"] == pytest.approx(cost_s / ideal_s, abs=1e-6)


def test_first_request_waits_for_the_start(simulate):
    summary = parsed(simulate("5,4\n", "--json", "--start-ms", "600", scale={"min": 0}))["summary"]
    assert (summary["held"], summary["longest_hold"]) == (3, 0.6)


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_bursty_day(simulate, seed):
    trace = day(seed)
    told = parsed(simulate(trace, "--json"))
    assert sum(window["requests"] for window in told["windows"]) == requests_of(trace) == told["summary"]["requests"]
    for before, after in zip(told["windows"], told["windows"][1:]):
        assert after["start"] == before["end"] if before["requests"] else after["start"] >= before["end"]
    assert {round(w["end"] - w["start"], 6) for w in told["windows"]} == {120}
    assert all(1 <= decision["wanted"] <= 10 for decision in told["decisions"])
    assert told["summary"]["ratio"] <= WORST_RATIO
    assert told["summary"]["spare_container_hours"] <= (WORST_RATIO - 1) * told["summary"]["ideal_container_hours"]


def test_a_day_of_one_seed_is_always_the_same():
    assert day(3) == day(3) != day(4)


def test_chart(simulate, tmp_path):
    simulate(day(1), "--chart", tmp_path / "day.svg")
    text = (tmp_path / "day.svg").read_text()
    root = xml.etree.ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    for word in ["Requests per second", "Requests per window", "Containers", "wanted", "0:00", "24:00", "over 20: 2"]:
        assert word in words
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"nan|inf\b", text)
    drawn = {element.get("class") for element in root.iter("{http://www.w3.org/2000/svg}path")}
    assert {"rate", "peak", "window", "need", "wanted", "threshold", "limit"} <= drawn


@pytest.mark.parametrize("trace", ["0,0\n", "0,1\n", "0.5,1\n31622400,1\n", "0,1000000\n"])
def test_chart_of_odd_traces(simulate, tmp_path, trace):
    done = simulate(trace, "--chart", tmp_path / "odd.svg")
    assert done.returncode == 0, done
    text = (tmp_path / "odd.svg").read_text()
    xml.etree.ElementTree.fromstring(text)
    assert not re.search(r"nan|inf\b", text)


WRONG = [
    ("no number", "0,1\nx,2\n", 2, "seconds must be a number"),
    ("negative", "-5,1\n", 1, "seconds must be a number"),
    ("no comma", "# day\n5 1\n", 2, "no comma"),
    ("half a request", "5,1.5\n", 1, "more behind the count"),
    ("too many", "5,1000001\n", 1, "count must be a whole number from 0 to 1000000"),
    ("backwards", "5,1\n4,1\n", 2, "order of time"),
    ("three columns", "5,1,web\n", 1, "more behind the count"),
]


@pytest.mark.parametrize("trace, line, word", [c[1:] for c in WRONG], ids=[c[0].replace(" ", "-") for c in WRONG])
def test_wrong_trace(simulate, trace, line, word):
    done = simulate(trace)
    assert done.returncode == 1 and done.stdout == "", done
    assert re.search(rf"/trace\.csv:{line}: .*{word}", done.stderr), done.stderr


def test_empty_trace(simulate):
    done = simulate("# nothing\n")
    assert done.returncode == 1 and "holds no requests; expected SECONDS,COUNT" in done.stderr


def test_no_trace_no_service_no_place_for_the_chart(simulate, tmp_path):
    done = run_binary("--simulate", tmp_path / "none.csv")
    assert done.returncode == 1 and "none.csv: No such file" in done.stderr
    done = simulate("0,1\n", "--service", "wob")
    assert done.returncode == 1 and '"wob" is not configured; there is web' in done.stderr
    done = simulate("0,1\n", "--chart", tmp_path / "none" / "chart.svg")
    assert done.returncode == 1 and "chart.svg: No such file" in done.stderr


def test_service_by_name(tmp_path):
    (tmp_path / "trace.csv").write_text("0,1\n")
    told = json.loads(run_binary("--simulate", tmp_path / "trace.csv", "--service", "users", "--json").stdout)
    assert told["service"] == "users" and told["scale"]["max"] == 1


@pytest.mark.parametrize("args", [["--json"], ["--chart", "x"], ["--service", "acts"], ["--simulate"],
                                  ["--simulate", "/dev/null", "--start-ms", "soon"],
                                  ["--simulate", "/dev/null", "--start-ms", "-1"]])
def test_usage(args):
    assert run_binary(*args).returncode == 2
