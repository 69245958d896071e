"""A clean Debian of this machine's release as an image: systemd, apt and curl. What our packages ask for lies in apt's cache, not installed, so
that installing them there takes what it takes on any clean machine, but no network.

Kept as a file in the build directory under the versions of what is in it, so that making it (a minute) happens once.
"""

import fcntl
import hashlib
import pathlib
import platform
import re
import shutil
import subprocess

import pytest

from . import packages

SUITE = platform.freedesktop_os_release()["VERSION_CODENAME"]     # the packages depend on this machine's libraries
BASE = ["systemd", "systemd-sysv", "dbus", "curl", "iproute2"]
NGINX = ["nginx", "libc6", "libcrypt1", "libpcre2-8-0", packages.here("libssl3"), "zlib1g"]     # for an image that is not ours
# What Docker and the libraries recommend and nobody here needs: left out by apt's own rules.
UNWANTED = ["apparmor", "ca-certificates", "cgroupfs-mount", "git", "krb5-locales", "libldap-common", "libsasl2-modules",
            "needrestart", "nftables", "publicsuffix", "xz-utils"]
TAG = "selfless-test-machine"
OFFLINE = re.compile("Could not resolve|Could not connect|Temporary failure|Connection timed out|Unable to connect")


def _sources():
    """The Debian mirrors that this machine uses, as lines of sources.list; none: mmdebstrap's own choice."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "deb $(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages",
         "Origin: Debian"], capture_output=True, text=True, check=False).stdout.splitlines()
    return [line for line in dict.fromkeys(listed) if line.split()[2].startswith(SUITE)]


def _key(wanted):
    names = sorted({*BASE, *NGINX, *wanted})
    policy = subprocess.run(["apt-cache", "policy", *names], capture_output=True, text=True, check=False).stdout
    versions = [line for line in policy.splitlines() if "Candidate:" in line or not line.startswith(" ")]
    text = "\n".join([pathlib.Path(__file__).read_text(encoding="utf-8"), *names, *versions, *_sources()])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _make(folder, wanted):
    preferences = f"Package: {' '.join(UNWANTED)}\\nPin: release *\\nPin-Priority: -1\\n"
    apt = "APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get"
    packages.run(
        "mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(BASE)}", "--skip=cleanup/apt",
        '--aptopt=APT::Get::Assume-Yes "true"', "--dpkgopt=path-exclude=/usr/share/locale/*",
        f'--essential-hook=mkdir -p "$1/etc/apt/preferences.d" && printf "{preferences}" >"$1/etc/apt/preferences.d/tests"',
        f"--customize-hook={apt} install --yes --download-only {' '.join(wanted)}",
        f"--customize-hook=cd '{folder}' && {apt} download {' '.join(NGINX)}",
        SUITE, folder / "root.tar", *_sources())


def missing():
    """Why there can be none here; None if there can."""
    tools = [name for name in ("mmdebstrap", "docker", "dpkg-deb") if shutil.which(name) is None]
    return f"needs {', '.join(tools)}" if tools else None


def make(debs):
    """The folder with root.tar, and the .debs of nginx; skips where no Debian mirror can be reached."""
    wanted = sorted({name for deb in debs.values() for name in packages.depends(deb)} | {"docker.io"})
    key = _key(wanted)
    folder = packages.folder() / f"machine-{key}"
    with open(packages.folder() / "machine.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            for old in packages.folder().glob("machine-*"):
                shutil.rmtree(old)
            folder.mkdir()
            folder.chmod(0o755)
            try:
                _make(folder, wanted)
            except AssertionError as error:
                if not OFFLINE.search(str(error)):
                    raise
                pytest.skip(f"no Debian mirror is in reach, of which mmdebstrap makes the machine: {error}")
            (folder / "done").touch()
        _load(folder, key)
    return folder, f"{TAG}:{key}"


def _load(folder, key):
    known = packages.run("docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", TAG).split()
    if f"{TAG}:{key}" not in known:
        packages.run("docker", "import", folder / "root.tar", f"{TAG}:{key}")
    for old in set(known) - {f"{TAG}:{key}"}:
        subprocess.run(["docker", "image", "rm", old], capture_output=True, check=False)     # another run may use it
