/* One line at the lower edge about what was just done. Good news goes away by itself; bad news stays until it is read. */
import { $, icon, make } from "/web/dom.js";

const SHOWN_MS = 6000;

function show(place, className, text) {
	const toast = make("div", className);
	const close = make("button", "button bare");

	close.type = "button";
	close.ariaLabel = "Dismiss";
	close.append(icon("close"));
	close.addEventListener("click", () => toast.remove());
	toast.append(make("span", "", text), close);
	place.replaceChildren(toast);
	return toast;
}

export function say(text) {
	const toast = show($("said"), "toast", text);

	$("alarmed").replaceChildren();
	setTimeout(() => toast.remove(), SHOWN_MS);
}

export function alarm(text) {
	$("said").replaceChildren();
	show($("alarmed"), "toast alarm", text);
}

/* For those who hear the page: what others see happen. */
export function tell(text) {
	$("said").replaceChildren(make("p", "unseen", text));
}
