/* api: orders, and the token, which is kept for this tab alone. */

const KEY = "selfless-token";

export const token = {
	get: () => sessionStorage.getItem(KEY) ?? "",
	set: (value) => sessionStorage.setItem(KEY, value),
	forget: () => sessionStorage.removeItem(KEY),
	headers: () => (token.get() === "" ? {} : { Authorization: `Bearer ${token.get()}` }),
};

/* What went wrong, in words; "" if the order was taken. */
export async function order(path, body = null) {
	let reply;
	try {
		reply = await fetch(path, {
			method: "POST",
			headers: { ...token.headers(), ...(body === null ? {} : { "Content-Type": "application/json" }) },
			body: body === null ? undefined : JSON.stringify(body),
		});
	} catch {
		return "The order did not get through: the orchestrator does not answer. Look at the fleet before you try again.";
	}
	if (reply.ok)
		return "";
	try {
		return sentence((await reply.json()).detail);
	} catch {
		return `The orchestrator refused it with status ${reply.status} and did not say why.`;
	}
}

function sentence(text) {
	const end = /[.!?]$/.test(text) ? "" : ".";
	return text.charAt(0).toUpperCase() + text.slice(1) + end;
}
