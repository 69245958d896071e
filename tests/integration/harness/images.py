"""The images the scenarios run: the scripted backend, and acts and users as docker/images makes them."""

import fcntl
import functools
import hashlib
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]


def build_dir():
    return pathlib.Path(os.environ.get("SELFLESS_BUILD", ROOT / "build-debug")).resolve()


def backend_binary():
    """The scripted backend of the build, or, where that has none, one built here and now."""
    built = build_dir() / "tests" / "backend" / "backend"
    if built.exists():
        return built
    sources = sorted((ROOT / "tests" / "backend").glob("*.c"))
    built.parent.mkdir(parents=True, exist_ok=True)
    command = ["cc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-static", "-pthread", "-o", str(built)]
    subprocess.run(command + [str(source) for source in sources], check=True)
    return built


def backend_image(docker):
    content = backend_binary().read_bytes()
    name = "selfless-test-backend:" + hashlib.sha256(content).hexdigest()[:12]
    if not docker.has_image(name):
        docker.import_image(name, {"/backend": (content, 0o755)}, ['ENTRYPOINT ["/backend"]', "EXPOSE 8000"])
    return name


@functools.cache
def service_images():
    """Names of the acts and users images made from this build; docker/images does the work."""
    suffix = "-" + hashlib.sha256(str(build_dir()).encode()).hexdigest()[:8]
    command = [str(ROOT / "docker" / "images"), "--build", str(build_dir()), "--suffix", suffix]
    with open(build_dir() / "images.lock", "w", encoding="ascii") as lock:     # two runs may share the build
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"docker/images failed:\n{done.stdout}{done.stderr}"
    return {"acts": "actscontainer" + suffix, "users": "usercontainer" + suffix}
