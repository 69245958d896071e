/* services: one card a service, one row a slot. Elements are made once and then only told what is new. */
import { keyed, make, say, sayMarked, set, show } from "./dom.js";
import { causeOf, nextText } from "./causes.js";
import { readyCount, slotsInUse, thresholds } from "./fleet.js";
import { drawSparkline, drawWindow, sparkline, windowPlot } from "./plot.js";
import { ms, plural, rate, reasonText, short, span, stateText, whole } from "./words.js";

/* Plots are at least so high: what is less is calm, and looks it. */
const PROBE_TOP_MS = 2;
const RATE_TOP = 2;
const STEP_MS = 5000;
/* --- one slot --------------------------------------------------------------------------------------------------- */

function cell(name, label, ...content) {
	return make("span", { class: `cell ${name}` }, make("span", { class: "label" }, label), ...content);
}

function makeRow(title, onReplace) {
	const value = () => make("span", { class: "value" });
	const parts = {
		state: make("span", { class: "state" }),
		reason: make("span", { class: "reason" }),
		message: make("span", { class: "message" }),
		next: make("span", { class: "quiet" }),
		words: make("code", { class: "said" }),
		container: make("span", { class: "container" }),
		inFlight: value(),
		rate: value(),
		probe: value(),
		plot: sparkline(),
		replace: onReplace && make("button", { type: "button", class: "small" }, "Replace", make("span", { class: "unseen" }, ` ${title}`)),
	};
	const row = make("li", { class: "slot" },
		make("span", { class: "cell name" }, title),
		make("span", { class: "cell what" }, parts.state, parts.reason),
		cell("number", "in flight", parts.inFlight),
		cell("number", "requests/s", parts.rate),
		cell("probe", "probe", parts.plot, parts.probe),
		make("span", { class: "cell action" }, parts.replace || null),
		make("div", { class: "cell details" }, parts.message, parts.next, parts.words, parts.container));
	parts.replace?.addEventListener("click", onReplace);
	row.parts = parts;
	return row;
}

/* How long the known part of a curve is. */
function past(known) {
	return span(known.length * STEP_MS);
}

function probeLabel(known) {
	if (known.length === 0)
		return "Probe latency: not known";
	return `Probe latency over the last ${past(known)}: ${ms(Math.min(...known))} to ${ms(Math.max(...known))}`;
}

function sayOrHide(element, text) {
	say(element, text);
	show(element, text !== "");
}

/* Unless the cause says it already. */
function saidBy(slot) {
	return slot.last_words && !causeOf(slot).includes(slot.last_words) ? slot.last_words : "";
}

/* Only where it is another one than is configured; of a slot it is known without looking at the names. */
function imageOf(service, slot) {
	if (!slot.image || !service.image || slot.image === service.image || slot.image_why === null)
		return "";
	return `${slot.image} (configured: ${service.image}${slot.image_why ? `: ${slot.image_why}` : ""})`;
}

/* Its name alone: its address stands behind it. */
function hostOf(slot) {
	return slot.node?.replace(/ \([^)]*\)$/, "") ?? "";
}

function since(fleet, service, slot) {
	const age = slot.since_ms === undefined || slot.since_ms === null ? null : fleet.age(service, slot.since_ms);
	return age === null ? "" : `for ${span(age)}`;
}

/* "answers its probe" is what ready means, and a cause says more. */
function reasonOf(slot) {
	return causeOf(slot) !== "" || (slot.reason === "probe-good" && slot.state === "ready") ? "" : reasonText(slot.reason);
}

function answers(slot) {
	return slot.probe_ms !== null && (slot.state === "ready" || slot.state === "draining");
}

