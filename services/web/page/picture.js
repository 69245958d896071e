/* A picture on its way out: from a file to what is sent. What is sent is what everybody gets, so it is made small: a hundred
 * kilobytes are half a second on a slow line, and as sharp as the largest place there is for it here. (A preview beside it would
 * be a second picture, which the API does not carry.)
 */

const ENOUGH_BYTES = 120000;
const STEPS = [[1280, 0.8], [1280, 0.68], [1024, 0.7], [1024, 0.58], [800, 0.6]];       // longer side in pixels, quality

export class NoPicture extends Error {}

async function decode(file) {
	try {
		return await createImageBitmap(file);   // turned upright as the camera says
	} catch {
		throw new NoPicture();
	}
}

const encode = (canvas, quality) => new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));

function draw(bitmap, side) {
	const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
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

/* A JPEG, {blob, width, height}; where and with what it was taken is left out. */
export async function shrink(file) {
	const bitmap = await decode(file);
	let small = null;

	for (const [side, quality] of STEPS) {
		const canvas = draw(bitmap, side);
		const blob = await encode(canvas, quality);
		if (!blob)
			throw new NoPicture();
		small = { blob, width: canvas.width, height: canvas.height };
		if (blob.size <= ENOUGH_BYTES)
			break;
	}
	bitmap.close();
	return small;
}

export function toBase64(blob) {
	return new Promise((resolve, reject) => {
		const reader = new FileReader();
		reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
		reader.onerror = () => reject(new NoPicture());
		reader.readAsDataURL(blob);
	});
}

/* The way back, for what shrink has made. */
export function fromBase64(base64) {
	return new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], { type: "image/jpeg" });
}
