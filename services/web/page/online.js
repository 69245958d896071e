/* What failed for want of a network is tried again as soon as there is one: each thing once, however often it failed. */

const waiting = new Map();

/* what: a name for the thing; action: tries it again */
export function whenOnline(what, action) {
	waiting.set(what, action);
}

addEventListener("online", () => {
	const actions = [...waiting.values()];

	waiting.clear();
	for (const action of actions)
		action();
});
