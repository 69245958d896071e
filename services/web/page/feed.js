/* The acts of one category, newest first, in sheets of twelve. Only some sheets hold cards at one time, those around what is in
 * view; the others keep their height. So the page stays small however many acts there are, and a place on it stays the place.
 *
 *   open -> sheet 0;   the end comes near -> one sheet more;   an empty one comes near -> filled;   more than MOST -> the farthest
 *   is emptied
 *
 * Others post and remove meanwhile, which shifts the ranks. Sheets count from what was there when the feed was opened, and how
 * many there are is asked together with the acts: where that has changed, both are asked again.
 */
import * as api from "/web/api.js";
import { $ } from "/web/dom.js";
import { ACTS, EMPTY, FILLED, Sheet } from "/web/sheet.js";
import { counted } from "/web/words.js";

const MOST = 5;                 // sheets with cards
const NEAR = 800;               // pixels
const TRIES = 3;

export class Feed {
	/* onFailure(failure, retry): a sheet could not be read. onCount(category, total): learnt how many there are. onFilled(): there
	 * are more cards than before. */
	constructor({ onFailure, onCount, onFilled }) {
		this.onFailure = onFailure;
		this.onCount = onCount;
		this.onFilled = onFilled;
		this.sheets = [];
		this.stuck = false;     // the last sheet that was asked for did not come
		this.visit = 0;
		this.onGone = (card) => this.forget(card);
		this.watcher = new IntersectionObserver((entries) => this.onNear(entries), { rootMargin: `${NEAR}px 0px` });
		this.watcher.observe($("older"));
		$("older").addEventListener("click", () => this.more());
		$("newer").addEventListener("click", () => this.reopen());
	}

	get cards() {
		return this.sheets.flatMap((sheet) => sheet.cards);
	}

	/* category "": there is none. total: what the list of categories says. place: where to go on, see place(). */
	async open(category, total, place = null) {
		const visit = ++this.visit, last = place ? Math.min(place.sheet, Math.ceil(total / ACTS) - 1) : 0;

		this.clear();
		this.category = category;
		this.total = this.opened = total;
		this.sizeAsked = false;
		for (let number = 0; total > 0 && number <= last; number++)
			this.append(number < last ? place.height : 0);
		this.show();
		if (total === 0)
			return;
		const filled = this.fill(this.sheets[last]);
		if (place)
			this.goTo(place);       // at once, so that only what is near there is asked for
		await filled;
		if (place && visit === this.visit)
			this.goTo(place);
	}

	/* From the newest on. */
	async reopen() {
		scrollTo(0, 0);
		await this.open(this.category, this.total);
		$("feed-title").focus();
	}

	append(height) {
		const sheet = new Sheet(this.sheets.length, height);

		this.sheets.push(sheet);
		$("cards").append(sheet.list);
		this.watcher.observe(sheet.list);
		return sheet;
	}

	onNear(entries) {
		for (const { isIntersecting, target } of entries) {
			const sheet = this.sheets.find(({ list }) => list === target);
			if (isIntersecting && target === $("older") && !this.stuck)
				this.more();
			else if (isIntersecting && sheet)
				this.fill(sheet);
		}
	}

	/* Are there ranks behind the last sheet? */
	hasMore() {
		return this.total > 0 && this.sheets.length > 0 && this.sheets.length * ACTS < this.opened;
	}

	/* One sheet more, when the one before is there. */
	async more() {
		const last = this.sheets.at(-1);

		if (last?.state === EMPTY)
			await this.fill(last);
		else if (last?.state === FILLED && this.hasMore())
			await this.fill(this.append(0));
	}

	async fill(sheet) {
		const visit = this.visit;

		if (sheet.state !== EMPTY)
			return;
		sheet.wait(Math.min(ACTS, this.opened - sheet.first + 1));
		this.show();
		try {
			const acts = await this.read(sheet, visit);
			if (visit !== this.visit)
				return;
			sheet.fill(acts, this.onGone);
			this.stuck = false;
			$("feed-problem").textContent = "";
		} catch (failure) {
			if (visit === this.visit)
				this.failed(sheet, failure);
			return;
		}
		this.trim();
		this.show();
		this.onFilled();
		if (this.hasMore() && $("older").getBoundingClientRect().top < innerHeight + NEAR)
			await this.more();      // the watcher tells of changes only
	}

