"""The backend that all proxies are measured with: nginx in an image made FROM scratch of what ldd names.

It listens where LISTEN tells a service to, also on the unix socket: its configuration is fixed, LISTEN is not read.
"""

import hashlib
import pathlib
import re
import subprocess

BODY = "x" * 27

CONF = f"""
user root;
daemon off;
worker_processes 1;
pid /tmp/nginx.pid;
error_log stderr crit;
events {{ worker_connections 20000; }}
http {{
    access_log off;
    keepalive_timeout 600;
    keepalive_requests 1000000000;
    client_body_temp_path /tmp/body;
    client_max_body_size 32m;
    client_body_buffer_size 64k;
    sendfile on;
    tcp_nodelay on;
    server {{
        listen 8000 backlog=4096;
        listen unix:/run/selfless/http backlog=4096;
        default_type text/plain;
        location = /1m {{ root /data; }}
        location = /64k {{ root /data; }}
        location / {{ return 200 "{BODY}"; }}
    }}
}}
"""


def _libraries(binary):
    listed = subprocess.run(["ldd", binary], capture_output=True, text=True, check=True).stdout
    return sorted(set(re.findall(r"(/\S+) \(0x", listed)))


def _files():
    binary = "/usr/sbin/nginx"
    files = {"/nginx.conf": (CONF.encode(), 0o644), "/etc/passwd": (b"root:x:0:0::/:/\n", 0o644),
             "/etc/group": (b"root:x:0:\n", 0o644), "/data/1m": (b"m" * (1 << 20), 0o644),
             "/data/64k": (b"k" * (1 << 16), 0o644)}
    for folder in ("/tmp", "/var/lib/nginx/body", "/var/log/nginx", "/run/selfless"):
        files[f"{folder}/.keep"] = (b"", 0o644)
    for path in [binary, *_libraries(binary)]:
        files[path] = (pathlib.Path(path).resolve().read_bytes(), 0o755)
    return files


def image(docker):
    """Name of the image; made when it is not there yet."""
    files = _files()
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.encode() + files[path][0])
    name = "selfless-bench-origin:" + digest.hexdigest()[:12]
    if not docker.has_image(name):
        docker.import_image(name, files, ['ENTRYPOINT ["/usr/sbin/nginx", "-c", "/nginx.conf"]', "EXPOSE 8000"])
    return name
