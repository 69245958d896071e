/* http_head: reads an HTTP/1.x message head.
 *
 * head_find_end looks for the empty line with memchr, and only remembers how far it has looked; once it is there, the
 * head is read in one pass: first line, then field by field. A bare LF is refused while looking, so that no other
 * parser behind us can take it for the end of a head that we still wait for.
 *
 * Invariant: the pass runs inside a region that ends in CR LF CR LF, and CR is in no class of characters; so its loops
 * need no bounds, each stops at the end of the line it is in.
 */
#include "common/http_head.h"

#include "common/http_chars.h"
#include "common/http_fields.h"
#include "common/words.h"

#include <assert.h>
#include <string.h>

#define METHOD_BYTES 32 /* longest method token; a line without a space is refused after that */

struct reading {
	const char *at;
	const char *end; /* behind the empty line */
	const struct http_limits *limits;
	struct http_fields fields;
};

static bool fail(enum http_fault *fault, enum http_fault why)
{
	*fault = why;
	return false;
}

/* --- is it all there? ------------------------------------------------------------------------------------------ */

/* How much of a target stands in the incomplete or complete first line? 0 while the method is not over. */
static size_t target_so_far(const char *line, const char *end)
{
	const char *space = memchr(line, ' ', (size_t)(end - line));

	if (space == NULL)
		return 0;
	const char *target = space + 1;
	const char *stop = target;
	while (stop < end && http_char_is(*stop, HTTP_CHAR_TARGET))
		stop++;
	return (size_t)(stop - target);
}

/* A head that is not over: has it already passed a limit? Without this a client could send for ever. */
static bool check_limits(const char *line, const char *end, const char *data, const struct http_limits *limits,
                         bool response, enum http_fault *fault)
{
	size_t len = (size_t)(end - data);

	if (!response && len > limits->target_bytes) {
		if (target_so_far(line, end) > limits->target_bytes)
			return fail(fault, HTTP_FAULT_TARGET_LONG);
	}
	if (len > limits->head_bytes)
		return fail(fault, HTTP_FAULT_HEAD_LONG);
	if (!response && end - line > METHOD_BYTES && memchr(line, ' ', METHOD_BYTES + 1) == NULL)
		return fail(fault, HTTP_FAULT_METHOD);
	return true;
}

/* DONE: the head is data[*start, *end). `scanned` bytes hold no unread LF. */
static enum http_parse find_end(const char *data, size_t len, size_t *scanned, const char *line, const char **end,
                                enum http_fault *fault)
{
	const char *at = data + *scanned;
	const char *stop = data + len;

	if (at < line)
		at = line;
	while (at < stop && (at = memchr(at, '\n', (size_t)(stop - at))) != NULL) {
		if (at == line || at[-1] != '\r') {
			*fault = HTTP_FAULT_LINE_END;
			return HTTP_PARSE_BAD;
		}
		if (at - 1 == line) { /* a response must not begin with an empty line; requests have it skipped */
			*fault = HTTP_FAULT_LINE;
			return HTTP_PARSE_BAD;
		}
		at++;
		if (at[-3] == '\n') {
			*end = at;
			return HTTP_PARSE_DONE;
		}
	}
	*scanned = len;
	return HTTP_PARSE_MORE;
}

/* RFC 9112 section 2.2: empty lines before a request line are ignored. */
static const char *skip_empty_lines(const char *data, size_t len)
{
	size_t at = 0;

	while (len - at >= 2 && data[at] == '\r' && data[at + 1] == '\n')
		at += 2;
	return data + at;
}

/* --- the first line -------------------------------------------------------------------------------------------- */

static struct http_text take_while(struct reading *reading, uint8_t classes)
{
	const char *from = reading->at;
	const char *at = from;

	while (http_char_is(*at, classes))
		at++;
	reading->at = at;
	return (struct http_text){from, (uint32_t)(at - from)};
}

static bool take_byte(struct reading *reading, char c)
{
	if (*reading->at != c)
		return false;
	reading->at++;
	return true;
}

/* "HTTP/1." and a digit; what looks like another version is told apart from what is none. */
static bool take_version(struct reading *reading, enum http_fault *fault)
{
	const char *at = reading->at;

	if (reading->end - at < 8 || memcmp(at, "HTTP/", 5) != 0 || !http_char_is(at[5], HTTP_CHAR_DIGIT) ||
	    at[6] != '.' || !http_char_is(at[7], HTTP_CHAR_DIGIT))
		return fail(fault, HTTP_FAULT_LINE);
	if (at[5] != '1')
		return fail(fault, HTTP_FAULT_VERSION);
	reading->fields.head->minor = at[7] != '0';
	reading->at += 8;
	return true;
}

