/* What a failure means for the person who meets it, and what they can do. A row holds for what was being done ("*":
 * anything), for a status (0: no reply came) and, where it has one, for a pattern in the server's own explanation. The
 * first that fits is taken.
 */

const AGAIN = "Try again.";
const OFFLINE = "You are offline.";
const UNSURE = "We could not see whether that arrived. Try again: nothing is done twice.";

export const UNUSABLE = "This name cannot be used: it is too long, or holds what cannot be read. Choose another one.";

const ROWS = [
	["signUp", 400, /already/, "Somebody has this name already. Choose another one or, if it is yours, \u201cI have a name\u201d."],
	["signUp", 400, /username/, UNUSABLE],
	["addCategory", 400, /already/, "There is a category of this name already: you find it in the list."],
	["addCategory", 400, null, UNUSABLE],
	["upload", 400, /username/, "Nobody has the name you post as any more. Sign up again, then post: your draft stays here."],
	["upload", 400, /categoryName/, "This category has been removed meanwhile. Choose another one."],
	["upload", 400, /imgB64/, "The server could not take this picture. Choose another one."],
	["upload", 413, null, "This picture is too large for the server. Choose a smaller one."],
	["upload", 0, /offline/, "Not sent: you are offline. Your draft stays here, and is sent when you are online again."],
	["upload", 0, null, UNSURE],
	["upload", 502, null, UNSURE],
	["upload", 504, null, UNSURE],
	["upvote", 400, null, "This act has been removed meanwhile."],
	["remove", 400, null, "This act had been removed already."],
	["upvote", 0, /offline/, "Not sent: you are offline. It is sent when you are online again."],
	["categories", 0, /offline/, `${OFFLINE} The acts come when you are online again.`],
	["acts", 0, /offline/, `${OFFLINE} The acts come when you are online again.`],
	["picture", 0, /offline/, `${OFFLINE} The picture comes when you are online again.`],
	["picture", 404, null, "This act has been removed meanwhile."],
	["isUser", 0, /offline/, `${OFFLINE} Try again when you are online.`],
	["*", 0, /offline/, "Not sent: you are offline. Try again when you are online."],
	["*", 0, /silence/, "The server did not answer in time. Try again in a moment."],
	["*", 0, null, "The server cannot be reached. Check your connection, then try again."],
	["*", 403, null, "The server does not allow that from here."],
	["*", 404, null, "This page is older than the server. Reload it."],
	["*", 405, null, "This page is older than the server. Reload it."],
	["*", 408, null, `That took too long to arrive. ${AGAIN}`],
	["*", 413, null, "That is too much at once for the server. Try with less."],
	["*", 414, null, "This name is too long. Choose a shorter one."],
	["*", 431, null, "This name is too long. Choose a shorter one."],
	["*", 500, null, "The server has a fault and is being replaced. Try again in a few seconds."],
	["*", 502, null, `The server broke off in the middle. ${AGAIN}`],
	["*", 503, null, "The server is busy, or just starting. Try again in a few seconds."],
	["*", 504, null, "The server did not answer in time. Try again in a moment."],
];

/* doing: the name of a function of api.js. */
export function inWords(doing, failure) {
	const row = ROWS.find(([what, status, pattern]) => (what === doing || what === "*") && status === failure.status
		&& (pattern === null || pattern.test(failure.detail)));

	if (row)
		return row[3];
	if (failure.status === 400 && failure.detail)
		return `The server refused that: ${failure.detail}.`;
	return `The server gave an answer this page does not know (${failure.status}). Reload the page, then try again.`;
}

export function counted(number, one, many = `${one}s`) {
	return `${number.toLocaleString()} ${number === 1 ? one : many}`;
}
