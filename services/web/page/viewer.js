/* One picture, as large as the window allows, with the whole of its caption. */
import { prepare } from "/web/dialogs.js";
import { $ } from "/web/dom.js";

export function setUp() {
	prepare($("view-dialog"));
	$("view-dialog").addEventListener("close", () => $("view-picture").removeAttribute("src"));
}

export function view(address, act, meta) {
	$("view-picture").src = address;
	$("view-picture").alt = act.caption ? "" : "A picture without a caption";
	$("view-caption").textContent = act.caption || "No caption";
	$("view-meta").textContent = meta;
	$("view-dialog").showModal();
}
