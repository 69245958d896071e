/* http_text: words of HTTP: comparing them, lists of them, and the texts of statuses and faults. */
#include "common/http_chars.h"
#include "common/http_head.h"

#include <string.h>
#include <strings.h>

bool http_text_is(struct http_text text, const char *lower_case)
{
	for (uint32_t i = 0; i < text.len; i++) {
		if (lower_case[i] == '\0' || http_lower(text.data[i]) != lower_case[i])
			return false;
	}
	return lower_case[text.len] == '\0';
}

static struct http_text text_trim(const char *from, const char *end)
{
	while (from < end && (*from == ' ' || *from == '\t'))
		from++;
	while (from < end && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return (struct http_text){from, (uint32_t)(end - from)};
}

bool http_list_next(struct http_text *list, struct http_text *element)
{
	const char *at = list->data, *end = list->data + list->len;

	*element = (struct http_text){at, 0};
	while (at < end && element->len == 0) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		*element = text_trim(at, comma != NULL ? comma : end);
		at = comma != NULL ? comma + 1 : end;
	}
	*list = (struct http_text){at, (uint32_t)(end - at)};
	return element->len > 0;
}

bool http_list_has(struct http_text list, struct http_text wanted)
{
	struct http_text element;

	while (http_list_next(&list, &element)) {
		if (element.len == wanted.len && strncasecmp(element.data, wanted.data, wanted.len) == 0)
			return true;
	}
	return false;
}

bool http_method_safe(enum http_method method)
{
	return method == HTTP_GET || method == HTTP_HEAD_METHOD || method == HTTP_OPTIONS || method == HTTP_TRACE;
}

bool http_method_idempotent(enum http_method method)
{
	switch (method) {
	case HTTP_GET:
	case HTTP_HEAD_METHOD:
	case HTTP_PUT:
	case HTTP_DELETE:
	case HTTP_OPTIONS:
	case HTTP_TRACE:
		return true;
	case HTTP_POST:
	case HTTP_PATCH:
	case HTTP_CONNECT:
	case HTTP_METHOD_OTHER:
		break;
	}
	return false;
}

static const struct {
	int status;
	const char *text;
	const char *reply; /* behind "the reply" */
} faults[HTTP_FAULTS] = {
        [HTTP_FAULT_NONE] = {400, "nothing is wrong", "breaks no rule"},
        [HTTP_FAULT_LINE] = {400, "malformed first line", "has a malformed status line (RFC 9112 section 4)"},
        [HTTP_FAULT_METHOD] = {400, "malformed method", "has no status line (RFC 9112 section 4)"},
        [HTTP_FAULT_TARGET] = {400, "malformed request target", "has no status line (RFC 9112 section 4)"},
        [HTTP_FAULT_TARGET_LONG] = {414, "request target too long", "has no status line (RFC 9112 section 4)"},
        [HTTP_FAULT_VERSION] = {505, "not HTTP/1.0 or HTTP/1.1",
                                "is not of HTTP/1.0 or HTTP/1.1 (RFC 9112 section 2.3)"},
        [HTTP_FAULT_LINE_END] = {400, "line that does not end in CR LF",
                                 "has a line that does not end in CR LF (RFC 9112 section 2.2)"},
        [HTTP_FAULT_FOLD] = {400, "header field folded over several lines",
                             "has a header field folded over several lines (RFC 9112 section 5.2)"},
        [HTTP_FAULT_NAME] = {400, "malformed header field name",
                             "has a malformed header field name (RFC 9112 section 5.1)"},
        [HTTP_FAULT_VALUE] = {400, "control character in a header field",
                              "has a control character in a header field (RFC 9110 section 5.5)"},
        [HTTP_FAULT_FIELDS] = {431, "too many header fields", "has too many header fields"},
        [HTTP_FAULT_HEAD_LONG] = {431, "header too large", "has a header that is too large"},
        [HTTP_FAULT_HOST] = {400, "missing, repeated or malformed Host", "has a malformed Host"},
        [HTTP_FAULT_LENGTH] = {400, "malformed Content-Length",
                               "has a Content-Length that is no number (RFC 9112 section 6.3)"},
        [HTTP_FAULT_LENGTHS] = {400, "repeated Content-Length", "has two Content-Length fields (RFC 9112 section 6.3)"},
        [HTTP_FAULT_CODING] =
                {501, "transfer coding other than chunked",
                 "has a Transfer-Encoding other than chunked, which was not asked for (RFC 9112 section 6.1)"},
        [HTTP_FAULT_LAST_CODING] = {400, "Transfer-Encoding whose last coding is not chunked",
                                    "has a Transfer-Encoding whose last coding is not chunked (RFC 9112 section 6.3)"},
        [HTTP_FAULT_CODINGS] = {400, "two Transfer-Encoding fields",
                                "has two Transfer-Encoding fields (RFC 9112 section 6.1)"},
        [HTTP_FAULT_CODING_LENGTH] = {400, "both Transfer-Encoding and Content-Length",
                                      "has both Transfer-Encoding and Content-Length (RFC 9112 section 6.1)"},
        [HTTP_FAULT_CODING_1_0] = {400, "Transfer-Encoding in HTTP/1.0",
                                   "has a Transfer-Encoding, but is of HTTP/1.0 (RFC 9112 section 6.1)"},
        [HTTP_FAULT_FRAMING] = {400, "body on a request that has none", "has a body where none may be"},
        [HTTP_FAULT_STATUS] = {400, "malformed status code",
                               "has a status code that is not 100 to 599 (RFC 9110 section 15)"},
        [HTTP_FAULT_CHUNK] = {400, "malformed chunk", "has a malformed chunk (RFC 9112 section 7.1)"},
};

