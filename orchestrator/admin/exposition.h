/* exposition: Prometheus' text format, version 0.0.4.  Pure: numbers in, text out.
 *
 * A family is its HELP and TYPE lines, once, and then its samples, all together. Nothing is checked against the names
 * of other families: the table of metrics.c holds each once.
 */
#pragma once

#include "common/buf.h"

#include <stddef.h>
#include <stdint.h>

#define EXPOSITION_LABELS 3

enum exposition_type { EXPOSITION_COUNTER, EXPOSITION_GAUGE, EXPOSITION_HISTOGRAM };

const char *exposition_type_text(enum exposition_type type);

struct exposition_label {
	const char *name;
	const char *value; /* any UTF-8; escaped */
};

struct exposition {
	struct buf *buf;
	const char *family; /* the one whose samples come now */
	bool failed;        /* the buffer is full */
};

void exposition_init(struct exposition *out, struct buf *buf);
bool exposition_ok(const struct exposition *out) MUST_CHECK;

void exposition_family(struct exposition *out, const char *name, enum exposition_type type, const char *help);

/* labels may be NULL with count 0. */
void exposition_real(struct exposition *out, const struct exposition_label *labels, size_t count, double value);
void exposition_whole(struct exposition *out, const struct exposition_label *labels, size_t count, uint64_t value);

/* Buckets as they are counted, each sample in one of them; written cumulated. A sample above the last bound is in
 * `total` alone. A bound of infinity is the end of the list. */
struct exposition_histogram {
	const double *bounds;
	const uint64_t *buckets;
	size_t count;
	uint64_t total;
	double sum;
};

void exposition_histogram(struct exposition *out, const struct exposition_label *labels, size_t count,
                          const struct exposition_histogram *histogram);
