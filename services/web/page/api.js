/* The HTTP API, a function for each thing that can be done. Whatever is not a success becomes a Failure; what that means
 * for people is in words.js.
 */
import { parseActs } from "/web/ids.js";

const BASE = "/api/v1";
const PATIENCE_MS = 45000;      // longer than the proxy holds a request

export class Failure extends Error {
	/* status 0: no reply; detail: the server's own explanation, in English for developers. */
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

function check(status, text) {
	if (status < 200 || status > 299)
		throw new Failure(status, detailOf(text));
	return { status, text };
}

async function call(method, path, body) {
	try {
		const reply = await fetch(BASE + path, {
			method,
			body: body === undefined ? undefined : JSON.stringify(body),
			headers: body === undefined ? {} : { "Content-Type": "application/json" },
			signal: AbortSignal.timeout(PATIENCE_MS),
		});
		return check(reply.status, await reply.text());
	} catch (error) {
		if (error instanceof Failure)
			throw error;
		throw new Failure(0, error.name === "TimeoutError" ? "timeout" : "network");
	}
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

/* Acts of these ranks, 1 is the newest, at most 100; none if there are not that many. */
export async function acts(category, first, last) {
	const { status, text } = await call("GET", `${categoryPath(category)}?start=${first}&end=${last}`);

	return status === 204 ? [] : parseActs(text);
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

/* XMLHttpRequest, as fetch does not tell how much has been sent. onProgress gets 0..1. An act that is there already is
 * this one, sent before: ids are random, and a draft keeps its own. Aborted by the signal it fails with status -1.
 */
export function upload(act, onProgress, signal) {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();

		request.open("POST", `${BASE}/acts`);
		request.setRequestHeader("Content-Type", "application/json");
		request.upload.onprogress = (event) => onProgress(event.total > 0 ? event.loaded / event.total : 1);
		request.onload = () => {
			const detail = detailOf(request.responseText);
			if (request.status === 201 || (request.status === 400 && /^actId: .*already/.test(detail)))
				resolve();
			else
				reject(new Failure(request.status, detail));
		};
		request.onerror = () => reject(new Failure(0, "network"));
		request.onabort = () => reject(new Failure(-1, "aborted"));
		signal.addEventListener("abort", () => request.abort());
		request.send(JSON.stringify(act));
	});
}
