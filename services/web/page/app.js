/* The wiring: makes the parts, connects them, shows the category in the address. */
import { Account } from "/web/account.js";
import * as blank from "/web/blank.js";
import { addressOf, Categories, chosen } from "/web/categories.js";
import { prepare } from "/web/dialogs.js";
import { $ } from "/web/dom.js";
import { Feed } from "/web/feed.js";
import * as me from "/web/me.js";
import { say } from "/web/notice.js";
import { whenOnline } from "/web/online.js";
import { Post } from "/web/post.js";
import * as viewer from "/web/viewer.js";
import { inWords } from "/web/words.js";

const categories = new Categories({ onAdded: (name) => go(name) });

const feed = new Feed({
	onCount: (name, total) => {
		categories.setCount(name, total);
		showBlank();
	},
	onFilled: () => keepPlace(),
	onFailure: (failure, again) => {
		const retry = () => {
			blank.hide();
			return again();
		};
		if (failure.status === 0)
			whenOnline("acts", retry);
		if (feed.cards.length > 0) {
			$("feed-problem").textContent = inWords("acts", failure);
			return;
		}
		feed.clear();
		blank.failed("acts", failure, retry);
	},
});

const account = new Account({ onChange: () => feed.showOwner() });

const post = new Post({ onPosted: async (act) => {
	say(`Posted. Thank you, ${me.name()}.`);
	await categories.load().catch(() => {});        // the act is there; counts can wait
	if (act.categoryName === categories.current) {
		history.replaceState(null, "");
		scrollTo(0, 0);
		await open();
	} else {
		await go(act.categoryName);
	}
	(feed.find(act.actId) ?? $("feed-title")).focus();
} });

/* The blank that fits what there is, or none. */
function showBlank() {
	if (categories.counts.size === 0)
		blank.noCategories(() => categories.ask());
	else if (categories.current !== null && !categories.counts.has(categories.current))
		blank.noSuchCategory(categories.current, () => go(categories.fullest()));
	else if (feed.total === 0)
		blank.noActs(categories.current, startPost);
	else
		blank.hide();
}

/* Shows what the address says, or where there is most to see. */
async function open() {
	const name = chosen() ?? categories.fullest();

	address = location.href;
	categories.setCurrent(name);
	document.title = name === null ? "Selfless Acts" : `${name} \u00b7 Selfless Acts`;
	$("post-button").hidden = categories.counts.size === 0;
	const opened = feed.open(name ?? "", categories.counts.get(name) ?? 0, history.state?.place ?? null);
	showBlank();
	await opened;
}

/* Opens a category as a click on it would. */
async function go(name) {
	history.pushState(null, "", addressOf(name));
	scrollTo(0, 0);
	await open();
	$("feed-title").focus();
}

/* Everything from the start. */
async function load() {
	blank.hide();
	try {
		await categories.load();
	} catch (failure) {
		if (failure.status === 0)
			whenOnline("categories", load);
		feed.clear();
		blank.failed("categories", failure, load);
		return;
	}
	await open();
}

/* Where one is goes into the history, so that going back and reloading lead there. */
const PLACE_MS = 150;
let placing = 0;
let address = "";       // of what is shown: going back changes the browser's before we hear of it

function keepPlace() {
	clearTimeout(placing);
	placing = setTimeout(() => {
		const place = feed.cards.length > 0 ? feed.place() : undefined;
		if (place !== undefined && location.href === address)
			history.replaceState({ place }, "");
	}, PLACE_MS);
}

/* Another category is in the address: chosen here, or by going back or forth. */
async function onAddress() {
	clearTimeout(placing);
	if (!history.state?.place)
		scrollTo(0, 0);
	await open();
}

function startPost() {
	if (me.name() === "")
		account.open(startPost);
	else
		post.open(categories.names(), categories.current);
}

prepare($("ask-dialog"));
viewer.setUp();
history.scrollRestoration = "manual";
$("post-button").addEventListener("click", startPost);
document.querySelector(".skip").addEventListener("click", (event) => {
	event.preventDefault();         // the address is the category's
	($("feed-head").hidden ? $("blank-button") : $("feed-title")).focus();
});
addEventListener("hashchange", onAddress);
addEventListener("scroll", keepPlace, { passive: true });
load();
