"""A short storm over three managers of a swarm: see tests/chaos/run, which has longer ones, with other seeds."""

import os
import pathlib
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif("os.geteuid() != 0", reason="namespaces take root")

RUN = pathlib.Path(__file__).resolve().parents[1] / "chaos" / "run"
SEED = os.environ.get("CHAOS_SEED", "1")


def _storm(seconds, folder):
    command = [sys.executable, str(RUN), "--engine", "swarm", "--seed", SEED, "--seconds", str(seconds), "--keep", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr[-2000:]}\nlogs and journal: {folder}"


def test_storm(tmp_path):
    _storm(20, tmp_path)


def test_long_storm(tmp_path):
    _storm(180, tmp_path)
