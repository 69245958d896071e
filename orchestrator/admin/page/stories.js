/* stories: the lines of the log, put together to what a person would tell.
 *
 * Lines with an incident's id are its story. A decision of the scaler, an order and a roll begin one as well; what
 * happens in that service soon after, and belongs to no incident, is part of it. Pure.
 */
import { withLately } from "./lately.js";
import { ms, plural, reasonText, rollFailedText, rollText, span } from "./words.js";

const STORIES_KEPT = 200;
const LINES_KEPT = 400;
const FOLLOWS_MS = 20000;

/* What cannot be done, and is tried again. */
const TRIES = ["slot-down", "prepare-failed"];

/* Begin a story of their own: event -> [kind, headline]. */
const OPENERS = {
	scale: (line) => ["scale", scaleHeadline(line)],
	operator: (line) => ["order", line.service === undefined ? `${line.order}, by order`
		: `${line.service}: ${line.order}${line.slot === undefined ? "" : ` slot ${line.slot}`}, by order`],
	"roll-begin": (line) => ["order", `${line.service}: ${rollText(line)}`],
	"roll-again": (line) => ["order", `${line.service}: the roll begins anew`],
	"roll-failed": (line) => ["fault", `${line.service}: ${rollFailedText(line.what)}: ${line.error}`],
	"slot-down": (line) => ["fault", `${line.service} slot ${line.slot}: ${reasonText(line.reason)}`],
	"prepare-failed": (line) => ["fault", `${line.service}: ${reasonText(line.reason)}`],
	"engine-down": () => ["fault", "The container engine does not answer"],
	"engine-up": () => ["good", "The container engine answers"],
	reloaded: () => ["order", "The configuration was read again"],
	"reload-refused": (line) => ["fault", `The new configuration was refused: ${line.error}`],
	"service-leaving": (line) => ["order", `${line.service}: no longer configured`],
	stopping: () => ["order", "The orchestrator stops"],
};

const WHY = {
	operator: () => "by order",
	start: () => "at the start",
	waiting: () => "a request waits",
	early: (line) => `${plural(Number(line.n), "request")} in the window so far`,
	window: (line) => `${plural(Number(line.n), "request")} in the window that ended`,
};

function scaleHeadline(line) {
	const why = WHY[line.why]?.(line) ?? line.why;
	if (line.from === line.wanted)
		return `${line.service}: stays at ${plural(Number(line.wanted), "container")}, ${why}`;
	return `${line.service}: ${line.from} → ${plural(Number(line.wanted), "container")}, ${why}`;
}

export class Stories {
	constructor() {
		this.lately = [];	/* as the server has it */
		this.clear();
	}

	/* With what is remembered from before. */
	all() {
		return withLately(this.list, this.lately);
	}

	clear() {
		this.list = [];	/* the newest first */
		this.incidents = new Map();
		this.open = new Map();	/* by service: the story that its next lines belong to */
		this.last = 0;
	}

	/* Event `story`. Returns the stories that are new. */
	take({ whole, lines }) {
		if (whole)
			this.clear();
		const fresh = [];
		for (const line of lines) {
			if (line.number <= this.last)
				continue;
			this.last = line.number;
			const story = this.#tell(line);
			if (story !== null && story.lines.length === 1)
				fresh.push(story);
		}
		return fresh;
	}

	#tell(line) {
		if (line.incident !== undefined && line.incident !== "-")
			return this.#incident(line);
		if (line.event === "scale" && line.from === line.wanted)
			return null;	/* a window's end that changed nothing */
		const open = this.open.get(line.service);
		const follows = open !== undefined && line.time_ms - open.lines.at(-1).time_ms < FOLLOWS_MS;
		const opener = OPENERS[line.event];
		if (follows && grows(open, line))
			return this.#grow(open, line);
		if (follows && (opener === undefined || joins(open, line)))
			return this.#add(open, line);
		if (opener === undefined)
			return null;	/* routine, and part of nothing */
		const [kind, headline] = opener(line);
		const story = this.#begin(line, kind, headline, `${line.event}-${line.number}`);
		if (line.service !== undefined)
			this.open.set(line.service, story);
		return story;
	}

	#incident(line) {
		let story = this.incidents.get(line.incident);
		if (story === undefined) {
			story = this.#begin(line, "fault", "", line.incident);
			this.incidents.set(line.incident, story);
		} else {
			this.#add(story, line);
		}
		judge(story, line);
		return story;
	}

	/* Growth in quick steps is one story, with the first number and the last. */
	#grow(story, line) {
		const first = story.lines[0];
		story.steps++;
		story.headline = scaleHeadline({ ...line, from: first.from });
		story.outcome = `${story.steps} steps in ${ms(line.time_ms - story.time)}`;
		return this.#add(story, line);
	}

	#begin(line, kind, headline, id) {
		const story = { id, kind, headline, outcome: "", service: line.service, slot: line.slot, time: line.time_ms,
			lines: [line], left: 0, reason: null, cause: "", steps: 1, tries: 0 };
		this.list.unshift(story);
		for (const dropped of this.list.splice(STORIES_KEPT))
			this.incidents.delete(dropped.id);
		return story;
	}

	#add(story, line) {
		if (story.lines.length < LINES_KEPT)
			story.lines.push(line);
		else
			story.left++;
		if (line.event === "rolled")
			story.outcome = `done in ${ms(line.time_ms - story.time)}`;
		return story;
	}
}

/* The line that says which order it was comes just behind what it made happen, or just before. */
function joins(open, line) {
	const first = open.lines[0];
	const soon = line.time_ms - open.lines.at(-1).time_ms < 1000;
	return soon && ((line.event === "operator" && first.event === "scale" && first.why === "operator") ||
		(line.event === "roll-begin" && first.event === "operator"));
}

/* Another step the same way, decided for the same kind of reason. */
function grows(open, line) {
	const last = open.lines.findLast((one) => one.event === "scale");
	return open.kind === "scale" && line.event === "scale" && last !== undefined && last.why === line.why &&
		last.wanted === line.from && Number(line.wanted) > Number(line.from);
}

/* Headline and outcome of an incident, as far as it is known. */
function judge(story, line) {
	if (story.reason === null || line.event === "fault")
		story.reason = ["backend", "fault", ...TRIES].includes(line.event) ? line.reason : story.reason;
	const where = story.slot === undefined || story.slot === "-1" ? story.service : `${story.service} slot ${story.slot}`;
	story.headline = `${where}: ${reasonText(story.reason ?? "none") || "something is wrong"}`;
	if (TRIES.includes(line.event))
		story.outcome = ++story.tries === 1 ? "" : `tried ${story.tries} times in ${span(line.time_ms - story.time)}`;
	if (line.event === "fault")
		story.outcome = "being replaced";
	else if (line.event === "replaced")
		[story.outcome, story.kind] = [`replaced in ${ms(Number(line.took_ms))}`, "mended"];
	else if (line.event === "serving")
		[story.outcome, story.kind] = [`serves after ${ms(line.time_ms - story.time)}`, "mended"];
	else if (line.event === "prepared")
		[story.outcome, story.kind] = [`there after ${ms(Number(line.took_ms))}`, "mended"];
	else if (line.event === "backing-off")
		[story.outcome, story.kind] = ["backing off", "fault"];
	else if (line.event === "backend" && line.from === "draining" && story.outcome === "")
		story.outcome = "it was leaving";
	else if (line.event === "backend" && line.to === "ready" && story.outcome === "")
		[story.outcome, story.kind] = ["answers again", "mended"];
}
