/* fleet_view: a line about the whole, a table of services, a table of containers, and what the engine had to say. */
#include "orchestrator/cli/client/fleet_view.h"

#include "orchestrator/cli/client/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_SIZE 160
#define ID_CHARS 12

/* --- values ---------------------------------------------------------------------------------------------------- */

static const struct json_value *first_of(const struct json_value *object, const char *key)
{
	const struct json_value *list = json_get(object, key);

	return list != NULL ? list->first : NULL;
}

/* A text, or a number as it was written; "-" if there is neither. */
static const char *value_text(const struct json_value *object, const char *key, char text[VALUE_SIZE])
{
	const struct json_value *value = json_get(object, key);
	bool shown = value != NULL && (value->type == JSON_STRING || value->type == JSON_NUMBER) && value->len > 0;

	snprintf(text, VALUE_SIZE, "%.*s", shown ? (int)(value->len < VALUE_SIZE ? value->len : VALUE_SIZE - 1) : 1,
	         shown ? value->text : "-");
	return text;
}

static int64_t number(const struct json_value *object, const char *key, int64_t otherwise)
{
	int64_t found;

	return json_int(json_get(object, key), &found) ? found : otherwise;
}

static const char *time_text(int64_t ms, char text[VALUE_SIZE])
{
	static const struct {
		int64_t below_ms, unit_ms;
		const char *unit;
	} units[] = {{1000, 1, "ms"}, {120000, 1000, "s"}, {7200000, 60000, "min"}, {172800000, 3600000, "h"}};
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (ms < units[i].below_ms) {
			snprintf(text, VALUE_SIZE, "%" PRId64 " %s", ms / units[i].unit_ms, units[i].unit);
			return text;
		}
	snprintf(text, VALUE_SIZE, "%" PRId64 " d", ms / 86400000);
	return text;
}

static const char *time_of(const struct json_value *object, const char *key, char text[VALUE_SIZE])
{
	int64_t ms = number(object, key, -1);

	return ms >= 0 ? time_text(ms, text) : "-";
}

/* The first seconds to a tenth: who asks just after the start wants to see it move. */
static const char *uptime_of(const struct json_value *fleet, char text[VALUE_SIZE])
{
	int64_t ms = number(fleet, "uptime_ms", -1);

	if (ms < 0 || ms >= 10000)
		return time_text(ms < 0 ? number(fleet, "uptime_s", 0) * 1000 : ms, text);
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

	for (const struct json_value *entry = first_of(service, entries); entry != NULL; entry = entry->next)
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
	for (const struct json_value *service = first_of(fleet, "services"); service != NULL; service = service->next)
		if (number(service, "wanted", 0) > 0 && ready_of(service) == 0)
			return false;
	return true;
}

int64_t fleet_view_in_flight(const struct json_value *fleet)
{
	int64_t sum = 0;

	for (const struct json_value *service = first_of(fleet, "services"); service != NULL; service = service->next)
		sum += number(service, "in_flight", 0);
	return sum;
}

const struct json_value *fleet_view_service(const struct json_value *fleet, const char *name)
{
	for (const struct json_value *service = first_of(fleet, "services"); service != NULL; service = service->next)
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
	const struct json_value *up = json_path(fleet, "engine", "up", NULL);

	table_safe_text(value_text(fleet, "name", text), to);
	fputs(": version ", to);
	table_safe_text(value_text(fleet, "version", text), to);
	fprintf(to, ", up %s, ", uptime_of(fleet, text));
	fprintf(to, "%" PRId64 " connections", number(fleet, "connections", 0));
	if (up != NULL && up->type == JSON_BOOL && !up->boolean)
		fputs("; THE ENGINE DOES NOT ANSWER", to);
	fputs("\n\n", to);
}

