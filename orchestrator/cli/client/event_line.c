/* event_line: time, level and event first, then the other keys in their order. */
#include "orchestrator/cli/client/event_line.h"

#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/cli/client/table.h"
#include "orchestrator/cli/client/values.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 65536

static bool is_heading(const char *key)
{
	static const char *const keys[] = {"number", "time_ms", "level", "event"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* In quotes where it is more than a word. */
static void print_value(const struct json_value *value, FILE *to)
{
	char *text = mem_dup_n(value->text, value->len);
	bool word = value->len > 0 && strpbrk(text, " \"\\=\n\t") == NULL;

	table_safe_text(word ? text : log_quote(text), to);
	free(text);
}

static const char *colour_of(const struct json_value *line)
{
	if (json_text_is(json_get(line, "level"), "error"))
		return "\033[1;31m";
	return json_text_is(json_get(line, "level"), "warn") ? "\033[33m" : "";
}

void event_line_print(const struct json_value *line, bool colour, FILE *to)
{
	const char *code = colour ? colour_of(line) : "";
	char text[VALUE_SIZE];
	int64_t ms = value_number(line, "time_ms", 0);

	fprintf(to, "%s.%03" PRId64, value_moment(ms, text), ms % 1000);
	fprintf(to, " %s%-5.5s%s ", code, value_text(line, "level", text), code[0] != '\0' ? "\033[0m" : "");
	table_safe_text(value_text(line, "event", text), to);
	for (const struct json_value *member = json_members(line); member != NULL; member = member->next) {
		if (is_heading(member->key) || member->type != JSON_STRING)
			continue;
		fputc(' ', to);
		table_safe_text(member->key, to);
		fputc('=', to);
		print_value(member, to);
	}
	fputc('\n', to);
}

void event_line_write_json(const struct json_value *line, FILE *to)
{
	struct buf text;
	struct json_writer w;

	buf_init(&text, LINE_MAX_BYTES);
	json_writer_init(&w, &text);
	json_begin_object(&w);
	for (const struct json_value *member = json_members(line); member != NULL; member = member->next) {
		json_key(&w, member->key);
		if (member->type == JSON_NUMBER)
			json_raw(&w, member->text, member->len);
		else
			json_text_n(&w, member->text, member->len);
	}
	json_end_object(&w);
	if (json_writer_ok(&w))
		fprintf(to, "%s\n", buf_text(&text));
	buf_clear(&text);
}
