/* plot: two small drawings in SVG. What they show is said in words, too: in their label or beside them. */
import { makeSvg, set, say } from "./dom.js";
import { KEPT } from "./history.js";

const WIDTH = 120;
const HEIGHT = 28;

/* Stretches of known numbers -> path data; a gap stays a gap. */
function line(values, x, y) {
	let path = "";
	let pen = "M";
	values.forEach((value, at) => {
		if (value === null) {
			pen = "M";
			return;
		}
		path += `${pen}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
		pen = "L";
	});
	return path;
}

/* A line of the last numbers: steps, and at the right edge what is so now. */
export function sparkline() {
	const svg = makeSvg("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
	const base = makeSvg("path", { class: "base", d: `M0 ${HEIGHT - 0.5}H${WIDTH}` });
	const down = makeSvg("path", { class: "down" });
	const path = makeSvg("path", { class: "line" });
	svg.append(base, down, path);
	return svg;
}

/* least: what the top stands for at least. down: for each value, was nothing ready then? */
export function drawSparkline(svg, values, least, label, down = []) {
	const known = values.filter((value) => value !== null);
	const top = Math.max(...known, least);
	const first = KEPT + 1 - values.length;
	const x = (at) => ((first + at) / KEPT) * WIDTH;
	set(svg.lastElementChild, { d: line(values, x, (value) => HEIGHT - 2 - (value / top) * (HEIGHT - 5)) });
	set(svg.querySelector(".down"), { d: down.map((is, at) => (is ? `M${(x(at) - 1).toFixed(1)} ${HEIGHT - 1}h1.6` : "")).join("") });
	set(svg, { "aria-label": label(known) });
}

/* --- the scaling window ----------------------------------------------------------------------------------------- */

const TALL = 140;
const BELOW = 20;	/* the axis of time */
const ABOVE = 18;
const LABELS = 5;

export function windowPlot() {
	const svg = makeSvg("svg", { class: "window", height: TALL, "aria-hidden": "true" });
	for (const name of ["area", "line", "now"])
		svg.append(makeSvg(name === "now" ? "circle" : "path", { class: name }));
	svg.prepend(makeSvg("g", { class: "thresholds" }), makeSvg("g", { class: "axis" }));
	return svg;
}

function texts(group, wanted) {
	while (group.childElementCount > wanted.length)
		group.lastElementChild.remove();
	while (group.childElementCount < wanted.length) {
		const one = makeSvg("g");
		one.append(makeSvg("path"), makeSvg("text"));
		group.append(one);
	}
	wanted.forEach(({ d, x, y, anchor, text, kind }, at) => {
		const [path, label] = group.children[at].children;
		set(group.children[at], { class: kind });
		set(path, { d });
		set(label, { x, y, "text-anchor": anchor });
		say(label, text);
	});
}

/* count of requests over the time of the window; lines where another container is added. */
export function drawWindow(svg, { lengthMs, points, count, elapsedMs, lines, wanted }) {
	const width = svg.clientWidth || 600;
	const bottom = TALL - BELOW;
	const next = lines.find(({ at }) => at > count);
	const top = Math.max(count * 1.2, next === undefined ? 0 : next.at * 1.25, lines[0]?.at * 1.25 || 0, 4);
	const x = (time) => (Math.min(time, lengthMs) / lengthMs) * width;
	const y = (value) => bottom - (value / top) * (bottom - ABOVE);
	const shown = lines.filter(({ at }) => at <= top);
	const every = Math.ceil(shown.length / LABELS);
	/* out of the line's way: it begins on the left */
	const label = elapsedMs > lengthMs * 0.6 ? { x: 0, anchor: "start" } : { x: width, anchor: "end" };
	texts(svg.querySelector(".thresholds"), shown.map(({ at, containers }, index) => ({
		d: `M0 ${y(at).toFixed(1)}H${width}`, ...label, y: (y(at) - 4).toFixed(1),
		kind: containers <= wanted ? "reached" : "ahead",
		text: (shown.length - 1 - index) % every === 0 ? `${containers} containers at ${at}` : "",
	})));
	const half = lengthMs / 2000;
	texts(svg.querySelector(".axis"), [
		{ d: `M0 ${bottom}H${width}`, x: 0, y: TALL - 4, anchor: "start", text: "0 s" },
		{ d: "", x: width / 2, y: TALL - 4, anchor: "middle", text: `${half} s` },
		{ d: "", x: width, y: TALL - 4, anchor: "end", text: `${lengthMs / 1000} s` },
	]);
	const run = elapsedMs === null ? [] : [[0, 0], ...points];
	const d = run.map(([time, value], at) => `${at === 0 ? "M" : "L"}${x(time).toFixed(1)} ${y(value).toFixed(1)}`).join("");
	const end = run.at(-1);
	set(svg.querySelector(".line"), { d });
	set(svg.querySelector(".area"), { d: end === undefined ? "" : `${d}L${x(end[0]).toFixed(1)} ${bottom}L0 ${bottom}Z` });
	set(svg.querySelector(".now"), { r: end === undefined ? 0 : 3.5, cx: end ? x(end[0]).toFixed(1) : 0, cy: end ? y(end[1]).toFixed(1) : 0 });
}
