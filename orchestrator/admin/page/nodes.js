/* nodes: the hosts that containers are on: what each has, and what the loss of one would cost. None by an engine of one host. */
import { byId, keyed, make, say, sayMarked, set, show } from "./dom.js";

/* How its state looks: as that of a container. */
const LOOKS = { ready: "ready", drain: "spare", pause: "spare" };

function readyOn(service, name) {
	return [...service.slots, ...service.spares, ...service.leaving].filter(({ node, state }) => node === name && state === "ready").length;
}

function whatIsOn(fleet, name) {
	const has = fleet.services.map((service) => [service.name, readyOn(service, name)]).filter(([, ready]) => ready > 0);
	return has.map(([service, ready]) => `${service} ${ready}`).join(", ") || "nothing ready";
}

function roleOf({ manager, reachable, leader, self }) {
	const role = leader ? "leader" : !manager ? "worker" : reachable ? "manager" : "manager, away";
	return self ? `${role}, this one` : role;
}

function makeRow() {
	const [name, state, role, has] = ["cell name", "state", "reason", "cell has"].map((names) => make("span", { class: names }));
	const row = make("li", { class: "node" }, name, make("span", { class: "cell what" }, state, role), has);
	row.parts = { name, state, role, has };
	return row;
}

export function drawNodes(fleet) {
	const nodes = new Map((fleet.engine.nodes ?? []).map((node) => [node.node, node]));
	const loss = fleet.engine.node_loss;
	const rows = keyed(byId("node-rows"), [...nodes.keys()], makeRow);
	for (const [name, node] of nodes) {
		const row = rows.get(name);
		set(row, { "data-state": LOOKS[node.state] ?? "down" });
		say(row.parts.name, name);
		say(row.parts.state, node.state);
		say(row.parts.role, roleOf(node));
		say(row.parts.has, whatIsOn(fleet, name));
	}
	show(byId("nodes"), nodes.size > 0);
	sayMarked(byId("node-loss"), loss?.text ?? "");
	set(byId("node-loss"), { "data-covered": loss?.covered ? "yes" : "no" });
	show(byId("node-loss"), Boolean(loss));
}
