/* The HTTP API, a function for each thing that can be done. Whatever is not a success becomes a Failure; what that means
 * for people is in words.js.
 */
import { parseActs } from "/web/ids.js";

const BASE = "/api/v1";
const SILENCE_MS = 45000;       // longer than the proxy holds a request

export class Failure extends Error {
	/* status 0: no reply, detail says why: "offline" (nothing was sent), "silence" or "network". Otherwise detail is the
	 * server's own explanation, in English for developers. */
	constructor(status, detail) {
		super(`${status} ${detail}`);
		this.status = status;
		this.detail = detail;
	}
}

/* Services say {"error"}, the proxy in front of them {"detail"}; what is neither says nothing. */
function detailOf(text) {
	try {
		const reply = JSON.parse(text);
		return String(reply.error ?? reply.detail ?? "");
	} catch {
		return "";
	}
}

/* Ends what has been silent for too long, however long it takes in all: a slow line is no fault. */
class Silence {
	constructor(end) {
		this.end = end;
		this.over = false;
		this.heard();
	}

	heard() {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => {
			this.over = true;
			this.end();
		}, SILENCE_MS);
	}

	stop() {
		clearTimeout(this.timer);
	}
}

async function textOf(reply, silence) {
	const decoder = new TextDecoder();
	const reader = reply.body?.getReader();
	let text = "";

	for (let part = await reader?.read(); part && !part.done; part = await reader.read()) {
		silence.heard();
		text += decoder.decode(part.value, { stream: true });
	}
	return text;
}

async function ask(method, path, body, silence, signal) {
	const reply = await fetch(BASE + path, {
		method,
		body: body === undefined ? undefined : JSON.stringify(body),
		headers: body === undefined ? {} : { "Content-Type": "application/json" },
		signal,
	});

	silence.heard();
	return { status: reply.status, text: await textOf(reply, silence) };
}

/* Why there is none. A browser that thinks itself offline may be wrong, on the server's own machine say: so everything is tried
 * first. unsent: it cannot have arrived. */
function noReply(silence, unsent) {
	if (silence.over)
		return "silence";
	return unsent && !navigator.onLine ? "offline" : "network";
}

async function call(method, path, body) {
	const abort = new AbortController(), silence = new Silence(() => abort.abort()), offline = !navigator.onLine;
	let reply;

	try {
		reply = await ask(method, path, body, silence, abort.signal);
	} catch {
		throw new Failure(0, noReply(silence, offline));
	} finally {
		silence.stop();
	}
	if (reply.status < 200 || reply.status > 299)
		throw new Failure(reply.status, detailOf(reply.text));
	return reply;
}

const categoryPath = (name) => `/categories/${encodeURIComponent(name)}/acts`;

/* No browser asks for a path with these in it: they mean "here" and "one up" (WHATWG URL, dot segments), escaped or not.
 * Categories of these names are left out.
 */
export const isDots = (name) => name === "." || name === "..";

/* Map of name -> number of acts. A Map, since a category may be called "__proto__". */
export async function categories() {
	const { status, text } = await call("GET", "/categories");
	const all = status === 204 ? [] : Object.entries(JSON.parse(text));

	return new Map(all.filter(([name]) => !isDots(name)));
}

export async function addCategory(name) {
	await call("POST", "/categories", [name]);
}

/* Acts of these ranks, 1 is the newest, at most 100, without their pictures; none if there are not that many. */
export async function acts(category, first, last) {
	const { status, text } = await call("GET", `${categoryPath(category)}?start=${first}&end=${last}&pictures=0`);

	return status === 204 ? [] : parseActs(text);
}

/* Where an act's picture is, for an <img>. */
export const pictureOf = (id) => `${BASE}/acts/${id}/picture`;

/* Can it be had? Then it is the picture's own fault that it is not shown. */
export async function hasPicture(id) {
	await call("HEAD", `/acts/${id}/picture`);
}

/* How many acts a category has; null: there is no such category. */
export async function size(category) {
	const { status, text } = await call("GET", `${categoryPath(category)}/size`);

	return status === 204 ? null : JSON.parse(text)[0];
}

export async function upvote(id) {
	await call("POST", "/acts/upvote", [id]);
}

export async function remove(id) {
	await call("DELETE", `/acts/${id}`);
}

export async function signUp(username, password) {
	await call("POST", "/users", { username, password });
}

export async function isUser(name) {
	const { status, text } = await call("GET", "/users");

	return status !== 204 && JSON.parse(text).includes(name);
}

/* An act that is there already is this one, sent before: ids are random, and a draft keeps its own. */
function judge(request) {
	const detail = detailOf(request.responseText);
	const good = request.status === 201 || (request.status === 400 && /^actId: .*already/.test(detail));

	return good ? null : new Failure(request.status, detail);
}

/* XMLHttpRequest, as fetch does not tell how much has been sent. onProgress gets 0..1. Aborted by the signal it fails with
 * status -1.
 */
export function upload(act, onProgress, signal) {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest(), silence = new Silence(() => request.abort());
		let part = 0;
		const fail = (status, detail) => {
			silence.stop();
			reject(new Failure(status, detail));
		};

		request.open("POST", `${BASE}/acts`);
		request.setRequestHeader("Content-Type", "application/json");
		request.upload.onprogress = (event) => {
			silence.heard();
			part = event.total > 0 ? event.loaded / event.total : 1;
			onProgress(part);
		};
		request.onload = () => {
			const failure = judge(request);
			silence.stop();
			if (failure)
				reject(failure);
			else
				resolve();
		};
		request.onerror = () => fail(0, noReply(silence, part < 1));
		request.onabort = () => silence.over ? request.onerror() : fail(-1, "aborted");
		signal.addEventListener("abort", () => request.abort());
		request.send(JSON.stringify(act));
	});
}
