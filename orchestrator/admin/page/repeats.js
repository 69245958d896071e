/* repeats: what happens again and again, told once, with how often and from when to when. Pure. */

const FEW = 3;
const APART_MS = 600000;
const LISTED = 8;

/* A sentence without what differs each time: ids, numbers. */
export function gist(text) {
	return text.replace(/\b[0-9a-f]{12,}\b/g, "#").replace(/\d+([.,]\d+)?/g, "#");
}

/* [{gist, ...}] -> [{item, times, first}]: what comes FEW times or more is one, where the first of them was, in the words of
 * the last. Steps of a container and its successor run across each other, so it need not be in a row. */
export function fold(items) {
	const same = Map.groupBy(items, (item) => item.gist);
	const folded = [];
	for (const item of items) {
		const all = same.get(item.gist);
		if (all.length < FEW)
			folded.push({ item, times: 1, first: item });
		else if (item === all[0])
			folded.push({ item: all.at(-1), times: all.length, first: item });
	}
	return folded;
}

/* Stories, the newest first -> [{id, newest, oldest, members}]: those of a service that say the same one after the other. */
export function groups(stories) {
	const found = [];
	const open = new Map();	/* by service and slot */
	for (const story of stories) {
		const where = `${story.service}/${story.slot}`;
		const group = open.get(where);
		if (group !== undefined && group.key === keyOf(story) && group.oldest.time - story.time < APART_MS) {
			group.oldest = story;
			group.times++;
			if (group.members.length < LISTED)
				group.members.push(story);
			continue;
		}
		const begun = { key: keyOf(story), newest: story, oldest: story, members: [story], times: 1 };
		open.set(where, begun);
		found.push(begun);
	}
	return found.map((group) => ({ ...group, id: group.oldest.id }));
}

function keyOf(story) {
	return `${story.kind === "mended" ? "fault" : story.kind} ${story.headline}`;
}
