"""A short storm of mishaps with each engine: no request fails, nothing is there twice, nothing leaks, all is well afterwards.

Longer ones, with other seeds: tests/chaos/run.
"""

import os
import pathlib
import subprocess
import sys

import pytest

pytestmark = pytest.mark.front

RUN = pathlib.Path(__file__).resolve().parents[1] / "chaos" / "run"
SEED = os.environ.get("CHAOS_SEED", "1")


@pytest.mark.parametrize("engine, seconds", [("docker", 16), ("process", 10)])
def test_storm(engine, seconds, http1, tmp_path):
    command = [sys.executable, str(RUN), "--engine", engine, "--http1", http1, "--seed", SEED, "--seconds", str(seconds), "--keep", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr[-2000:]}\nlog and journal: {tmp_path}"
