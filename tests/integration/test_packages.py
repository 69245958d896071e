"""The Debian packages: lintian is content; the README's commands lead from a clean machine and an image that is not ours to
a page that is served; removed and purged, they leave nothing behind but the data."""

import contextlib
import json
import re
import shutil
import subprocess
import types

import pytest

from documents import blocks
from harness import packages, pebble
from harness.archive import image_archive
from harness.certificates import usual
from harness.images import ROOT
from harness.orchestrator import run_binary
from harness.sbom import assert_valid_spdx
from harness.wait import wait_until

ORCHESTRATOR, SERVICES = packages.NAMES
CONFIG = "/etc/selfless/orchestrator.json"
SHIPPED_CONFIG = ROOT / "orchestrator" / "packaging" / "orchestrator" / "orchestrator.json"
MOST_OVERRIDES = 3


def listing(deb):
    """{path: (mode, owner)}"""
    lines = [line.split() for line in packages.run("dpkg-deb", "--contents", deb).splitlines()]
    return {line[5].lstrip("."): (line[0], line[1]) for line in lines}


# --- as files ---

@pytest.mark.skipif(shutil.which("lintian") is None, reason="no lintian")
def test_lintian_is_content(debs):
    done = subprocess.run(["lintian", "--no-cfg", "--allow-root", "--show-overrides", *debs.values()], capture_output=True,
                          text=True, timeout=300, check=False)
    tags = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("N:")]
    assert [line for line in tags if not line.startswith("O:")] == []
    assert len(tags) <= MOST_OVERRIDES


def test_control_fields(debs):
    assert packages.field(debs[ORCHESTRATOR], "Recommends") == "docker.io, ca-certificates"
    libraries = set(map(packages.here, ("libcurl4", "libevent-2.1-7", "libssl3")))
    assert {"libc6", "libsystemd0", "libyajl2", "systemd"} | libraries <= set(packages.depends(debs[ORCHESTRATOR]))
    assert {packages.here("libevhtp0"), "libpq5", "libsodium23", "libsqlite3-0"} <= set(packages.depends(debs[SERVICES]))
    assert "docker.io" in packages.field(debs[SERVICES], "Recommends")


def test_contents(debs):
    files = listing(debs[ORCHESTRATOR])
    for path in ("/usr/bin/orchestrator", "/usr/lib/systemd/system/selfless.service", CONFIG,
                 "/usr/lib/systemd/system/selfless.socket", "/usr/lib/systemd/system/selfless-tls.socket",
                 "/usr/lib/sysusers.d/selfless.conf",
                 f"/usr/share/doc/{ORCHESTRATOR}/changelog.Debian.gz", f"/usr/share/doc/{ORCHESTRATOR}/copyright"):
        assert path in files, path
    assert packages.run("dpkg-deb", "--info", debs[ORCHESTRATOR], "conffiles").split() == [CONFIG]
    both = files | listing(debs[SERVICES])
    assert {"/usr/libexec/selfless/acts", "/usr/libexec/selfless/users", "/usr/sbin/selfless-images"} <= set(both)
    assert {owner for _, owner in both.values()} == {"root/root"}
    assert {mode for mode, _ in both.values()} == {"drwxr-xr-x", "-rwxr-xr-x", "-rw-r--r--"}


def test_shipped_configuration_is_the_built_in_one():
    shipped = run_binary("--print-config", "-c", SHIPPED_CONFIG)
    assert (shipped.returncode, shipped.stdout) == (0, run_binary("--print-config").stdout)


def test_sbom_of_the_package(debs, tmp_path):
    packages.run("dpkg-deb", "--extract", debs[SERVICES], tmp_path)
    for image, program in (("actscontainer", "acts"), ("usercontainer", "users")):
        document = json.loads((tmp_path / f"usr/share/selfless/sbom/{image}.spdx.json").read_text(encoding="utf-8"))
        assert_valid_spdx(document, {program: tmp_path / f"usr/libexec/selfless/{program}"})
        licences = {package["name"]: package["licenseDeclared"] for package in document["packages"]}
        assert licences["libyajl2"] == "ISC"
        assert licences[packages.here("libssl3")] == "Apache-2.0"
        known = set(licences) - {image}
        assert known <= set(packages.depends(debs[SERVICES])) | dependencies_of(known)


