/* acme_record: one JSON object. */
#include "orchestrator/certs/acme_record.h"

#include "common/json.h"
#include "common/mem.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static void write_text(struct json_writer *w, const char *key, const char *text)
{
	if (text != NULL)
		json_member_text(w, key, text);
}

static void write_left(struct json_writer *w, const struct acme_left *left)
{
	write_text(w, "left_directory", left->directory);
	write_text(w, "left_order", left->order);
	write_text(w, "left_key", left->key);
}

static void write_tries(struct json_writer *w, const struct acme_tries *tries)
{
	json_member_number(w, "last", tries->last);
	json_member_number(w, "refused", tries->refused);
	json_member_number(w, "waits_for", tries->waits_for);
	json_member_number(w, "first_not_before_s", tries->not_before_s[ACME_FIRST]);
	json_member_number(w, "fallback_not_before_s", tries->not_before_s[ACME_FALLBACK]);
}

char *acme_record_text(const struct acme_record *record)
{
	struct json_writer w;
	struct buf buf;

	buf_init_secret(&buf, ACME_RECORD_MAX);
	json_writer_init(&w, &buf);
	json_begin_object(&w);
	write_text(&w, "directory", record->directory);
	write_text(&w, "first", record->first);
	write_text(&w, "fallback", record->fallback);
	write_tries(&w, &record->tries);
	json_member_number(&w, "failures", record->failures);
	json_member_number(&w, "next_ms", record->next_ms);
	json_member_number(&w, "wait_ms", record->wait_ms);
	json_member_number(&w, "failed_ms", record->failed_ms);
	write_text(&w, "failure", record->failure);
	write_text(&w, "remedy", record->remedy);
	write_text(&w, "order", record->order);
	write_text(&w, "key", record->key);
	write_left(&w, &record->left);
	write_text(&w, "challenge", record->challenge);
	write_text(&w, "issued_by", record->issued_by);
	json_member_number(&w, "window_from_s", record->window.from_s);
	json_member_number(&w, "window_until_s", record->window.until_s);
	json_member_number(&w, "ask_ms", record->ask_ms);
	json_end_object(&w);
	assert(json_writer_ok(&w));
	char *text = mem_format("%s\n", buf_text(&buf));
	buf_clear(&buf);
	return text;
}

static bool read_number(const struct json_value *object, const char *key, int64_t *number)
{
	*number = 0;
	return json_int(json_get(object, key), number) && *number >= 0;
}

static bool read_turn(const struct json_value *object, const char *key, enum acme_turn *turn)
{
	int64_t number;

	if (!read_number(object, key, &number) || number >= ACME_TURNS)
		return false;
	*turn = (enum acme_turn)number;
	return true;
}

static void read_tries(const struct json_value *object, struct acme_tries *tries)
{
	if (!read_turn(object, "last", &tries->last) || !read_number(object, "refused", &tries->refused) ||
	    !read_number(object, "first_not_before_s", &tries->not_before_s[ACME_FIRST]) ||
	    !read_number(object, "fallback_not_before_s", &tries->not_before_s[ACME_FALLBACK]))
		*tries = (struct acme_tries){0};
	else if (!read_turn(object, "waits_for", &tries->waits_for))
		tries->waits_for = ACME_FIRST; /* the record is of an older version */
}

bool acme_record_read(const char *text, size_t len, struct acme_record *record, struct err *err)
{
	struct json_doc *doc;

	*record = (struct acme_record){0};
	if (!json_parse(text, len, NULL, &doc, err))
		return false;
	const struct json_value *root = json_root(doc);
	record->directory = json_dup_text(json_get(root, "directory"));
	record->first = json_dup_text(json_get(root, "first"));
	record->fallback = json_dup_text(json_get(root, "fallback"));
	read_tries(root, &record->tries);
	record->failure = json_dup_text(json_get(root, "failure"));
	record->remedy = json_dup_text(json_get(root, "remedy"));
	record->order = json_dup_text(json_get(root, "order"));
	record->key = json_dup_text(json_get(root, "key"));
	record->left.directory = json_dup_text(json_get(root, "left_directory"));
	record->left.order = json_dup_text(json_get(root, "left_order"));
	record->left.key = json_dup_text(json_get(root, "left_key"));
	record->challenge = json_dup_text(json_get(root, "challenge"));
	record->issued_by = json_dup_text(json_get(root, "issued_by"));
	if (!read_number(root, "window_from_s", &record->window.from_s) ||
	    !read_number(root, "window_until_s", &record->window.until_s) ||
	    !read_number(root, "ask_ms", &record->ask_ms) ||
	    (record->window.until_s != 0 && record->window.until_s <= record->window.from_s)) {
		record->window = (struct acme_window){0}; /* it is asked for anew */
		record->ask_ms = 0;
	}
	bool ok = (read_number(root, "failures", &record->failures) && read_number(root, "next_ms", &record->next_ms) &&
	           read_number(root, "wait_ms", &record->wait_ms) &&
	           read_number(root, "failed_ms", &record->failed_ms)) ||
	          err_set(err, "a number is missing");
	json_free(doc);
	if (!ok)
		acme_record_clear(record);
	return ok;
}

