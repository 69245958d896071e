/* journal: a ring of lines, each made into JSON once, when it comes.
 *
 * Invariant: line number n is in lines[n % JOURNAL_LINES], for the last JOURNAL_LINES numbers; what is not a row of
 * key=value never gets a number.
 */
#include "orchestrator/admin/journal.h"

#include "common/clock.h"
#include "common/json.h"
#include "common/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define VALUE_MAX 1024
#define INCIDENTS 16 /* that are told at the same time */
#define INCIDENT_SIZE 16

/* What was told of an incident so far, in lines: about requests, and about anything else. */
struct told {
	char id[INCIDENT_SIZE];
	unsigned requests, steps;
};

struct journal {
	char run[JOURNAL_RUN_SIZE];
	char *lines[JOURNAL_LINES]; /* JSON objects */
	uint64_t last;
	struct told incidents[INCIDENTS];
	unsigned next_incident; /* whose cell the next new one gets */
};

/* --- key=value ------------------------------------------------------------------------------------------------- */

/* One pair; the value is unquoted. */
struct pair {
	const char *key;
	size_t key_len;
	char value[VALUE_MAX];
	size_t value_len;
};

static void value_add(struct pair *pair, char c)
{
	if (pair->value_len < VALUE_MAX)
		pair->value[pair->value_len++] = c;
}

/* What log_quote made of a character; at is behind the backslash. Returns what is behind it. */
static const char *take_escape(struct pair *pair, const char *at, const char *end)
{
	char hex[3] = {0};

	switch (*at) {
	case 'n':
		value_add(pair, '\n');
		return at + 1;
	case 'r':
		value_add(pair, '\r');
		return at + 1;
	case 't':
		value_add(pair, '\t');
		return at + 1;
	case 'x':
		if (end - at < 3)
			return end;
		memcpy(hex, at + 1, 2);
		value_add(pair, (char)strtol(hex, NULL, 16));
		return at + 3;
	default: /* " and \ */
		value_add(pair, *at);
		return at + 1;
	}
}

static const char *take_quoted(struct pair *pair, const char *at, const char *end)
{
	while (at < end && *at != '"') {
		if (*at == '\\' && at + 1 < end)
			at = take_escape(pair, at + 1, end);
		else
			value_add(pair, *at++);
	}
	return at < end ? at + 1 : end;
}

/* Returns what is behind the pair and its space; NULL: there is none. A line that was cut ends in half a pair. */
static const char *take_pair(struct pair *pair, const char *at, const char *end)
{
	const char *equals = memchr(at, '=', (size_t)(end - at));

	if (equals == NULL || equals == at)
		return NULL;
	pair->key = at;
	pair->key_len = (size_t)(equals - at);
	pair->value_len = 0;
	at = equals + 1;
	if (at < end && *at == '"')
		at = take_quoted(pair, at + 1, end);
	else
		while (at < end && *at != ' ')
			value_add(pair, *at++);
	return at < end ? at + 1 : end;
}

static bool key_is(const struct pair *pair, const char *key)
{
	return pair->key_len == strlen(key) && memcmp(pair->key, key, pair->key_len) == 0;
}

static bool value_is(const struct pair *pair, const char *value)
{
	return pair->value_len == strlen(value) && memcmp(pair->value, value, pair->value_len) == 0;
}

/* --- what is kept ---------------------------------------------------------------------------------------------- */

static struct told *told_of(struct journal *journal, const char *id)
{
	for (size_t i = 0; i < INCIDENTS; i++)
		if (strcmp(journal->incidents[i].id, id) == 0)
			return &journal->incidents[i];
	struct told *told = &journal->incidents[journal->next_incident++ % INCIDENTS];
	*told = (struct told){0};
	snprintf(told->id, INCIDENT_SIZE, "%s", id);
	return told;
}

static bool is_one_of(const struct pair *event, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (value_is(event, names[i]))
			return true;
	return false;
}

/* Where an incident takes another turn, or ends. */
static bool is_turn(const struct pair *event)
{
	static const char *const turns[] = {"backing-off", "slot-down",      "replaced",
	                                    "serving",     "prepare-failed", "prepared"};

	return is_one_of(event, turns, sizeof(turns) / sizeof(*turns));
}

