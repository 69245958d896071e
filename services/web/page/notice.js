/* One line at the lower edge about what was just done. It goes away by itself; what went wrong is said where it did. */
import { $, icon, make } from "/web/dom.js";

const SHOWN_MS = 6000;

export function say(text) {
	const toast = make("div", "toast");
	const close = make("button", "button bare");

	close.type = "button";
	close.ariaLabel = "Dismiss";
	close.append(icon("close"));
	close.addEventListener("click", () => toast.remove());
	toast.append(make("span", "", text), close);
	$("said").replaceChildren(toast);
	setTimeout(() => toast.remove(), SHOWN_MS);
}
