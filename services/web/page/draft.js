/* The draft of an act, kept for this tab: a reload, or a phone that took the page's memory for its camera, does not lose it. */

const KEY = "selfless.draft";

/* draft: what JSON can hold. Where nothing may be stored, or there is no room, the draft lives as long as the page. */
export function keep(draft) {
	try {
		sessionStorage.setItem(KEY, JSON.stringify(draft));
	} catch {
		forget();
	}
}

export function forget() {
	try {
		sessionStorage.removeItem(KEY);
	} catch {
		/* forbidden */
	}
}

/* null: there is none */
export function kept() {
	try {
		return JSON.parse(sessionStorage.getItem(KEY));
	} catch {
		return null;
	}
}