/* End of line. Anything but CR LF here is `why`, but a CR that stands alone is a fault of its own. */
static bool take_line_end(struct reading *reading, enum http_fault why, enum http_fault *fault)
{
	if (*reading->at != '\r')
		return fail(fault, why);
	if (reading->at[1] != '\n')
		return fail(fault, HTTP_FAULT_LINE_END);
	reading->at += 2;
	return true;
}

static enum http_method method_of(struct http_text text)
{
	static const struct {
		const char *name;
		uint32_t len;
		enum http_method method;
	} methods[] = {
	        {"GET", 3, HTTP_GET},         {"POST", 4, HTTP_POST},        {"DELETE", 6, HTTP_DELETE},
	        {"PUT", 3, HTTP_PUT},         {"HEAD", 4, HTTP_HEAD_METHOD}, {"PATCH", 5, HTTP_PATCH},
	        {"OPTIONS", 7, HTTP_OPTIONS}, {"TRACE", 5, HTTP_TRACE},      {"CONNECT", 7, HTTP_CONNECT},
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (text.len == methods[i].len && memcmp(text.data, methods[i].name, text.len) == 0)
			return methods[i].method;
	}
	return HTTP_METHOD_OTHER;
}

enum http_method http_head_method(const char *data, size_t len)
{
	if (len == 0)
		return HTTP_METHOD_OTHER;
	const char *line = skip_empty_lines(data, len);
	const char *space = memchr(line, ' ', (size_t)(data + len - line));
	return space != NULL ? method_of((struct http_text){line, (uint32_t)(space - line)}) : HTTP_METHOD_OTHER;
}

/* http://host... or https://host..., without user information (RFC 9110 section 4.2.4). */
static bool is_absolute(struct http_text target)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		uint32_t len = (uint32_t)strlen(schemes[i]);
		if (target.len <= len || !http_text_is((struct http_text){target.data, len}, schemes[i]))
			continue;
		uint32_t stop = len;
		while (stop < target.len && target.data[stop] != '/' && target.data[stop] != '?')
			stop++;
		return http_authority_is((struct http_text){target.data + len, stop - len}, false);
	}
	return false;
}

/* RFC 9112 section 3.2: which form goes with which method. */
static bool target_fits(const struct http_head *head)
{
	struct http_text target = head->target;

	if (target.len == 0)
		return false;
	if (head->method == HTTP_CONNECT)
		return http_authority_is(target, true);
	if (target.data[0] == '/')
		return true;
	if (target.len == 1 && target.data[0] == '*')
		return head->method == HTTP_OPTIONS;
	return is_absolute(target);
}

static bool take_request_line(struct reading *reading, enum http_fault *fault)
{
	struct http_head *head = reading->fields.head;

	head->method_text = take_while(reading, HTTP_CHAR_TOKEN);
	if (head->method_text.len == 0 || head->method_text.len > METHOD_BYTES || !take_byte(reading, ' '))
		return fail(fault, HTTP_FAULT_METHOD);
	head->method = method_of(head->method_text);
	head->target = take_while(reading, HTTP_CHAR_TARGET);
	if (head->target.len > reading->limits->target_bytes)
		return fail(fault, HTTP_FAULT_TARGET_LONG);
	if (!target_fits(head))
		return fail(fault, HTTP_FAULT_TARGET);
	if (!take_byte(reading, ' '))
		return fail(fault, *reading->at == '\r' ? HTTP_FAULT_LINE : HTTP_FAULT_TARGET);
	return take_version(reading, fault) && take_line_end(reading, HTTP_FAULT_LINE, fault);
}

/* The reason, and the space before it, may be missing: many servers leave them out, and nothing hangs on them. */
static bool take_status_line(struct reading *reading, enum http_fault *fault)
{
	struct http_head *head = reading->fields.head;

	if (!take_version(reading, fault))
		return false;
	if (!take_byte(reading, ' '))
		return fail(fault, HTTP_FAULT_LINE);
	struct http_text digits = take_while(reading, HTTP_CHAR_DIGIT);
	if (digits.len != 3 || digits.data[0] < '1' || digits.data[0] > '5')
		return fail(fault, HTTP_FAULT_STATUS);
	head->status = (digits.data[0] - '0') * 100 + (digits.data[1] - '0') * 10 + (digits.data[2] - '0');
	head->reason = (struct http_text){reading->at, 0};
	if (take_byte(reading, ' '))
		head->reason = take_while(reading, HTTP_CHAR_VALUE);
	return take_line_end(reading, HTTP_FAULT_LINE, fault);
}

/* --- fields ---------------------------------------------------------------------------------------------------- */

/* Values are most of a head: eight bytes at a time where none needs a closer look. A tab does, and is rare. */
static const char *skip_plain_value(const char *at, const char *end)
{
	while (end - at >= WORD_BYTES) {
		uint64_t word = word_load(at);
		uint64_t other = word_under(word, ' ') | word_equal(word, 0x7f);
		if (other != 0)
			return at + word_first(other);
		at += WORD_BYTES;
	}
	return at;
}

