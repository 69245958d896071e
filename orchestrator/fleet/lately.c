/* lately: an array, the newest first; a new entry pushes the oldest out.
 *
 * Invariant: of what goes on at one place there is one open entry.
 */
#include "orchestrator/fleet/lately.h"

#include "common/clock.h"
#include "common/json.h"
#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAME_US INT64_C(600000000) /* two that are a try and the next one */

struct lately {
	struct lately_entry items[LATELY_MOST];
	size_t count;
	uint64_t changes;
	void (*changed)(void *arg);
	void *arg;
};

static const char *const whats[LATELY_WHAT_COUNT] = {
#define X(name, text) [LATELY_##name] = text,
        LATELY_WHATS(X)
#undef X
};

struct lately *lately_new(void (*changed)(void *arg), void *arg)
{
	struct lately *lately = mem_zero(sizeof(*lately));

	lately->changed = changed;
	lately->arg = arg;
	return lately;
}

void lately_free(struct lately *lately)
{
	free(lately);
}

static void change(struct lately *lately)
{
	lately->changes++;
	if (lately->changed != NULL)
		lately->changed(lately->arg);
}

/* --- entries --------------------------------------------------------------------------------------------------- */

static bool is_at(const struct lately_entry *entry, const char *service, int slot)
{
	return strcmp(entry->service, service != NULL ? service : "") == 0 && entry->slot == slot;
}

static bool is_of(const struct lately_entry *entry, const struct lately_place *place)
{
	return entry->what == place->what && is_at(entry, place->service, place->slot);
}

static bool is_moment(enum lately_what what)
{
	return what == LATELY_ROLL_FAILED || what == LATELY_REPLACE_FAILED || what == LATELY_STAND_IN_FAILED ||
	       what == LATELY_RELOAD_REFUSED;
}

/* A reload or a roll is over when it has failed; one that fails for the same cause soon after is another try of the same. */
static bool goes_on(const struct lately_entry *entry, const char *cause)
{
	if (is_moment(entry->what))
		return strcmp(entry->cause, cause) == 0 && entry->last_us != 0 && clock_us() - entry->last_us < SAME_US;
	return entry->open;
}

static struct lately_entry *push(struct lately *lately)
{
	if (lately->count < LATELY_MOST)
		lately->count++;
	memmove(lately->items + 1, lately->items, (lately->count - 1) * sizeof(lately->items[0]));
	lately->items[0] = (struct lately_entry){.took_ms = -1};
	return &lately->items[0];
}

static struct lately_entry *make(struct lately *lately, const struct lately_place *place)
{
	struct lately_entry *entry = push(lately);

	entry->what = place->what;
	entry->time_ms = clock_wall_ms();
	entry->begun_us = clock_us();
	entry->slot = place->slot;
	entry->open = !is_moment(place->what);
	snprintf(entry->service, sizeof(entry->service), "%s", place->service != NULL ? place->service : "");
	snprintf(entry->incident, sizeof(entry->incident), "%s", place->incident != NULL ? place->incident : "");
	return entry;
}

void lately_note(struct lately *lately, const struct lately_place *place, enum reason reason, const char *cause)
{
	struct lately_entry *entry = NULL;

	if (lately == NULL)
		return;
	for (size_t i = 0; i < lately->count && entry == NULL; i++)
		if (is_of(&lately->items[i], place) && goes_on(&lately->items[i], cause))
			entry = &lately->items[i];
	if (entry == NULL)
		entry = make(lately, place);
	entry->times++;
	entry->last_us = clock_us();
	entry->reason = reason;
	snprintf(entry->cause, sizeof(entry->cause), "%s", cause);
	change(lately);
}

void lately_explain(struct lately *lately, const struct lately_place *place, const char *cause)
{
	bool by_incident = place->incident != NULL && place->incident[0] != '\0';

	for (size_t i = 0; lately != NULL && i < lately->count; i++) {
		struct lately_entry *entry = &lately->items[i];

		if (!is_of(entry, place) || (by_incident && strcmp(entry->incident, place->incident) != 0))
			continue;
		snprintf(entry->cause, sizeof(entry->cause), "%s", cause);
		change(lately);
		return;
	}
}

static void end(struct lately_entry *entry, int64_t took_ms, bool served)
{
	entry->open = false;
	if (served)
		entry->took_ms = took_ms >= 0 ? took_ms : (clock_us() - entry->begun_us) / 1000;
}

void lately_end(struct lately *lately, const char *service, int slot, int64_t took_ms, bool served)
{
	bool any = false;

	for (size_t i = 0; lately != NULL && i < lately->count; i++) {
		struct lately_entry *entry = &lately->items[i];

		if (!entry->open || !is_at(entry, service, slot))
			continue;
		end(entry, took_ms, served);
		any = true;
	}
	if (any)
		change(lately);
}

void lately_end_service(struct lately *lately, const char *service)
{
	for (size_t i = 0; lately != NULL && i < lately->count; i++)
		if (strcmp(lately->items[i].service, service) == 0)
			lately_end(lately, service, lately->items[i].slot, -1, false);
}

