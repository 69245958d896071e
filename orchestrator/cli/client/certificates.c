/* certificates: the list, with what stands in the way of each below it; and the order of one. */
#include "common/json.h"
#include "common/mem.h"
#include "orchestrator/cli/client/client.h"
#include "orchestrator/cli/client/open.h"
#include "orchestrator/cli/client/screen.h"
#include "orchestrator/cli/client/table.h"
#include "orchestrator/cli/client/values.h"
#include "orchestrator/cli/exit_code.h"
#include "orchestrator/config/host_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define REPLY_MAX 4194304

static const struct table_column columns[] = {
        {.title = "HOST"}, {.title = "ISSUER"}, {.title = "ENDS"}, {.title = "RENEWED"}, {.title = "STATE"},
};

/* --- the table ------------------------------------------------------------------------------------------------- */

static void add_time(struct table *table, enum table_style style, int64_t at_ms, int64_t now_ms)
{
	char date[VALUE_SIZE];

	if (at_ms == 0) {
		table_add(table, TABLE_PLAIN, "-");
		return;
	}
	value_date(at_ms, date);
	int64_t left_h = (at_ms - now_ms) / 3600000;
	if (left_h >= 48 || left_h <= -48)
		table_add(table, style, "%s (%" PRId64 " d)", date, left_h / 24);
	else
		table_add(table, style, "%s (%" PRId64 " h)", date, left_h);
}

static enum table_style style_of(const struct json_value *one, int64_t now_ms)
{
	return value_number(one, "soon_ms", 0) <= now_ms ? TABLE_BAD : TABLE_GOOD;
}

/* Is that the CA of acme.fallback? fallback NULL: there is none. */
static bool is_fallback(const struct json_value *object, const char *key, const char *fallback)
{
	return fallback != NULL && json_text_is(json_get(object, key), fallback);
}

/* With what is used for it. */
static void add_good(struct table *table, const struct json_value *one, const char *fallback, int64_t now_ms)
{
	bool by_ca = json_text_is(json_get(one, "renews_by"), "ca");
	char *proof = value_dup(one, "challenge");

	table_add(table, style_of(one, now_ms), "good%s%s%s%s",
	          is_fallback(one, "ca", fallback) ? ", from the fallback" : "", proof != NULL ? ", proven by " : "",
	          proof != NULL ? proof : "", by_ca ? ", renewed when the CA says" : "");
	free(proof);
}

static void add_state(struct table *table, const struct json_value *one, const char *fallback, int64_t now_ms)
{
	const char *there = is_fallback(one, "next_ca", fallback) ? " at the fallback" : "";
	const struct json_value *failure = json_get(one, "failure");
	int64_t ends_ms = value_number(one, "ends_ms", 0), next_ms = value_number(one, "next_ms", 0);
	bool failed = failure != NULL && failure->type == JSON_OBJECT;

	if (value_bool(one, "ordering", false))
		table_add(table, TABLE_BUSY, "is being ordered%s", there);
	else if (failed)
		table_add(table, TABLE_BAD, "failed; next try%s in %" PRId64 " s", there,
		          next_ms > now_ms ? (next_ms - now_ms) / 1000 : 0);
	else if (ends_ms == 0)
		table_add(table, TABLE_BUSY, "is to be ordered");
	else if (json_text_is(json_get(one, "source"), "file"))
		table_add(table, style_of(one, now_ms), "from a file");
	else
		add_good(table, one, fallback, now_ms);
}

static void add_row(struct table *table, const struct json_value *one, const char *fallback, int64_t now_ms)
{
	char text[VALUE_SIZE];

	table_add(table, TABLE_PLAIN, "%s", value_text(one, "host", text));
	table_add(table, TABLE_PLAIN, "%s", value_text(one, "issuer", text));
	add_time(table, style_of(one, now_ms), value_number(one, "ends_ms", 0), now_ms);
	add_time(table, TABLE_PLAIN, value_number(one, "renews_ms", 0), now_ms);
	add_state(table, one, fallback, now_ms);
}

static void print_text(const char *before, const struct json_value *object, const char *key)
{
	char *text = value_dup(object, key);

	fputs(before, stdout);
	table_safe_text(text != NULL ? text : "-", stdout);
	free(text);
}

static void print_failure(const struct json_value *one, const char *fallback)
{
	const struct json_value *failure = json_get(one, "failure");

	if (failure == NULL || failure->type != JSON_OBJECT)
		return;
	print_text("\n", one, "host");
	print_text(is_fallback(failure, "ca", fallback) ? ", at the fallback: " : ": ", failure, "text");
	print_text("\n  what to do: ", failure, "remedy");
	putchar('\n');
}

static void print(const struct json_value *root)
{
	const struct json_value *list = json_get(root, "certificates");
	struct table *table = table_new(columns, sizeof(columns) / sizeof(*columns));
	int64_t now_ms = value_number(root, "time_ms", 0);
	char *fallback = value_dup(root, "fallback");

	for (const struct json_value *one = list->first; one != NULL; one = one->next)
		add_row(table, one, fallback, now_ms);
	if (list->count > 0)
		table_print(table, screen_look().colour, stdout);
	else
		puts("there are no certificates, and none is ordered: see docs/tls.md");
	for (const struct json_value *one = list->first; one != NULL; one = one->next)
		print_failure(one, fallback);
	if (!value_bool(root, "agreed", false))
		puts("\nnone is ordered by itself: acme.agree_to_terms is false");
	table_free(table);
	free(fallback);
}

/* --- the commands ---------------------------------------------------------------------------------------------- */

static bool show(const struct client_settings *settings, struct buf *text, struct err *err)
{
	struct json_doc *doc;

	if (settings->json) {
		fwrite(text->data, 1, text->len, stdout);
		return true;
	}
	if (!json_parse(buf_text(text), text->len, NULL, &doc, err))
		return false;
	const struct json_value *list = json_get(json_root(doc), "certificates");
	bool ok = (list != NULL && list->type == JSON_ARRAY) ||
	          err_set(err, "what answers is no orchestrator's admin API: is the address right?");
	if (ok)
		print(json_root(doc));
	json_free(doc);
	return ok;
}

int client_certificates(const struct client_settings *settings)
{
	return ask_once(settings, "GET", "/api/certificates", NULL, REPLY_MAX, show);
}

int client_renew(const struct client_settings *settings, const char *host)
{
	char name[HOST_NAME_SIZE];
	struct err err;

	if (!host_name_read(host, name, &err)) {
		fprintf(stderr, "\"%s\": %s\n", host, err.message);
		return CODE_USAGE;
	}
	char *path = mem_format("/api/certificates/%s/renew", name);
	int code = ask_once(settings, "POST", path, "", REPLY_MAX, NULL);
	free(path);
	if (code == CODE_GOOD)
		printf("%s: its certificate is being ordered; see orchestrator certificates\n", name);
	return code;
}
