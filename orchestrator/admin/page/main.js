/* main: the page's wiring: events -> what is known -> what is drawn, at most once a frame. */
import { token } from "./api.js";
import { causesOf } from "./causes.js";
import { byId, keyed, make, say, sayMarked, set, show } from "./dom.js";
import { Fleet, readyCount } from "./fleet.js";
import { drawNodes } from "./nodes.js";
import { Orders } from "./orders.js";
import { drawServices } from "./services.js";
import { Stories } from "./stories.js";
import { Stream } from "./stream.js";
import { drawTimeline, showOlder } from "./timeline.js";
import { certificatesText, clock, ms, plural, span, whole } from "./words.js";

const fleet = new Fleet();
const stories = new Stories();
const orders = new Orders(fleet, (text) => say(byId("news"), `Order taken: ${text}.`));
let connection = "connecting";

/* --- drawing ---------------------------------------------------------------------------------------------------- */

/* The one sentence somebody wants who looks for a second. */
function verdict() {
	if (connection === "token")
		return ["unknown", "A token, please"];
	if (!fleet.known)
		return ["unknown", connection === "lost" ? "The orchestrator does not answer" : "Looking at the fleet"];
	if (connection === "lost")
		return ["unknown", `No word since ${clock(fleet.now, fleet.now)}`];
	if (fleet.services.length === 0)
		return ["unknown", "No service is configured"];
	if (!fleet.engine.up)
		return ["bad", "The container engine does not answer"];
	const wanted = fleet.services.reduce((sum, service) => sum + service.wanted, 0);
	const ready = fleet.services.reduce((sum, service) => sum + Math.min(readyCount(service), service.wanted), 0);
	const out = fleet.services.filter((service) => readyCount(service) === 0 && service.wanted > 0);
	if (out.length > 0)
		return ["bad", `${out.map((service) => service.name).join(" and ")} ${out.length === 1 ? "has" : "have"} no ready container`];
	if (ready < wanted)
		return ["busy", `${ready} of ${plural(wanted, "container")} ready`];
	if (wanted === 0)
		return ["good", "No container is needed now"];
	return ["good", wanted === 1 ? "The container is ready" : `All ${wanted} containers are ready`];
}

function drawTop() {
	const [state, text] = verdict();
	set(byId("verdict"), { "data-state": state });
	say(byId("verdict"), text);
	say(byId("name"), fleet.name);
	const title = `${state === "bad" ? "! " : ""}${text} – ${fleet.name}`;
	if (document.title !== title)
		document.title = title;
}

/* Right below the headline: why, and what to do. */
function drawCauses() {
	const causes = new Map(causesOf(fleet).map((cause) => [cause.key, cause]));
	const elements = keyed(byId("causes"), [...causes.keys()], () => make("li", {}, make("strong", {}), make("span", {}), make("span", { class: "quiet" })));
	for (const [key, { where, text, next }] of causes)
		[where, text, next].forEach((words, at) => sayMarked(elements.get(key).children[at], words));
	show(byId("causes"), causes.size > 0);
}

function drawProcess() {
	const { connections, loop_lag_ms: lag, uptime_s: uptime, version, certificates } = fleet.process;
	const facts = new Map([
		["engine", fleet.engine.up ? "answers" : "does not answer"],
		["connections", whole(connections)],
		["loop lag", ms(lag)],
		["up", span(uptime * 1000)],
		["version", version],
	]);
	if (fleet.engine.leader)
		facts.set(fleet.engine.leads ? "leads" : "follows", fleet.engine.leader);
	if (certificates?.length > 0)
		facts.set("certificates", certificatesText(certificates, fleet.now));
	const elements = keyed(byId("process"), [...facts.keys()], (key) => make("div", {}, make("dt", {}, key), make("dd", {})));
	for (const [key, value] of facts)
		say(elements.get(key).lastElementChild, value);
	show(byId("process"), true);
}

let due = false;

function draw() {
	due = false;
	drawTop();
	show(byId("main"), fleet.known);
	if (!fleet.known)
		return;
	drawCauses();
	drawProcess();
	drawServices(byId("services"), fleet, orders);
	drawNodes(fleet);
	drawTimeline(stories, fleet.now);
}

function drawSoon() {
	if (!due) {
		due = true;
		requestAnimationFrame(draw);
	}
}

/* --- events ----------------------------------------------------------------------------------------------------- */

/* Faults are read out, once; who opens the page has them in the list. */
function takeStory(data) {
	const faults = stories.take(data).filter((story) => story.kind === "fault" || story.kind === "mended");
	if (!data.whole && faults.length > 0)
		say(byId("news"), faults.map(({ headline, outcome }) => [headline, outcome].filter(Boolean).join(", ")).join("; "));
}

const TAKE = {
	fleet: (data) => {
		fleet.take(data);
		stories.lately = data.lately;
	},
	lately: (data) => { stories.lately = data.lately; },
	service: (data) => fleet.takeService(data.service, data.time_ms),
	engine: (data) => fleet.takeEngine(data),
	curves: (data) => fleet.takeCurves(data),
	numbers: (data) => fleet.takeNumbers(data),
	story: takeStory,
};

const CONNECTION = {
	connecting: "connecting",
	live: "live",
	lost: "connection lost, trying again",
	token: "waiting for the token",
};

function onState(state) {
	if (state === connection)
		return;
	if (state === "token")
		say(byId("token-error"), token.get() === "" ? "" : "That token was refused.");
	connection = state;
	set(byId("connection"), { "data-state": state });
	say(byId("connection"), CONNECTION[state]);
	set(document.body, { "data-connection": state });
	show(byId("token"), state === "token");
	if (state === "token")
		byId("token-field").focus();
	drawSoon();
}

const stream = new Stream((name, data) => {
	TAKE[name]?.(data);
	drawSoon();
}, onState);

byId("token").addEventListener("submit", (event) => {
	event.preventDefault();
	token.set(byId("token-field").value.trim());
	byId("token-field").value = "";
	connection = "connecting";
	stream.connect();
});

byId("older").addEventListener("click", () => {
	showOlder();
	draw();
});

addEventListener("resize", drawSoon);
stream.connect();
