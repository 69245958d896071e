/* What stands where the acts would be, when there are none: never nothing. */
import { $, busy, quoted } from "/web/dom.js";
import { inWords } from "/web/words.js";

export function hide() {
	$("blank").hidden = true;
}

function show(title, text, label, action) {
	$("blank-title").textContent = title;
	$("blank-text").textContent = text;
	$("blank-button").textContent = label;
	$("blank-button").onclick = () => busy($("blank-button"), async () => action());
	$("blank").hidden = false;
}

export function noCategories(action) {
	show("Nothing here yet", "Acts live in categories: neighbours, garden, lost and found. Begin with the first one.",
		"Add a category", action);
}

export function noActs(category, action) {
	show("Somebody has to be first", `There are no acts in ${quoted(category)} yet. Did you do something for somebody lately?`,
		"Post an act", action);
}

export function noSuchCategory(category, action) {
	show("There is no such category", `${quoted(category)} has been removed, or never was.`, "Show another one", action);
}

/* doing, failure: as inWords has them */
export function failed(doing, failure, action) {
	const offline = failure.detail === "offline";

	show(offline ? "The acts are not here yet" : "That did not work", inWords(doing, failure), "Try again", action);
}
