/* timeline: the stories, newest first; each opens to its lines. What repeats is one item, and one line. */
import { byId, keyed, lastWords, make, say, sayMarked, set, show } from "./dom.js";
import { fold, gist, groups } from "./repeats.js";
import { clock, lineText, ms, plural } from "./words.js";

const PAGE = 12;
let shown = PAGE;

const KINDS = { fault: "fault", mended: "mended fault", scale: "scaling", order: "order", good: "news" };

function makeStory(id) {
	const parts = {
		headline: make("span", { class: "headline" }),
		outcome: make("span", { class: "outcome" }),
		kind: make("span", { class: "unseen" }),
		time: make("time", {}),
		cause: make("p", { class: "cause" }),
		members: make("ol", { class: "members", role: "list" }),
		lines: make("ol", { class: "lines", role: "list" }),
		left: make("p", { class: "quiet" }),
	};
	const details = make("details", {},
		make("summary", {}, parts.kind, parts.headline, parts.outcome, parts.time),
		parts.cause, parts.members, parts.lines, parts.left);
	const item = make("li", { "data-id": id }, details);
	details.addEventListener("toggle", () => drawOpen(item));
	item.parts = parts;
	item.details = details;
	return item;
}

/* The log's times have no fractions of a millisecond. */
function offset(millis) {
	return millis < 1000 ? `+${millis} ms` : `+${ms(millis)}`;
}

/* --- what is inside ----------------------------------------------------------------------------------------------- */

/* Lines -> [{key, line, text, words, gist}]: what one container said is one block. */
function blocks(lines) {
	const found = [];
	for (const line of lines) {
		const before = found.at(-1);
		if (line.event !== "output") {
			const text = lineText(line);
			found.push({ key: line.number, line, text, words: false, gist: gist(text) });
		} else if (before?.words && before.line.container === line.container) {
			before.text += `\n${line.line}`;
			before.gist = gist(before.text);
		} else {
			found.push({ key: line.number, line, text: line.line, words: true, gist: gist(line.line) });
		}
	}
	return found;
}

function makeLine({ item }) {
	const text = make("span", { class: "text" });
	const times = make("span", { class: "times" });
	const body = item.words ? make("div", {}, text, lastWords("Its last words", item.text)) : text;
	const line = make("li", { "data-level": item.line.level }, make("span", { class: "offset" }), make("div", {}, body, times));
	line.parts = { text, times, offset: line.firstElementChild };
	return line;
}

function drawLine(element, { item, times, first }, start) {
	const { parts } = element;
	say(parts.offset, offset(first.line.time_ms - start));
	say(parts.text, item.words ? "its last words:" : item.text);
	say(parts.times, times === 1 ? "" : `${times} times, until ${offset(item.line.time_ms - start)}`);
	show(parts.times, times > 1);
	const words = element.querySelector("pre");
	if (words !== null && words.shown !== item.text) {
		say(words, item.text);
		words.shown = item.text;
		words.scrollTop = words.scrollHeight;	/* the last of them say it */
	}
}

function drawLines(item, story) {
	const lines = new Map(fold(blocks(story.lines)).map((folded) => [`${story.id}/${folded.first.key}`, folded]));
	const elements = keyed(item.parts.lines, [...lines.keys()], (key) => makeLine(lines.get(key)));
	for (const [key, folded] of lines)
		drawLine(elements.get(key), folded, story.time);
	const none = story.lines.length === 0;
	show(item.parts.lines, !none);
	show(item.parts.left, none || story.left > 0);
	say(item.parts.left, none ? "Its lines are in the log: they are older than what is kept here." :
		`and ${plural(story.left, "more line")} in the log`);
}

/* When it happened, each time, and how that ended. */
function drawMembers(item, { members, times }, now) {
	const { parts } = item;
	const all = new Map((times === 1 ? [] : members).map((story) => [story.id, story]));
	const elements = keyed(parts.members, [...all.keys()], () => make("li", {}, make("time", {}), make("span", {})));
	for (const [id, story] of all) {
		say(elements.get(id).firstElementChild, clock(story.time, now));
		say(elements.get(id).lastElementChild, story.outcome);
	}
	show(parts.members, all.size > 0);
}

/* Only of those that are open, and only when something is new. */
function drawOpen(item) {
	const { group, details, now } = item;
	const { newest } = group;
	const state = `${newest.id} ${newest.lines.length + newest.left} ${group.times} ${newest.outcome} ${newest.cause}`;
	if (!details.open || item.drawn === state)
		return;
	item.drawn = state;
	sayMarked(item.parts.cause, newest.cause);
	show(item.parts.cause, newest.cause !== "");
	drawMembers(item, group, now);
	drawLines(item, newest);
}

/* --- the list ----------------------------------------------------------------------------------------------------- */

function outcomeText({ newest, oldest, times }, now) {
	if (times === 1)
		return newest.outcome;
	return [`${times} times since ${clock(oldest.time, now)}`, newest.outcome && `the last one ${newest.outcome}`].filter(Boolean).join(", ");
}

function drawStory(item, group, now) {
	const { parts } = item;
	const { newest } = group;
	item.group = group;
	item.now = now;
	set(item, { "data-kind": newest.kind });
	say(parts.kind, `${KINDS[newest.kind]}: `);
	say(parts.headline, newest.headline);
	say(parts.outcome, outcomeText(group, now));
	set(parts.time, { datetime: new Date(newest.time).toISOString() });
	say(parts.time, clock(newest.time, now));
	drawOpen(item);
}

export function drawTimeline(stories, now) {
	const all = groups(stories.all());
	const list = all.slice(0, shown);
	const items = keyed(byId("stories"), list.map((group) => group.id), makeStory);
	for (const group of list)
		drawStory(items.get(group.id), group, now);
	show(byId("timeline-empty"), list.length === 0);
	show(byId("older"), all.length > list.length);
	say(byId("older"), `Show older (${all.length - list.length})`);
}

export function showOlder() {
	shown += PAGE * 2;
}
