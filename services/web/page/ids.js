/* Ids of acts are numbers up to 2^63 - 1, more than a JavaScript number holds exactly: here they are text. */

/* A reply's JSON in which each actId has become a string. Inside a string of the reply every quote is escaped, so what
 * reads `"actId":` is the key.
 */
export function parseActs(json) {
	return JSON.parse(json.replace(/"actId":\s*(\d+)/g, '"actId":"$1"'));
}

/* 52 random bits: two acts get the same one about never, and every client can hold it as a number. */
export function newId() {
	const [high, low] = crypto.getRandomValues(new Uint32Array(2));

	return String((high & 0xfffff) * 0x100000000 + low);
}
