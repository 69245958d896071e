/* Twelve acts in a row, one list of the feed: with cards, or with their shapes while they are on their way, or with nothing but
 * the height that it had, so that what lies below stays where it is.
 */
import { Card } from "/web/card.js";
import { make } from "/web/dom.js";

export const ACTS = 12;

export const EMPTY = 0;
export const READING = 1;
export const FILLED = 2;

function shape() {
	const item = make("li", "waiting"), card = make("div", "card"), text = make("div", "card-text");

	item.ariaHidden = "true";
	text.append(make("div", "bar"), make("div", "bar"));
	card.append(make("div", "picture"), text, make("div", "card-actions"));
	item.append(card);
	return item;
}

export class Sheet {
	/* number: from 0; height: in pixels, while it is empty */
	constructor(number, height = 0) {
		this.number = number;
		this.first = number * ACTS + 1;         // its first rank, of those that there were when the feed was opened
		this.cards = [];
		this.list = make("ul", "cards");
		this.list.ariaLabel = `Acts from ${this.first} on`;
		this.state = EMPTY;
		this.keepHeight(height);
	}

	keepHeight(height) {
		this.list.style.height = height > 0 ? `${height}px` : "";
	}

	/* Shapes of so many cards. */
	wait(number) {
		this.state = READING;
		if (this.list.style.height === "")
			this.list.replaceChildren(...Array.from({ length: number }, shape));
	}

	fill(acts, onGone) {
		this.cards = acts.map((act) => new Card(act, onGone));
		this.state = FILLED;
		this.keepHeight(0);
		this.list.replaceChildren(...this.cards.map((card) => card.item));
	}

	/* Lets go of its cards. */
	empty() {
		const height = this.list.offsetHeight;

		this.drop();
		this.state = EMPTY;
		this.keepHeight(height);
	}

	drop() {
		for (const card of this.cards)
			card.drop();
		this.cards = [];
		this.list.replaceChildren();
	}

	remove(card) {
		this.cards.splice(this.cards.indexOf(card), 1);
		card.drop();
	}
}