def dependencies_of(names):
    """What they depend on in turn, as this machine's dpkg says."""
    text = packages.run("dpkg-query", "--show", "--showformat", "${Depends}, ", *names)
    return {part.split()[0].split(":")[0] for part in re.split("[,|]", text) if part.strip()}


@pytest.mark.parametrize("option", ["-DCMAKE_INSTALL_PREFIX=/usr/local", "-DCMAKE_BUILD_TYPE=Debug"])
def test_a_build_that_does_not_fit_is_refused(debs, tmp_path, option):
    packages.run("cmake", "-S", ROOT, "-B", tmp_path, "-DCMAKE_INSTALL_PREFIX=/usr", "-DSELFLESS_TESTS=OFF", option)
    done = subprocess.run(["cpack"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "configure" in done.stderr


def test_a_machine_that_cannot_make_packages_is_told_what_to_install(tmp_path):
    """What cpack reads first, where no program is found."""
    packages.run("cmake", "-S", ROOT, "-B", tmp_path, "-DCMAKE_INSTALL_PREFIX=/usr", "-DSELFLESS_TESTS=OFF")
    nowhere = [f"-DCMAKE_FIND_USE_{where}_PATH=OFF" for where in ("CMAKE_SYSTEM", "SYSTEM_ENVIRONMENT")]
    check = subprocess.run(["cmake", *nowhere, "-P", tmp_path / "orchestrator" / "packaging" / "check.cmake"], capture_output=True,
                           text=True, check=False)
    assert check.returncode != 0 and "apt-get install dpkg-dev file" in check.stderr, check


# --- on a clean machine ---

NGINX_CONF = b"""
daemon off; pid /tmp/nginx.pid; error_log stderr; events {}
http {
    access_log off; client_body_temp_path /tmp/body; proxy_temp_path /tmp/proxy; fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi; scgi_temp_path /tmp/scgi;
    server { listen 80; root /site; }
}
"""
PAGE = b"<h1>Somebody else's image</h1>\n"


def nginx_image(folder, to):
    """An image FROM scratch of Debian's nginx and the libraries that its loader names."""
    root = to / "nginx"
    for deb in sorted(folder.glob("*.deb")):
        packages.run("dpkg-deb", "--extract", deb, root)
    named = packages.run("chroot", root, "/lib64/ld-linux-x86-64.so.2", "--list", "/usr/sbin/nginx")
    assert "not found" not in named, named
    paths = ["/usr/sbin/nginx", *re.findall(r"(/\S+) \(0x", named)]
    files = {path: ((root / path.lstrip("/")).read_bytes(), 0o755) for path in paths}
    files.update({"/lib64/ld-linux-x86-64.so.2": ((root / "lib64/ld-linux-x86-64.so.2").read_bytes(), 0o755),
                  "/etc/nginx/nginx.conf": (NGINX_CONF, 0o644), "/site/index.html": (PAGE, 0o644), "/tmp/": (b"", 0o777),
                  "/etc/passwd": (b"nobody:x:65534:65534::/:\n", 0o644), "/etc/group": (b"nogroup:x:65534:\n", 0o644)})
    return image_archive("my-site", files, ["/usr/sbin/nginx"])


def readme_commands(word=""):
    """Of the block that begins with the package's installation, and has this word."""
    block = next(text for text in blocks(ROOT / "README.md", "sh") if text.startswith("apt install ./") and word in text)
    return re.sub(r"\n(?= )", " ", block).splitlines()      # a command may go on in an indented line


@pytest.fixture(scope="module")
def installed(machine, machine_files, debs, tmp_path_factory):
    """The machine after the README's commands, all but the last; and that one."""
    for deb in debs.values():
        machine.copy_in(deb, machine.home)
    machine.write("my-site.tar", nginx_image(machine_files[0], tmp_path_factory.mktemp("site")))
    commands = readme_commands()
    assert len(commands) <= 5
    for command in commands[:-1]:
        machine.run(command)
    return machine, commands[-1]


def test_readme_commands_serve_an_image_that_is_not_ours(installed):
    machine, last = installed
    assert machine.run(last).stdout.encode() == PAGE
    reply = machine.get("/")
    assert reply.status == 200 and reply.get("Server").startswith("nginx")
    assert len(machine.containers("selfless.service=site")) == 1


def test_a_killed_container_of_it_is_replaced(installed):
    machine = installed[0]
    before = machine.containers()
    machine.run(f"docker kill {before[0]}")
    wait_until(lambda: len(machine.containers()) == 1 and machine.containers() != before, 20, "replaced")
    wait_until(lambda: machine.get("/").status == 200, 20, "serving")


def test_installed_files_belong_to_root_and_the_state_to_its_user(installed):
    machine = installed[0]
    assert machine.run(f"dpkg --verify {ORCHESTRATOR} | grep -v ' c '", check=False).stdout == ""
    assert machine.text(f"stat -c '%U:%G %a' {CONFIG} /etc/selfless /usr/bin/orchestrator") \
        == "root:root 644\nroot:root 755\nroot:root 755"
    assert machine.text("stat -c '%U:%G %a' /var/lib/selfless /run/selfless /run/selfless/admin.sock") \
        == "selfless:selfless 700\nselfless:selfless 710\nselfless:selfless 660"
    assert machine.text("stat -c %U /proc/$(systemctl show --property=MainPID --value selfless)") == "selfless"
    assert machine.text("getent passwd selfless").endswith(":/:/usr/sbin/nologin")


def test_services_make_their_images_without_compiler_or_registry(installed):
    machine = installed[0]
    assert machine.run("command -v cc gcc clang make", check=False).stdout == ""
    machine.run(f"apt install ./{SERVICES}_*.deb && selfless-images")
    assert set(machine.text("docker image ls --format '{{.Repository}}'").split()) >= {"actscontainer", "usercontainer"}
    document = json.loads(machine.text("cat /var/cache/selfless-services/actscontainer/sbom.spdx.json"))
    assert_valid_spdx(document, {})
    for package in document["packages"][1:]:
        version = machine.text(f"dpkg-query --show --showformat '${{Version}}' {package['name']}")
        assert package["versionInfo"] == version


@contextlib.contextmanager
def machine_ca(machine):
    """A CA there, to which every name is that machine; the path of what its https is judged by."""
    there = types.SimpleNamespace(cert="/etc/ca/cert.pem", key="/etc/ca/key.pem")
    machine.run("mkdir -p /etc/ca")
    for source, path in ((usual().cert, there.cert), (usual().key, there.key), (pebble.roots(), "/etc/ca/roots.pem"),
                         *((shutil.which(name), f"/etc/ca/{name}") for name in ("pebble", "pebble-challtestsrv"))):
        machine.copy_in(source, path)
    machine.run("chmod 755 /etc/ca/pebble*")
    machine.write("/etc/ca/pebble.json", pebble.settings(there, 14000, 15000, 80, 443).encode())
    machine.run("systemd-run --quiet --unit=ca-names /etc/ca/pebble-challtestsrv -http01 '' -https01 '' -tlsalpn01 '' -defaultIPv6 ''"
                " -dns01 127.0.0.1:8053 -management 127.0.0.1:8055")
    machine.run("systemd-run --quiet --unit=ca --setenv=PEBBLE_VA_NOSLEEP=1 /etc/ca/pebble -strict -config /etc/ca/pebble.json"
                " -dnsserver 127.0.0.1:8053")
    try:
        yield "/etc/ca/roots.pem"
    finally:
        machine.run("systemctl stop ca ca-names; rm -r /etc/ca")


@pytest.mark.skipif(not pebble.is_there(), reason="needs Debian's package pebble")
def test_https_in_five_lines(installed):
    """The README's, but for whose CA it is, on a machine that serves nothing yet."""
    machine = installed[0]
    commands = readme_commands("acme")
    assert len(commands) == 5
    with machine_ca(machine) as roots:
        machine.run("systemctl disable --now selfless")
        ours = f'"agree_to_terms": true, "directory": "{pebble.directory(14000)}", "ca_file": "{roots}"'
        assert '"agree_to_terms": true' in commands[2]
        machine.run(f"cp {CONFIG} before.json")
        for command in commands[:-1]:
            machine.run(command.replace('"agree_to_terms": true', ours))
        machine.run(f"curl -sf --retry 9 --retry-connrefused --cacert {roots} https://localhost:15000/roots/0 >root.pem")
        asked = commands[-1].replace("curl ", "curl -s --cacert root.pem --resolve example.org:443:127.0.0.1 --resolve example.org:80:127.0.0.1 ")
        assert machine.run(asked).stdout.encode() == PAGE
        clear = machine.run(asked.replace("https:", "http:").replace("curl ", "curl -o /dev/null -w '%{http_code} %{redirect_url}' "))
        assert clear.stdout == "308 https://example.org/"
        machine.run(f"mv before.json {CONFIG} && systemctl restart selfless")


def test_shipped_configuration_serves_the_services(installed, debs, tmp_path):
    """The administrator's own conffile is kept by a reinstallation; without one, the package brings its own back."""
    machine = installed[0]
    own = machine.text(f"cat {CONFIG}")
    machine.run(f"apt install --reinstall ./{ORCHESTRATOR}_*.deb")
    assert machine.text(f"cat {CONFIG}") == own
    assert machine.show("selfless", "ActiveState") == "active"
    machine.run(f"rm {CONFIG} && dpkg --install --force-confmiss {ORCHESTRATOR}_*.deb")
    assert machine.text(f"cat {CONFIG}") == SHIPPED_CONFIG.read_text(encoding="utf-8").strip()
    machine.run("systemctl restart selfless")
    wait_until(lambda: machine.get("/api/v1/categories").status == 204, 30, "acts serves")
    assert machine.get("/api/v1/users").status == 204
    wait_until(lambda: machine.containers("selfless.service=site") == [], 30, "what is not configured any more is gone")


def test_removed_and_purged_nothing_is_left_but_data(installed):
    machine = installed[0]
    assert set(machine.text("docker volume ls --quiet").split()) == {"acts_data", "users_data"}
    machine.run(f"apt remove {ORCHESTRATOR} {SERVICES}")
    assert machine.run("systemctl is-active selfless", check=False).stdout.strip() == "inactive"
    assert machine.text("docker ps --all --quiet --filter label=selfless.name") == ""
    assert machine.text("docker network ls --quiet --filter label=selfless.name") == ""
    assert machine.text(f"ls {CONFIG}") == CONFIG
    machine.run("install -d -o selfless -m 700 /var/lib/selfless/certs && install -o selfless -m 600 /dev/null /var/lib/selfless/certs/example.org.pem")
    machine.run(f"apt purge {ORCHESTRATOR} {SERVICES} && rm *.deb")
    assert machine.run(f"dpkg -l {ORCHESTRATOR} {SERVICES} 2>/dev/null | grep ^[a-z]", check=False).stdout == ""
    left = machine.text(r"find / -xdev \( -name '*selfless*' -o -user selfless \) -not -path '/proc/*' -not -path '/sys/*'"
                        r" -not -path '/var/lib/docker/*'; ls -d /run/selfless* /etc/selfless 2>/dev/null || true")
    assert left == ""
    assert machine.run("systemctl list-unit-files 'selfless*' --no-legend", check=False).stdout == ""
    assert set(machine.text("docker volume ls --quiet").split()) == {"acts_data", "users_data"}
    assert machine.text("docker volume inspect acts_data --format '{{.Mountpoint}}' | xargs ls").split()[0].startswith("acts.")
