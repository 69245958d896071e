/* sse: line by line; an empty one ends an event. */
#include "orchestrator/cli/client/sse.h"

#include <stdio.h>
#include <string.h>

void sse_init(struct sse *sse, sse_event *event, void *arg)
{
	*sse = (struct sse){.event = event, .arg = arg};
	buf_init(&sse->line, SSE_LINE_MAX);
	buf_init(&sse->data, SSE_LINE_MAX);
}

void sse_clear(struct sse *sse)
{
	buf_clear(&sse->line);
	buf_clear(&sse->data);
}

static void next_event(struct sse *sse)
{
	buf_reset(&sse->data);
	sse->name[0] = '\0';
	sse->has_data = false;
}

void sse_reset(struct sse *sse)
{
	buf_reset(&sse->line);
	next_event(sse);
}

/* What stands behind the field's name, its colon and one space; NULL: it is another field. */
static const char *value_of(const char *line, const char *field)
{
	size_t len = strlen(field);

	if (strncmp(line, field, len) != 0 || line[len] != ':')
		return NULL;
	return line + len + 1 + (line[len + 1] == ' ');
}

static bool end_event(struct sse *sse, struct err *err)
{
	bool more = !sse->has_data || sse->event(sse->name[0] != '\0' ? sse->name : "message", buf_text(&sse->data),
	                                         sse->data.len, sse->arg);

	next_event(sse);
	return more || err_set_code(err, SSE_ENOUGH, "enough");
}

static bool take_line(struct sse *sse, struct err *err)
{
	const char *line = buf_text(&sse->line), *value;

	if (line[0] == '\0')
		return end_event(sse, err);
	if ((value = value_of(line, "event")) != NULL)
		snprintf(sse->name, sizeof(sse->name), "%s", value);
	if ((value = value_of(line, "data")) == NULL)
		return true;
	sse->has_data = true;
	buf_reset(&sse->data);
	return buf_add_text(&sse->data, value) || err_set(err, "an event is too long");
}

bool sse_feed(struct sse *sse, const char *data, size_t len, struct err *err)
{
	while (len > 0) {
		const char *end = memchr(data, '\n', len);
		size_t taken = end != NULL ? (size_t)(end - data) : len;

		if (!buf_add(&sse->line, data, taken))
			return err_set(err, "a line is too long");
		if (end == NULL)
			return true;
		if (sse->line.len > 0 && sse->line.data[sse->line.len - 1] == '\r')
			sse->line.len--;
		if (!take_line(sse, err))
			return false;
		buf_reset(&sse->line);
		data += taken + 1;
		len -= taken + 1;
	}
	return true;
}
