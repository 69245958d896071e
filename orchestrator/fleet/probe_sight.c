/* probe_sight: an outcome and a sentence for each way in which a request can end. */
#include "orchestrator/fleet/probe_sight.h"

#include "orchestrator/base/excerpt.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PATH_SIZE 200 /* of what was asked for, as it is told */
#define IDENTITY_FIELD "selfless-id"
#define IDENTITY_SIZE 16 /* of one, as it is told */
#define LINE_SIZE 112    /* of a reply's first line, as it is told */

__attribute__((format(printf, 3, 4))) static void saw(struct probe_sight *sight, enum probe_outcome outcome,
                                                      const char *format, ...)
{
	va_list args;

	sight->outcome = outcome;
	va_start(args, format);
	vsnprintf(sight->text, sizeof(sight->text), format, args);
	va_end(args);
}

/* The first line of what came, in quotes: what is no plain text is escaped, and a long line is cut. */
static const char *first_line(struct http_text came, char line[LINE_SIZE])
{
	size_t at = 0, len = 0;

	line[len++] = '"';
	while (at < came.len && came.data[at] != '\r' && came.data[at] != '\n' && len < LINE_SIZE - 12) {
		unsigned char c = (unsigned char)came.data[at++];
		bool plain = c >= ' ' && c < 0x7f && c != '"' && c != '\\';

		len += (size_t)snprintf(line + len, LINE_SIZE - len, plain ? "%c" : "\\x%02x", c);
	}
	bool cut = at < came.len && came.data[at] != '\r' && came.data[at] != '\n';
	snprintf(line + len, LINE_SIZE - len, cut ? "...\"" : "\"");
	return line;
}

void probe_saw_shortage(struct probe_sight *sight, const char *why)
{
	saw(sight, PROBE_UNABLE, "this host could not ask: %s", why);
}

/* Who answers, by what the reply says of itself; NULL: it does not say. */
static const struct http_text *claim(const struct http_head *head)
{
	for (unsigned i = 0; i < head->count; i++)
		if (http_text_is(head->fields[i].name, IDENTITY_FIELD))
			return &head->fields[i].value;
	return NULL;
}

/* Is that the container that was asked? Where either is not known, nothing speaks against it. */
static bool is_same(const struct http_text *claimed, const char *identity)
{
	return claimed == NULL || identity[0] == '\0' ||
	       (claimed->len == strlen(identity) && memcmp(claimed->data, identity, claimed->len) == 0);
}

static void saw_stranger(struct probe_sight *sight, const struct http_text *who, const char *identity)
{
	char shown[IDENTITY_SIZE];

	excerpt_take(shown, sizeof(shown), who->data, who->len);
	saw(sight, PROBE_STRANGER, "another container answers there: %s instead of %.*s", shown, IDENTITY_SIZE - 1,
	    identity);
}

static void saw_status(struct probe_sight *sight, int status, struct http_text path)
{
	bool good = status >= 200 && status < 400;
	char shown[PATH_SIZE];

	excerpt_take(shown, sizeof(shown), path.data, path.len);
	if (good)
		saw(sight, PROBE_GOOD, "%s", "");
	else
		saw(sight, status >= 500 ? PROBE_BAD_STATUS : PROBE_ODD_STATUS, "status %d on %s", status, shown);
}

void probe_saw_head(struct probe_sight *sight, const struct http_head *head, struct http_text path,
                    const char *identity)
{
	const struct http_text *who = claim(head);

	if (is_same(who, identity))
		saw_status(sight, head->status, path);
	else
		saw_stranger(sight, who, identity);
}

static void saw_error(struct probe_sight *sight, int error, struct http_text begun, const char *where)
{
	enum probe_outcome outcome = probe_outcome_of(net_fault(error));
	char line[LINE_SIZE];

	if (outcome == PROBE_UNABLE)
		probe_saw_shortage(sight, strerror(error));
	else if (begun.len > 0)
		saw(sight, outcome, "connection reset within a reply that begins with %s", first_line(begun, line));
	else
		saw(sight, outcome, "%s %s", net_fault_words(error), where);
	sight->unreachable = net_fault_is_of_the_way(error);
}

static void saw_end(struct probe_sight *sight, struct http_text begun, const char *where)
{
	char line[LINE_SIZE];

	if (begun.len > 0)
		saw(sight, PROBE_RESET, "connection closed within a reply that begins with %s",
		    first_line(begun, line));
	else
		saw(sight, PROBE_RESET, "connection closed before a reply by %s", where);
}

static void saw_garbage(struct probe_sight *sight, enum http_fault fault, const char *broke, struct http_text begun)
{
	char line[LINE_SIZE];

	if (fault == HTTP_FAULT_NONE)
		saw(sight, PROBE_MALFORMED, "the reply %s", broke);
	else
		saw(sight, PROBE_MALFORMED, "malformed reply %s: %s", first_line(begun, line), http_fault_text(fault));
}

void probe_saw_failure(struct probe_sight *sight, const struct upstream *upstream, enum upstream_failure failure,
                       const char *broke, const struct address *address)
{
	struct http_text begun = upstream_begun(upstream);
	int error = upstream_error(upstream);
	char where[ADDRESS_TEXT_SIZE];

	address_format(address, where);
	if (failure == UPSTREAM_MALFORMED)
		saw_garbage(sight, upstream_fault(upstream), broke, begun);
	else if (error != 0)
		saw_error(sight, error, begun, where);
	else
		saw_end(sight, begun, where);
}

static void saw_no_way(struct probe_sight *sight, const char *where, int timeout_ms)
{
	saw(sight, PROBE_TIMEOUT, "no connection to %s within %d ms", where, timeout_ms);
	sight->unreachable = true;
}

void probe_saw_silence(struct probe_sight *sight, const struct upstream *upstream, int timeout_ms,
                       const struct address *address)
{
	struct http_text begun = upstream_begun(upstream);
	char where[ADDRESS_TEXT_SIZE], line[LINE_SIZE];

	address_format(address, where);
	if (begun.len == 0 && upstream_error(upstream) != 0)
		saw_error(sight, upstream_error(upstream), begun, where); /* it could not be sent */
	else if (begun.len > 0)
		saw(sight, PROBE_TIMEOUT, "no whole reply within %d ms, only %s", timeout_ms, first_line(begun, line));
	else if (upstream_is_sent(upstream))
		saw(sight, PROBE_TIMEOUT, "no answer within %d ms", timeout_ms);
	else
		saw_no_way(sight, where, timeout_ms);
}
