"""What happens, and when: all of it follows from the seed, so that a storm can be replayed.

A plan is a list of gusts (pause before it, name, three numbers from 0 to 1). A gust that needs a container picks it
among those that are there by its number, so what a replay hits depends on the time the containers take, too.
"""

import json
import random
import signal
import time

from harness.client import request
from world import MOST, MOST_SPARES

CRASHES = 2             # of a slot in CRASH_WINDOW_S: at the third it would back off, as it should
CRASH_WINDOW_S = 35     # of the orchestrator 30; a hang is known some seconds later
SOFT_GAP_S = 3.0        # between two that only a probe's timeout can tell: a request may sit in each of them
DOCKERD_AWAY_S = 5
DOCKERD_GAP_S = 5       # so long it is there at least: without it nobody can start what was killed meanwhile
QUIET_AT_THE_END_S = 4  # without a roll or a missing image, which take their time

# name -> how often
GUSTS = {"kill": 14, "pause": 4, "stop": 6, "remove": 12, "die": 5, "ill": 5, "hang": 3, "eat": 3, "two": 3, "ahead": 6,
         "spare": 8, "slow": 6, "truncate": 6, "scale": 8, "hup": 4, "roll": 2, "bad_hup": 4, "restart": 3, "image": 2,
         "dockerd": 3}
SOFT = ("pause", "hang")
ILL = ("ill", "hang")
CRASH = ("die", "ill", "eat", "stop", "hang")
LATE = ("roll", "image", "dockerd")


def plan(seed, seconds, weights, pace):
    """[(at_s, name, numbers)]: each once, those first that need time, then as often as its weight says.

    In the second half the orchestrator is not killed any more: what it leaks is seen in the one that is there at the end.
    """
    source = random.Random(seed)
    names = list(weights)
    once = sorted(source.sample(names, len(names)), key=lambda n: n not in LATE)
    gusts, at = [], 0.3
    while at < seconds - 0.5:
        name = once.pop(0) if once else source.choices(names, [weights[n] * (n != "restart" or at < seconds / 2) for n in names])[0]
        numbers = [source.random() for _ in range(3)]
        if name not in LATE or at < seconds - QUIET_AT_THE_END_S:
            gusts.append((at, name, numbers))
        at += source.choice([0.05, 0.2, 0.4, 0.8]) * pace
    return gusts


