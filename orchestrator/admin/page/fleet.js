/* fleet: what the page knows: the server's last word, and its curves of the last ten minutes. */
import { History, KEPT } from "./history.js";

const GAP_MS = 2500;

export class Fleet {
	constructor() {
		this.known = false;
		this.name = "selfless";
		this.engine = { up: true };
		this.services = [];
		this.process = {};
		this.histories = new Map();
		this.now = 0;	/* the server's clock, when it last spoke */
		this.numbersAt = null;
		this.steps = 0;	/* of the curves */
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
		this.engine = { ...document.engine, heard: this.now };
		this.services = document.services.map((service) => ({ ...service, heard: this.now }));
		this.process = document;
	}

	takeService(service, timeMs) {
		this.now = timeMs;
		const at = this.services.findIndex((known) => known.name === service.name);
		if (at >= 0)
			this.services[at] = { ...service, heard: timeMs };
	}

	takeEngine({ up, engine = { up }, time_ms }) {
		this.now = time_ms;
		this.engine = { ...engine, heard: time_ms };
	}

	/* Event `curves`: the last ten minutes, or the step that has just ended. */
	takeCurves({ whole, time_ms, step_ms, steps, ended_ms_ago, services }) {
		const ended = time_ms - ended_ms_ago;
		if (whole) {
			for (const history of this.histories.values())
				history.forget();
			this.steps = 0;
		}
		const missed = whole ? 0 : Math.min(steps - this.steps - 1, KEPT);
		this.steps = steps;
		for (const service of services) {
			const count = service.requests.length;
			const history = this.history(service.name);
			for (let at = -Math.max(missed, 0); at < count; at++)
				history.pushStep(at < 0 ? undefined : { requests: service.requests[at], counted: service.counted[at],
					ready: service.ready[at], wanted: service.wanted[at] }, step_ms / 1000, ended - (count - 1 - at) * step_ms);
			this.#takeProbes(service, count, Math.max(missed, 0));
		}
	}

	#takeProbes(service, count, missed) {
		const known = new Map(service.slots.map((slot) => [slot.slot, slot.probe_us]));
		const slots = this.services.find(({ name }) => name === service.name)?.slots ?? [];
		for (const slot of new Set([...known.keys(), ...slots.map((one) => one.slot)])) {
			const history = this.history(service.name, slot);
			for (let at = -missed; at < count; at++) {
				const us = at < 0 ? null : known.get(slot)?.[at] ?? null;
				history.push("probe", us === null ? null : us / 1000);
			}
		}
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
		history.seconds.push(requests, seconds);
		history.pushWindow(window, this.now);
		for (const slot of service.slots) {
			const numbers = counted.slots.find((one) => one.slot === slot.slot);
			this.#countSlot(this.history(service.name, slot.slot), slot, numbers, seconds);
		}
	}

	#countSlot(history, slot, numbers, seconds) {
		if (history.container !== slot.container)
			history.seconds.before = null;
		history.container = slot.container;
		if (numbers !== undefined)
			Object.assign(slot, numbers);
		history.seconds.push(numbers?.requests ?? null, seconds);
	}

	/* How long ago, in ms, by the server's clock: `ms` was said when the service, or the engine, was last told whole. */
	age(told, ms) {
		return ms === null || ms === undefined ? null : ms + (this.now - told.heard);
	}

	/* The same for what is to come; 0 when it is due. */
	left(told, ms) {
		return ms === null || ms === undefined ? null : Math.max(0, ms - (this.now - told.heard));
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