void lately_end_engine(struct lately *lately)
{
	lately_end(lately, "", LATELY_NO_SLOT, -1, true);
}

/* --- reading --------------------------------------------------------------------------------------------------- */

uint64_t lately_changes(const struct lately *lately)
{
	return lately != NULL ? lately->changes : 0;
}

size_t lately_count(const struct lately *lately)
{
	return lately != NULL ? lately->count : 0;
}

const struct lately_entry *lately_at(const struct lately *lately, size_t index)
{
	return &lately->items[index];
}

/* --- JSON ------------------------------------------------------------------------------------------------------ */

static void write_number(struct json_writer *w, const char *key, int64_t number)
{
	json_key(w, key);
	if (number >= 0)
		json_number(w, number);
	else
		json_null(w);
}

static void write_entry(struct json_writer *w, const struct lately_entry *entry)
{
	json_begin_object(w);
	json_member_number(w, "time_ms", entry->time_ms);
	json_member_text(w, "what", whats[entry->what]);
	json_member_text(w, "service", entry->service[0] != '\0' ? entry->service : NULL);
	write_number(w, "slot", entry->slot);
	json_member_text(w, "incident", entry->incident[0] != '\0' ? entry->incident : NULL);
	json_member_text(w, "reason", reason_text(entry->reason));
	json_member_text(w, "cause", entry->cause);
	json_member_number(w, "times", entry->times);
	json_member_bool(w, "open", entry->open);
	write_number(w, "took_ms", entry->took_ms);
	json_end_object(w);
}

void lately_write(struct json_writer *w, const struct lately *lately)
{
	json_begin_array(w);
	for (size_t i = 0; i < lately_count(lately); i++)
		write_entry(w, &lately->items[i]);
	json_end_array(w);
}

/* An index in a table of words; -1: it is none of them. */
static int read_word(const struct json_value *value, const char *(*word)(int index), int count)
{
	for (int i = 0; i < count; i++)
		if (json_text_is(value, word(i)))
			return i;
	return -1;
}

static const char *what_word(int index)
{
	return whats[index];
}

static const char *reason_word(int index)
{
	return reason_text((enum reason)index);
}

/* null is "". False: it is no text, or too long. */
static bool read_text(const struct json_value *value, char *text, size_t size)
{
	if (value != NULL && value->type == JSON_NULL)
		return true;
	if (value == NULL || value->type != JSON_STRING || value->len >= size ||
	    memchr(value->text, '\0', value->len) != NULL)
		return false;
	memcpy(text, value->text, value->len);
	text[value->len] = '\0';
	return true;
}

/* null is -1. */
static bool read_number(const struct json_value *value, int64_t most, int64_t *number)
{
	*number = -1;
	if (value != NULL && value->type == JSON_NULL)
		return true;
	return json_int(value, number) && *number >= 0 && *number <= most;
}

static bool read_entry(const struct json_value *from, struct lately_entry *entry)
{
	int what = read_word(json_get(from, "what"), what_word, LATELY_WHAT_COUNT);
	int reason = read_word(json_get(from, "reason"), reason_word, REASON_COUNT);
	int64_t slot, times;

	if (what == -1 || reason == -1 || !read_number(json_get(from, "slot"), 1000000, &slot) ||
	    !read_number(json_get(from, "times"), UINT32_MAX, &times) || times < 1 ||
	    !read_number(json_get(from, "time_ms"), INT64_MAX, &entry->time_ms) ||
	    !read_number(json_get(from, "took_ms"), INT64_MAX, &entry->took_ms))
		return false;
	entry->what = (enum lately_what)what;
	entry->reason = (enum reason)reason;
	entry->slot = (int)slot;
	entry->times = (unsigned)times;
	return read_text(json_get(from, "service"), entry->service, sizeof(entry->service)) &&
	       read_text(json_get(from, "incident"), entry->incident, sizeof(entry->incident)) &&
	       read_text(json_get(from, "cause"), entry->cause, sizeof(entry->cause));
}

static bool read_all(const struct json_value *root, struct lately *lately, struct err *err)
{
	if (root->type != JSON_ARRAY || root->count > LATELY_MOST)
		return err_set(err, "it is no list of at most %d entries", LATELY_MOST);
	for (const struct json_value *item = root->first; item != NULL; item = item->next) {
		struct lately_entry entry = {.took_ms = -1};

		if (!read_entry(item, &entry))
			return err_set(err, "line %u, column %u: it is no entry of ours", item->line, item->column);
		lately->items[lately->count++] = entry;
	}
	return true;
}

/* What went on when that process ended is not known to have ended: it is over, and nobody knows how long it took. */
bool lately_read(struct lately *lately, const char *text, size_t len, struct err *err)
{
	struct json_doc *doc;
	bool ok;

	lately->count = 0;
	if (!json_parse(text, len, NULL, &doc, err))
		return false;
	ok = read_all(json_root(doc), lately, err);
	json_free(doc);
	if (!ok)
		lately->count = 0;
	return ok;
}
