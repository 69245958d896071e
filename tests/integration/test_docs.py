"""What the documents say is so: files that are named exist, every configuration is accepted. docs/own-image.md is walked by
test_stranger.py."""

import re

import pytest

from documents import DOCUMENTS, ROOT, configurations, shell_configurations
from harness.orchestrator import run_binary

CONFIGURATIONS = [(path.name, number, text) for path in DOCUMENTS
                  for number, text in enumerate(configurations(path) + shell_configurations(path))]


def test_files_that_are_named_exist():
    named = {word for path in DOCUMENTS for word in re.findall(r"(?<!/etc/)\b(?:tests|orchestrator|services|common|docker|docs)/[\w./-]*\w\.\w+",
                                                               path.read_text(encoding="utf-8"))}
    scenarios = set(re.findall(r"`(test_\w+\.py)`", (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")))
    assert len(named) > 5 and len(scenarios) > 15
    missing = [name for name in named if "NAME" not in name and not (ROOT / name).exists()]
    missing += [name for name in scenarios if not (ROOT / "tests" / "integration" / name).exists()]
    assert missing == []


@pytest.mark.parametrize("name,number,text", CONFIGURATIONS, ids=[f"{name}-{number}" for name, number, _ in CONFIGURATIONS])
def test_every_configuration_is_accepted(tmp_path, name, number, text):
    del name, number
    config = tmp_path / "config.json"
    config.write_text(text, encoding="utf-8")
    done = run_binary("--check", "-c", config)
    assert done.returncode == 0, done.stderr


def test_the_keys_that_need_a_restart():
    """Which the README lists are those of the reference."""
    sentence = re.search(r"((?:`[\w.]+`[,\s]+|and\s+)+)need a restart", (ROOT / "README.md").read_text(encoding="utf-8"))[1]
    reference, table, keys = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8"), "", set()
    for line in reference.splitlines():
        if heading := re.match(r"##+ .*`([\w.\[\]]+)`", line):
            table = f"{heading[1]}."
        if row := re.match(r"\| `(\w+)` \|.*\| restart \|", line):
            keys.add(table + row[1])
    assert set(re.findall(r"`([\w.]+)`", sentence)) == keys


@pytest.mark.parametrize("name", ["README.md", "configuration.md"])
def test_what_is_called_the_built_in_configuration_is_that(tmp_path, name):
    path = next(path for path in DOCUMENTS if path.name == name)
    config = tmp_path / "config.json"
    config.write_text(configurations(path)[0], encoding="utf-8")
    assert run_binary("--print-config", "-c", config).stdout == run_binary("--print-config").stdout
