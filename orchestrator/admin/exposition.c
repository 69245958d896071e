/* exposition: lines of Prometheus' text format.
 *
 * Invariant: after the buffer was full once nothing more is written, so that half a line can never be served.
 */
#include "orchestrator/admin/exposition.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const type_texts[] = {"counter", "gauge", "histogram"};

const char *exposition_type_text(enum exposition_type type)
{
	return type_texts[type];
}

void exposition_init(struct exposition *out, struct buf *buf)
{
	*out = (struct exposition){.buf = buf};
}

bool exposition_ok(const struct exposition *out)
{
	return !out->failed;
}

static void add(struct exposition *out, const char *text, size_t len)
{
	if (!out->failed && !buf_add(out->buf, text, len))
		out->failed = true;
}

static void add_text(struct exposition *out, const char *text)
{
	add(out, text, strlen(text));
}

/* HELP escapes backslash and line feed; label values the double quote, too. */
static void add_escaped(struct exposition *out, const char *text, const char *special)
{
	for (;;) {
		size_t len = strcspn(text, special);
		add(out, text, len);
		text += len;
		if (*text == '\0')
			return;
		char escaped[2] = {'\\', *text == '\n' ? 'n' : *text};
		add(out, escaped, sizeof(escaped));
		text++;
	}
}

void exposition_family(struct exposition *out, const char *name, enum exposition_type type, const char *help)
{
	out->family = name;
	add_text(out, "# HELP ");
	add_text(out, name);
	add_text(out, " ");
	add_escaped(out, help, "\\\n");
	add_text(out, "\n# TYPE ");
	add_text(out, name);
	add_text(out, " ");
	add_text(out, type_texts[type]);
	add_text(out, "\n");
}

static void add_name(struct exposition *out, const char *suffix, const struct exposition_label *labels, size_t count)
{
	assert(out->family != NULL);
	add_text(out, out->family);
	add_text(out, suffix);
	for (size_t i = 0; i < count; i++) {
		add_text(out, i == 0 ? "{" : ",");
		add_text(out, labels[i].name);
		add_text(out, "=\"");
		add_escaped(out, labels[i].value, "\\\n\"");
		add_text(out, "\"");
	}
	add_text(out, count > 0 ? "} " : " ");
}

/* 15 digits say all that our numbers hold, and read as written (0.25, not 0.25000000000000000). */
static void format_real(char *text, size_t size, double value)
{
	if (isinf(value))
		snprintf(text, size, "%s", value > 0 ? "+Inf" : "-Inf");
	else
		snprintf(text, size, "%.15g", value);
}

static void add_real(struct exposition *out, double value)
{
	char text[32];

	format_real(text, sizeof(text), value);
	add_text(out, text);
	add_text(out, "\n");
}

static void add_whole(struct exposition *out, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu\n", (unsigned long long)value);
	add_text(out, text);
}

void exposition_real(struct exposition *out, const struct exposition_label *labels, size_t count, double value)
{
	add_name(out, "", labels, count);
	add_real(out, value);
}

void exposition_whole(struct exposition *out, const struct exposition_label *labels, size_t count, uint64_t value)
{
	add_name(out, "", labels, count);
	add_whole(out, value);
}

static void add_bucket(struct exposition *out, const struct exposition_label *labels, size_t count, double bound,
                       uint64_t value)
{
	struct exposition_label all[EXPOSITION_LABELS + 1];
	char text[32];

	assert(count <= EXPOSITION_LABELS);
	if (count > 0)
		memcpy(all, labels, count * sizeof(*labels));
	format_real(text, sizeof(text), bound);
	all[count] = (struct exposition_label){"le", text};
	add_name(out, "_bucket", all, count + 1);
	add_whole(out, value);
}

void exposition_histogram(struct exposition *out, const struct exposition_label *labels, size_t count,
                          const struct exposition_histogram *histogram)
{
	uint64_t below = 0;

	for (size_t i = 0; i < histogram->count && !isinf(histogram->bounds[i]); i++) {
		below += histogram->buckets[i];
		add_bucket(out, labels, count, histogram->bounds[i], below);
	}
	add_bucket(out, labels, count, INFINITY, histogram->total);
	add_name(out, "_sum", labels, count);
	add_real(out, histogram->sum);
	add_name(out, "_count", labels, count);
	add_whole(out, histogram->total);
}
