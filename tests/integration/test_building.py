"""The tree builds as a distribution builds it: with flags from outside, position independent by its own will, and without
check, in which case there are no tests of C."""

import json
import os
import re
import subprocess

import pytest

from harness.images import ROOT, build_dir
from harness.packages import NAMES, run

PRODUCT = ("common/", "orchestrator/", "services/")
STATIC = {"orchestrator/engine/docker/await.c"}    # runs in any image, so it is whole in itself


def configure(folder, *options, **environment):
    """What CMake said."""
    return run("cmake", "-S", ROOT, "-B", folder, *options, env=dict(os.environ, **environment))


def commands(folder):
    """{file of the product: how it is compiled}"""
    entries = json.loads((folder / "compile_commands.json").read_text(encoding="utf-8"))
    found = {os.path.relpath(entry["file"], ROOT): entry["command"] for entry in entries}
    return {name: command for name, command in found.items() if name.startswith(PRODUCT)}


@pytest.mark.parametrize("flags", ["-O2 -Wp,-D_FORTIFY_SOURCE=3", "-g -O2 -D_FORTIFY_SOURCE=3", "-O2 -U_FORTIFY_SOURCE"])
def test_flags_from_outside(tmp_path, flags):
    """As dpkg-buildflags gives them: what they say of hardening holds, and nothing is defined twice."""
    configure(tmp_path, "-DSELFLESS_TESTS=OFF", CFLAGS=flags)
    said = {tuple(re.findall(r"-[DU]_FORTIFY_SOURCE\S*", command)) for command in commands(tmp_path).values()}
    assert said == {tuple(re.findall(r"-[DU]_FORTIFY_SOURCE\S*", flags))}
    run("cmake", "--build", tmp_path, "-j", "2", "--target", "selfless_common")


def test_ours_hold_where_nobody_says_otherwise(tmp_path):
    configure(tmp_path, "-DSELFLESS_TESTS=OFF", CFLAGS="")
    assert all("-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2" in command for command in commands(tmp_path).values())


def test_position_independent_whatever_the_compiler_does_by_itself(tmp_path):
    configure(tmp_path, "-DSELFLESS_TESTS=OFF", CFLAGS="-fno-pie", LDFLAGS="-no-pie")
    last = {name: re.findall(r"-f(?:no-)?pi[ec]\b", command, re.IGNORECASE)[-1] for name, command in commands(tmp_path).items()}
    assert {name for name, flag in last.items() if flag not in ("-fPIE", "-fPIC")} == STATIC
    run("cmake", "--build", tmp_path, "-j", "2", "--target", "users")
    assert re.search(r"Type: +DYN", header(tmp_path / "services/users/users"))


def header(path):
    return run("readelf", "--file-header", path)


@pytest.mark.parametrize("program", ["orchestrator/orchestrator", "services/acts/acts", "services/users/users"])
def test_programs_are_position_independent(program):
    assert re.search(r"Type: +DYN", header(build_dir() / program))


def test_packaged_programs_are_hardened(debs, tmp_path):
    for name in NAMES:
        run("dpkg-deb", "--extract", debs[name], tmp_path)
    for program in ("usr/bin/orchestrator", "usr/libexec/selfless/acts", "usr/libexec/selfless/users"):
        text = run("readelf", "--wide", "--file-header", "--segments", "--dynamic", "--dyn-syms", tmp_path / program)
        assert re.search(r"Type: +DYN", text) and re.search(r"FLAGS_1\).*NOW.*PIE", text), program
        assert "GNU_RELRO" in text and "__stack_chk_fail" in text and re.search(r"_chk@", text), program
        assert re.search(r"GNU_STACK .* RW +0x", text), program


def test_without_check_there_are_no_tests(tmp_path):
    """pkg-config is made to know of everything but check."""
    wrapper = tmp_path / "pkg-config"
    wrapper.write_text('#!/bin/sh\nfor word; do [ "${word%%[<>=]*}" != check ] || exit 1; done\nexec pkg-config "$@"\n')
    wrapper.chmod(0o755)
    said = configure(tmp_path / "build", f"-DPKG_CONFIG_EXECUTABLE={wrapper}")
    assert re.search("no check.*unit tests are not built", said), said
    targets = subprocess.run(["cmake", "--build", tmp_path / "build", "--target", "help"], capture_output=True, text=True, check=True)
    assert " orchestrator" in targets.stdout and "test_json" not in targets.stdout