function drawRow(row, fleet, service, slot, history) {
	const { parts } = row;
	const details = [reasonOf(slot), since(fleet, service, slot)].filter((text) => text !== "").join(", ");
	set(row, { "data-state": slot.state, "data-counts": history === null ? "no" : "yes" });
	say(parts.state, stateText(slot.state));
	say(parts.reason, details);
	sayMarked(parts.message, causeOf(slot));
	show(parts.message, causeOf(slot) !== "");
	sayOrHide(parts.next, [slot.state === "ready" ? "" : slot.waits_for, nextText(fleet, service, slot)].filter(Boolean).join(", "));
	sayOrHide(parts.words, saidBy(slot));
	say(parts.container, [short(slot.container), hostOf(slot), slot.address, imageOf(service, slot)].filter(Boolean).join(" · "));
	say(parts.inFlight, typeof slot.in_flight === "number" ? whole(slot.in_flight) : "–");
	say(parts.rate, rate(history?.seconds.now()));
	say(parts.probe, ms(slot.probe_ms));
	drawSparkline(parts.plot, [...history?.probe ?? [], answers(slot) ? slot.probe_ms : null], PROBE_TOP_MS, probeLabel);
	if (parts.replace)
		parts.replace.disabled = slot.state === "empty";
}

/* --- one service ------------------------------------------------------------------------------------------------ */

function figure(label, plot = null) {
	const value = make("dd", {});
	return { value, element: make("div", {}, make("dt", {}, label), value, plot && make("dd", { class: "plot" }, plot)) };
}

function makeCard(name, orders) {
	const parts = {
		status: make("p", { class: "status" }),
		scale: make("button", { type: "button" }, "Scale", make("span", { class: "unseen" }, ` ${name}`)),
		roll: make("button", { type: "button" }, "Roll", make("span", { class: "unseen" }, ` ${name}`)),
		ratePlot: sparkline(),
		held: figure("held"),
		inFlight: figure("in flight"),
		replaced: figure("replaced"),
		caption: make("p", { class: "caption" }),
		plot: windowPlot(),
		slots: make("ol", { class: "slots", role: "list", "aria-label": `Slots of ${name}` }),
		none: make("p", { class: "quiet none" }),
	};
	parts.columns = make("div", { class: "columns", "aria-hidden": "true" },
		...["Slot", "In flight", "Requests/s", "Probe"].map((text) => make("span", {}, text)));
	parts.rate = figure("requests/s", parts.ratePlot);
	parts.window = make("div", { class: "scaling" }, make("h3", {}, "Scaling window"), parts.caption, parts.plot);
	const title = make("h2", { id: `service-${name}` }, name);
	const card = make("section", { class: "card", "aria-labelledby": title.id },
		make("div", { class: "head" }, make("div", {}, title, parts.status), make("div", { class: "buttons" }, parts.scale, parts.roll)),
		make("dl", { class: "figures" }, parts.rate.element, parts.inFlight.element, parts.held.element, parts.replaced.element),
		parts.window,
		parts.columns, parts.slots, parts.none);
	parts.scale.addEventListener("click", () => orders.scale(name));
	parts.roll.addEventListener("click", () => orders.roll(name));
	card.parts = parts;
	return card;
}

/* As it was ordered. */
const ROLLS = {
	roll: (roll) => `rolling, ${roll.done} of ${roll.of} done`,
	replace: (roll) => (roll.of > 1 ? `replacing as ordered, ${roll.done} of ${roll.of} done` : "replacing a container, as ordered"),
	ports: (roll) => `a stand-in serves, since others have the ports; ${roll.done} of ${roll.of} slots serve`,
};

function rollText({ roll }) {
	return roll?.begun ? [ROLLS[roll.what](roll), roll.waits_for].filter(Boolean).join(": ") : "";
}

function statusText(service) {
	const inUse = slotsInUse(service);
	const ready = readyCount(service);
	const fits = ready === inUse.length && ready === service.wanted;
	const base = fits ? `${plural(ready, "container")}, ${ready > 1 ? "all " : ""}ready` : `${ready} of ${service.wanted} ready`;
	return [service.wanted === 0 && fits ? "none wanted" : base, service.min === service.max ? "" : `${service.min} to ${service.max} allowed`, rollText(service)]
		.filter((text) => text !== "").join(" · ");
}

