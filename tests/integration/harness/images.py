"""The images the scenarios run: the scripted backend, and acts and users as docker/images makes them."""

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]


def build_dir():
    return pathlib.Path(os.environ.get("SELFLESS_BUILD", ROOT / "build-debug")).resolve()


def backend_binary():
    """The scripted backend of the build."""
    return build_dir() / "tests" / "backend" / "backend"


def program_files(program):
    """{path: (bytes, mode)} of a program of this machine and the libraries that it names."""
    listed = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True).stdout
    paths = [str(program)] + [word for word in listed.split() if word.startswith("/")]
    return {path: (pathlib.Path(path).read_bytes(), 0o755) for path in paths}


def made_image(docker, name, files, changes):
    """An image of these files, once for each content."""
    digest = hashlib.sha256(repr((sorted((path, hashlib.sha256(content).digest(), mode)
                                         for path, (content, mode) in files.items()), changes)).encode())
    tagged = f"selfless-test-{name}:{digest.hexdigest()[:12]}"
    if not docker.has_image(tagged):
        docker.import_image(tagged, files, changes)
    return tagged


def early_image(docker, entrypoint):
    """tests/backend/early.c; entrypoint: its words behind the program's name, the last of them missing."""
    files = program_files(build_dir() / "tests" / "backend" / "early")
    files = {path if path.startswith(("/lib", "/usr")) else "/early": file for path, file in files.items()}
    return made_image(docker, "early", files, [f"ENTRYPOINT {json.dumps(['early', *entrypoint])}", "ENV PATH=/bin:/"])


def nginx_image(docker):
    """Debian's nginx; its configuration is /etc/nginx.conf, which is to be mounted."""
    files = program_files("/usr/sbin/nginx")
    files |= {"/etc/passwd": (b"root:x:0:0::/:/bin/sh\n", 0o644), "/etc/group": (b"root:x:0:\n", 0o644),
              "/etc/nginx.conf": (b"", 0o644), "/var/lib/nginx/.keep": (b"", 0o644), "/var/log/nginx/.keep": (b"", 0o644)}
    return made_image(docker, "nginx", files, ['CMD ["nginx", "-c", "/etc/nginx.conf"]', "ENV PATH=/usr/sbin"])


def backend_image(docker):
    content = backend_binary().read_bytes()
    name = "selfless-test-backend:" + hashlib.sha256(content).hexdigest()[:12]
    if not docker.has_image(name):
        docker.import_image(name, {"/backend": (content, 0o755)}, ['ENTRYPOINT ["/backend"]', "EXPOSE 8000"])
    return name


@contextlib.contextmanager
def staging():
    """docker/images puts files together in the build, and two runs may share that."""
    with open(build_dir() / "images.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@functools.cache
def service_images():
    """Names of the acts and users images made from this build; docker/images does the work."""
    suffix = "-" + hashlib.sha256(str(build_dir()).encode()).hexdigest()[:8]
    command = [str(ROOT / "docker" / "images"), "--build", str(build_dir()), "--suffix", suffix]
    with staging():
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"docker/images failed:\n{done.stdout}{done.stderr}"
    return {"acts": "actscontainer" + suffix, "users": "usercontainer" + suffix}
