/* dom: making elements. Text goes in as text; nothing here, and nothing elsewhere, makes markup from data. */

/* make("p", {class: "quiet"}, "text", child): attributes whose value is null or false are left out. */
export function make(tag, attributes = {}, ...children) {
	const element = document.createElement(tag);
	set(element, attributes);
	element.append(...children.filter((child) => child !== null && child !== undefined));
	return element;
}

export function makeSvg(tag, attributes = {}) {
	const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
	set(element, attributes);
	return element;
}

export function set(element, attributes) {
	for (const [name, value] of Object.entries(attributes)) {
		const text = value === true ? "" : String(value);
		if (value === null || value === undefined || value === false)
			element.removeAttribute(name);
		else if (element.getAttribute(name) !== text)
			element.setAttribute(name, text);
	}
}

/* Only what changed is written: a reader of the screen, a selection and the layout are left in peace. */
export function say(element, text) {
	if (element.textContent !== text)
		element.textContent = text;
}

/* What stands between backticks is a command or a key, and looks it. */
export function sayMarked(element, text) {
	if (element.marked === text)
		return;
	element.marked = text;
	element.replaceChildren(...text.split("`").map((part, at) => (at % 2 === 0 ? part : make("code", {}, part))));
}

export function show(element, visible) {
	if (element.hidden === visible)
		element.hidden = !visible;
}

/* Makes the children of `parent` those of the keys, in their order. make(key) is called for new ones; known ones stay
 * as they are, with focus and all. Returns {key: element}. */
export function keyed(parent, keys, makeChild) {
	const known = parent.keyed ?? (parent.keyed = new Map());
	const wanted = new Set(keys);
	for (const [key, element] of known) {
		if (!wanted.has(key)) {
			element.remove();
			known.delete(key);
		}
	}
	let at = parent.firstElementChild;
	for (const key of keys) {
		let element = known.get(key);
		if (element === undefined) {
			element = makeChild(key);
			known.set(key, element);
		}
		if (element === at)
			at = at.nextElementSibling;
		else
			parent.insertBefore(element, at);
	}
	return known;
}

/* What a program wrote: as it is, and to be scrolled by keyboard, too. */
export function lastWords(label, text) {
	return make("pre", { class: "words", tabindex: "0", role: "group", "aria-label": label }, text);
}

export const byId = (id) => document.getElementById(id);