/* The plot in words; it is also its text alternative. */
function captionText(service, lines) {
	const { window } = service;
	const next = lines.find(({ at, containers }) => containers > service.wanted && at > window.count);
	const growth = next === undefined ? `That is the most it may have: ${service.max}.`
		: `With ${next.at}${service.early ? "" : " by its end"} there will be ${next.containers} containers.`;
	if (window.start_ms_ago === null)
		return `No window is open; the next counted request opens one of ${window.length_s} s. ${growth}`;
	return `${plural(window.count, "request")} in ${Math.floor(window.start_ms_ago / 1000)} s of ${window.length_s} s` +
		(window.last_count > 0 ? `, ${whole(window.last_count)} in the one before. ` : ". ") + growth;
}

function drawScaling(parts, service, history) {
	const lines = thresholds(service);
	show(parts.window, service.min !== service.max);
	if (service.min === service.max)
		return;
	say(parts.caption, captionText(service, lines));
	drawWindow(parts.plot, { lengthMs: service.window.length_s * 1000, points: history.points(), count: service.window.count,
		elapsedMs: service.window.start_ms_ago, lines, wanted: service.wanted });
}

function rowsOf(service) {
	return [
		...slotsInUse(service).map((slot) => ({ key: `slot-${slot.slot}`, title: `slot ${slot.slot}`, slot, index: slot.slot })),
		...service.leaving.map((slot) => ({ key: `leaving-${slot.container}`, title: slot.slot < 0 ? "stand-in" : `slot ${slot.slot}, old`, slot })),
		...service.spares.map((spare) => ({ key: `spare-${spare.spare}`, title: `spare ${spare.spare}`,
			slot: { ...spare, message: spare.message || (spare.stands_in_for === null ? "" : `stands in for slot ${spare.stands_in_for}`) } })),
	];
}

function drawRows(parts, fleet, service, orders) {
	const rows = new Map(rowsOf(service).map((row) => [row.key, row]));
	const elements = keyed(parts.slots, [...rows.keys()], (key) => {
		const { title, index } = rows.get(key);
		return makeRow(title, index === undefined ? null : () => orders.replace(service.name, index));
	});
	for (const [key, { slot, index }] of rows)
		drawRow(elements.get(key), fleet, service, slot, index === undefined ? null : fleet.history(service.name, index));
	show(parts.columns, rows.size > 0);
	show(parts.none, rows.size === 0);
	say(parts.none, service.wanted === 0 ? "No container runs, and none is needed: the next request brings the first one."
		: "No container is there yet.");
}

function rateLabel(known) {
	if (known.length === 0)
		return "Requests a second: not known yet";
	return `Requests a second over the last ${past(known)}: ${rate(Math.min(...known))} to ${rate(Math.max(...known))}`;
}

function drawCard(card, fleet, service, orders) {
	const { parts } = card;
	const history = fleet.history(service.name);
	const settled = readyCount(service) === slotsInUse(service).length && readyCount(service) === service.wanted;
	set(card, { "data-settled": settled ? "yes" : "no", "data-serves": readyCount(service) > 0 || service.wanted === 0 ? "yes" : "no" });
	say(parts.status, statusText(service));
	say(parts.rate.value, rate(history.seconds.now()));
	say(parts.inFlight.value, whole(service.in_flight));
	say(parts.held.value, whole(service.held));
	set(parts.held.element, { class: service.held > 0 ? "loud" : null });
	say(parts.replaced.value, whole(service.replacements));
	drawSparkline(parts.ratePlot, [...history.rate, history.seconds.now()], RATE_TOP, rateLabel, history.down);
	show(parts.scale, service.min !== service.max);
	drawScaling(parts, service, history);
	drawRows(parts, fleet, service, orders);
}

/* orders: {scale(service), roll(service), replace(service, slot)} */
export function drawServices(parent, fleet, orders) {
	const cards = keyed(parent, fleet.services.map((service) => service.name), (name) => makeCard(name, orders));
	for (const service of fleet.services)
		drawCard(cards.get(service.name), fleet, service, orders);
}