class Storm:
    def __init__(self, world, load, seed, seconds, with_dockerd=False):
        self.world, self.load = world, load
        self.seconds = seconds
        self.plan = plan(seed, seconds, self.weights(with_dockerd), world.pace)
        self.journal = []
        self.count, self.hits = {}, {}
        self.begin_s = 0.0
        self._crashes, self._soft_s, self._dockerd_back_s = {}, 0.0, 0.0
        self._orphans = set()       # nobody is told how these end, so it may have been a crash
        self._specs = 0

    def weights(self, with_dockerd):
        """name -> how often, of those that there can be here"""
        own = {"two", "ahead", "spare", "slow", "truncate", "scale", "hup", "roll", "bad_hup", "restart"}
        if self.world.engine == "process":
            own -= {"ahead"}        # nothing runs that could be killed
        else:
            own |= {"image"} | ({"dockerd"} if with_dockerd else set())
        return {name: weight for name, weight in GUSTS.items() if name in own | set(self.world.faults)}

    def run(self):
        self.begin_s = time.monotonic()
        for at, name, numbers in self.plan:
            self.wait(self.begin_s + at)
            if time.monotonic() - self.begin_s > self.seconds:     # a machine that is too busy for all of it
                break
            what = getattr(self, f"_{name}", lambda n, name=name: self._hurt_slot(name, n))(numbers)
            self.count[name] = self.count.get(name, 0) + (what is not None)
            self.hits[name] = self.hits.get(name, 0) + (what is not None and "in vain" not in what)
            self.note(name, what if what is not None else "(nobody there)")

    def wait(self, until_s):
        time.sleep(max(0.0, until_s - time.monotonic()))

    def note(self, name, what):
        self.journal.append(f"{time.monotonic() - self.begin_s:7.2f} {name:8} {what}")

    def in_vain(self):
        """Gusts that never did anything: then they are no test."""
        return [f"{name} was tried {n} times and did nothing" for name, n in self.count.items() if n > 2 and self.hits[name] == 0]

    # --- one container ---

    def _pick(self, number, fits):
        """Each as likely as the others; one that is missing does not change who is hit else."""
        def lot(seen):
            return random.Random(f"{number} {seen.name.removesuffix('.next')}").random(), seen.name
        return min((c for c in self.world.containers() if fits(c)), key=lot, default=None)

    def _may(self, name, seen):
        """A fault that must not come too often is turned into a kill where it would; and one that nobody can tell from a
        slow start, in a container that was never well."""
        now, slot = time.monotonic(), seen.name.removesuffix(".next")
        if name in ILL and not self.world.is_ready(seen):
            return "kill"
        if name in SOFT:
            if now - self._soft_s < SOFT_GAP_S:
                return "kill"
            self._soft_s = now
        recent = [t for t in self._crashes.get(slot, []) if now - t < CRASH_WINDOW_S]
        crash = CRASH + ("pause",) * (self.world.engine == "process")     # who stopped it is not known there
        if name in crash and len(recent) >= CRASHES:
            name = "kill"
        if name in crash or seen.key in self._orphans:
            self._crashes[slot] = recent + [now]
        return name

    def _hurt_slot(self, name, numbers):
        seen = self._pick(numbers[0], lambda c: c.slot >= 0 and c.state == "running")
        return None if seen is None else self._hurt(seen, self._may(name, seen))

    def _hurt(self, seen, name):
        targets = {"die": "/die?code=3", "ill": "/_crash", "hang": "/_set?health=0", "eat": "/eat?mb=200"}
        if name in targets:
            done = self.world.call(seen, targets[name]) is not None
        else:
            done = self.world.hurt(seen, name)
        return f"{name} {seen}" + (not done) * " in vain"

    def _two(self, numbers):
        first, second = self._hurt_slot("kill", numbers), self._hurt_slot("remove" if "remove" in self.world.faults else "kill",
                                                                         numbers[1:])
        return first and second and f"{first}, {second}"

    def _ahead(self, numbers):
        seen = self._pick(numbers[0], lambda c: c.name.endswith(".next"))
        return seen and self._hurt(seen, "remove" if "remove" in self.world.faults else "kill")

    def _spare(self, numbers):
        seen = self._pick(numbers[0], lambda c: "_spare_" in c.name)
        how = [h for h in ("kill", "remove", "stop", "unpause") if h in self.world.faults + ("unpause",) * (
            self.world.engine == "docker")]
        return seen and self._hurt(seen, self._may(how[int(numbers[1] * len(how))], seen))

    # --- requests that hurt the container that gets them ---

    def _ask(self, target):
        try:
            return f"{target[:20]}: {request(self.world.orchestrator.port, target, timeout=20).status}"
        except OSError as error:
            return f"{target[:20]}: {error!r}"

    def _slow(self, numbers):
        seen = self._pick(numbers[0], lambda c: c.slot >= 0 and c.state == "running")
        if seen is None:
            return None
        done = self.world.call(seen, f"/_set?delay={int(numbers[1] * 300)}&pace={int(numbers[2] * 900)}") == 200
        return f"slow {seen}" + (not done) * " in vain"

    def _truncate(self, _numbers):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"
        return self._ask(f"/raw?a={head.hex()}&then=close")

    # --- the orchestrator ---

    def _scale(self, numbers):
        scale = self.world.settings()["scale"]
        wanted = scale["min"] + int(numbers[0] * (scale["max"] - scale["min"] + 1))
        if numbers[1] < 1 / 8:
            wanted = scale["max"] + 1
        body = json.dumps({"wanted": wanted})
        try:
            reply = request(self.world.orchestrator.admin_port, f"/api/services/{self.world.service}/scale", "POST", body,
                            timeout=10)
        except OSError as error:
            return repr(error)
        if b"not running" in reply.body:
            return f"scale {wanted}: in vain"
        assert (reply.status < 300) == (wanted <= scale["max"]), f"scale {wanted}, {scale}: {reply}"
        if reply.status < 300:
            self.world.wanted = wanted
        return f"scale {wanted}: {reply.status}"

    def _hup(self, numbers):
        scale = self.world.settings()["scale"]
        self.world.max_s = float("inf")         # neither this one nor that
        scale["spares"] = int(numbers[0] * (MOST_SPARES + 1))
        scale["max"] = MOST - int(numbers[1] * 2)
        scale["min"] = 1 + int(numbers[2] * 2)
        self.world.settings()["late_network"] = late = numbers[0] * 8 % 2 < 1.5     # what was created before stays as it is
        self.world.reload()
        self.world.max_s = time.monotonic()
        return f"reload {scale} late_network={late}"

    def _roll(self, _numbers):
        self._specs += 1
        self.world.settings()["env"] = {"STORM": str(self._specs)}
        self.world.reload()
        return f"reload STORM={self._specs}"

    def _bad_hup(self, numbers):
        good = json.dumps(self.world.orchestrator.config)
        bad = [good[:-40], good.replace('"env"', '"evn"', 1) if '"env"' in good else good.replace('"scale"', '"scala"', 1),
               good.replace('"min": ', '"min": 500', 1)][int(numbers[0] * 3)]
        self.world.reload(bad)
        return "reload of a bad file"

    def _restart(self, _numbers):
        if self.load.wrk is not None:
            self.load.wrk.stop()
        if self.world.engine == "process":
            self._orphans |= {c.key for c in self.world.containers()}
        self.world.kill_orchestrator()
        if self.load.wrk is not None:
            self.load.wrk.start()
        return "orchestrator killed and started"

    # --- the engine ---

    def _image(self, numbers):
        """Not while the orchestrator asks what is left after dockerd's death: then a request is refused at once, with the reason."""
        if self._dockerd_is_new():
            return None
        self.world.remove_image()
        time.sleep(0.2 + numbers[0])
        self.world.add_image()
        return "image removed and put back"

    def _dockerd_is_new(self):
        return time.monotonic() - self._dockerd_back_s < DOCKERD_GAP_S

    def _dockerd(self, numbers):
        """On a busy machine gusts are late and come close to each other; three of these in a row are longer than hold_ms."""
        if self._dockerd_is_new():
            return None
        how = signal.SIGTERM if numbers[0] < 0.5 else signal.SIGKILL
        victim = self._pick(2 * numbers[2], lambda c: c.slot >= 0 and c.state == "running") if numbers[2] < 0.5 else None
        away_s = DOCKERD_AWAY_S * numbers[1]
        self.world.restart_dockerd(how, away_s, victim)
        self._dockerd_back_s = time.monotonic()
        self.world.max_s = time.monotonic()
        return f"dockerd ended by {how.name}, away {away_s:.1f} s" + (f", {victim} killed meanwhile" if victim else "")
