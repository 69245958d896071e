/* SHA-1 (FIPS 180-4), because the API wants a password's SHA-1 and the browser's own exists only on https. It hides
 * nothing by itself: the service hashes what it gets once more, salted and slowly.
 */

const START = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];

const turn = (word, bits) => (word << bits) | (word >>> (32 - bits));

/* The message, a 1 bit, zeros, and its length in bits in the last 8 of the 64-byte blocks. */
function padded(bytes) {
	const blocks = new DataView(new ArrayBuffer(((bytes.length + 8) >> 6) * 64 + 64));

	new Uint8Array(blocks.buffer).set(bytes);
	blocks.setUint8(bytes.length, 0x80);
	blocks.setUint32(blocks.byteLength - 8, Math.floor(bytes.length / 0x20000000));
	blocks.setUint32(blocks.byteLength - 4, bytes.length << 3);
	return blocks;
}

function round(i, b, c, d) {
	if (i < 20)
		return ((b & c) | (~b & d)) + 0x5a827999;
	if (i < 40)
		return (b ^ c ^ d) + 0x6ed9eba1;
	if (i < 60)
		return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
	return (b ^ c ^ d) + 0xca62c1d6;
}

function mix(hash, blocks, at) {
	const words = new Int32Array(80);
	let [a, b, c, d, e] = hash;

	for (let i = 0; i < 80; i++) {
		words[i] = i < 16 ? blocks.getInt32(at + 4 * i)
			: turn(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
		[a, b, c, d, e] = [(turn(a, 5) + round(i, b, c, d) + e + words[i]) | 0, a, turn(b, 30), c, d];
	}
	return [a, b, c, d, e].map((word, i) => (word + hash[i]) | 0);
}

/* The 40 hexadecimal digits for a text, taken as UTF-8. */
export function sha1(text) {
	const blocks = padded(new TextEncoder().encode(text));
	let hash = START;

	for (let at = 0; at < blocks.byteLength; at += 64)
		hash = mix(hash, blocks, at);
	return hash.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}
