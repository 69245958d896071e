"""A Debian release as it is delivered: a root file system of its minimal variant, made by mmdebstrap and kept as a file."""

import dataclasses
import fcntl
import functools
import os
import pathlib
import re
import shutil
import subprocess
import time
import urllib.parse

KEPT_S = 7 * 24 * 3600      # older ones know of packages that the mirror does not have any more
MAKING_S = 900
DEFAULT_MIRROR = "http://deb.debian.org/debian"
OFFLINE = re.compile("Could not resolve|Could not connect|Temporary failure|Connection (timed out|refused)|Unable to connect|unreachable")


@dataclasses.dataclass
class Missing:
    """There can be none here."""
    why: str


@functools.cache
def mirror():
    """The Debian mirror that this machine uses."""
    listed = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian",
                             "Label: Debian"], capture_output=True, text=True, check=False).stdout.split()
    return (listed[0] if listed and listed[0].startswith("http") else DEFAULT_MIRROR).rstrip("/")


def in_the_clear(url):
    """A new root has no certificates; what it asks for goes through our proxy, which has."""
    return urllib.parse.urlsplit(url)._replace(scheme="http").geturl()


def _why_not():
    if os.geteuid() != 0:
        return "only root can make a root file system"
    missing = [name for name in ("mmdebstrap", "unshare", "nsenter", "pivot_root") if shutil.which(name) is None]
    if missing:
        return f"needs {', '.join(missing)}"
    probe = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "true"], capture_output=True, text=True, check=False)
    return f"no namespaces can be made: {probe.stderr.strip()}" if probe.returncode != 0 else None


def _make(release, path):
    """Why it could not be, if so."""
    new = path.with_suffix(".new")
    command = ["nice", "mmdebstrap", "--quiet", "--variant=minbase", '--aptopt=Acquire::Check-Valid-Until "false"', "--format=tar",
               release, str(new), f"deb {mirror()} {release} main"]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=MAKING_S, check=False)
    except subprocess.TimeoutExpired:
        return f"the mirror {mirror()} takes too long"
    if done.returncode != 0:
        if OFFLINE.search(done.stdout):
            return f"no Debian mirror is in reach: {done.stdout.strip().splitlines()[-1]}"
        raise AssertionError(f"{command}: exit code {done.returncode}\n{done.stdout[-4000:]}")
    new.rename(path)
    return None


def tarball(folder: pathlib.Path, release: str):
    """The file, or Missing."""
    if (why := _why_not()) is not None:
        return Missing(why)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{release}.tar"
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists() or time.time() - path.stat().st_mtime > KEPT_S:
            if (why := _make(release, path)) is not None and not path.exists():
                return Missing(why)
    return path
