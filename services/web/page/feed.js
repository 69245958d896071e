/* The acts of one category, newest first: a window of ranks, first..last of `total`, that grows downwards page by page
 * and, so that the page stays small however many acts there are, lets go of what is far above.
 *
 *   open -> page 1;   older -> the next page below, the topmost goes beyond MOST;   newer -> the same upwards
 *
 * Others post and remove meanwhile, which shifts the ranks: before a page is asked for, the size is, and the window
 * shifts by the difference. What is shown already is not shown twice.
 */
import * as api from "/web/api.js";
import { Card } from "/web/card.js";
import { $, make } from "/web/dom.js";
import { tell } from "/web/notice.js";
import { counted } from "/web/words.js";

const PAGE = 12;
const MOST = 96;

export class Feed {
	/* onFailure(failure, retry): a page could not be read. onCount(category, total): learnt how many there are. */
	constructor({ onFailure, onCount }) {
		this.onFailure = onFailure;
		this.onCount = onCount;
		this.cards = [];
		this.visit = 0;
		this.onGone = (card) => this.forget(card);
		$("older").addEventListener("click", () => this.turn("older"));
		$("newer").addEventListener("click", () => this.turn("newer"));
	}

	/* category "": there is none. total: what the list of categories says. False: another one was opened meanwhile. */
	async open(category, total) {
		const visit = ++this.visit;

		this.clear();
		this.category = category;
		this.total = total;
		this.first = 1;
		this.last = 0;
		this.show();
		if (total === 0)
			return true;
		this.showWaiting(Math.min(total, 6));
		try {
			const acts = await this.read(1, PAGE, visit);
			if (acts)
				this.add(acts, "end");
		} catch (failure) {
			if (visit === this.visit)
				this.onFailure(failure, () => this.open(category, total));
		}
		return visit === this.visit;
	}

	/* A page more. One at a time: what is clicked while one is on its way is not meant. */
	async turn(where) {
		const visit = this.visit;

		if (this.turning === visit)
			return;
		this.turning = visit;
		try {
			await this.settle(visit);
			const acts = where === "older" ? await this.read(this.last + 1, this.last + PAGE, visit)
				: await this.read(Math.max(1, this.first - PAGE), this.first - 1, visit);
			if (acts)
				this.add(acts, where === "older" ? "end" : "start");
		} catch (failure) {
			if (visit === this.visit)
				this.onFailure(failure, () => this.turn(where));
		}
		if (this.turning === visit)
			this.turning = 0;
	}

	/* How many there are now; new ones are above, so the window moves down by as many. */
	async settle(visit) {
		const total = await api.size(this.category) ?? 0;

		if (visit !== this.visit)
			return;
		this.first = Math.max(1, this.first + total - this.total);
		this.last = Math.max(this.first - 1, this.last + total - this.total);
		this.count(total);
	}

	count(total) {
		if (total === this.total)
			return;
		this.total = total;
		this.onCount(this.category, total);
	}

	/* Acts of these ranks as far as there are any; null: nobody waits for them any more. An empty answer means that there
	 * are fewer than we thought, so we ask once more. */
	async read(first, last, visit) {
		for (let tries = 0; tries < 3 && visit === this.visit && first <= Math.min(last, this.total); tries++) {
			const acts = await api.acts(this.category, first, Math.min(last, this.total));
			if (visit !== this.visit)
				return null;
			if (acts.length > 0)
				return acts;
			const total = await api.size(this.category) ?? 0;
			if (visit !== this.visit)
				return null;
			this.count(total);
		}
		return [];
	}

	add(acts, where) {
		const known = new Set(this.cards.map((card) => card.id));
		const added = acts.filter((act) => !known.has(act.actId)).map((act) => new Card(act, this.onGone));
		const items = added.map((card) => card.item);

		if (this.cards.length === 0)
			$("cards").replaceChildren();
		if (where === "end") {
			this.cards.push(...added);
			this.last += acts.length;
			$("cards").append(...items);
		} else {
			this.cards.unshift(...added);
			this.first -= acts.length;
			$("cards").prepend(...items);
		}
		this.trim(where);
		this.show();
		if (this.cards.length > added.length && added.length > 0) {
			(where === "end" ? added[0] : added.at(-1)).focus();
			tell(`${counted(added.length, "more act")}. ${$("feed-range").textContent}`);
		}
	}

	/* Lets go of the far end. */
	trim(where) {
		const over = this.cards.length - MOST;

		if (over <= 0)
			return;
		for (const card of where === "end" ? this.cards.splice(0, over) : this.cards.splice(-over))
			card.drop();
		if (where === "end")
			this.first += over;
		else
			this.last -= over;
	}

	/* An act that is gone: the next one takes the focus. */
	forget(card) {
		const at = this.cards.indexOf(card);

		if (at < 0)
			return;
		this.cards.splice(at, 1);
		this.last--;
		this.count(this.total - 1);
		card.drop();
		this.show();
		(this.cards[at] ?? this.cards[at - 1] ?? { focus: () => $("feed-title").focus() }).focus();
		if (this.cards.length === 0 && this.total > 0)
			this.open(this.category, this.total);
	}

	clear() {
		for (const card of this.cards)
			card.drop();
		this.cards = [];
		$("cards").replaceChildren();
	}

	/* Shapes of cards until the first page is there. */
	showWaiting(number) {
		$("cards").ariaBusy = "true";
		$("cards").replaceChildren(...Array.from({ length: number }, () => {
			const item = make("li", "waiting"), card = make("div", "card"), text = make("div", "card-text");
			item.ariaHidden = "true";
			text.append(make("div", "bar"), make("div", "bar"));
			card.append(make("div", "picture"), text, make("div", "card-actions"));
			item.append(card);
			return item;
		}));
	}

	/* The heading, the range and the buttons, from the window. */
	show() {
		const all = this.first === 1 && this.last >= this.total;

		$("cards").ariaBusy = null;
		$("feed-head").hidden = this.category === "";
		$("feed-title").firstElementChild.textContent = this.category;
		$("feed-count").textContent = this.total > 0 ? `${counted(this.total, "act")}, newest first` : "";
		$("feed-range").textContent = this.cards.length === 0 || all ? ""
			: `${this.first.toLocaleString("en")}\u2013${this.last.toLocaleString("en")} of ${this.total.toLocaleString("en")}`;
		$("newer").hidden = this.first === 1 || this.cards.length === 0;
		$("older").hidden = this.last >= this.total || this.cards.length === 0;
		$("cards").hidden = this.total === 0;
	}

	/* Another name: other acts are one's own. */
	showOwner() {
		for (const card of this.cards)
			card.showOwner();
	}

	find(id) {
		return this.cards.find((card) => card.id === id);
	}
}
