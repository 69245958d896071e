/* The dialog that posts an act: choose a picture, see it as it will be, say what it was, send, watch it go. A draft stays
 * until it is posted, over a reload too, with the id it was given, so that sending it once more after a failure cannot post
 * it twice.
 */
import * as api from "/web/api.js";
import { complain, prepare } from "/web/dialogs.js";
import { $, busy } from "/web/dom.js";
import { forget, keep, kept } from "/web/draft.js";
import { newId } from "/web/ids.js";
import * as me from "/web/me.js";
import { whenOnline } from "/web/online.js";
import { fromBase64, NoPicture, shrink, toBase64 } from "/web/picture.js";
import { stampOf } from "/web/stamps.js";
import { inWords } from "/web/words.js";

const CAPTION_SHORT = 100;      // from here on it is said how much is left

function sizeInWords(bytes) {
	return bytes < 1000000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1000000).toFixed(1)} MB`;
}

export class Post {
	/* onPosted(act) */
	constructor({ onPosted }) {
		this.onPosted = onPosted;
		this.draft = null;      // {id, stamp, base64, note}, once there is a picture
		this.category = null;   // of a draft that was kept
		this.sending = null;    // an AbortController, while it is
		prepare($("post-dialog"), () => this.sending === null);
		for (const id of ["picture-file", "camera-file"])
			$(id).addEventListener("change", (event) => this.take(event.target.files[0], event.target));
		this.setUpDrop();
		$("preview-change").addEventListener("click", () => this.change());
		$("post-caption").addEventListener("input", () => this.showLeft());
		for (const id of ["post-caption", "post-category"])
			$(id).addEventListener("input", () => this.keep());
		$("post-cancel").addEventListener("click", () => this.sending ? this.sending.abort() : $("post-dialog").close());
		$("post-form").addEventListener("submit", (event) => {
			event.preventDefault();
			busy($("post-submit"), () => this.submit());
		});
		this.restore();
	}

	setUpDrop() {
		const zone = $("zone"), mark = (event, over) => {
			event.preventDefault();
			zone.classList.toggle("over", over);
		};

		zone.addEventListener("dragover", (event) => mark(event, true));
		zone.addEventListener("dragleave", (event) => mark(event, false));
		zone.addEventListener("drop", (event) => {
			mark(event, false);
			this.take(event.dataTransfer.files[0], null);
		});
	}

	restore() {
		const old = kept();

		if (!old)
			return;
		$("post-caption").value = old.caption;
		this.category = old.category;
		if (old.draft)
			this.setDraft(old.draft, fromBase64(old.draft.base64));
	}

	keep() {
		this.category = $("post-category").value;
		keep({ draft: this.draft, caption: $("post-caption").value, category: $("post-category").value });
	}

	open(names, current) {
		const chosen = names.includes(this.category) ? this.category : current;
		const options = names.map((name) => new Option(name, name, false, name === chosen));

		$("post-category").replaceChildren(...options);
		$("post-name").textContent = me.name();
		complain($("post-problem"), "");
		this.showLeft();
		$("post-dialog").showModal();
	}

	/* A file becomes the draft's picture. */
	async take(file, input) {
		if (!file || this.sending)
			return;
		complain($("post-problem"), "");
		$("zone-text").textContent = "Making it smaller\u2026";
		try {
			const { blob, width, height } = await shrink(file);
			const from = blob.size < file.size * 0.9 ? `, was ${sizeInWords(file.size)}` : "";
			const note = `${width} \u00d7 ${height}, ${sizeInWords(blob.size)}${from}`;
			this.setDraft({ id: newId(), stamp: null, base64: await toBase64(blob), note }, blob);
			this.keep();
			$("post-caption").focus();
		} catch (error) {
			if (!(error instanceof NoPicture))
				throw error;
			complain($("post-problem"), "This file is no picture this browser can read. Choose a JPEG, PNG or WebP.", input);
		}
		$("zone-text").textContent = "What did it look like?";
		if (input)
			input.value = "";       // the same file may be chosen again
	}

	setDraft(draft, blob) {
		URL.revokeObjectURL($("preview").src);
		this.draft = draft;
		$("zone").classList.toggle("full", draft !== null);
		$("zone-choose").hidden = draft !== null;
		$("zone-preview").hidden = draft === null;
		$("preview-text").textContent = draft ? draft.note : "";
		if (draft)
			$("preview").src = URL.createObjectURL(blob);
	}

	change() {
		this.setDraft(null);
		this.keep();
		$("picture-file").focus();
	}

	showLeft() {
		const left = $("post-caption").maxLength - $("post-caption").value.length;

		$("post-left").textContent = left < CAPTION_SHORT ? `${left} characters left` : "";
	}

	async submit() {
		if (!this.draft) {
			complain($("post-problem"), "Choose a picture first: an act comes with one.", $("picture-file"));
			return;
		}
		complain($("post-problem"), "");
		this.draft.stamp ??= stampOf(new Date());
		const act = { actId: this.draft.id, username: me.name(), timestamp: this.draft.stamp,
			caption: $("post-caption").value.trim(), categoryName: $("post-category").value,
			imgB64: this.draft.base64 };
		if (!await this.send(act))
			return;
		$("post-dialog").close();
		$("post-caption").value = "";
		this.setDraft(null);
		this.category = null;
		forget();
		this.onPosted(act);
	}

	/* False: it did not arrive, and the dialog says why. */
	async send(act) {
		this.sending = new AbortController();
		this.showSending(0);
		try {
			await api.upload(act, (part) => this.showSending(part), this.sending.signal);
			return true;
		} catch (failure) {
			complain($("post-problem"), failure.status === -1 ? "Stopped. Your draft is still here." : inWords("upload", failure));
			if (failure.status === 0)
				whenOnline("upload", () => this.sendAgain(act.actId));
			return false;
		} finally {
			this.sending = null;
			this.showSending(null);
		}
	}

	/* There is a network again. id: what failed; another draft is not sent unasked. */
	sendAgain(id) {
		if ($("post-dialog").open && this.draft?.id === id && !this.sending)
			busy($("post-submit"), () => this.submit());
	}

	/* part: 0..1, how much has been sent; null: nothing is being sent */
	showSending(part) {
		$("sending").hidden = part === null;
		$("post-submit").hidden = part !== null;
		$("post-cancel").textContent = part === null ? "Cancel" : "Stop";
		$("post-dialog").ariaBusy = part === null ? null : "true";
		if (part === null)
			return;
		const percent = Math.round(part * 100);
		$("post-progress").value = percent;
		$("sending-text").textContent = percent < 100 ? `Sending, ${percent} %` : "Sent, waiting for the answer\u2026";
	}
}
