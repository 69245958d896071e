/* fleet: what the page knows: the server's last word, and the numbers of the last two minutes, which nobody else keeps.
 *
 * Histories are arrays of KEPT numbers at most, one a second, the newest last; null: not known then.
 */
export const KEPT = 120;
const GAP_MS = 2500;
const SAME_WINDOW_MS = 1500;

class History {
	constructor() {
		this.rate = [];
		this.probe = [];
		this.requests = null;
		this.container = null;
		this.points = [];	/* of the open window: [ms since its start, requests] */
		this.windowStart = null;
	}

	push(name, value) {
		const values = this[name];
		values.push(value);
		if (values.length > KEPT)
			values.shift();
	}

	/* Requests a second since the last call; a counter that fell belongs to another container. */
	pushRate(requests, seconds) {
		const delta = this.requests === null || requests === null ? null : requests - this.requests;
		this.push("rate", delta === null || delta < 0 || seconds === null ? null : delta / seconds);
		this.requests = requests;
	}

	pushWindow(window, now) {
		if (window.start_ms_ago === null) {
			this.windowStart = null;
			this.points = [];
			return;
		}
		const start = now - window.start_ms_ago;
		if (this.windowStart === null || Math.abs(start - this.windowStart) > SAME_WINDOW_MS) {
			this.windowStart = start;
			this.points = [];
		}
		this.points.push([window.start_ms_ago, window.count]);
	}
}

export class Fleet {
	constructor() {
		this.known = false;
		this.name = "selfless";
		this.engineUp = true;
		this.services = [];
		this.process = {};
		this.histories = new Map();
		this.now = 0;	/* the server's clock, when it last spoke */
		this.numbersAt = null;
	}

	history(service, slot = "") {
		const key = `${service}/${slot}`;
		if (!this.histories.has(key))
			this.histories.set(key, new History());
		return this.histories.get(key);
	}

	/* The whole of it: event `fleet`. */
	take(document) {
		this.known = true;
		this.now = document.time_ms;
		this.name = document.name;
		this.engineUp = document.engine.up;
		this.services = document.services.map((service) => ({ ...service, heard: this.now }));
		this.process = document;
	}

	takeService(service, timeMs) {
		this.now = timeMs;
		const at = this.services.findIndex((known) => known.name === service.name);
		if (at >= 0)
			this.services[at] = { ...service, heard: timeMs };
	}

	takeEngine(up, timeMs) {
		this.now = timeMs;
		this.engineUp = up;
	}

	takeNumbers(numbers) {
		const since = this.numbersAt === null ? null : numbers.time_ms - this.numbersAt;
		const seconds = since === null || since > GAP_MS || since <= 0 ? null : since / 1000;
		this.now = this.numbersAt = numbers.time_ms;
		this.process = { ...this.process, ...numbers, services: undefined };
		for (const counted of numbers.services) {
			const service = this.services.find((known) => known.name === counted.name);
			if (service !== undefined)
				this.#count(service, counted, seconds);
		}
	}

	#count(service, counted, seconds) {
		const { window, in_flight, held, requests, replacements } = counted;
		Object.assign(service, { window, in_flight, held, requests, replacements });
		const history = this.history(service.name);
		history.pushRate(requests, seconds);
		history.pushWindow(window, this.now);
		for (const slot of service.slots) {
			const numbers = counted.slots.find((one) => one.slot === slot.slot);
			this.#countSlot(this.history(service.name, slot.slot), slot, numbers, seconds);
		}
	}

	#countSlot(history, slot, numbers, seconds) {
		if (history.container !== slot.container)
			history.requests = null;
		history.container = slot.container;
		if (numbers !== undefined)
			Object.assign(slot, numbers);
		history.pushRate(numbers?.requests ?? null, seconds);
		history.push("probe", slot.state === "ready" || slot.state === "draining" ? numbers?.probe_ms ?? null : null);
	}

	/* How long ago, in ms, by the server's clock: `ms` was said when the service was last told whole. */
	age(service, ms) {
		return ms === null ? null : ms + (this.now - service.heard);
	}
}

/* Slots that hold something or should. */
export function slotsInUse(service) {
	return service.slots.filter((slot) => slot.state !== "empty");
}

export function readyCount(service) {
	return service.slots.filter((slot) => slot.state === "ready").length;
}

/* [{containers, at}]: the number of requests in a window at which so many containers are wanted. */
export function thresholds(service) {
	const per = service.requests_per_container;
	const found = [];
	for (let containers = Math.max(service.min, 1) + 1; containers <= service.max; containers++)
		found.push({ containers, at: (containers - 1) * per + (service.formula === "ceil" ? 1 : 0) });
	return found;
}