void acme_record_set(char **text, const char *by)
{
	char *copy = mem_dup(by);

	free(*text);
	*text = copy;
}

void acme_record_wait(struct acme_record *record, int64_t wait_ms, int64_t now_ms)
{
	record->wait_ms = wait_ms;
	record->next_ms = now_ms + wait_ms;
}

bool acme_record_mind_clock(struct acme_record *record, int64_t now_ms)
{
	if (record->next_ms - now_ms <= record->wait_ms)
		return false;
	record->next_ms = now_ms + record->wait_ms;
	memset(record->tries.not_before_s, 0, sizeof(record->tries.not_before_s)); /* by the same clock */
	return true;
}

static bool is_same(const char *one, const char *other)
{
	return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

/* --- orders ---------------------------------------------------------------------------------------------------- */

static void free_key(char *key)
{
	if (key != NULL)
		OPENSSL_cleanse(key, strlen(key));
	free(key);
}

void acme_record_forget_order(struct acme_record *record)
{
	free_key(record->key);
	free(record->order);
	record->key = record->order = NULL;
}

void acme_record_forget_left(struct acme_record *record)
{
	free_key(record->left.key);
	free(record->left.order);
	free(record->left.directory);
	record->left = (struct acme_left){0};
}

static void exchange(struct acme_record *record)
{
	const struct acme_left at_hand = {record->directory, record->order, record->key};

	record->directory = record->left.directory;
	record->order = record->left.order;
	record->key = record->left.key;
	record->left = at_hand;
	if (record->left.order == NULL)
		acme_record_forget_left(record);
}

void acme_record_turn_to(struct acme_record *record, const char *directory)
{
	if (is_same(record->directory, directory))
		return;
	exchange(record);
	if (!is_same(record->directory, directory))
		acme_record_forget_order(record);
	acme_record_set(&record->directory, directory);
}

/* --- other CAs ------------------------------------------------------------------------------------------------- */

/* What it said is over, as is an order there; what the first one said stays. */
static bool forget_fallback(struct acme_record *record)
{
	if (record->tries.last == ACME_FALLBACK) {
		acme_record_set(&record->failure, NULL);
		acme_record_set(&record->remedy, NULL);
	}
	return acme_turn_forget_fallback(&record->tries);
}

bool acme_record_meet(struct acme_record *record, const char *first, const char *fallback)
{
	const char *before = record->first != NULL ? record->first : record->directory;
	bool waited = false;

	if (record->directory != NULL && !is_same(before, first))
		acme_record_forgive(record);
	else if (!is_same(record->fallback, fallback))
		waited = forget_fallback(record);
	if (record->directory != NULL && !is_same(record->directory, first) && !is_same(record->directory, fallback)) {
		acme_record_forget_order(record);
		acme_record_turn_to(record, first);
	}
	if (!is_same(record->left.directory, first) && !is_same(record->left.directory, fallback))
		acme_record_forget_left(record);
	acme_record_set(&record->first, first);
	acme_record_set(&record->fallback, fallback);
	return waited;
}

/* --- ends ------------------------------------------------------------------------------------------------------ */

void acme_record_issued(struct acme_record *record, const char *by)
{
	acme_record_set(&record->issued_by, by);
	record->window = (struct acme_window){0};
	record->ask_ms = 0;
}

void acme_record_forgive(struct acme_record *record)
{
	free(record->failure);
	free(record->remedy);
	record->failure = record->remedy = NULL;
	record->failures = record->next_ms = record->wait_ms = record->failed_ms = 0;
	record->tries = (struct acme_tries){0};
}

void acme_record_finish(struct acme_record *record)
{
	acme_record_forget_order(record);
	acme_record_forget_left(record);
	acme_record_forgive(record);
	free(record->directory);
	record->directory = NULL;
}

void acme_record_clear(struct acme_record *record)
{
	acme_record_finish(record);
	free(record->first);
	free(record->fallback);
	free(record->challenge);
	free(record->issued_by);
	*record = (struct acme_record){0};
}
