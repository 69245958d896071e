"""The Debian packages of these sources, from a build of their own: prefix /usr, optimised, without sanitizers."""

import fcntl
import functools
import os
import subprocess

from .images import ROOT, build_dir

NAMES = ("selfless-orchestrator", "selfless-services")


def folder():
    path = build_dir() / "packages"
    path.mkdir(exist_ok=True)
    return path


def run(*command, **kwargs):
    """What it printed; a failure shows all of it."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=900, check=False, **kwargs)
    assert done.returncode == 0, f"{command}: exit code {done.returncode}\n{done.stdout[-4000:]}"
    return done.stdout


@functools.cache
def build():
    """{package: path of its .deb}, made now."""
    made = folder() / "build"
    with open(folder() / "lock", "w", encoding="ascii") as lock:     # two runs may share the build
        fcntl.flock(lock, fcntl.LOCK_EX)
        for old in (made / "packages").glob("*.deb"):
            old.unlink()
        run("cmake", "-S", ROOT, "-B", made, "-DCMAKE_INSTALL_PREFIX=/usr", "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
            "-DSELFLESS_TESTS=OFF")
        run("nice", "-n", "10", "cmake", "--build", made, "-j", os.cpu_count() or 1, "--target", "package")
    debs = {path.name.split("_")[0]: path for path in (made / "packages").glob("*.deb")}
    assert sorted(debs) == sorted(NAMES), debs
    return debs


@functools.cache
def here(name):
    """A library's package as this release calls it: some were renamed when time_t grew."""
    known = subprocess.run(["apt-cache", "show", "--no-all-versions", name + "t64"], capture_output=True, check=False)
    return name + "t64" if known.stdout else name


def field(deb, name):
    return run("dpkg-deb", "--field", deb, name).strip()


def depends(deb):
    """Names of the packages it depends on; of alternatives, the first."""
    return [part.split("|")[0].split("(")[0].strip() for part in field(deb, "Depends").split(",")]


def newer(deb, version, to):
    """The same package with another version: an upgrade."""
    run("dpkg-deb", "--raw-extract", deb, to / "tree")
    control = to / "tree" / "DEBIAN" / "control"
    control.write_text(control.read_text().replace(f"Version: {field(deb, 'Version')}\n", f"Version: {version}\n"))
    path = to / f"{field(deb, 'Package')}_{version}_amd64.deb"
    run("dpkg-deb", "--root-owner-group", "--build", to / "tree", path)
    return path