	failed(sheet, failure) {
		const again = () => {
			if (this.sheets.length === 0)
				return this.open(this.category, this.total);
			return this.sheets.includes(sheet) ? this.fill(sheet) : this.more();
		};

		sheet.state = EMPTY;
		this.stuck = true;      // else its going brings the end near, which asks for it again
		if (sheet === this.sheets.at(-1) && sheet.number > 0) {
			this.watcher.unobserve(sheet.list);
			sheet.drop();
			sheet.list.remove();
			this.sheets.pop();
		}
		this.show();
		this.onFailure(failure, again);
	}

	/* Its acts that are not shown already. */
	async read(sheet, visit) {
		const end = sheet.first + ACTS - 1;
		let acts = [];

		for (let tries = 0; tries < TRIES && visit === this.visit; tries++) {
			const shift = this.total - this.opened, first = Math.max(1, sheet.first + shift), last = Math.min(end + shift, this.total);
			const fresh = this.sheets.length === 1 && tries === 0;
			const [read, total] = await Promise.all([first <= last ? api.acts(this.category, first, last) : [],
				fresh ? this.total : api.size(this.category)]);
			acts = read;
			if (visit !== this.visit)
				break;
			if (!fresh && !this.sizeAsked) {        // what was opened may have been read of more acts than the list of categories said
				this.sizeAsked = true;
				this.opened += Math.max(0, (total ?? 0) - this.total);
			}
			if (total === this.total && (acts.length > 0 || first > last))
				break;
			this.count(fresh ? await api.size(this.category) ?? 0 : total ?? 0);
		}
		const known = new Set(this.cards.map((card) => card.id));
		return acts.filter((act) => !known.has(act.actId));
	}

	count(total) {
		if (total === this.total)
			return;
		this.total = total;
		this.onCount(this.category, total);
	}

	/* Lets go of what is farthest from the view, but for what has the focus. */
	trim() {
		const distance = ({ list }) => {
			const { top, bottom } = list.getBoundingClientRect();
			return Math.max(top - innerHeight, -bottom);
		};
		const filled = this.sheets.filter((sheet) => sheet.state === FILLED);
		const free = filled.filter(({ list }) => !list.contains(document.activeElement));

		free.sort((one, other) => distance(other) - distance(one));
		for (const sheet of free.slice(0, Math.max(0, filled.length - MOST)))
			sheet.empty();
	}

	/* An act that is gone: the next one takes the focus. */
	forget(card) {
		const cards = this.cards, at = cards.indexOf(card);

		if (at < 0)
			return;
		this.sheets.find((sheet) => sheet.cards.includes(card)).remove(card);
		this.count(this.total - 1);
		this.show();
		(cards[at + 1] ?? cards[at - 1] ?? { focus: () => $("feed-title").focus() }).focus();
		if (cards.length === 1 && this.total > 0)
			this.open(this.category, this.total);
	}

	clear() {
		for (const sheet of this.sheets) {
			this.watcher.unobserve(sheet.list);
			sheet.drop();
		}
		this.sheets = [];
		this.stuck = false;
		$("cards").replaceChildren();
		$("feed-problem").textContent = "";
	}

	/* What is in view, for open: {sheet, act, top, height}; null: the top of the page; undefined: it is on its way. */
	place() {
		const seen = (element) => element.getBoundingClientRect().bottom > 0;
		const sheet = this.sheets.find(({ list }) => seen(list)), card = sheet?.cards.find(({ item }) => seen(item));

		if (scrollY === 0)
			return null;
		if (!card)
			return undefined;
		const full = this.sheets.find(({ cards }) => cards.length === ACTS) ?? sheet;
		return { sheet: sheet.number, act: card.id, top: card.item.getBoundingClientRect().top, height: full.list.offsetHeight };
	}

	goTo(place) {
		const there = this.find(place.act)?.item ?? this.sheets[place.sheet]?.list;

		if (there)
			scrollBy(0, there.getBoundingClientRect().top - place.top);
	}

	/* The heading, the range and the buttons. */
	show() {
		const newer = this.total - this.opened, shown = Math.min(this.sheets.length * ACTS, this.opened);

		$("cards").ariaBusy = this.sheets.some(({ state }) => state !== EMPTY && state !== FILLED) ? "true" : null;
		$("feed-head").hidden = this.category === "";
		$("feed-title").firstElementChild.textContent = this.category;
		$("feed-count").textContent = this.total > 0 ? `${counted(this.total, "act")}, newest first` : "";
		$("feed-range").textContent = this.hasMore() ? `${shown.toLocaleString()} of ${counted(this.opened, "act")}` : "";
		$("newer").hidden = newer <= 0;
		$("newer-text").textContent = `Show ${counted(newer, "newer act")}`;
		$("older").hidden = !this.hasMore();
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