static void take_value(struct reading *reading, struct http_text *value)
{
	const char *at = reading->at;

	while (*at == ' ' || *at == '\t')
		at++;
	reading->at = skip_plain_value(at, reading->end);
	take_while(reading, HTTP_CHAR_VALUE);
	*value = (struct http_text){at, (uint32_t)(reading->at - at)};
	while (value->len > 0 && (value->data[value->len - 1] == ' ' || value->data[value->len - 1] == '\t'))
		value->len--;
}

/* The colon behind a field's name. Space before it hides a field from one parser and not from the next: refused in a request,
 * left out of a response (RFC 9112 section 5.1). */
static bool take_colon(struct reading *reading)
{
	const char *at = reading->at;

	while (reading->fields.response && (*at == ' ' || *at == '\t'))
		at++;
	if (*at != ':')
		return false;
	reading->at = at + 1;
	return true;
}

static bool take_field(struct reading *reading, enum http_fault *fault)
{
	struct http_head *head = reading->fields.head;

	if (head->count == HTTP_HEAD_FIELDS)
		return fail(fault, HTTP_FAULT_FIELDS);
	struct http_field *field = &head->fields[head->count];
	field->name = take_while(reading, HTTP_CHAR_TOKEN);
	if (field->name.len == 0 || !take_colon(reading)) {
		bool fold = field->name.len == 0 && (*reading->at == ' ' || *reading->at == '\t');
		return fail(fault, fold ? HTTP_FAULT_FOLD : HTTP_FAULT_NAME);
	}
	take_value(reading, &field->value);
	if (!take_line_end(reading, HTTP_FAULT_VALUE, fault))
		return false;
	field->id = (uint8_t)http_field_identify(field->name);
	*fault = http_fields_take(&reading->fields, field);
	head->count++;
	return *fault == HTTP_FAULT_NONE;
}

static bool take_fields(struct reading *reading, enum http_fault *fault)
{
	while (*reading->at != '\r') {
		if (!take_field(reading, fault))
			return false;
	}
	if (!take_line_end(reading, HTTP_FAULT_LINE_END, fault))
		return false;
	assert(reading->at == reading->end);
	*fault = http_fields_finish(&reading->fields);
	return *fault == HTTP_FAULT_NONE;
}

/* --- together -------------------------------------------------------------------------------------------------- */

/* Everything but the fields, of which only `count` are ever looked at: clearing 4 kB a message would show. */
static void head_reset(struct http_head *head)
{
	memset(head, 0, offsetof(struct http_head, fields));
	head->content_length = -1;
}

static enum http_parse parse(const char *data, size_t len, const struct http_limits *limits, size_t *scanned,
                             struct http_head *head, bool response, enum http_fault *fault)
{
	const char *line = response ? data : skip_empty_lines(data, len);
	const char *end;

	*fault = HTTP_FAULT_NONE;
	enum http_parse found = find_end(data, len, scanned, line, &end, fault);
	if (found == HTTP_PARSE_BAD)
		return HTTP_PARSE_BAD;
	if (found == HTTP_PARSE_MORE)
		end = data + len;
	if (!check_limits(line, end, data, limits, response, fault))
		return HTTP_PARSE_BAD;
	if (found == HTTP_PARSE_MORE)
		return HTTP_PARSE_MORE;
	struct reading reading = {.at = line, .end = end, .limits = limits, .fields = {head, response, 0}};
	head_reset(head);
	head->size = (size_t)(end - data);
	bool good = response ? take_status_line(&reading, fault) : take_request_line(&reading, fault);
	return good && take_fields(&reading, fault) ? HTTP_PARSE_DONE : HTTP_PARSE_BAD;
}

enum http_parse http_head_parse_request(const char *data, size_t len, const struct http_limits *limits, size_t *scanned,
                                        struct http_head *head, enum http_fault *fault)
{
	return parse(data, len, limits, scanned, head, false, fault);
}

enum http_parse http_head_parse_response(const char *data, size_t len, const struct http_limits *limits,
                                         size_t *scanned, struct http_head *head, enum http_fault *fault)
{
	return parse(data, len, limits, scanned, head, true, fault);
}

bool http_response_has_body(const struct http_head *head, enum http_method request_method)
{
	if (head->status < 200 || head->status == 204 || head->status == 304 || request_method == HTTP_HEAD_METHOD)
		return false;
	return request_method != HTTP_CONNECT || head->status >= 300;
}

const struct http_field *http_head_find(const struct http_head *head, enum http_field_id id)
{
	if ((head->seen & (UINT32_C(1) << id)) == 0)
		return NULL;
	for (unsigned i = 0; i < head->count; i++) {
		if (head->fields[i].id == id)
			return &head->fields[i];
	}
	return NULL;
}
