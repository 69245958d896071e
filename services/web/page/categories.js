/* The list of categories, and the dialog that adds one. What is chosen is in the address (#c=name), so that going back,
 * reloading and passing it on work.
 */
import * as api from "/web/api.js";
import { complain, prepare } from "/web/dialogs.js";
import { $, busy, make } from "/web/dom.js";
import { inWords, UNUSABLE } from "/web/words.js";

const SEARCHED_FROM = 10;       // fewer are seen at a glance
const SHOWN = 100;

const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export const addressOf = (name) => `#c=${encodeURIComponent(name)}`;

/* The name in the address; null: there is none. */
export function chosen() {
	try {
		return location.hash.startsWith("#c=") ? decodeURIComponent(location.hash.slice(3)) : null;
	} catch {
		return null;
	}
}

export class Categories {
	/* onAdded(name) */
	constructor({ onAdded }) {
		this.counts = new Map();
		this.current = null;
		this.onAdded = onAdded;
		prepare($("category-dialog"));
		$("category-button").addEventListener("click", () => this.ask());
		$("category-filter").addEventListener("input", () => this.show());
		$("category-form").addEventListener("submit", (event) => {
			event.preventDefault();
			busy(event.submitter ?? $("category-form"), () => this.add());
		});
	}

	async load() {
		this.counts = await api.categories();
		this.show();
	}

	names() {
		return [...this.counts.keys()].sort(order.compare);
	}

	/* Where somebody who comes for the first time sees most. */
	fullest() {
		return this.names().reduce((best, name) => best !== null && this.counts.get(best) >= this.counts.get(name) ? best : name,
			null);
	}

	setCount(name, total) {
		this.counts.set(name, total);
		this.show();
	}

	setCurrent(name) {
		this.current = name;
		this.show();
		$("categories").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
	}

	show() {
		const wanted = $("category-filter").value.trim().toLowerCase();
		const found = this.names().filter((name) => name.toLowerCase().includes(wanted));
		const over = found.length - SHOWN;

		$("category-search").hidden = this.counts.size < SEARCHED_FROM;
		$("categories").replaceChildren(...found.slice(0, SHOWN).map((name) => this.link(name)));
		$("categories-note").hidden = this.counts.size === 0 || (found.length > 0 && over <= 0);
		$("categories-note").textContent = over > 0 ? `and ${over.toLocaleString()} more: find them by name`
			: "None has this in its name.";
	}

	link(name) {
		const item = make("li", ""), link = make("a", ""), count = make("span", "count", this.counts.get(name).toLocaleString());

		link.href = addressOf(name);
		if (name === this.current)
			link.ariaCurrent = "true";
		count.append(make("span", "unseen", this.counts.get(name) === 1 ? " act" : " acts"));
		link.append(make("bdi", "", name), " ", count);
		item.append(link);
		return item;
	}

	ask() {
		$("category-input").value = "";
		complain($("category-problem"), "");
		$("category-dialog").showModal();
		$("category-input").focus();
	}

	async add() {
		const name = $("category-input").value.trim(), problem = $("category-problem");

		if (name === "") {
			complain(problem, "Give the category a name.", $("category-input"));
			return;
		}
		if (api.isDots(name)) {
			complain(problem, UNUSABLE, $("category-input"));
			return;
		}
		try {
			await api.addCategory(name);
		} catch (failure) {
			complain(problem, inWords("addCategory", failure), $("category-input"));
			return;
		}
		$("category-dialog").close();
		this.counts.set(name, 0);
		this.onAdded(name);
	}
}