static void add_service(struct table *table, const struct json_value *service)
{
	char text[VALUE_SIZE], other[VALUE_SIZE];
	const struct json_value *window = json_get(service, "window");
	int64_t ready = ready_of(service), wanted = number(service, "wanted", 0);

	table_add(table, TABLE_PLAIN, "%s", value_text(service, "name", text));
	table_add(table, ready >= wanted ? TABLE_GOOD : ready > 0 ? TABLE_BUSY : TABLE_BAD, "%" PRId64, ready);
	table_add(table, TABLE_PLAIN, "%" PRId64, wanted);
	table_add(table, TABLE_PLAIN, "%s-%s", value_text(service, "min", text), value_text(service, "max", other));
	table_add(table, TABLE_PLAIN, "%s", value_text(window, "count", text));
	table_add(table, TABLE_PLAIN, "%s", value_text(window, "last_count", text));
	table_add(table, TABLE_PLAIN, "%s", time_of(window, "ends_in_ms", text));
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

	for (const struct json_value *service = first_of(fleet, "services"); service != NULL; service = service->next)
		add_service(table, service);
	table_print(table, colour, to);
	table_free(table);
}

static void add_entry(struct table *table, const struct json_value *service, const struct json_value *entry,
                      const char *what)
{
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
	table_add(table, TABLE_PLAIN, "%s", time_of(entry, "since_ms", text));
}

/* Slots that are empty and were never anything else say nothing. */
static bool is_empty(const struct json_value *slot)
{
	const struct json_value *message = json_get(slot, "message");

	return json_text_is(json_get(slot, "state"), "empty") && (message == NULL || message->len == 0);
}

static void add_entries(struct table *table, const struct json_value *service)
{
	char what[2 * VALUE_SIZE], text[VALUE_SIZE];

	for (const struct json_value *slot = first_of(service, "slots"); slot != NULL; slot = slot->next)
		if (!is_empty(slot))
			add_entry(table, service, slot, value_text(slot, "slot", text));
	for (const struct json_value *spare = first_of(service, "spares"); spare != NULL; spare = spare->next) {
		int64_t stands_in = number(spare, "stands_in_for", -1);
		int len = snprintf(what, sizeof(what), "spare %s", value_text(spare, "spare", text));
		if (stands_in >= 0)
			snprintf(what + len, sizeof(what) - (size_t)len, " for %" PRId64, stands_in);
		add_entry(table, service, spare, what);
	}
	for (const struct json_value *leaving = first_of(service, "leaving"); leaving != NULL;
	     leaving = leaving->next) {
		int64_t slot = number(leaving, "slot", -1);
		snprintf(what, sizeof(what), slot >= 0 ? "%" PRId64 " before" : "stand-in", slot);
		add_entry(table, service, leaving, what);
	}
}

static void print_entries(const struct json_value *fleet, bool colour, FILE *to)
{
	static const struct table_column columns[] = {
	        {"SERVICE", false}, {"SLOT", false},     {"STATE", false},   {"REASON", false}, {"CONTAINER", false},
	        {"IMAGE", false},   {"IN FLIGHT", true}, {"REQUESTS", true}, {"PROBE", true},   {"SINCE", true}};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(*columns));

	for (const struct json_value *service = first_of(fleet, "services"); service != NULL; service = service->next)
		add_entries(table, service);
	table_print(table, colour, to);
	table_free(table);
}

static void print_message(const struct json_value *service, const struct json_value *entry, const char *what, FILE *to)
{
	char text[VALUE_SIZE];
	char *message = json_dup_text(json_get(entry, "message"));

	if (message != NULL && message[0] != '\0') {
		table_safe_text(value_text(service, "name", text), to);
		fprintf(to, " %s ", what);
		table_safe_text(value_text(entry, what, text), to);
		fputs(": ", to);
		table_safe_text(message, to);
		fputc('\n', to);
	}
	free(message);
}

void fleet_view_print(const struct json_value *fleet, bool colour, FILE *to)
{
	print_heading(fleet, to);
	print_services(fleet, colour, to);
	fputc('\n', to);
	print_entries(fleet, colour, to);
	for (const struct json_value *service = first_of(fleet, "services"); service != NULL; service = service->next) {
		for (const struct json_value *slot = first_of(service, "slots"); slot != NULL; slot = slot->next)
			print_message(service, slot, "slot", to);
		for (const struct json_value *spare = first_of(service, "spares"); spare != NULL; spare = spare->next)
			print_message(service, spare, "spare", to);
	}
}
