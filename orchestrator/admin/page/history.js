/* history: what plots and rates of one service or one slot are drawn from.
 *
 * Curves are arrays of KEPT numbers at most, one for each of the server's steps, the newest last; null: not known then. The
 * numbers of the last seconds are kept beside them, for figures that are to be read.
 */
export const KEPT = 120;
const SECONDS = 3;
const SAME_WINDOW_MS = 1500;

/* Requests a second from a counter; one that fell belongs to another container. */
class Rate {
	constructor() {
		this.before = null;
		this.last = [];
	}

	push(requests, seconds) {
		const delta = this.before === null || requests === null ? null : requests - this.before;
		this.last.push(delta === null || delta < 0 || seconds === null ? null : delta / seconds);
		this.last = this.last.slice(-SECONDS);
		this.before = requests;
	}

	/* The mean of the last seconds, which can be read; null: not known. */
	now() {
		const known = this.last.filter((value) => value !== null);
		return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
	}
}

export class History {
	constructor() {
		this.seconds = new Rate();
		this.container = null;
		this.forget();
		this.live = [];	/* of the open window, second by second: [ms since its start, requests] */
		this.windowStart = null;
	}

	/* The curves alone. */
	forget() {
		this.rate = [];
		this.down = [];	/* was a container wanted and none ready? */
		this.counted = [];	/* [time by the server's clock, requests in the window] */
		this.probe = [];
	}

	push(name, value) {
		this[name].push(value);
		if (this[name].length > KEPT)
			this[name].shift();
	}

	/* One step of a service that ended at `at`; undefined: the server has nothing of it. */
	pushStep(step, seconds, at) {
		const { requests, counted, ready, wanted } = step ?? {};
		this.push("rate", (requests ?? null) === null ? null : requests / seconds);
		this.push("down", ready === 0 && wanted > 0);
		if ((counted ?? null) !== null)
			this.push("counted", [at, counted]);
	}

	pushWindow(window, now) {
		if (window.start_ms_ago === null) {
			this.windowStart = null;
			this.live = [];
			return;
		}
		const start = now - window.start_ms_ago;
		if (this.windowStart === null || Math.abs(start - this.windowStart) > SAME_WINDOW_MS) {
			this.windowStart = start;
			this.live = [];
		}
		this.live.push([window.start_ms_ago, window.count]);
	}

	/* The open window from its start: by steps until this page was there, by seconds from then on. */
	points() {
		if (this.windowStart === null)
			return [];
		const until = this.live[0]?.[0] ?? Infinity;
		const before = this.counted.map(([at, count]) => [at - this.windowStart, count])
			.filter(([time, count], index, all) => time > 0 && time < until && count <= (all[index + 1]?.[1] ?? Infinity));
		return [...before, ...this.live];
	}
}
