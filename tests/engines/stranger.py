"""A stranger with an image of their own, on machines in which nothing of ours is: a package by the README's lines on one, and on
another, from that package, an image that is served, healed and scaled by docs/own-image.md alone."""

import shutil
import time

import own_image
from documents import package_line, package_lines
from harness.wait import wait_until

PAGE = own_image.Page("own-image.md")
APT_S = 900
BUILD_S = 1800
HOME = "/srv/home"
DOWNLOADS = "/srv"
PACKAGES = "build-deb/packages"


def _say(what, begin):
    print(f"engines: a stranger: {what}: {(time.monotonic() - begin) / 60:.1f} minutes", flush=True)


def make_package(space, folder):
    """By the README's lines alone; it is left in a folder here."""
    begin = time.monotonic()
    space.run("set -e\n" + package_lines(), timeout=BUILD_S)
    _say("the package, from the sources", begin)
    for path in space.home.glob(f"{PACKAGES}/selfless-orchestrator_*.deb"):
        shutil.copy(path, folder)


def _start_dockerd(space):
    """As systemd, which is not there, does once the package is installed."""
    space.run("setsid dockerd > /var/log/dockerd.log 2>&1 & disown")
    wait_until(lambda: space.run("docker version", check=False).returncode == 0, 60, "dockerd answers")


def install(space, folder):
    """What comes with it is what it says that it depends on."""
    for path in folder.glob("*.deb"):
        shutil.copy(path, space.root / DOWNLOADS.lstrip("/"))
    begin = time.monotonic()
    space.run(f"set -e\napt-get update --quiet\n{package_line()}\n{PAGE.needed()}", cwd=DOWNLOADS, timeout=APT_S)
    _say("package, Docker and what the page needs installed", begin)
    _start_dockerd(space)


def typist_on(space):
    seen = space.root / HOME.lstrip("/")
    seen.mkdir(exist_ok=True)
    return own_image.Typist(space, HOME, seen)


def by_the_page(space):
    """From `docker build` on."""
    begin = time.monotonic()
    typist = typist_on(space)
    own_image.walk(PAGE, typist)
    _say("from docker build to served, healed and scaled, without the time to read", begin)
    typist.end()


def without_a_file(space):
    """The image is there by now."""
    typist = typist_on(space)
    typist.type_in(f"setsid {PAGE.without_a_file()} > image.log 2>&1 & disown")
    wait_until(lambda: space.run("curl --silent http://127.0.0.1:8088/", check=False).stdout == own_image.HELLO, 60,
               "the page, without a file")
    before = typist.containers()
    assert typist.type_in("docker kill hello_0; curl http://127.0.0.1:8088/", check=False).endswith(own_image.HELLO)
    typist.another_serves(before)
    typist.end()
