/* orders: what an operator may order, asked back before it is done. One dialog for all of them. */
import { order } from "./api.js";
import { byId, say, set, show } from "./dom.js";
import { plural } from "./words.js";

export class Orders {
	/* onTaken(text): what was ordered, and will be done. */
	constructor(fleet, onTaken) {
		this.fleet = fleet;
		this.onTaken = onTaken;
		this.dialog = byId("order");
		this.current = null;
		byId("order-form").addEventListener("submit", (event) => {
			event.preventDefault();
			this.#send();
		});
		byId("order-cancel").addEventListener("click", () => this.dialog.close());
		byId("wanted").addEventListener("input", () => this.#sayWanted());
		this.dialog.addEventListener("close", () => { this.current = null; });
	}

	#service(name) {
		return this.fleet.services.find((service) => service.name === name);
	}

	#ask({ title, text, confirm, number = null, path, body = () => null, taken }) {
		this.current = { path, body, taken, busy: false };
		say(byId("order-title"), title);
		say(byId("order-text"), text);
		say(byId("order-confirm"), confirm);
		say(byId("order-error"), "");
		byId("order-confirm").disabled = false;
		show(byId("order-number"), number !== null);
		const field = byId("wanted");
		field.disabled = number === null;
		if (number !== null) {
			set(field, { min: number.min, max: number.max });
			field.value = number.now;
			say(byId("wanted-range"), `${number.min} to ${number.max}`);
		}
		this.dialog.showModal();
		if (number !== null)
			field.select();
	}

	scale(name) {
		const service = this.#service(name);
		const ends = service.window.ends_in_ms;
		const until = ends === null ? "the end of the next window" : `the window ends, in ${Math.ceil(ends / 1000)} s`;
		this.#ask({
			title: `Scale ${name}`,
			text: `${plural(service.wanted, "container")} wanted now. Your number holds until ${until}; then the requests decide again.`,
			confirm: `Scale to ${service.wanted}`,
			number: { min: service.min, max: service.max, now: service.wanted },
			path: `api/services/${encodeURIComponent(name)}/scale`,
			body: () => ({ wanted: Number(byId("wanted").value) }),
			taken: () => `${name} goes to ${plural(Number(byId("wanted").value), "container")}`,
		});
	}

	roll(name) {
		this.#ask({
			title: `Roll ${name}`,
			text: "All its containers are replaced, one after the other. Each new one is ready before the old one goes, " +
				"so no request is lost.",
			confirm: "Replace them all",
			path: `api/services/${encodeURIComponent(name)}/roll`,
			taken: () => `${name} is being rolled`,
		});
	}

	replace(name, slot) {
		this.#ask({
			title: `Replace slot ${slot} of ${name}`,
			text: "A container that serves finishes what it has while another one stands in. One that does not serve is " +
				"taken away at once.",
			confirm: "Replace it",
			path: `api/services/${encodeURIComponent(name)}/slots/${slot}/replace`,
			taken: () => `slot ${slot} of ${name} is being replaced`,
		});
	}

	#sayWanted() {
		const field = byId("wanted");
		say(byId("order-confirm"), field.validity.valid ? `Scale to ${field.value}` : "Scale");
	}

	async #send() {
		const current = this.current;
		if (current === null || current.busy)
			return;
		current.busy = byId("order-confirm").disabled = true;
		say(byId("order-error"), "");
		const error = await order(current.path, current.body());
		if (this.current !== current)
			return;	/* closed meanwhile */
		current.busy = byId("order-confirm").disabled = false;
		say(byId("order-error"), error);
		if (error === "") {
			this.onTaken(current.taken());
			this.dialog.close();
		}
	}
}
