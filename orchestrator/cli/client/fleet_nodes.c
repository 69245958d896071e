/* fleet_nodes: see the header. */
#include "orchestrator/cli/client/fleet_nodes.h"

#include "common/mem.h"
#include "orchestrator/cli/client/table.h"
#include "orchestrator/cli/client/values.h"
#include "orchestrator/cli/client/wrap.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BAD "\033[1;31m"
#define PLAIN "\033[0m"

static const struct json_value *first_node(const struct json_value *fleet)
{
	return value_first(json_get(fleet, "engine"), "nodes");
}

bool fleet_nodes_any(const struct json_value *fleet)
{
	return first_node(fleet) != NULL;
}

void fleet_nodes_print_loss(const struct json_value *fleet, const struct fleet_view_how *how, FILE *to)
{
	const struct json_value *loss = json_path(fleet, "engine", "node_loss", NULL);
	char *text = value_dup(loss, "text"), *line = NULL;
	bool bad = how->colour && !value_bool(loss, "covered", true);
	size_t len;

	if (text == NULL)
		return;
	FILE *words = mem_must(open_memstream(&line, &len));
	fputs(bad ? BAD : "", words);
	table_safe_text(text, words);
	fputs(bad ? PLAIN : "", words);
	fclose(words);
	wrap_print(line, how->columns, to);
	free(line);
	free(text);
}

/* --- the table ------------------------------------------------------------------------------------------------- */

static int64_t ready_there(const struct json_value *service, const char *entries, const char *node)
{
	int64_t ready = 0;

	for (const struct json_value *entry = value_first(service, entries); entry != NULL; entry = entry->next)
		ready += json_text_is(json_get(entry, "state"), "ready") && json_text_is(json_get(entry, "node"), node);
	return ready;
}

/* "acts 2, users 1" */
static char *what_is_on(const struct json_value *fleet, const char *node)
{
	char *text = NULL, name[VALUE_SIZE];
	const char *between = "";
	size_t len;
	FILE *to = mem_must(open_memstream(&text, &len));

	for (const struct json_value *service = value_first(fleet, "services"); service != NULL;
	     service = service->next) {
		int64_t ready = ready_there(service, "slots", node) + ready_there(service, "spares", node) +
		                ready_there(service, "leaving", node);
		if (ready == 0)
			continue;
		fprintf(to, "%s%s %" PRId64, between, value_text(service, "name", name), ready);
		between = ", ";
	}
	fclose(to);
	return text;
}

static const char *role_of(const struct json_value *node)
{
	if (value_bool(node, "leader", false))
		return "leader";
	if (!value_bool(node, "manager", false))
		return "worker";
	return value_bool(node, "reachable", false) ? "manager" : "manager, away";
}

static void add_node(struct table *table, const struct json_value *fleet, const struct json_value *node)
{
	char name[VALUE_SIZE], state[VALUE_SIZE];
	bool ready = json_text_is(json_get(node, "state"), "ready");
	char *has = what_is_on(fleet, value_text(node, "node", name));

	table_add(table, TABLE_PLAIN, "%s", name);
	table_add(table, ready ? TABLE_GOOD : TABLE_BAD, "%s", value_text(node, "state", state));
	table_add(table, TABLE_PLAIN, "%s%s", role_of(node), value_bool(node, "self", false) ? ", this one" : "");
	table_add(table, TABLE_PLAIN, "%s", has[0] != '\0' ? has : "-");
	free(has);
}

void fleet_nodes_print(const struct json_value *fleet, const struct fleet_view_how *how, FILE *to)
{
	static const struct table_column columns[] = {
	        {"NODE", false}, {"STATE", false}, {"ROLE", false}, {"READY CONTAINERS", false}};
	struct table *table;

	if (!fleet_nodes_any(fleet))
		return;
	table = table_new(columns, sizeof(columns) / sizeof(*columns));
	for (const struct json_value *node = first_node(fleet); node != NULL; node = node->next)
		add_node(table, fleet, node);
	table_print(table, how->colour, to);
	fputc('\n', to);
	table_free(table);
}