/* Steps on the way of each container: of interest only within an incident. */
static bool is_routine(const struct pair *event)
{
	static const char *const routine[] = {"created", "started", "leaving", "removed", "spare-waits"};

	return is_one_of(event, routine, sizeof(routine) / sizeof(*routine));
}

/* A storm of requests must not push out the stories: lines about requests of no incident are for the access log, and of
 * an incident's requests the first ones say it all. */
static bool is_worth_it(struct journal *journal, const char *line, const char *end)
{
	struct pair pair;
	char incident[INCIDENT_SIZE] = "-";
	bool about_request = false, routine = false, turn = false;

	while (line < end && (line = take_pair(&pair, line, end)) != NULL) {
		if (key_is(&pair, "event")) {
			routine = is_routine(&pair);
			turn = is_turn(&pair);
		} else if (key_is(&pair, "request")) {
			about_request = true;
		} else if (key_is(&pair, "incident")) {
			snprintf(incident, sizeof(incident), "%.*s", (int)pair.value_len, pair.value);
		}
	}
	if (strcmp(incident, "-") == 0)
		return !about_request && !routine;
	struct told *told = told_of(journal, incident);
	if (about_request)
		return ++told->requests <= JOURNAL_REQUESTS;
	return ++told->steps <= JOURNAL_STEPS || turn;
}

static const char *level_text(enum log_level level)
{
	return level == LOG_ERROR ? "error" : level == LOG_WARN ? "warn" : "info";
}

static void write_line(struct json_writer *w, const char *line, const char *end)
{
	struct pair pair;
	char key[32];

	while (line < end && (line = take_pair(&pair, line, end)) != NULL) {
		snprintf(key, sizeof(key), "%.*s", (int)pair.key_len, pair.key);
		json_key(w, key);
		json_text_n(w, pair.value, pair.value_len);
	}
}

static void keep(struct journal *journal, const char *object)
{
	char **line = &journal->lines[++journal->last % JOURNAL_LINES];

	free(*line);
	*line = mem_dup_n(object, strlen(object));
}

void journal_add(struct journal *journal, enum log_level level, const char *line, size_t len, int64_t time_ms)
{
	static const char first[] = "event=";
	struct buf object;
	struct json_writer w;

	if (len < sizeof(first) || memcmp(line, first, sizeof(first) - 1) != 0 ||
	    !is_worth_it(journal, line, line + len))
		return;
	buf_init(&object, JOURNAL_OBJECT_MAX);
	json_writer_init(&w, &object);
	json_begin_object(&w);
	json_member_number(&w, "number", (int64_t)journal->last + 1);
	json_member_number(&w, "time_ms", time_ms);
	json_member_text(&w, "level", level_text(level));
	write_line(&w, line, line + len);
	json_end_object(&w);
	if (json_writer_ok(&w))
		keep(journal, buf_text(&object));
	buf_clear(&object);
}

/* --- reading --------------------------------------------------------------------------------------------------- */

uint64_t journal_last(const struct journal *journal)
{
	return journal->last;
}

const char *journal_run(const struct journal *journal)
{
	return journal->run;
}

void journal_write(struct json_writer *w, const struct journal *journal, uint64_t after)
{
	uint64_t oldest = journal->last < JOURNAL_LINES ? 1 : journal->last - JOURNAL_LINES + 1;

	json_begin_array(w);
	for (uint64_t n = after + 1 > oldest ? after + 1 : oldest; n <= journal->last; n++) {
		const char *line = journal->lines[n % JOURNAL_LINES];
		json_raw(w, line, strlen(line));
	}
	json_end_array(w);
}

struct journal *journal_new(void)
{
	struct journal *journal = mem_zero(sizeof(*journal));
	uint64_t number;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
		number = (uint64_t)clock_us();
	snprintf(journal->run, sizeof(journal->run), "%016" PRIx64, number);
	return journal;
}

void journal_free(struct journal *journal)
{
	if (journal == NULL)
		return;
	for (size_t i = 0; i < JOURNAL_LINES; i++)
		free(journal->lines[i]);
	free(journal);
}
