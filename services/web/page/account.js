/* Under which name one posts: signing up for a new one, or saying which one has. There is no login to pass: the service
 * only wants that the name exists. It also wants a password's hash, which nothing ever asks for again, so that is made up here.
 */
import * as api from "/web/api.js";
import { complain, prepare } from "/web/dialogs.js";
import { $, busy, quoted } from "/web/dom.js";
import * as me from "/web/me.js";
import { say } from "/web/notice.js";
import { inWords } from "/web/words.js";

const HASH_BYTES = 20;

/* In place of a password's SHA-1: 40 hexadecimal digits that nobody knows. */
function madeUpHash() {
	return Array.from(crypto.getRandomValues(new Uint8Array(HASH_BYTES)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/* What the one form says in its three uses. `other` is where its link leads. */
const MODES = {
	fresh: { title: "Sign up", submit: "Sign up", link: "I have a name", other: "known",
		lead: "To post you need a name: it stands beside your acts. There is no password." },
	known: { title: "Use your name", submit: "Use this name", link: "I have none yet", other: "fresh",
		lead: "Type the name you signed up with, here or on another device." },
	kept: { title: "Your name", submit: "Keep it", link: "Use another name", other: "known", lead: "" },
};

export class Account {
	/* onChange(): the name is another one */
	constructor({ onChange }) {
		this.onChange = onChange;
		this.then = null;
		prepare($("account-dialog"));
		$("account-button").addEventListener("click", () => this.open());
		$("account-switch").addEventListener("click", () => this.setMode(MODES[this.mode].other));
		$("account-dialog").addEventListener("close", () => { this.then = null; });
		$("account-form").addEventListener("submit", (event) => {
			event.preventDefault();
			busy($("account-submit"), () => this.submit());
		});
		this.show();
	}

	/* then: what one wanted a name for */
	open(then = null) {
		$("account-input").value = "";
		$("account-dialog").showModal();
		this.setMode(me.name() ? "kept" : "fresh");
		this.then = then;
	}

	setMode(mode) {
		const text = MODES[mode];

		this.mode = mode;
		$("account-title").textContent = text.title;
		$("account-lead").textContent = mode === "kept" ? `You post as ${quoted(me.name())} from this browser.` : text.lead;
		$("account-submit").textContent = text.submit;
		$("account-switch").textContent = text.link;
		$("account-name-field").hidden = mode === "kept";
		complain($("account-problem"), "");
		(mode === "kept" ? $("account-submit") : $("account-input")).focus();
	}

	async submit() {
		if (this.mode === "kept") {
			$("account-dialog").close();
			return;
		}
		const name = $("account-input").value.trim(), problem = $("account-problem");
		if (name === "") {
			complain(problem, "Type a name.", $("account-input"));
			return;
		}
		await (this.mode === "fresh" ? this.signUp(name, problem) : this.recognise(name, problem));
	}

	async signUp(name, problem) {
		try {
			await api.signUp(name, madeUpHash());
			this.take(name, `Welcome, ${quoted(name)}.`);
		} catch (failure) {
			complain(problem, inWords("signUp", failure), $("account-input"));
		}
	}

	async recognise(name, problem) {
		try {
			if (await api.isUser(name))
				this.take(name, `Welcome back, ${quoted(name)}.`);
			else
				complain(problem, "Nobody has signed up with this name. Mind capital letters, or sign up.", $("account-input"));
		} catch (failure) {
			complain(problem, inWords("isUser", failure), $("account-input"));
		}
	}

	take(name, welcome) {
		const then = this.then;

		me.setName(name);
		this.show();
		$("account-dialog").close();
		say(welcome);
		this.onChange();
		if (then)
			then();
	}

	show() {
		$("account-name").textContent = me.name() || "Sign up";
		$("account-button").ariaLabel = me.name() ? `You are ${me.name()}` : "Sign up";
	}
}
