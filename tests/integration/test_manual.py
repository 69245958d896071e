"""What is printed from the tables of commands and options: manual pages that groff and man have nothing to say about, and
docs/configuration.md, which is what this program prints."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest

from harness.orchestrator import run_binary

REFERENCE = pathlib.Path(__file__).parents[2] / "docs" / "configuration.md"


def printed(*args):
    done = run_binary(*args)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def keys(value, path=""):
    """(path, key) of all keys of a configuration as --print-config writes it."""
    for key, inner in value.items():
        yield path, key
        if isinstance(inner, dict) and key != "env":
            yield from keys(inner, f"{path}.{key}".lstrip("."))
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            yield from keys(inner[0], f"{path}.{key}[]".lstrip("."))


def test_the_reference_is_what_is_printed():
    assert REFERENCE.read_text() == printed("--document-config"), \
        "run: build/orchestrator/orchestrator --document-config > docs/configuration.md"


def test_the_reference_has_every_key():
    text = REFERENCE.read_text()
    sections = dict(re.findall(r"^### `(.*?)`\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL))
    sections[""] = text.split("\n### ")[0]
    for path, key in keys(json.loads(printed("--print-config"))):
        assert f"\n| `{key}` |" in sections[path], (path, key)


@pytest.mark.parametrize("page", ["command", "config"])
@pytest.mark.skipif(shutil.which("groff") is None, reason="no groff: package groff-base")
def test_groff_has_nothing_to_say(page):
    done = subprocess.run(["groff", "-man", "-ww", "-z"], input=printed("man", page), capture_output=True, text=True,
                          check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(shutil.which("groff") is None, reason="no groff: package groff-base")
def test_the_pages_say_it_all():
    def page(name):
        done = subprocess.run(["groff", "-man", "-Tascii", "-P-cbou", "-rLL=200n"], input=printed("man", name),
                              capture_output=True, text=True, check=True)
        return done.stdout
    command, config = page("command"), page("config")
    for option in re.findall(r"--[a-z][a-z-]+", printed("--help")):
        assert option in command, option
    for word in ["status", "scale NAME N", "drain", "SIGNALS", "NO_COLOR", "orchestrator.json(5)"]:
        assert word in command, word
    for _, key in keys(json.loads(printed("--print-config"))):
        assert re.search(rf"^ +{re.escape(key)}\b", config, re.MULTILINE), key
    assert '["127.0.0.1:9090"]' in config and "\\" not in config.replace("\\n", "")


def test_help_tells_of_every_command():
    text = printed("--help")
    for verb in ["status", "scale", "replace", "roll", "drain", "completion", "man", "help"]:
        assert re.search(rf"^  {verb}\b", text, re.MULTILINE), verb
        assert printed(verb, "--help").startswith(f"Usage: orchestrator {verb}")
    assert max(map(len, text.splitlines())) <= 80
