"""What happens to three managers of a swarm: small gusts as with one host, and troubles of a node, an orchestrator, the leader, or
most managers, one after the other, which last."""

import threading
import time

from storm import CRASH, CRASHES, CRASH_WINDOW_S, ILL, SOFT, SOFT_GAP_S, Storm
from swarm_troubles import Cut, Dockerd, Drain, Killed, Power
from swarm_world import UNKNOWN
from world import MOST, SCALE

SMALL = {"kill": 10, "remove": 8, "stop": 4, "die": 4, "ill": 4, "hang": 2, "pause": 2, "two": 2, "spare": 5, "slow": 4, "scale": 6,
         "roll": 2, "count": 5}
# name -> (how often, seconds it lasts at least, and at most)
TROUBLES = {"cut": (4, 1, 15), "power": (3, 3, 15), "dockerd": (2, 0.5, 8), "orchestrator": (3, 0.2, 4), "drain": (2, 3, 9),
            "leader": (4, 1, 18), "quorum": (2, 4, 14)}
LULL_S = 10             # so long it may be calm before the next one
BARE = 0.15             # so many of those that would leave nobody to ask are not left out
CALM_S = 12             # a leader asks a peer that was away every 10 s at least
COUNTED = 20            # requests of each orchestrator's clients
COUNT_S = 15            # until the leader has asked all


