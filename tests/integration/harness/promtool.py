"""promtool, Prometheus' own judge: installed, or as tests/run has put it into the build folder."""

import shutil
import subprocess

import pytest

from .images import build_dir


def run(*args, data=None, cwd=None):
    """What it says; fails where it finds anything."""
    found = shutil.which("promtool", path=None) or shutil.which("promtool", path=build_dir() / "tools" / "usr" / "bin")
    if found is None:
        pytest.skip("needs promtool (of Debian's package prometheus)")
    done = subprocess.run([found, *map(str, args)], input=data, capture_output=True, timeout=60, check=False, cwd=cwd)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    return said
