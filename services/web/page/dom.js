/* The document, in short. Nothing here or elsewhere makes markup from text: what people wrote goes into textContent. */

export const $ = (id) => document.getElementById(id);

export function make(tag, className, text = "") {
	const element = document.createElement(tag);

	element.className = className;
	element.textContent = text;
	return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
	const svg = document.createElementNS(SVG, "svg");
	const use = document.createElementNS(SVG, "use");

	svg.setAttribute("class", "icon");
	svg.setAttribute("aria-hidden", "true");
	use.setAttribute("href", `#icon-${name}`);
	svg.append(use);
	return svg;
}

/* A text with quotation marks of its own, so that its direction and length do no harm to the sentence around it. */
export const quoted = (text) => `\u201c\u2068${text.length > 80 ? `${text.slice(0, 80)}\u2026` : text}\u2069\u201d`;

/* While work runs, its button takes no second click. Disabled buttons lose the focus, so this one is only marked. */
export async function busy(button, work) {
	if (button.ariaDisabled === "true")
		return;
	button.ariaDisabled = "true";
	try {
		await work();
	} finally {
		button.ariaDisabled = null;
	}
}
