/* fleet_notes: "WHERE: the cause (tries, time to the next one)", and below it what others said. */
#include "orchestrator/cli/client/fleet_notes.h"

#include "common/mem.h"
#include "orchestrator/cli/client/table.h"
#include "orchestrator/cli/client/values.h"
#include "orchestrator/cli/client/wrap.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BAD "\033[1;31m"
#define PLAIN "\033[0m"

/* --- lines ----------------------------------------------------------------------------------------------------- */

struct line {
	char *text;
	size_t len;
	FILE *to;
};

static void line_begin(struct line *line)
{
	line->to = mem_must(open_memstream(&line->text, &line->len));
}

static void line_end(struct line *line, const struct fleet_view_how *how, FILE *to)
{
	fclose(line->to);
	wrap_print(line->text, how->columns, to);
	free(line->text);
}

static void add(struct line *line, const char *text)
{
	table_safe_text(text, line->to);
}

/* "where: the member's text"; false: it has none. */
static bool print_one(const char *where, const struct json_value *object, const char *key,
                      const struct fleet_view_how *how, FILE *to)
{
	char *text = value_dup(object, key);
	struct line line;

	if (text == NULL)
		return false;
	line_begin(&line);
	add(&line, where);
	add(&line, text);
	line_end(&line, how, to);
	free(text);
	return true;
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

static void print_engine(const struct json_value *engine, const struct fleet_view_how *how, FILE *to)
{
	const struct json_value *up = json_get(engine, "up");
	char time[VALUE_SIZE];
	struct line line;

	if (up == NULL || up->type != JSON_BOOL || up->boolean)
		return;
	line_begin(&line);
	fprintf(line.to, "%sTHE ENGINE DOES NOT ANSWER%s", how->colour ? BAD : "", how->colour ? PLAIN : "");
	if (value_number(engine, "since_ms", -1) >= 0)
		fprintf(line.to, ", for %s", value_time_of(engine, "since_ms", time));
	line_end(&line, how, to);
	print_one("engine: ", engine, "cause", how, to);
}

/* Of several orchestrators one leads. */
static void print_leader(const struct json_value *engine, const struct fleet_view_how *how, FILE *to)
{
	char *leader = value_dup(engine, "leader");
	bool leads = value_bool(engine, "leads", true);
	struct line line;

	if (leads && leader == NULL)
		return;
	line_begin(&line);
	fputs(leads ? "leads: its host is " : "follows: ", line.to);
	add(&line, leader != NULL ? leader : "nobody leads, or it is not known who does");
	if (!leads && leader != NULL)
		fputs(" leads, and takes the orders", line.to);
	line_end(&line, how, to);
	free(leader);
}

void fleet_notes_print_whole(const struct json_value *fleet, const struct fleet_view_how *how, FILE *to)
{
	print_engine(json_get(fleet, "engine"), how, to);
	print_leader(json_get(fleet, "engine"), how, to);
	for (const struct json_value *trouble = value_first(fleet, "troubles"); trouble != NULL;
	     trouble = trouble->next) {
		char text[VALUE_SIZE], where[VALUE_SIZE + 4];

		snprintf(where, sizeof(where), "%s: ", value_text(trouble, "what", text));
		print_one(where, trouble, "cause", how, to);
	}
}

/* --- slots and spares ------------------------------------------------------------------------------------------ */

/* " (4 tries, the next one in 3 s)" */
static void add_tries(struct line *line, const struct json_value *entry)
{
	int64_t tries = value_number(entry, "attempts", 0), retry_ms = value_number(entry, "retry_in_ms", -1);
	char time[VALUE_SIZE];

	if (tries == 0 && retry_ms < 0)
		return;
	fputs(" (", line->to);
	if (tries > 0)
		fprintf(line->to, "%" PRId64 " %s", tries, tries == 1 ? "try" : "tries");
	if (retry_ms >= 0)
		fprintf(line->to, "%sthe next one in %s", tries > 0 ? ", " : "", value_time(retry_ms, time));
	fputc(')', line->to);
}

static void print_cause(const char *where, const struct json_value *entry, const struct fleet_view_how *how, FILE *to)
{
	char *cause = value_dup(entry, "cause");
	struct line line;

	if (cause == NULL) { /* or of another version */
		print_one(where, entry, "message", how, to);
		return;
	}
	line_begin(&line);
	add(&line, where);
	add(&line, cause);
	add_tries(&line, entry);
	line_end(&line, how, to);
	free(cause);
	print_one("    the engine says: ", entry, "engine_says", how, to);
}

/* What runs, where that is not what is configured. */
static void print_image(const char *where, const struct json_value *service, const struct json_value *slot,
                        const struct fleet_view_how *how, FILE *to)
{
	char *why = value_dup(slot, "image_why");
	char image[VALUE_SIZE], wanted[VALUE_SIZE];
	struct line line;

	if (why == NULL)
		return;
	line_begin(&line);
	add(&line, where);
	add(&line, "runs ");
	add(&line, value_text(slot, "image", image));
	add(&line, ", configured is ");
	add(&line, value_text(service, "image", wanted));
	add(&line, ": ");
	add(&line, why);
	line_end(&line, how, to);
	free(why);
}

static void print_slot(const struct json_value *service, const struct json_value *slot,
                       const struct fleet_view_how *how, FILE *to)
{
	char where[3 * VALUE_SIZE], name[VALUE_SIZE], index[VALUE_SIZE];
	char *waits_for = value_dup(slot, "waits_for");
	struct line line;

	snprintf(where, sizeof(where), "%s slot %s: ", value_text(service, "name", name),
	         value_text(slot, "slot", index));
	print_cause(where, slot, how, to);
	print_image(where, service, slot, how, to);
	if (waits_for == NULL)
		return;
	line_begin(&line);
	add(&line, where);
	add(&line, waits_for);
	fprintf(line.to, " (for %s)", value_time_of(slot, "since_ms", index));
	line_end(&line, how, to);
	free(waits_for);
}

static void print_spare(const struct json_value *service, const struct json_value *spare,
                        const struct fleet_view_how *how, FILE *to)
{
	char where[3 * VALUE_SIZE], name[VALUE_SIZE], index[VALUE_SIZE];

	snprintf(where, sizeof(where), "%s spare %s: ", value_text(service, "name", name),
	         value_text(spare, "spare", index));
	print_cause(where, spare, how, to);
}

/* --- rolls ----------------------------------------------------------------------------------------------------- */

static const char *words_of_roll(const struct json_value *roll)
{
	bool due = !value_bool(roll, "begun", true);

	if (json_text_is(json_get(roll, "what"), "replace"))
		return due ? "a container is to be replaced, as was ordered"
		           : "a container is being replaced, as was ordered";
	if (json_text_is(json_get(roll, "what"), "ports"))
		return "a stand-in serves, since others have the ports";
	return due ? "a roll is due" : "a roll is under way";
}

/* ", 1 of 3 done"; of a stand-in it is the slots that serve. */
static void add_progress(struct line *line, const struct json_value *roll)
{
	bool ports = json_text_is(json_get(roll, "what"), "ports");
	int64_t of = value_number(roll, "of", 0);

	if (of > 0)
		fprintf(line->to, ", %" PRId64 " of %" PRId64 " %s", value_number(roll, "done", 0), of,
		        ports ? "slots serve" : "done");
}

static void print_roll(const char *name, const struct json_value *roll, const struct fleet_view_how *how, FILE *to)
{
	int64_t slot = value_number(roll, "slot", -1);
	char *waits_for = value_dup(roll, "waits_for");
	char time[VALUE_SIZE];
	struct line line;

	line_begin(&line);
	add(&line, name);
	fprintf(line.to, ": %s", words_of_roll(roll));
	add_progress(&line, roll);
	if (slot >= 0)
		fprintf(line.to, ", now slot %" PRId64, slot);
	if (waits_for != NULL) {
		add(&line, ": ");
		add(&line, waits_for);
	}
	if (value_number(roll, "since_ms", -1) >= 0)
		fprintf(line.to, " (for %s)", value_time_of(roll, "since_ms", time));
	line_end(&line, how, to);
	free(waits_for);
}

static void print_service(const struct json_value *service, const struct fleet_view_how *how, FILE *to)
{
	const struct json_value *roll = json_get(service, "roll");
	char where[2 * VALUE_SIZE], name[VALUE_SIZE];

	value_text(service, "name", name);
	if (roll != NULL && roll->type == JSON_OBJECT)
		print_roll(name, roll, how, to);
	snprintf(where, sizeof(where), "%s: ", name);
	print_one(where, service, "roll_cause", how, to);
	for (const struct json_value *slot = value_first(service, "slots"); slot != NULL; slot = slot->next)
		print_slot(service, slot, how, to);
	for (const struct json_value *spare = value_first(service, "spares"); spare != NULL; spare = spare->next)
		print_spare(service, spare, how, to);
}

void fleet_notes_print(const struct json_value *fleet, const struct fleet_view_how *how, FILE *to)
{
	for (const struct json_value *service = value_first(fleet, "services"); service != NULL;
	     service = service->next)
		print_service(service, how, to);
}