int http_fault_status(enum http_fault fault)
{
	return faults[fault].status;
}

const char *http_fault_text(enum http_fault fault)
{
	return faults[fault].text;
}

const char *http_fault_reply(enum http_fault fault)
{
	return faults[fault].reply;
}

/* RFC 9110 section 15, and those of RFC 6585 and 8297. */
static const char *const statuses[] = {
        [100] = "Continue",
        [101] = "Switching Protocols",
        [103] = "Early Hints",
        [200] = "OK",
        [201] = "Created",
        [202] = "Accepted",
        [203] = "Non-Authoritative Information",
        [204] = "No Content",
        [205] = "Reset Content",
        [206] = "Partial Content",
        [300] = "Multiple Choices",
        [301] = "Moved Permanently",
        [302] = "Found",
        [303] = "See Other",
        [304] = "Not Modified",
        [307] = "Temporary Redirect",
        [308] = "Permanent Redirect",
        [400] = "Bad Request",
        [401] = "Unauthorized",
        [402] = "Payment Required",
        [403] = "Forbidden",
        [404] = "Not Found",
        [405] = "Method Not Allowed",
        [406] = "Not Acceptable",
        [407] = "Proxy Authentication Required",
        [408] = "Request Timeout",
        [409] = "Conflict",
        [410] = "Gone",
        [411] = "Length Required",
        [412] = "Precondition Failed",
        [413] = "Content Too Large",
        [414] = "URI Too Long",
        [415] = "Unsupported Media Type",
        [416] = "Range Not Satisfiable",
        [417] = "Expectation Failed",
        [421] = "Misdirected Request",
        [422] = "Unprocessable Content",
        [425] = "Too Early",
        [426] = "Upgrade Required",
        [428] = "Precondition Required",
        [429] = "Too Many Requests",
        [431] = "Request Header Fields Too Large",
        [451] = "Unavailable For Legal Reasons",
        [500] = "Internal Server Error",
        [501] = "Not Implemented",
        [502] = "Bad Gateway",
        [503] = "Service Unavailable",
        [504] = "Gateway Timeout",
        [505] = "HTTP Version Not Supported",
        [507] = "Insufficient Storage",
        [511] = "Network Authentication Required",
};

const char *http_status_text(int status)
{
	if (status < 0 || (size_t)status >= sizeof(statuses) / sizeof(statuses[0]) || statuses[status] == NULL)
		return "Unknown";
	return statuses[status];
}
