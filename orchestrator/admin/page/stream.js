/* stream: /api/events, for as long as the page is open: reads, notices when it is lost, and tries again.
 *
 *   connecting -> live -> lost -> connecting ...        token: the server wants one, or another one
 *
 * fetch and not EventSource, which cannot send a token. The server says its numbers once a second, so silence means that
 * the connection is dead even where nobody has told us.
 */
import { token } from "./api.js";

const SILENCE_MS = 6000;
const WAIT_MS = [300, 600, 1200, 2500, 5000];

/* Text of server-sent events -> on(name, data). Returns a function that takes the next piece of text. */
export function eventReader(on) {
	let rest = "";
	return (piece) => {
		const blocks = (rest + piece).split("\n\n");
		rest = blocks.pop();
		for (const block of blocks) {
			let name = "message";
			const data = [];
			for (const line of block.split("\n")) {
				if (line.startsWith("event: "))
					name = line.slice(7);
				else if (line.startsWith("data: "))
					data.push(line.slice(6));
			}
			if (data.length > 0)
				on(name, JSON.parse(data.join("\n")));
		}
	};
}

export class Stream {
	/* onEvent(name, data), onState("connecting" | "live" | "lost" | "token") */
	constructor(onEvent, onState) {
		this.onEvent = onEvent;
		this.onState = onState;
		this.failures = 0;
		this.abort = null;
		this.timer = 0;
		addEventListener("online", () => this.connect());
		document.addEventListener("visibilitychange", () => {
			if (!document.hidden && this.abort === null)
				this.connect();
		});
	}

	/* Now, whatever was waited for. */
	connect() {
		clearTimeout(this.timer);
		this.abort?.abort();
		const abort = new AbortController();
		this.abort = abort;
		this.read(abort).catch(() => "lost").then((end) => {
			if (this.abort === abort)	/* else a newer one has taken over */
				this.ended(end);
		});
	}

	ended(how) {
		clearTimeout(this.timer);
		this.abort = null;
		this.onState(how);
		if (how === "token")
			return;
		const wait = WAIT_MS[Math.min(this.failures++, WAIT_MS.length - 1)];
		this.timer = setTimeout(() => this.connect(), wait * (0.8 + 0.4 * Math.random()));
	}

	/* How it ended. */
	async read(abort) {
		const stillThere = () => {
			clearTimeout(this.timer);
			this.timer = setTimeout(() => abort.abort(), SILENCE_MS);
		};
		stillThere();
		const reply = await fetch("api/events", { headers: token.headers(), signal: abort.signal, cache: "no-store" });
		if (reply.status === 401)
			return "token";
		if (!reply.ok)
			return "lost";
		const take = eventReader((name, data) => this.onEvent(name, data));
		const text = reply.body.pipeThrough(new TextDecoderStream()).getReader();
		for (;;) {
			const { value, done } = await text.read();
			if (done)
				return "lost";
			stillThere();
			take(value);
			this.failures = 0;
			this.onState("live");
		}
	}
}
