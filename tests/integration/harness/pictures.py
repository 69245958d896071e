"""Pictures that look like something: PNG landscapes made here, each number another one; and the smallest PNG."""

import base64
import math
import random
import struct
import zlib

# sky above, sky below, sun, hills from far to near
_SCENES = [
    ((244, 201, 150), (250, 232, 205), (255, 246, 220), [(196, 140, 110), (150, 98, 84), (92, 62, 62)]),
    ((140, 185, 222), (222, 236, 242), (255, 253, 240), [(150, 180, 160), (96, 140, 110), (52, 92, 74)]),
    ((52, 60, 98), (186, 128, 140), (250, 214, 180), [(98, 82, 116), (62, 56, 88), (34, 34, 58)]),
    ((196, 214, 214), (240, 240, 232), (255, 255, 250), [(170, 190, 184), (124, 152, 146), (72, 104, 100)]),
    ((250, 170, 128), (252, 220, 170), (255, 244, 214), [(200, 110, 92), (140, 72, 76), (80, 46, 60)]),
    ((108, 152, 190), (200, 220, 224), (250, 250, 236), [(120, 150, 120), (148, 160, 84), (96, 116, 52)]),
]

TINY = base64.b64decode(b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")


def _mix(one, other, share):
    return tuple(int(a + (b - a) * share) for a, b in zip(one, other))


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, rows):
    """rows: bytes of RGB, one row each."""
    return (b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + _chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), 6)) + _chunk(b"IEND", b""))


def _hills(dice, count, width, height):
    """For each hill its upper edge at each x."""
    edges = []
    for number in range(count):
        base = height * (0.5 + 0.17 * number)
        waves = [(height * dice.uniform(0.02, 0.07), dice.uniform(1, 5) * math.tau / width, dice.uniform(0, math.tau)) for _ in range(3)]
        edges.append([base + sum(a * math.sin(x * f + p) for a, f, p in waves) for x in range(width)])
    return edges


def landscape(number, width=480, height=360):
    dice = random.Random(number)
    above, below, sun, colours = _SCENES[number % len(_SCENES)]
    edges = _hills(dice, len(colours), width, height)
    sun_x, sun_y, radius = dice.uniform(0.2, 0.8) * width, dice.uniform(0.18, 0.4) * height, height * 0.07
    rows = []
    for y in range(height):
        sky = _mix(above, below, y / (height * 0.7) if y < height * 0.7 else 1)
        row = bytearray(bytes(sky) * width)
        for x in range(width):
            if (x - sun_x) ** 2 + (y - sun_y) ** 2 < radius ** 2:
                row[3 * x:3 * x + 3] = bytes(sun)
            for edge, colour in zip(edges, colours):
                if y >= edge[x]:
                    row[3 * x:3 * x + 3] = bytes(colour)
        rows.append(bytes(row))
    return png(width, height, rows)
