/* Pictures come when they come near the view, those in view first, and few at a time: on a slow line twelve at once would all
 * be late, one after the other the first is there soon. Each that has arrived lets one more come beside it.
 *
 *   bring -> (near the view) -> waiting -> coming -> there
 *                                  ^          |
 *                                  +----------+ failed, and not by its own fault: once more after a while, and when
 *                                          there is a network again
 */
import * as api from "/web/api.js";
import { whenOnline } from "/web/online.js";
import { inWords } from "/web/words.js";

const MOST = 6;                 // as many as browsers ask one server for at a time
const NEAR = "600px 0px";
const AGAIN_MS = 3000;

const all = new Map();          // <img> -> {id, onBroken, tries}
const waiting = new Set();
const coming = new Set();
let allowed = 1;

const watcher = new IntersectionObserver((entries) => {
	for (const entry of entries) {
		if (entry.isIntersecting)
			waiting.add(entry.target);
		else
			waiting.delete(entry.target);
	}
	start();
}, { rootMargin: NEAR });

/* How far outside of the view it is. */
function distance(image) {
	const place = image.getBoundingClientRect();

	return Math.max(0, place.top - innerHeight, -place.bottom);
}

function start() {
	while (coming.size < allowed && waiting.size > 0) {
		const [next] = [...waiting].sort((one, other) => distance(one) - distance(other));
		waiting.delete(next);
		watcher.unobserve(next);
		coming.add(next);
		next.src = api.pictureOf(all.get(next).id);
	}
}

function arrived(image) {
	coming.delete(image);
	allowed = Math.min(MOST, allowed + 1);
	start();
}

function again(image) {
	if (!all.has(image) || coming.has(image))
		return;
	all.get(image).onBroken("");
	image.removeAttribute("src");
	watcher.observe(image);
}

/* Whose fault is it? */
async function failed(image) {
	const picture = all.get(image);

	coming.delete(image);
	start();
	try {
		await api.hasPicture(picture.id);
		if (picture.tries++ === 0)              // it may have been cut on its way
			again(image);
		else
			picture.onBroken("This picture cannot be shown");
	} catch (failure) {
		picture.onBroken(inWords("picture", failure));
		if (failure.status === 0)
			whenOnline(`picture ${picture.id}`, () => again(image));
		if (failure.status !== 404 && picture.tries++ === 0)
			setTimeout(() => again(image), AGAIN_MS);
	}
}

/* id: the act's. onBroken(why): it does not come; "": but it is tried again. */
export function bring(image, id, onBroken) {
	all.set(image, { id, onBroken, tries: 0 });
	image.addEventListener("load", () => arrived(image));
	image.addEventListener("error", () => all.has(image) && failed(image));
	watcher.observe(image);
}

/* Nobody waits for it any more. */
export function drop(image) {
	watcher.unobserve(image);
	all.delete(image);
	waiting.delete(image);
	if (coming.delete(image)) {
		image.removeAttribute("src");
		start();
	}
}
