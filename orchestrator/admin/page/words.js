/* words: how numbers, states and the log's keys read. */

const STATES = {
	ready: "ready",
	starting: "starting",
	creating: "being made",
	suspect: "suspect",
	draining: "draining",
	down: "down",
	"backing-off": "backing off",
	empty: "empty",
	spare: "waiting",
};

/* reason -> what it says of a container */
const REASONS = {
	none: "",
	created: "new",
	adopted: "found running at the start",
	"probe-good": "answers its probe",
	"probe-timeout": "its probe timed out",
	"probe-refused": "refuses connections",
	"probe-reset": "closed the connection on its probe",
	"probe-status": "its probe was answered with an error",
	"probe-stranger": "its probe was answered by another container",
	"probe-malformed": "its probe was answered with something that is not HTTP",
	"exchange-failed": "a request to it failed",
	exited: "exited",
	"oom-killed": "killed: out of memory",
	paused: "paused by somebody else",
	vanished: "vanished",
	evicted: "ended by the engine, by somebody else's wish",
	"start-timeout": "did not answer in time after its start",
	"create-failed": "could not be made",
	"start-failed": "could not be started",
	"name-taken": "a foreign container has its name",
	"port-taken": "its port is taken",
	"no-image": "its image is missing",
	"no-network": "its network is gone",
	"no-volume": "its volume cannot be had",
	"no-space": "the engine's disk is full",
	"engine-down": "the engine does not answer",
	"crash-loop": "fails again and again",
	"scale-down": "no longer needed",
	"scale-up": "needed for the load",
	roll: "rolled",
	operator: "by order",
	shutdown: "the orchestrator stops",
	unconfigured: "its service is no longer configured",
	spare: "back to waiting",
	replaced: "replaced",
};

export const stateText = (state) => STATES[state] ?? state;
export const reasonText = (reason) => REASONS[reason] ?? reason;

export function plural(count, one, many = `${one}s`) {
	return `${count} ${count === 1 ? one : many}`;
}

export function ms(value) {
	if (value === null || value === undefined)
		return "–";
	if (value < 10)
		return `${value.toFixed(1)} ms`;
	if (value < 1000)
		return `${Math.round(value)} ms`;
	return `${(value / 1000).toFixed(value < 10000 ? 1 : 0)} s`;
}

export function rate(value) {
	if (value === null || value === undefined)
		return "–";
	if (value > 0 && value < 9.95)
		return value.toFixed(1);
	return Math.round(value).toLocaleString("en");
}

export const whole = (value) => value.toLocaleString("en");

/* How long, coarsely: "12 s", "3 min", "5 h", "2 d". */
export function span(millis) {
	const seconds = Math.max(0, Math.floor(millis / 1000));
	if (seconds < 60)
		return `${seconds} s`;
	if (seconds < 3600)
		return `${Math.floor(seconds / 60)} min`;
	if (seconds < 48 * 3600)
		return `${Math.floor(seconds / 3600)} h`;
	return `${Math.floor(seconds / 86400)} d`;
}

export const short = (container) => (container ?? "").slice(0, 12);

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });

export function clock(timeMs, nowMs) {
	const time = CLOCK.format(timeMs);
	return DAY.format(timeMs) === DAY.format(nowMs) ? time : `${DAY.format(timeMs)}, ${time}`;
}

/* --- lines of the log ------------------------------------------------------------------------------------------- */

