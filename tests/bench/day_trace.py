#!/usr/bin/python3
"""A day of requests with bursts, as `seconds,count` lines for `orchestrator --simulate`; the same seed, the same day.

usage: tests/bench/day_trace.py [--seed N] [--hours N] > day.csv

The rate follows the hours (quiet at 4, busiest at 16) between 0.05 and 0.6 requests a second. On top come bursts:
three in two hours on average, more by day than by night, lasting from 20 seconds to 15 minutes (short ones are as
likely as long ones, on a scale of powers), and from 0.3 to 2 requests a second strong. A burst is there at once and
dies away over its last third. What comes in a second is Poisson distributed.
"""

import argparse
import math
import random
import sys

HOUR_S = 3600
NIGHT, DAY = 0.05, 0.6          # requests a second
BURSTS_AN_HOUR = 1.5
BURST_S = (20, 900)
BURST_RATE = (0.3, 2.0)


def day_share(second):
    """0 at 4 o'clock, 1 at 16 o'clock."""
    return (1 - math.cos((second / HOUR_S - 4) * math.pi / 12)) / 2


def bursts(rng, seconds):
    """[(start, length, rate)]"""
    found, at = [], 0.0
    while True:
        at += rng.expovariate(2 * BURSTS_AN_HOUR / HOUR_S)
        if at >= seconds:
            return found
        length = math.exp(rng.uniform(*map(math.log, BURST_S)))
        rate = rng.uniform(*BURST_RATE)
        if rng.random() < 0.1 + 0.8 * day_share(at):    # thins them out by half
            found.append((int(at), int(length), rate))


def burst_rate(start, length, rate, second):
    gone = (second - start) / length
    if not 0 <= gone < 1:
        return 0.0
    return rate * min(1.0, (1 - gone) * 3)


def poisson(rng, mean):
    count, left = 0, rng.random()
    limit = math.exp(-mean)
    while left > limit:
        count += 1
        left *= rng.random()
    return count


def counts(seed, seconds):
    """Requests of each second."""
    rng = random.Random(seed)
    rates = [NIGHT + (DAY - NIGHT) * day_share(second) for second in range(seconds)]
    for burst in bursts(rng, seconds):
        for second in range(burst[0], min(burst[0] + burst[1], seconds)):
            rates[second] += burst_rate(*burst, second)
    return [poisson(rng, rate) for rate in rates]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hours", type=int, default=24)
    options = parser.parse_args()
    seconds = options.hours * HOUR_S
    print(f"# tests/bench/day_trace.py --seed {options.seed} --hours {options.hours}")
    print("seconds,count")
    for second, count in enumerate(counts(options.seed, seconds)):
        if count or second == seconds - 1:
            print(f"{second},{count}")


if __name__ == "__main__":
    sys.exit(main())
