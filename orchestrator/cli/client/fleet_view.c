/* fleet_view: a line about the whole, a table of services, a table of containers, what is to be said of it, and
 * what went wrong lately. */
#include "orchestrator/cli/client/fleet_view.h"

#include "orchestrator/cli/client/fleet_certificates.h"
#include "orchestrator/cli/client/fleet_lately.h"
#include "orchestrator/cli/client/fleet_nodes.h"
#include "orchestrator/cli/client/fleet_notes.h"
#include "orchestrator/cli/client/table.h"
#include "orchestrator/cli/client/values.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ID_CHARS 12

/* --- values ---------------------------------------------------------------------------------------------------- */

/* The first seconds to a tenth: who asks just after the start wants to see it move. */
static const char *uptime_of(const struct json_value *fleet, char text[VALUE_SIZE])
{
	int64_t ms = value_number(fleet, "uptime_ms", -1);

	if (ms < 0 || ms >= 10000)
		return value_time(ms < 0 ? value_number(fleet, "uptime_s", 0) * 1000 : ms, text);
	snprintf(text, VALUE_SIZE, "%" PRId64 ".%" PRId64 " s", ms / 1000, ms / 100 % 10);
	return text;
}

static const char *probe_of(const struct json_value *object, char text[VALUE_SIZE])
{
	double ms;

	if (!json_real(json_get(object, "probe_ms"), &ms))
		return "-";
	snprintf(text, VALUE_SIZE, ms < 100 ? "%.1f ms" : "%.0f ms", ms);
	return text;
}

/* --- what the numbers mean ------------------------------------------------------------------------------------- */

static int64_t ready_in(const struct json_value *service, const char *entries)
{
	int64_t ready = 0;

	for (const struct json_value *entry = value_first(service, entries); entry != NULL; entry = entry->next)
		ready += json_text_is(json_get(entry, "state"), "ready");
	return ready;
}

/* Spares that stand in, and the stand-in of a roll, serve as well. */
static int64_t ready_of(const struct json_value *service)
{
	return ready_in(service, "slots") + ready_in(service, "spares") + ready_in(service, "leaving");
}

bool fleet_view_serves(const struct json_value *fleet)
{
	for (const struct json_value *service = value_first(fleet, "services"); service != NULL;
	     service = service->next)
		if (value_number(service, "wanted", 0) > 0 && ready_of(service) == 0)
			return false;
	return true;
}

int64_t fleet_view_in_flight(const struct json_value *fleet)
{
	int64_t sum = 0;

	for (const struct json_value *service = value_first(fleet, "services"); service != NULL;
	     service = service->next)
		sum += value_number(service, "in_flight", 0);
	return sum;
}

const struct json_value *fleet_view_service(const struct json_value *fleet, const char *name)
{
	for (const struct json_value *service = value_first(fleet, "services"); service != NULL;
	     service = service->next)
		if (json_text_is(json_get(service, "name"), name))
			return service;
	return NULL;
}

bool fleet_view_check(const struct json_value *fleet)
{
	const struct json_value *services = json_get(fleet, "services");

	return services != NULL && services->type == JSON_ARRAY;
}

static enum table_style style_of(const struct json_value *entry)
{
	static const struct {
		const char *state;
		enum table_style style;
	} styles[] = {{"ready", TABLE_GOOD},
	              {"down", TABLE_BAD},
	              {"backing-off", TABLE_BAD},
	              {"spare", TABLE_PLAIN},
	              {"empty", TABLE_PLAIN}};
	for (size_t i = 0; i < sizeof(styles) / sizeof(*styles); i++)
		if (json_text_is(json_get(entry, "state"), styles[i].state))
			return styles[i].style;
	return TABLE_BUSY;
}

/* --- printing -------------------------------------------------------------------------------------------------- */

static void print_heading(const struct json_value *fleet, FILE *to)
{
	char text[VALUE_SIZE];

	table_safe_text(value_text(fleet, "name", text), to);
	fputs(": version ", to);
	table_safe_text(value_text(fleet, "version", text), to);
	fprintf(to, ", up %s, ", uptime_of(fleet, text));
	fprintf(to, "%" PRId64 " connections", value_number(fleet, "connections", 0));
	fputc('\n', to);
}

static void add_service(struct table *table, const struct json_value *service)
{
	char text[VALUE_SIZE], other[VALUE_SIZE];
	const struct json_value *window = json_get(service, "window");
	int64_t ready = ready_of(service), wanted = value_number(service, "wanted", 0);

	table_add(table, TABLE_PLAIN, "%s", value_text(service, "name", text));
	table_add(table, ready >= wanted ? TABLE_GOOD : ready > 0 ? TABLE_BUSY : TABLE_BAD, "%" PRId64, ready);
	table_add(table, TABLE_PLAIN, "%" PRId64, wanted);
	table_add(table, TABLE_PLAIN, "%s-%s", value_text(service, "min", text), value_text(service, "max", other));
	table_add(table, TABLE_PLAIN, "%s", value_text(window, "count", text));
	table_add(table, TABLE_PLAIN, "%s", value_text(window, "last_count", text));
	table_add(table, TABLE_PLAIN, "%s", value_time_of(window, "ends_in_ms", text));
	table_add(table, TABLE_PLAIN, "%s", value_text(service, "in_flight", text));
	table_add(table, TABLE_PLAIN, "%s", value_text(service, "held", text));
	table_add(table, TABLE_PLAIN, "%s", value_text(service, "requests", text));
	table_add(table, TABLE_PLAIN, "%s", value_text(service, "replacements", text));
}

