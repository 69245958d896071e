/* What this browser remembers: under which name one posts, and what one has upvoted. Where it may not store anything it
 * remembers until the page is left.
 */

const VOTES_KEPT = 1000;
const kept = new Map();

function read(key) {
	try {
		return localStorage.getItem(key) ?? kept.get(key) ?? "";
	} catch {
		return kept.get(key) ?? "";
	}
}

function write(key, text) {
	kept.set(key, text);
	try {
		localStorage.setItem(key, text);
	} catch {
		/* forbidden, or full */
	}
}

export const name = () => read("selfless.name");

export const setName = (text) => write("selfless.name", text);

const votes = () => read("selfless.votes").split(" ").filter(Boolean);

export const hasVoted = (id) => votes().includes(id);

/* The oldest are forgotten. */
export const addVote = (id) => write("selfless.votes", [...votes(), id].slice(-VOTES_KEPT).join(" "));
