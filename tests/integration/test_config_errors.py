"""A wrong configuration ends with exit code 2 and file:line:column, the key, and what is allowed."""

import os
import re
import subprocess

import pytest

from harness.orchestrator import binary, run_binary

# (what is wrong, the file's text with the wrong place marked by a caret before it, key in the message, a word of it)
GOOD = '"services": [{"name": "web", "image": "i"}]'


def service(text):
    return '{\n  "services": [\n    {"name": "web", "image": "i",\n     %s}\n  ]\n}\n' % text


CASES = [
    ("malformed", '{\n  "name": ^oops\n}', "", ""),
    ("truncated", '{\n  "name": "web"^', "", ""),
    ("junk behind", '{%s}\n^}' % GOOD, "", ""),
    ("not an object", '^[1, 2]', "", ""),
    ("duplicate key", '{%s,\n  "name": "aa",\n  ^"name": "bb"}' % GOOD, "name", ""),
    ("unknown key", '{%s,\n  ^"colour": 1}' % GOOD, "colour", "unknown"),
    ("unknown key inside", service('"scale": {\n ^"mni": 1}'), "services[0].scale.mni", "unknown"),
    ("number for text", '{%s,\n  "name": ^7}' % GOOD, "name", ""),
    ("text for number", '{%s,\n  "hold_ms": ^"10"}' % GOOD, "hold_ms", ""),
    ("fraction for integer", '{%s,\n  "hold_ms": ^1.5}' % GOOD, "hold_ms", ""),
    ("below the range", '{%s,\n  "max_head_bytes": ^1}' % GOOD, "max_head_bytes", "1024"),
    ("above the range", service('"port": ^65536'), "services[0].port", "65535"),
    ("too large to hold", '{%s,\n  "hold_ms": ^99999999999999999999}' % GOOD, "hold_ms", ""),
    ("text for boolean", service('"scale": {"early": ^"yes"}'), "services[0].scale.early", ""),
    ("word not in the list", service('"reach": ^"telepathy"'), "services[0].reach", "socket"),
    ("formula not in the list", service('"scale": {"formula": ^"round"}'), "services[0].scale.formula", "floor+1"),
    ("engine not in the list", '{%s,\n  "engine": ^"podman"}' % GOOD, "engine", "docker"),
    ("array with a number", service('"routes": ["/a", ^5]'), "services[0].routes", ""),
    ("env with a number", service('"env": {"A": ^5}'), "services[0].env", ""),
    ("null", '{%s,\n  "name": ^null}' % GOOD, "name", ""),
    ("service without name", '{"services": [\n ^{"image": "i"}]}', "services[0].name", ""),
    ("service without image", '{"services": [\n ^{"name": "web"}]}', "services[0].image", "missing"),
    ("no service", '{"services": ^[]}', "services", ""),
    ("same name twice", '{"services": [{"name": "a", "image": "i"},\n {"name": ^"a", "image": "i", "routes": ["/x"]}]}',
     "services[1].name", ""),
    ("same route twice", '{"services": [{"name": "a", "image": "i", "routes": ["/x"]},\n'
     ' {"name": "b", "image": "i", "routes": ^["/x/"]}]}', "services[1].routes", "/x"),
    ("ports overlap", '{"services": [{"name": "a", "image": "i", "first_port": 9000, "routes": ["/x"]},\n'
     ' {"name": "b", "image": "i", "first_port": ^9005, "routes": ["/y"]}]}', "services[1].first_port", "overlap"),
    ("port past the end", service('"first_port": ^65530'), "services[0].first_port", "65535"),
    ("min above max", service('"scale": {"min": ^5, "max": 2}'), "services[0].scale.min", "max"),
    ("listen is no address", '{%s,\n  "listen": ^"everywhere"}' % GOOD, "listen", "ADDRESS:PORT"),
    ("admin open without a token", '{%s,\n  "admin": ^"0.0.0.0:9090"}' % GOOD, "admin", "admin_token_file"),
    ("no network", '{%s,\n  "trusted_proxies": ^["10.0.0.0/99"]}' % GOOD, "trusted_proxies", "10.0.0.0"),
    ("route without slash", service('"routes": ^["api"]'), "services[0].routes", "/"),
    ("private without slash", service('"private": ^["api"]'), "services[0].private", "/"),
    ("health path without slash", service('"health": {"path": ^"health"}'), "services[0].health.path", "/"),
    ("volume without path", service('"volumes": ^["data"]'), "services[0].volumes", "data"),
    ("volume's name too short", service('"volumes": ^["d:/data"]'), "services[0].volumes", "two"),
    ("publish is no address", service('"publish": ^["localhost"]'), "services[0].publish", "localhost"),
    ("illegal service name", '{"services": [{"name": ^"a b", "image": "i"}]}', "services[0].name", "letters"),
    ("illegal name", '{%s,\n  "name": ^"-x"}' % GOOD, "name", "letters"),
    ("nested too deep", '{%s, "name": ^%s1%s}' % (GOOD, "[" * 200, "]" * 200), "", ""),
    ("invalid UTF-8", '{%s, "name": "a^\udcff"}' % GOOD, "", ""),
]