static void print_services(const struct json_value *fleet, bool colour, FILE *to)
{
	static const struct table_column columns[] = {{"SERVICE", false},   {"READY", true},     {"WANTED", true},
	                                              {"RANGE", true},      {"WINDOW", true},    {"LAST", true},
	                                              {"DECIDES IN", true}, {"IN FLIGHT", true}, {"HELD", true},
	                                              {"REQUESTS", true},   {"REPLACED", true}};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(*columns));

	for (const struct json_value *service = value_first(fleet, "services"); service != NULL;
	     service = service->next)
		add_service(table, service);
	table_print(table, colour, to);
	table_free(table);
}

/* The containers of all services; the last column only where there are several hosts. */
struct entries {
	struct table *table;
	bool nodes;
};

static void add_entry(const struct entries *entries, const struct json_value *service, const struct json_value *entry,
                      const char *what)
{
	struct table *table = entries->table;
	char text[VALUE_SIZE];

	table_add(table, TABLE_PLAIN, "%s", value_text(service, "name", text));
	table_add(table, TABLE_PLAIN, "%s", what);
	table_add(table, style_of(entry), "%s", value_text(entry, "state", text));
	table_add(table, TABLE_PLAIN, "%s", value_text(entry, "reason", text));
	table_add(table, TABLE_PLAIN, "%.*s", ID_CHARS, value_text(entry, "container", text));
	table_add(table, TABLE_PLAIN, "%s", value_text(entry, "image", text));
	table_add(table, TABLE_PLAIN, "%s", value_text(entry, "in_flight", text));
	table_add(table, TABLE_PLAIN, "%s", value_text(entry, "requests", text));
	table_add(table, TABLE_PLAIN, "%s", probe_of(entry, text));
	table_add(table, TABLE_PLAIN, "%s", value_time_of(entry, "since_ms", text));
	if (entries->nodes)
		table_add(table, TABLE_PLAIN, "%s", value_text(entry, "node", text));
}

/* Slots that are empty and were never anything else say nothing. */
static bool is_empty(const struct json_value *slot)
{
	const struct json_value *message = json_get(slot, "message");

	return json_text_is(json_get(slot, "state"), "empty") && (message == NULL || message->len == 0);
}

static void add_entries(const struct entries *entries, const struct json_value *service)
{
	char what[2 * VALUE_SIZE], text[VALUE_SIZE];

	for (const struct json_value *slot = value_first(service, "slots"); slot != NULL; slot = slot->next)
		if (!is_empty(slot))
			add_entry(entries, service, slot, value_text(slot, "slot", text));
	for (const struct json_value *spare = value_first(service, "spares"); spare != NULL; spare = spare->next) {
		int64_t stands_in = value_number(spare, "stands_in_for", -1);
		int len = snprintf(what, sizeof(what), "spare %s", value_text(spare, "spare", text));
		if (stands_in >= 0)
			snprintf(what + len, sizeof(what) - (size_t)len, " for %" PRId64, stands_in);
		add_entry(entries, service, spare, what);
	}
	for (const struct json_value *leaving = value_first(service, "leaving"); leaving != NULL;
	     leaving = leaving->next) {
		int64_t slot = value_number(leaving, "slot", -1);
		snprintf(what, sizeof(what), slot >= 0 ? "%" PRId64 " before" : "stand-in", slot);
		add_entry(entries, service, leaving, what);
	}
}

static void print_entries(const struct json_value *fleet, bool colour, FILE *to)
{
	static const struct table_column columns[] = {{"SERVICE", false},  {"SLOT", false},      {"STATE", false},
	                                              {"REASON", false},   {"CONTAINER", false}, {"IMAGE", false},
	                                              {"IN FLIGHT", true}, {"REQUESTS", true},   {"PROBE", true},
	                                              {"SINCE", true},     {"NODE", false}};
	const bool nodes = fleet_nodes_any(fleet);
	const struct entries entries = {table_new(columns, sizeof(columns) / sizeof(*columns) - !nodes), nodes};

	for (const struct json_value *service = value_first(fleet, "services"); service != NULL;
	     service = service->next)
		add_entries(&entries, service);
	table_print(entries.table, colour, to);
	table_free(entries.table);
}

void fleet_view_print(const struct json_value *fleet, const struct fleet_view_how *how, FILE *to)
{
	print_heading(fleet, to);
	fleet_notes_print_whole(fleet, how, to);
	fleet_nodes_print_loss(fleet, how, to);
	fleet_certificates_print(fleet, how, to);
	fputc('\n', to);
	fleet_nodes_print(fleet, how, to);
	print_services(fleet, how->colour, to);
	fputc('\n', to);
	print_entries(fleet, how->colour, to);
	fleet_notes_print(fleet, how, to);
	fleet_lately_print(fleet, how, to);
}