class SwarmStorm(Storm):
    """world.down has the times of the orchestrators whose clients are nobody's: cut off with them, or without them."""

    def __init__(self, world, seed, seconds):
        super().__init__(world, None, seed, seconds)
        self.begin_s = time.monotonic()
        self.trouble, self.troubles = None, []
        self.wrong = []
        self._leads, self._calm_since = None, None
        self._hurt_keys = set()

    def weights(self, with_dockerd):
        return SMALL | {name: often for name, (often, _, _) in TROUBLES.items()}

    def wait(self, until_s):
        while time.monotonic() < until_s:
            self._look()
            time.sleep(max(0.0, min(0.2, until_s - time.monotonic())))

    def _look(self):
        if self.trouble is not None and time.monotonic() >= self.trouble.until_s:
            self.end()
        leader = self.world.calm_leader() if self.trouble is None else None
        if leader is None or leader is not self._leads:
            self._leads, self._calm_since = leader, time.monotonic()
        if leader is not None:
            self._hurt_keys.clear()

    def _is_calm(self, seconds=0.0):
        self._look()
        return self._leads is not None and time.monotonic() - self._calm_since >= seconds

    # --- small ones ---

    def _is_tired(self, seen):
        """Who killed it Swarm does not say, so each end is a crash: at the third its slot would back off, as it should."""
        recent = [t for t in self._crashes.get(seen.name.removesuffix(".next"), []) if time.monotonic() - t < CRASH_WINDOW_S]
        return len(recent) >= CRASHES

    def _tire(self, seen):
        self._crashes.setdefault(seen.name.removesuffix(".next"), []).append(time.monotonic())

    def _within_reach(self):
        """What may be hurt. While nobody can make another one, one is left; a node that is lost has its own."""
        found = [c for c in self.world.containers() if c.state == "running" and c.number not in self.world.lost and not self._is_tired(c)]
        if self._is_calm():
            return found
        left = {c.key for c in self.world.serving()} - self._hurt_keys
        return found if len(left) > 1 else [c for c in found if c.key not in left]

    def _hurt_slot(self, name, numbers):
        reach = {c.key for c in self._within_reach()}
        seen = self._pick(numbers[0], lambda c: c.slot >= 0 and c.key in reach)
        return None if seen is None else self._hurt(seen, self._may(name, seen))

    def _may(self, name, seen):
        """Nobody ends one that hangs while there is no leader, and what it may have carried out waits for that."""
        if self._leads is None and name in SOFT + CRASH or name in ILL and not self.world.is_ready(seen):
            return "kill"
        if name in SOFT:
            if time.monotonic() - self._soft_s < SOFT_GAP_S:
                return "kill"
            self._soft_s = time.monotonic()
        return name

    def _hurt(self, seen, name):
        self._hurt_keys.add(seen.key)
        self._tire(seen)
        return super()._hurt(seen, name)

    def _spare(self, numbers):
        reach = {c.key for c in self._within_reach()}
        seen = self._pick(numbers[0], lambda c: "_spare_" in c.name and c.key in reach)
        return seen and self._hurt(seen, ("kill", "remove")[int(2 * numbers[1])])

    def _scale(self, numbers):
        leader = self.world.leader()
        if leader is None:
            return None
        wanted = SCALE["min"] + int(numbers[0] * (MOST - SCALE["min"] + 1))
        try:
            status = leader.scale(self.world.service, wanted).status
        except UNKNOWN as error:
            return f"scale {wanted} in vain: {error!r}"
        if status >= 300:
            return f"scale {wanted} in vain: {status}"
        self.world.wanted = wanted
        return f"scale {wanted}: {status}"

    def _roll(self, _numbers):
        leader = self.world.leader()
        if leader is None:
            return None
        done = leader.command("roll", self.world.service)
        return "roll" if done.returncode == 0 else f"roll in vain: {done.stderr.strip()[:200]}"

    # --- counts ---

    def _ask_counted(self, one, failed):
        for _ in range(COUNTED):
            try:
                status = one.get("/api/v1/fast", timeout=30).status
            except UNKNOWN as error:
                status = repr(error)
            if status != 200:
                failed.append(f"request failed: GET /api/v1/fast: {status}")
            time.sleep(0.02)

    def _count(self, numbers):
        """While nobody dies, but a container under them."""
        if not self._is_calm(CALM_S):
            return None
        return self.count_exactly(lambda: self._hurt_slot("kill", numbers) if numbers[1] < 0.7 else None)

    def count_exactly(self, meanwhile):
        leader, failed = self._leads, []
        if leader is None:
            return "counts in vain: nobody leads"
        before = self.world.counted(leader)
        threads = [threading.Thread(target=self._ask_counted, args=(one, failed)) for one in self.world.orchestrators]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
        hurt = meanwhile()
        for thread in threads:
            thread.join()
        self.wrong += failed
        asked = COUNTED * len(threads)
        return f"{self._compare(leader, before + asked, before)}{'; ' + hurt if hurt else ''}"

    def _compare(self, leader, wanted, before):
        begin = time.monotonic()
        try:
            while self.world.counted(leader) < wanted and time.monotonic() - begin < COUNT_S:
                time.sleep(0.1)
            took = time.monotonic() - begin
            time.sleep(1.2)         # another round of questions
            found = self.world.counted(leader)
            if not leader.leads():
                return "counts in vain: another one leads"
        except UNKNOWN as error:
            return f"counts in vain: {error!r}"
        if found != wanted:
            self.wrong.append(f"the leader counted {found - before} of {wanted - before} requests")
        return f"counted {found - before} of {wanted - before} after {took:.1f} s"

    # --- troubles ---

    def _begin_trouble(self, name, kind, numbers, share):
        if self.trouble is not None or not self._is_calm(share * LULL_S):
            return None
        _, least, most = TROUBLES[name]
        seconds = least + share * (most - least)
        trouble = kind(self.world, numbers)
        there = [c for c in self.world.containers() if c.number in numbers and c.state == "running"]
        trouble.until_s = time.monotonic() + seconds
        if not trouble.begin(may_be_bare=share < BARE):
            return None
        self.trouble = trouble
        self.troubles.append(trouble)
        for seen in there if trouble.loses else ():
            self._tire(seen)
        return f"{kind.__name__} of {', '.join(f'node {number + 1}' for number in numbers)} for {seconds:.1f} s" + (
            ", which had all that serves" * trouble.bare)

    def end(self):
        """What there is of it is over."""
        if self.trouble is None:
            return
        begin = time.monotonic()
        self.trouble.end()
        self.note("", f"{type(self.trouble).__name__} is over, mended in {time.monotonic() - begin:.1f} s")
        self.trouble = None
        self.world.wanted = None        # another one may lead, which keeps what runs

    def _of_one(self, name, kind, numbers):
        return self._begin_trouble(name, kind, [int(numbers[0] * len(self.world.orchestrators))], numbers[1])

    def _cut(self, numbers):
        return self._of_one("cut", Cut, numbers)

    def _power(self, numbers):
        return self._of_one("power", Power, numbers)

    def _dockerd(self, numbers):
        return self._of_one("dockerd", Dockerd, numbers)

    def _orchestrator(self, numbers):
        return self._of_one("orchestrator", Killed, numbers)

    def _drain(self, numbers):
        return self._of_one("drain", Drain, numbers)

    def _leader(self, numbers):
        if not self._is_calm():
            return None
        kind = (Cut, Power, Dockerd, Killed)[int(4 * numbers[0])]
        return self._begin_trouble("leader", kind, [self.world.orchestrators.index(self._leads)], numbers[1])

    def _quorum(self, numbers):
        left = int(numbers[0] * len(self.world.orchestrators))
        lost = [number for number in range(len(self.world.orchestrators)) if number != left]
        return self._begin_trouble("quorum", Cut if numbers[2] < 0.6 else Dockerd, lost, numbers[1])
