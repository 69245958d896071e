"""A storm over a swarm, and what is said of it: clients of each orchestrator, whom they were answered by, and what is left."""

import http.client
import threading
import time

from harness.docker import DockerError
from load import Load
from swarm_storm import CALM_S, SwarmStorm
from swarm_world import SwarmWorld
from watch import Resources, rss_kb, wait_for_none

SETTLE_S = 10           # once the last trouble is over, and Swarm takes writes
SWARM_S = 120           # so long it may take for that; it is not ours
DOUBLES_S = 30
AFTERMATH_S = 10        # of a loss that left nobody to ask
MISSED_S = 5            # until the probes have missed a node
EVERY_S = 0.2
SHORT = 12              # the digits of its id by which a container knows itself


class SwarmWatch(threading.Thread):
    """Who is who: `slots` has the slot of each container that was ever seen."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world = world
        self.slots, self.looks, self.broken, self.rss_kb = {}, 0, [], 0
        self._over = threading.Event()

    def run(self):
        while not self._over.wait(EVERY_S):
            try:
                self._look()
            except (OSError, ValueError, http.client.HTTPException, DockerError):
                continue        # one was just killed
            self.looks += 1

    def _look(self):
        for c in self.world.containers():
            self.slots[c.key[:SHORT]] = c.slot
        for one in self.world.survivors():
            process = one.process
            if process is not None and process.poll() is not None:
                word = f"{one.folder.name} ended by itself, {process.returncode}"
                self.broken += [word] if word not in self.broken else []
            elif process is not None:
                self.rss_kb = max(self.rss_kb, rss_kb(process.pid))

    def stop(self):
        if not self.is_alive():
            self.broken.append("nobody watched: the watch itself failed")
        self._over.set()
        self.join(60)

    def asked_twice(self, answered):
        """What one orchestrator asked again after another one in the same slot."""
        slots = {}
        for container, times in answered.items():
            if (slot := self.slots.get(container, -1)) >= 0:
                slots.setdefault(slot, []).append((*times, container))
        wrong = []
        for slot, found in sorted(slots.items()):
            found.sort()
            for at, (_, last, container) in enumerate(found):
                later = [(first, other) for first, _, other in found[at + 1:] if first < last]
                wrong += [f"slot {slot}: {container} was asked {last - first:.2f} s after {other}" for first, other in later]
        return wrong

    def strangers(self, answered):
        return [container for container in answered if container not in self.slots]


class SwarmWeather:
    def __init__(self, folder, number, seed, options):
        self.options = options
        self.world = SwarmWorld(folder, number)
        each = max(1, options.clients // 2)
        self.loads = [Load(one.port, each, 0, one.connect) for one in self.world.orchestrators]
        self.storm = SwarmStorm(self.world, seed, options.seconds)

    @property
    def journal(self):
        return self.storm.journal

    def run(self, wrong):
        """What did not hold goes to `wrong`. A line of figures."""
        watch = SwarmWatch(self.world)
        self.world.start()
        resources = [Resources(one, self.options.clients) for one in self.world.orchestrators]
        for each in resources:
            each.note()
        watch.start()
        for load in self.loads:
            load.start()
        self._count(wrong, "before")
        try:
            self.storm.run()
        finally:
            self.storm.end()
        unwritten, swarm_s = wait_for_none(self.world.writes, SWARM_S)
        unsettled, took = wait_for_none(self.world.is_settled, SETTLE_S)
        if unsettled is None:
            self._count(wrong, "after")
        for load in self.loads:
            load.stop()
        watch.stop()
        if unwritten is not None:
            wrong.append(f"Swarm takes no write {swarm_s:.0f} s after the storm: {unwritten}")
        if unsettled is not None:
            wrong.append(f"not as wanted {took:.1f} s after the storm: {unsettled}")
        doubles, _ = wait_for_none(self.world.doubles, DOUBLES_S)
        wrong += [f"{DOUBLES_S} s later: {doubles}"] if doubles is not None else []
        wrong += watch.broken + self.storm.wrong + self.storm.in_vain()
        figures = self._judge(watch, wrong)
        self._judge_left(watch, resources, wrong)
        return f"{figures}, Swarm wrote after {swarm_s:.1f} s, settled after {took:.1f} s, {watch.rss_kb >> 10} MB at most"

    def _count(self, wrong, when):
        """By who leads, once he had the time to ask all of them."""
        self.storm.wait(time.monotonic() + CALM_S)
        said = self.storm.count_exactly(lambda: None)
        self.storm.note("count", said)
        if not said.startswith("counted"):
            wrong.append(f"{when} the storm: {said}")

    def _judge_left(self, watch, resources, wrong):
        if watch.looks < self.options.seconds / 2:
            wrong.append(f"only {watch.looks} looks were taken")
        for number, each in enumerate(resources, 1):
            leaked, _ = wait_for_none(each.leaks, SETTLE_S)
            wrong += [f"orchestrator {number} leaks: {leaked}"] if leaked is not None else []
        unsettled, _ = wait_for_none(self.world.is_settled, SETTLE_S)
        wrong += [f"not as wanted any more: {unsettled}"] if unsettled is not None else []

    def _judge(self, watch, wrong):
        gusts = sum(self.storm.count.values())
        given_up, alone, unknown, strangers = 0, 0, 0, 0
        for number, load in enumerate(self.loads):
            failures, few = load.judged(self.world.down[number], gusts)
            given_up += few
            for failure in failures:
                if self._was_alone(failure):
                    alone += 1
                elif self._is_unknown(failure):
                    unknown += 1
                else:
                    ago = failure[1] - self.storm.begin_s
                    wrong.append(f"request failed: orchestrator {number + 1}, at {ago:.2f}: {failure[2]} after {failure[1] - failure[0]:.2f} s")
            wrong += load.broken
            wrong += [f"orchestrator {number + 1}: {words}" for words in watch.asked_twice(load.answered())]
            strangers += len(watch.strangers(load.answered()))
        slowest = max(load.slowest() for load in self.loads)
        return (f"{gusts} gusts, {len(self.storm.troubles)} troubles, {sum(load.asked() for load in self.loads)} requests ({given_up} given up, "
                f"{alone} with nobody left to ask, {unknown} PUT and DELETE on what was lost), slowest {slowest:.2f} s, "
                f"{strangers} containers seen by clients only, {watch.looks} looks")

    def _was_alone(self, failure):
        """Its only containers were on what was lost."""
        doomed, end, _ = failure
        return any(t.bare and t.begin_s <= end and doomed <= t.end_s + AFTERMATH_S for t in self.storm.troubles)

    def _is_unknown(self, failure):
        """It was on a container whose node is lost, or that hung when the leader was: nobody knows whether it was carried out."""
        doomed, end, what = failure
        return what.startswith(("PUT", "DELETE")) and ": 502 " in what and any(
            t.begin_s <= end and doomed <= t.begin_s + MISSED_S for t in self.storm.troubles)
