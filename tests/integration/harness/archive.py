"""Images as `docker load` reads them, made without a Docker Engine."""

import hashlib
import io
import json
import tarfile


def _tar(files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, (content, mode) in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(content), mode
            if path.endswith("/"):
                entry.type = tarfile.DIRTYPE
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def image_archive(name, files, command):
    """The bytes of an image FROM scratch; files is {path inside: (bytes, mode)}, a folder's path ends in /."""
    layer = _tar(files)
    config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": command},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}
    manifest = [{"Config": "config.json", "RepoTags": [f"{name}:latest"], "Layers": ["layer.tar"]}]
    return _tar({"manifest.json": (json.dumps(manifest).encode(), 0o644), "layer.tar": (layer, 0o644),
                 "config.json": (json.dumps(config).encode(), 0o644)})
