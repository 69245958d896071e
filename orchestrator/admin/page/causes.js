/* causes: why something does not serve, in the server's own sentences: for the top of the page, and beside each slot. */
import { readyCount, slotsInUse } from "./fleet.js";
import { plural, reasonText } from "./words.js";

const SHOWN = 4;
const STUCK = ["down", "backing-off"];
const SOON_MS = 1000;	/* a container that is replaced at once is no matter for the top of the page */

export function causeOf(slot) {
	return slot.cause || slot.message || "";
}

/* What comes next, and how often it was tried; counts down. */
export function nextText(fleet, service, slot) {
	const left = fleet.left(service, slot.retry_in_ms);
	const tries = slot.attempts > 1 ? plural(slot.attempts, "attempt") : "";
	const next = left === null ? "" : left > 0 ? `next try in ${Math.ceil(left / 1000)} s` : "next try now";
	return [tries, next].filter(Boolean).join(", ");
}

function ofService(fleet, service) {
	const none = readyCount(service) === 0 && service.wanted > 0;
	const slots = slotsInUse(service).filter((slot) => STUCK.includes(slot.state) ||
		(none && causeOf(slot) !== "" && fleet.age(service, slot.since_ms) > SOON_MS));
	const told = new Map();	/* the same cause once, however many have it */
	for (const slot of slots) {
		const text = causeOf(slot) || reasonText(slot.reason);
		if (text !== "" && !told.has(text))
			told.set(text, { key: `${service.name}/${text}`, where: service.name, text, next: nextText(fleet, service, slot) });
	}
	if (service.roll_cause)
		told.set("roll", { key: `${service.name}/roll`, where: service.name, text: service.roll_cause, next: "" });
	return [...told.values()];
}

/* The orchestrator's own: a disk that is full, say. What it runs may serve all the same. */
function ofOrchestrator(fleet) {
	return (fleet.process.troubles ?? []).map(({ what, cause }) => ({ key: `trouble/${what}/${cause}`, where: what.replaceAll("-", " "), text: cause, next: "" }));
}

/* [{key, where, text, next}]: the worst first. */
export function causesOf(fleet) {
	const engine = fleet.engine.cause || fleet.engine.message || "";
	const found = fleet.services.toSorted((a, b) => Math.min(readyCount(a), 1) - Math.min(readyCount(b), 1))
		.flatMap((service) => ofService(fleet, service));
	return [...(fleet.engine.up || engine === "" ? [] : [{ key: "engine", where: "engine", text: engine, next: "" }]), ...found].slice(0, SHOWN)
		.concat(ofOrchestrator(fleet));
}
