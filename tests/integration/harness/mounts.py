"""Small file systems of a scenario's own, for disks that are full or cannot be written."""

import contextlib
import subprocess

import pytest


def _mount(*arguments):
    return subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True, check=False)


@contextlib.contextmanager
def small_disk(folder, size):
    """A tmpfs of this size at the folder, which is made."""
    folder.mkdir(exist_ok=True)
    done = _mount("-t", "tmpfs", "-o", f"size={size}", "none", folder)
    if done.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def set_read_only(folder, read_only=True):
    done = _mount("-o", "remount," + ("ro" if read_only else "rw"), folder)
    assert done.returncode == 0, done.stderr
