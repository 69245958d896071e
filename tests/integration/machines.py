"""Fixtures: the packages, and a booted machine to install them on."""

import itertools
import os

import pytest

from harness import packages, rootfs
from harness.machine import Machine

_numbers = itertools.count(300000)


@pytest.fixture(scope="session")
def debs(docker):
    """{package: its .deb}; skips where a machine to install them on cannot be made."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a root file system")
    if (reason := rootfs.missing()) is not None:
        pytest.skip(reason)
    return packages.build()


@pytest.fixture(scope="module")
def machine_files(debs):
    """(folder with .debs of nginx, image of a clean machine)"""
    return rootfs.make(debs)


@pytest.fixture(scope="module")
def machine(docker, machine_files):
    """A clean machine that was booted; the scenarios of a file share it, in their order."""
    booted = Machine(docker, machine_files[1], next(_numbers))
    try:
        yield booted.boot()
    finally:
        booted.close()
