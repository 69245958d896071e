/* One act, as a card. Its picture comes when it is near the view; drop must be called when the card goes. */
import * as api from "/web/api.js";
import { ask } from "/web/dialogs.js";
import { $, busy, icon, quoted } from "/web/dom.js";
import * as me from "/web/me.js";
import { say } from "/web/notice.js";
import { whenOnline } from "/web/online.js";
import * as pictures from "/web/pictures.js";
import { dateOf, language, told } from "/web/stamps.js";
import { view } from "/web/viewer.js";
import { counted, inWords } from "/web/words.js";

const voting = new Set();       // ids whose upvote is on its way, whichever card shows them

export class Card {
	/* onGone(card): the act is no more, here or on the server. */
	constructor(act, onGone) {
		this.act = act;
		this.id = act.actId;
		this.onGone = onGone;
		this.item = $("card-template").content.firstElementChild.cloneNode(true);
		this.part = (css) => this.item.querySelector(css);
		this.picture = this.part(".picture");
		this.date = dateOf(act.timestamp);
		this.fill();
		this.part(".vote").addEventListener("click", () => this.vote());
		this.part(".remove").addEventListener("click", (event) => busy(event.currentTarget, () => this.remove()));
	}

	/* The act in few words, for buttons. */
	named() {
		return this.act.caption ? quoted(this.act.caption) : `the act by ${quoted(this.act.username)}`;
	}

	fill() {
		const time = this.part("time");

		this.part(".caption").textContent = this.act.caption;
		this.part(".by").textContent = this.act.username;
		time.textContent = told(this.date);
		time.lang = language;
		if (!Number.isNaN(this.date.getTime()))
			time.dateTime = this.date.toISOString();
		this.part(".card").ariaLabel = `Act by ${this.act.username}, ${told(this.date)}`;
		this.part(".remove").ariaLabel = `Remove ${this.named()}`;
		this.fillPicture();
		this.showVotes();
		this.showOwner();
	}

	fillPicture() {
		const address = api.pictureOf(this.id);

		this.picture.ariaLabel = `Enlarge the picture: ${this.named()}`;
		this.picture.addEventListener("click", () => view(address, this.act, `${this.act.username} \u00b7 ${told(this.date)}`));
		pictures.bring(this.picture.querySelector("img"), this.id, (why) => this.showBroken(why));
	}

	/* Instead of the button, as there is nothing to enlarge; "": the button again. */
	showBroken(why) {
		const place = document.createElement("div");

		place.className = "picture broken";
		place.append(icon("image"), why);
		(this.part(".broken") ?? this.picture).replaceWith(why ? place : this.picture);
	}

	showVotes() {
		const voted = voting.has(this.id) || me.hasVoted(this.id), vote = this.part(".vote");
		const votes = this.act.upvotes + (voting.has(this.id) ? 1 : 0);

		this.part(".votes").textContent = votes.toLocaleString();
		vote.setAttribute("aria-pressed", String(voted));
		vote.ariaBusy = voting.has(this.id) ? "true" : null;
		vote.ariaLabel = `${voted ? "Upvoted" : "Upvote"}, ${counted(votes, "upvote")}: ${this.named()}`;
	}

	/* Only one's own acts can be removed here. (The API lets anybody.) */
	showOwner() {
		this.part(".remove").hidden = me.name() === "" || me.name() !== this.act.username;
	}

	/* In the card itself, where it covers nothing. "" takes it back. */
	complain(words) {
		this.part(".problem").textContent = words;
		if (words)
			this.part(".problem").scrollIntoView({ block: "nearest" });
	}

	/* Shown at once, taken back if it does not come true. */
	async vote() {
		if (voting.has(this.id) || me.hasVoted(this.id))
			return;
		this.complain("");
		voting.add(this.id);
		this.showVotes();
		try {
			await api.upvote(this.id);
			me.addVote(this.id);
			this.act.upvotes++;
		} catch (failure) {
			this.refused("upvote", failure);
			if (failure.detail === "offline")
				whenOnline(`upvote ${this.id}`, () => this.vote());
		}
		voting.delete(this.id);
		this.showVotes();
	}

	/* 400: there is no such act any more. */
	refused(doing, failure) {
		if (failure.status !== 400) {
			this.complain(inWords(doing, failure));
			return;
		}
		say(inWords(doing, failure));
		this.onGone(this);
	}

	async remove() {
		const what = this.act.caption ? `${quoted(this.act.caption)} and its picture` : "The act and its picture";
		const votes = this.act.upvotes > 0 ? `, with ${counted(this.act.upvotes, "upvote")}` : "";
		const sure = await ask({ title: "Remove this act?", text: `${what} will be gone for everybody${votes}.`,
			no: "Keep it", yes: "Remove it" });

		if (!sure)
			return;
		this.complain("");
		try {
			await api.remove(this.id);
		} catch (failure) {
			this.refused("remove", failure);
			return;
		}
		say("The act is removed.");
		this.onGone(this);
	}

	focus() {
		this.part(".card").focus();
	}

	drop() {
		pictures.drop(this.picture.querySelector("img"));
		this.item.remove();
	}
}