function exitText(code) {
	const signals = { 134: "SIGABRT", 137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM" };
	return signals[code] === undefined ? `exit code ${code}` : `exit code ${code} (${signals[code]})`;
}

const named = (line) => `container ${line.container}`;
const engineReasons = { die: "it died", oom: "it ran out of memory", pause: "it was paused", unpause: "it goes on",
	kill: "it was sent a signal", stop: "it was stopped", start: "it started", destroy: "it is removed" };

const rolls = { replace: "the container is replaced, as was ordered", ports: "others have the ports: a stand-in is made" };

/* What a line says that begins a roll. */
export function rollText(line) {
	return rolls[line.what] ?? "all containers are replaced, one after the other";
}

const rollsFailed = { replace: "the replacement failed", ports: "no stand-in could be had" };

export function rollFailedText(what) {
	return rollsFailed[what] ?? "the roll failed";
}

const LINES = {
	"engine-event": (line) => `the engine says of ${named(line)}: ${engineReasons[line.reason] ?? line.reason}` +
		(line.exit_code >= 0 ? `, ${exitText(line.exit_code)}` : ""),
	backend: (line) => `${named(line)}: ${stateText(line.from)} → ${stateText(line.to)}, ${reasonText(line.reason)}` +
		(line.error === undefined ? "" : `: ${line.error}`),
	starting: (line) => `${named(line)} is not ready yet: ${line.error}`,
	fault: (line) => `that is a fault: ${reasonText(line.reason)}` + (line.error === undefined ? "" : `: ${line.error}`),
	kept: (line) => `${named(line)} is kept: all of the service fail in the same way`,
	leaving: (line) => `${named(line)} leaves`,
	created: (line) => `${named(line)} is made`,
	started: (line) => `${named(line)} is started`,
	ended: (line) => `${named(line)} ended: ${line.oom === "yes" ? "out of memory, " : ""}${exitText(line.exit_code)}`,
	output: (line) => `its last words: ${line.line}`,
	"prepare-failed": (line) => `${reasonText(line.reason)}: ${line.error}`,
	prepared: (line) => `what the containers need is there, after ${ms(Number(line.took_ms))}`,
	removed: (line) => `${named(line)} is removed`,
	"stand-in": (line) => `${line.name} is called to stand in`,
	"standing-in": (line) => `${line.name} stands in, after ${ms(Number(line.took_ms))}`,
	"stood-in": (line) => `${line.name} has done its turn: ${plural(Number(line.requests), "request")}`,
	"spare-waits": (line) => `${line.name} waits again`,
	serving: (line) => `slot ${line.slot} serves, after ${ms(Number(line.took_ms))}`,
	replaced: (line) => `slot ${line.slot} serves again, ${ms(Number(line.took_ms))} after the first evidence`,
	"backing-off": (line) => `backs off: ${line.error}`,
	"slot-down": (line) => `slot ${line.slot}: ${reasonText(line.reason)}: ${line.error}`,
	"port-lost": (line) => `the next one runs without its published port: ${line.error}`,
	"exchange-failed": (line) => `request ${line.request} failed on ${named(line)}`,
	replay: (line) => `request ${line.request} is sent again`,
	replayed: (line) => `request ${line.request} was answered ${line.code}, on try ${line.tries}`,
	"request-failed": (line) => `request ${line.request} was answered ${line.code}`,
	"reply-cut": (line) => `the reply to request ${line.request} was cut off`,
	operator: (line) => `an operator ordered: ${line.order}${line.slot === undefined ? "" : ` slot ${line.slot}`}`,
	scale: (line) => `${line.from} → ${plural(Number(line.wanted), "container")}`,
	"roll-begin": rollText,
	rolled: (line) => `done: ${plural(Number(line.slots), "slot")}`,
};

/* One line as a sentence; one that is not known as it is. */
export function lineText(line) {
	const known = LINES[line.event];
	if (known !== undefined)
		return known(line);
	const left = Object.entries(line).filter(([key]) => !["number", "time_ms", "level", "event", "service"].includes(key));
	return [line.event, ...left.map(([key, value]) => `${key} ${value}`)].join(", ");
}

/* The one that ends first is what matters. */
export function certificatesText(certificates, now) {
	const first = certificates.reduce((a, b) => a.until_ms <= b.until_ms ? a : b);
	const left = first.until_ms - now;
	return `${first.host} ${left > 0 ? `ends in ${span(left)}` : "has ended"}`;
}
