/* fleet_lately: a head for each entry, and its cause below it, since that is a sentence. */
#include "orchestrator/cli/client/fleet_lately.h"

#include "common/mem.h"
#include "orchestrator/cli/client/table.h"
#include "orchestrator/cli/client/values.h"
#include "orchestrator/cli/client/wrap.h"

#include <inttypes.h>
#include <stdlib.h>

/* "acts slot 0", "acts", or nothing. */
static void print_where(const struct json_value *entry, FILE *to)
{
	char text[VALUE_SIZE];
	int64_t slot = value_number(entry, "slot", -1);
	const struct json_value *service = json_get(entry, "service");

	if (service == NULL || service->type != JSON_STRING)
		return;
	fputc(' ', to);
	table_safe_text(value_text(entry, "service", text), to);
	if (slot >= 0)
		fprintf(to, " slot %" PRId64, slot);
}

static void print_times(const struct json_value *entry, FILE *to)
{
	int64_t times = value_number(entry, "times", 1), took_ms = value_number(entry, "took_ms", -1);
	char text[VALUE_SIZE];

	if (times > 1)
		fprintf(to, ", %" PRId64 " times", times);
	if (value_bool(entry, "open", false))
		fputs(", goes on", to);
	else if (took_ms >= 0)
		fprintf(to, ", well after %s", value_time(took_ms, text));
}

static void print_entry(const struct json_value *entry, const struct fleet_view_how *how, FILE *to)
{
	char *line, *cause = json_dup_text(json_get(entry, "cause"));
	char text[VALUE_SIZE];
	size_t len;
	FILE *to_line = mem_must(open_memstream(&line, &len));

	fprintf(to_line, "%s  ", value_moment(value_number(entry, "time_ms", 0), text));
	table_safe_text(value_text(entry, "what", text), to_line);
	print_where(entry, to_line);
	print_times(entry, to_line);
	if (cause != NULL && cause[0] != '\0') {
		fputs(": ", to_line);
		table_safe_text(cause, to_line);
	}
	fclose(to_line);
	wrap_print(line, how->columns, to);
	free(line);
	free(cause);
}

void fleet_lately_print(const struct json_value *fleet, const struct fleet_view_how *how, FILE *to)
{
	const struct json_value *entry = value_first(fleet, "lately"), *all = json_get(fleet, "lately");
	int shown = 0;

	if (entry == NULL)
		return;
	fprintf(to, "\n%sLATELY%s", how->colour ? "\033[1m" : "", how->colour ? "\033[0m" : "");
	if (all->count > (size_t)how->lately)
		fprintf(to, " (%d of %zu; --lately shows all)", how->lately, all->count);
	fputc('\n', to);
	for (; entry != NULL && shown < how->lately; entry = entry->next, shown++)
		print_entry(entry, how, to);
}
