/* Pictures: from a file to what is sent, and from what the API gives to what is shown. */

const MAX_SIDE = 1280;
const ENOUGH_BYTES = 300000;
const QUALITIES = [0.82, 0.7, 0.55];

export class NoPicture extends Error {}

async function decode(file) {
	try {
		return await createImageBitmap(file);   // turned upright as the camera says
	} catch {
		throw new NoPicture();
	}
}

const encode = (canvas, quality) => new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));

function draw(bitmap) {
	const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
	const canvas = document.createElement("canvas");

	canvas.width = Math.max(1, Math.round(bitmap.width * scale));
	canvas.height = Math.max(1, Math.round(bitmap.height * scale));
	const context = canvas.getContext("2d");
	context.fillStyle = "#fff";     // JPEG knows no transparency
	context.fillRect(0, 0, canvas.width, canvas.height);
	context.imageSmoothingQuality = "high";
	context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
	return canvas;
}

/* A JPEG of at most MAX_SIDE pixels each way, {blob, width, height}; where and with what it was taken is left out. */
export async function shrink(file) {
	const bitmap = await decode(file);
	const canvas = draw(bitmap);
	let blob = null;

	bitmap.close();
	for (const quality of QUALITIES) {
		blob = await encode(canvas, quality);
		if (!blob)
			throw new NoPicture();
		if (blob.size <= ENOUGH_BYTES)
			break;
	}
	return { blob, width: canvas.width, height: canvas.height };
}

export function toBase64(blob) {
	return new Promise((resolve, reject) => {
		const reader = new FileReader();
		reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
		reader.onerror = () => reject(new NoPicture());
		reader.readAsDataURL(blob);
	});
}

/* The kinds that are shown, by their first bytes in base64. SVG is none of them: it is a document, not a picture. */
const KINDS = [["/9j/", "image/jpeg"], ["iVBORw0KGgo", "image/png"], ["R0lGOD", "image/gif"], ["UklGR", "image/webp"]];

function bytesOf(base64) {
	const letters = atob(base64);
	const bytes = new Uint8Array(letters.length);

	for (let i = 0; i < letters.length; i++)
		bytes[i] = letters.charCodeAt(i);
	return bytes;
}

/* An address for an <img>, to be given back with URL.revokeObjectURL; null for what is no picture. */
export function addressOf(base64) {
	const kind = KINDS.find(([start]) => base64.startsWith(start));

	return kind ? URL.createObjectURL(new Blob([bytesOf(base64)], { type: kind[1] })) : null;
}
