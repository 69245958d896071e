/* trace: a line at a time; the spread of a point is known once the next one is. */
#include "orchestrator/cli/simulate/trace.h"

#include "common/mem.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_S 1000000
#define LINE_SIZE 512
#define BYTE_ORDER_MARK "\xEF\xBB\xBF" /* spreadsheets begin with it */
#define EXPECTED "expected SECONDS,COUNT, for example 12.5,40"

struct reader {
	struct trace *trace;
	const char *name;
	unsigned line;
	size_t allocated;
	bool header_allowed;
};

static bool fail(const struct reader *reader, struct err *err, const char *what)
{
	return err_set(err, "%s:%u: %s", reader->name, reader->line, what);
}

static const char *skip_blanks(const char *text)
{
	while (*text == ' ' || *text == '\t')
		text++;
	return text;
}

/* Digits; false where there is none or they pass max. */
static bool read_digits(const char **text, uint64_t max, uint64_t *number)
{
	const char *at = *text;

	*number = 0;
	for (; isdigit((unsigned char)*at); at++) {
		*number = *number * 10 + (uint64_t)(*at - '0');
		if (*number > max)
			return false;
	}
	bool any = at != *text;
	*text = at;
	return any;
}

/* Digits behind the point count to the microsecond, further ones are dropped. */
static bool read_seconds(const char **text, int64_t *us)
{
	uint64_t whole;

	if (!read_digits(text, TRACE_MAX_SECONDS, &whole))
		return false;
	*us = (int64_t)whole * US_PER_S;
	if (**text != '.')
		return true;
	const char *at = *text + 1;
	for (int64_t unit = US_PER_S / 10; isdigit((unsigned char)*at); at++, unit /= 10)
		*us += (*at - '0') * unit;
	bool any = at != *text + 1;
	*text = at;
	return any;
}

static void add_point(struct reader *reader, int64_t at_us, uint64_t count)
{
	struct trace *trace = reader->trace;

	if (trace->count + 1 > reader->allocated) {
		reader->allocated = reader->allocated * 2 + 64;
		trace->points = mem_array(trace->points, reader->allocated, sizeof(*trace->points));
	}
	assert(trace->points != NULL);
	struct trace_point *last = trace->count > 0 ? &trace->points[trace->count - 1] : NULL;
	trace->requests += count;
	if (last != NULL && last->at_us == at_us) {
		last->count += count;
		return;
	}
	if (last != NULL && at_us - last->at_us < last->spread_us)
		last->spread_us = at_us - last->at_us;
	trace->points[trace->count++] = (struct trace_point){.at_us = at_us, .spread_us = US_PER_S, .count = count};
}

static bool read_point(struct reader *reader, const char *text, struct err *err)
{
	int64_t at_us;
	uint64_t count;

	if (!read_seconds(&text, &at_us) || at_us > (int64_t)TRACE_MAX_SECONDS * US_PER_S)
		return fail(reader, err, "seconds must be a number from 0 to 31622400 (366 days); " EXPECTED);
	text = skip_blanks(text);
	if (*text != ',')
		return fail(reader, err, "no comma behind the seconds; " EXPECTED);
	text = skip_blanks(text + 1);
	if (!read_digits(&text, TRACE_MAX_COUNT, &count))
		return fail(reader, err, "count must be a whole number from 0 to 1000000; " EXPECTED);
	text = skip_blanks(text);
	if (*text != '\0')
		return fail(reader, err, "there is more behind the count; " EXPECTED);
	if (reader->trace->count > 0 && at_us < reader->trace->points[reader->trace->count - 1].at_us)
		return fail(reader, err, "earlier than the line before; lines must be in the order of time");
	add_point(reader, at_us, count);
	return true;
}

/* One line without its end. */
static bool read_line(struct reader *reader, const char *text, struct err *err)
{
	text = skip_blanks(text);
	if (*text == '\0' || *text == '#')
		return true;
	bool header = reader->header_allowed && (isalpha((unsigned char)*text) || *text == '"');
	reader->header_allowed = false;
	return header || read_point(reader, text, err);
}

static bool read_all(struct reader *reader, FILE *from, struct err *err)
{
	char line[LINE_SIZE];

	while (fgets(line, sizeof(line), from) != NULL) {
		reader->line++;
		size_t len = strlen(line);
		if (len == sizeof(line) - 1 && line[len - 1] != '\n')
			return fail(reader, err, "longer than 510 characters; " EXPECTED);
		line[strcspn(line, "\r\n")] = '\0';
		bool marked = reader->line == 1 && strncmp(line, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0;
		if (!read_line(reader, marked ? line + strlen(BYTE_ORDER_MARK) : line, err))
			return false;
	}
	if (ferror(from))
		return err_set_errno(err, errno, "%s", reader->name);
	if (reader->trace->count == 0)
		return err_set(err, "%s: holds no requests; " EXPECTED " in each line", reader->name);
	return true;
}

bool trace_read(FILE *from, const char *name, struct trace *trace, struct err *err)
{
	*trace = (struct trace){0};
	struct reader reader = {.trace = trace, .name = name, .header_allowed = true};
	bool ok = read_all(&reader, from, err);
	if (!ok)
		trace_clear(trace);
	return ok;
}

bool trace_load(const char *path, struct trace *trace, struct err *err)
{
	*trace = (struct trace){0};
	FILE *from = fopen(path, "re");
	if (from == NULL)
		return err_set_errno(err, errno, "%s", path);
	bool ok = trace_read(from, path, trace, err);
	fclose(from);
	return ok;
}

void trace_clear(struct trace *trace)
{
	free(trace->points);
	*trace = (struct trace){0};
}

int64_t trace_request_us(const struct trace_point *point, uint64_t i)
{
	return point->at_us + (int64_t)((uint64_t)point->spread_us * i / point->count);
}