@pytest.mark.parametrize("text, key, word", [c[1:] for c in CASES], ids=[c[0].replace(" ", "-") for c in CASES])
def test_error(tmp_path, text, key, word):
    marked = text.index("^")
    line = text.count("\n", 0, marked) + 1
    column = marked - (text.rfind("\n", 0, marked) + 1) + 1
    path = tmp_path / "wrong.json"
    path.write_bytes(text.replace("^", "", 1).encode("utf-8", "surrogateescape"))
    done = run_binary("--check", "-c", path)
    assert done.returncode == 2, done
    place = re.search(re.escape(str(path)) + r":(\d+):(\d+): ", done.stderr)
    assert place, f"no file:line:column in {done.stderr!r}"
    assert key in done.stderr and word in done.stderr, done.stderr
    assert int(place[1]) == line, done.stderr
    if key:
        assert int(place[2]) == column, f"column {column} expected: {done.stderr}"


def test_without_check_it_is_the_same(tmp_path):
    path = tmp_path / "wrong.json"
    path.write_text('{"colour": 1}')
    done = run_binary("-c", path)
    assert done.returncode == 2
    assert "colour" in done.stderr


def test_missing_file(tmp_path):
    done = run_binary("--check", "-c", tmp_path / "none.json")
    assert done.returncode == 2
    assert "none.json" in done.stderr


def test_a_folder_is_called_one(tmp_path):
    done = run_binary("--check", "-c", tmp_path)
    assert done.returncode == 2
    assert f"{tmp_path} is a folder" in done.stderr, done.stderr


def test_what_nobody_writes_to_is_not_waited_for(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    done = run_binary("--check", "-c", fifo)
    assert done.returncode == 2 and "fifo" in done.stderr, done.stderr
    kept = os.open(fifo, os.O_RDWR)     # a writer that says nothing
    done = run_binary("--check", "-c", fifo)
    os.close(kept)
    assert done.returncode == 2 and "fifo" in done.stderr, done.stderr


def test_what_another_program_writes_is_read():
    shell = ["bash", "-c", '"$0" --check -c <(sleep 0.2; echo "$1")', str(binary())]
    assert subprocess.run([*shell, "{%s}" % GOOD], check=False).returncode == 0
    done = subprocess.run([*shell, "{"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and ":1:" in done.stderr, done.stderr


def test_a_byte_order_mark_is_none_of_the_text(tmp_path):
    """Editors of Windows put it there. What they say of a place is what they show."""
    path = tmp_path / "marked.json"
    path.write_bytes(b"\xef\xbb\xbf" + ("{%s}" % GOOD).encode())
    assert run_binary("--check", "-c", path).returncode == 0
    path.write_bytes(b"\xef\xbb\xbf" + ('{%s, "colour": 1}' % GOOD).encode())
    column = len(GOOD) + 4
    assert f"{path}:1:{column}: " in run_binary("--check", "-c", path).stderr
    for coding in ("utf-16-le", "utf-16-be"):
        path.write_bytes(("\ufeff{%s}" % GOOD).encode(coding))
        done = run_binary("--check", "-c", path)
        assert done.returncode == 2 and "UTF-8" in done.stderr, done.stderr


@pytest.mark.parametrize("args", [["--colour"], ["-c"], ["surplus"]])
def test_usage(args):
    assert run_binary(*args).returncode == 2


def test_what_is_hardly_meant_is_said_and_good(tmp_path):
    """A service that would never scale, since nothing of what it counts is asked of it."""
    path = tmp_path / "doubtful.json"
    path.write_text("{%s}" % GOOD.replace("}]", ', "routes": ["/"], "scale": {"count": ["/api/v1/"]}}]'))
    assert run_binary("--check", "-c", path).stderr == ""
    path.write_text("{%s}" % GOOD.replace("}]", ', "routes": ["/shop/"], "scale": {"min": 2, "count": ["/api/v1/"]}}]'))
    done = run_binary("--check", "-c", path)
    assert (done.returncode, done.stdout) == (0, f"{path}: good\n")
    assert done.stderr.startswith(f"{path}: warning: services[0].scale.count: ") and "stays at 2 containers" in done.stderr


def test_good_one(tmp_path):
    path = tmp_path / "good.json"
    path.write_text('// a comment\n{%s, /* another */ "hold_ms": 5}' % GOOD)
    assert run_binary("--check", "-c", path).returncode == 0
