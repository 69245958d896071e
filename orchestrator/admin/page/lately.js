/* lately: what the orchestrator remembers over its own end, put to the stories: their cause in one sentence, and those whose lines
 * are here no more. Pure.
 */
import { ms, plural, reasonText, rollFailedText } from "./words.js";

const SAME_MS = 5000;
const STAYS = ["roll-failed", "replace-failed", "stand-in-failed", "reload-refused"];	/* nobody can say when that is over */

/* what -> the event that begins its story, and what is said of it */
const WHATS = {
	"roll-failed": ["roll-failed", (entry) => `${entry.service}: ${rollFailedText("roll")}`],
	"replace-failed": ["roll-failed", (entry) => `${entry.service}: ${rollFailedText("replace")}`],
	"stand-in-failed": ["roll-failed", (entry) => `${entry.service}: ${rollFailedText("ports")}`],
	"reload-refused": ["reload-refused", () => "The new configuration was refused"],
	"engine-away": ["engine-down", () => "The container engine does not answer"],
};

function isOf(entry, story) {
	if (entry.incident !== null)
		return story.id === entry.incident;
	return story.lines[0]?.event === WHATS[entry.what]?.[0] && (entry.service ?? undefined) === story.service &&
		Math.abs(story.time - entry.time_ms) < SAME_MS;
}

function headlineOf(entry) {
	const where = entry.slot === null ? entry.service : `${entry.service} slot ${entry.slot}`;
	return WHATS[entry.what]?.[1](entry) ?? `${where}: ${reasonText(entry.reason)}`;
}

function outcomeOf(entry) {
	const times = entry.times > 1 ? plural(entry.times, "time") : "";
	const end = entry.open ? "it goes on" : entry.took_ms === null ? "" : `served again after ${ms(entry.took_ms)}`;
	return [times, end].filter(Boolean).join(", ");
}

function storyOf(entry) {
	return { id: `lately-${entry.time_ms}-${entry.service}-${entry.slot}-${entry.what}`, kind: entry.open || STAYS.includes(entry.what) ? "fault" : "mended",
		headline: headlineOf(entry), outcome: outcomeOf(entry), cause: entry.cause, service: entry.service ?? undefined,
		slot: entry.slot === null ? undefined : String(entry.slot), time: entry.time_ms, lines: [], left: 0 };
}

/* Stories, the newest first, with what is remembered among them. */
export function withLately(stories, entries) {
	const missing = [];
	for (const entry of entries.toReversed()) {	/* they come newest first, and a story's cause is its newest one */
		const story = stories.find((one) => isOf(entry, one));
		if (story === undefined)
			missing.push(storyOf(entry));
		else
			story.cause = entry.cause;
	}
	return [...stories, ...missing].sort((one, other) => other.time - one.time);
}
