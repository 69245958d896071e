/* timeline: the stories, newest first; each opens to its lines. */
import { byId, keyed, make, say, set, show } from "./dom.js";
import { clock, lineText, ms } from "./words.js";

const PAGE = 12;
let shown = PAGE;

const KINDS = { fault: "fault", mended: "mended fault", scale: "scaling", order: "order", good: "news" };

function makeStory(id) {
	const parts = {
		headline: make("span", { class: "headline" }),
		outcome: make("span", { class: "outcome" }),
		kind: make("span", { class: "unseen" }),
		time: make("time", {}),
		lines: make("ol", { class: "lines", role: "list" }),
		left: make("p", { class: "quiet" }),
	};
	const details = make("details", {},
		make("summary", {}, parts.kind, parts.headline, parts.outcome, parts.time),
		parts.lines, parts.left);
	const item = make("li", { "data-id": id }, details);
	details.addEventListener("toggle", () => drawLines(item));
	item.parts = parts;
	item.details = details;
	return item;
}

/* The log's times have no fractions of a millisecond. */
function offset(millis) {
	return millis < 1000 ? `+${millis} ms` : `+${ms(millis)}`;
}

/* Only of those that are open. */
function drawLines(item) {
	const { story, parts, details } = item;
	if (!details.open)
		return;
	const lines = new Map(story.lines.map((line) => [line.number, line]));
	keyed(parts.lines, [...lines.keys()], (number) => {
		const line = lines.get(number);
		return make("li", { "data-level": line.level }, make("span", { class: "offset" }, offset(line.time_ms - story.time)),
			make("span", { class: "text" }, lineText(line)));
	});
	show(parts.left, story.left > 0);
	say(parts.left, `and ${story.left} more lines in the log`);
}

function drawStory(item, story, now) {
	const { parts } = item;
	item.story = story;
	set(item, { "data-kind": story.kind });
	say(parts.kind, `${KINDS[story.kind]}: `);
	say(parts.headline, story.headline);
	say(parts.outcome, story.outcome);
	set(parts.time, { datetime: new Date(story.time).toISOString() });
	say(parts.time, clock(story.time, now));
	drawLines(item);
}

export function drawTimeline(stories, now) {
	const list = stories.list.slice(0, shown);
	const items = keyed(byId("stories"), list.map((story) => story.id), makeStory);
	for (const story of list)
		drawStory(items.get(story.id), story, now);
	show(byId("timeline-empty"), list.length === 0);
	show(byId("older"), stories.list.length > list.length);
	say(byId("older"), `Show older (${stories.list.length - list.length})`);
}

export function showOlder() {
	shown += PAGE * 2;
}
