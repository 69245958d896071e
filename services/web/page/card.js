/* One act, as a card. A card holds the picture's memory until drop is called. */
import * as api from "/web/api.js";
import { ask } from "/web/dialogs.js";
import { $, busy, icon, quoted } from "/web/dom.js";
import * as me from "/web/me.js";
import { alarm, say } from "/web/notice.js";
import { addressOf } from "/web/picture.js";
import { dateOf, told } from "/web/stamps.js";
import { view } from "/web/viewer.js";
import { counted, inWords } from "/web/words.js";

export class Card {
	/* onGone(card): the act is no more, here or on the server. */
	constructor(act, onGone) {
		this.act = act;
		this.id = act.actId;
		this.onGone = onGone;
		this.item = $("card-template").content.firstElementChild.cloneNode(true);
		this.part = (css) => this.item.querySelector(css);
		this.date = dateOf(act.timestamp);
		this.fill();
		this.part(".vote").addEventListener("click", () => this.vote());
		this.part(".remove").addEventListener("click", (event) => busy(event.currentTarget, () => this.remove()));
	}

	fill() {
		this.part(".caption").textContent = this.act.caption;
		this.part(".by").textContent = this.act.username;
		this.part("time").textContent = told(this.date);
		if (!Number.isNaN(this.date.getTime()))
			this.part("time").dateTime = this.date.toISOString();
		this.part(".card").ariaLabel = `Act by ${this.act.username}, ${told(this.date)}`;
		this.showPicture();
		this.showVotes();
		this.showOwner();
	}

	showPicture() {
		const button = this.part(".picture"), image = this.part(".picture img");

		this.address = addressOf(this.act.imgB64);
		image.addEventListener("error", () => this.showBroken());
		button.addEventListener("click", () => {
			if (!button.classList.contains("broken"))
				view(this.address, this.act, `${this.act.username} \u00b7 ${told(this.date)}`);
		});
		if (this.address)
			image.src = this.address;
		else
			this.showBroken();
	}

	/* No button any more: there is nothing to enlarge. */
	showBroken() {
		const place = document.createElement("div");

		place.className = "picture broken";
		place.append(icon("image"), "This picture cannot be shown");
		this.part(".picture").replaceWith(place);
	}

	showVotes() {
		const voted = me.hasVoted(this.id), vote = this.part(".vote");

		this.part(".votes").textContent = this.act.upvotes.toLocaleString("en");
		vote.setAttribute("aria-pressed", String(voted));
		vote.ariaLabel = `${voted ? "Upvoted" : "Upvote"}, ${counted(this.act.upvotes, "upvote")}`;
	}

	/* Only one's own acts can be removed here. (The API lets anybody.) */
	showOwner() {
		this.part(".remove").hidden = me.name() === "" || me.name() !== this.act.username;
	}

	/* Shown at once, taken back if it does not come true. */
	async vote() {
		if (me.hasVoted(this.id) || this.voting)
			return;
		this.voting = true;
		try {
			await api.upvote(this.id);
			me.addVote(this.id);
			this.act.upvotes++;
			this.showVotes();
		} catch (failure) {
			alarm(inWords("upvote", failure));
			if (failure.status === 400)
				this.onGone(this);
		}
		this.voting = false;
	}

	async remove() {
		const what = this.act.caption ? `${quoted(this.act.caption)} and its picture` : "The act and its picture";
		const votes = this.act.upvotes > 0 ? `, with ${counted(this.act.upvotes, "upvote")}` : "";
		const sure = await ask({ title: "Remove this act?", text: `${what} will be gone for everybody${votes}.`,
			no: "Keep it", yes: "Remove it" });

		if (!sure)
			return;
		try {
			await api.remove(this.id);
			say("The act is removed.");
		} catch (failure) {
			alarm(inWords("remove", failure));
			if (failure.status !== 400)
				return;
		}
		this.onGone(this);
	}

	focus() {
		this.part(".card").focus();
	}

	drop() {
		if (this.address)
			URL.revokeObjectURL(this.address);
		this.item.remove();
	}
}
