"""The tree and its build, to be changed: over both lies a layer that is gone with the process, so that what is built anew is what
a change touches, and nobody else sees it. Needs root, for the mount."""

import json
import os
import subprocess
import sys

from .images import ROOT

_MOUNT = """
set -e
mount -t tmpfs scratch "$1"
mkdir "$1/upper" "$1/work"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" "$2"
cd "$2"
shift 2
exec "$@"
"""

_INSIDE = """
import json, pathlib, subprocess, sys
steps = json.load(sys.stdin)
for edits, command in steps:
    for path, old, new in edits:
        file = pathlib.Path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        assert text.count(old) == 1 or (old == "" and text == ""), f"{path}: {text.count(old)} times {old!r}"
        file.write_text(text.replace(old, new, 1) if old else new, encoding="utf-8")
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{command}: {done.returncode}\\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
"""


def possible():
    """May this process mount?"""
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], check=False).returncode == 0


def run(folder, steps):
    """steps: [(edits, command)], edits: [(path, what stands there, what is to stand there)]; "" stands in a file that is new.
    Each command must succeed; they are run in the root of the changed tree."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["unshare", "-m", "sh", "-c", _MOUNT, "sh", folder, ROOT, sys.executable, "-c", _INSIDE],
                          input=json.dumps(steps), capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
