/* http_head: reads an HTTP/1.x message head (RFC 9112 sections 2 to 6), strictly. Pure: bytes in, views out.
 *
 * Used by the gate (requests from clients), the upstream connection (responses from backends) and services/rest.
 * What RFC 9112 lets a recipient tolerate and a second parser might read differently is refused: bare LF, bare CR,
 * obs-fold, space before the colon of a request's field, NUL and other control characters, empty or illegal names, two or
 * odd Content-Length, Transfer-Encoding other than exactly "chunked", both together, Transfer-Encoding in HTTP/1.0,
 * a missing or second Host in HTTP/1.1, a major version other than 1.
 * Empty lines before a request line are skipped, as RFC 9112 section 2.2 asks; space before the colon of a response's field
 * is left out, as section 5.1 asks of a proxy.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_FIELDS 144 /* most fields in one head */

struct http_text {
	const char *data;
	uint32_t len;
};

struct http_field {
	struct http_text name;  /* as sent */
	struct http_text value; /* without surrounding spaces and tabs */
	uint8_t id;             /* enum http_field_id */
};

/* Fields that somebody asks for; everything else is HTTP_OTHER. */
enum http_field_id {
	HTTP_OTHER,
	HTTP_CONNECTION,
	HTTP_CONTENT_LENGTH,
	HTTP_TRANSFER_ENCODING,
	HTTP_HOST,
	HTTP_EXPECT,
	HTTP_UPGRADE,
	HTTP_KEEP_ALIVE,
	HTTP_PROXY_CONNECTION,
	HTTP_TE,
	HTTP_TRAILER,
	HTTP_VIA,
	HTTP_X_FORWARDED_FOR,
	HTTP_X_FORWARDED_PROTO,
	HTTP_X_FORWARDED_HOST,
	HTTP_X_REQUEST_ID,
	HTTP_FORWARDED,
	HTTP_DATE,
	HTTP_IF_NONE_MATCH,
	HTTP_RANGE,
	HTTP_IF_RANGE,
	HTTP_PROXY_AUTHENTICATE,
	HTTP_PROXY_AUTHORIZATION,
	HTTP_X_REAL_IP,
	HTTP_TRUE_CLIENT_IP,
	HTTP_X_ORIGINAL_URL,
	HTTP_X_REWRITE_URL,
	HTTP_X_FORWARDED_OTHER, /* X-Forwarded- and anything but For, Proto and Host */
	HTTP_FIELD_IDS
};

enum http_method {
	HTTP_GET,
	HTTP_HEAD_METHOD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_DELETE,
	HTTP_PATCH,
	HTTP_OPTIONS,
	HTTP_TRACE,
	HTTP_CONNECT,
	HTTP_METHOD_OTHER
};

/* Why a head was refused. The text and the status to answer with come from http_fault_text, http_fault_status. */
enum http_fault {
	HTTP_FAULT_NONE,
	HTTP_FAULT_LINE,          /* request or status line malformed */
	HTTP_FAULT_METHOD,        /* illegal method token */
	HTTP_FAULT_TARGET,        /* illegal request target */
	HTTP_FAULT_TARGET_LONG,   /* 414 */
	HTTP_FAULT_VERSION,       /* not HTTP/1.x: 505 */
	HTTP_FAULT_LINE_END,      /* bare LF or bare CR */
	HTTP_FAULT_FOLD,          /* obs-fold */
	HTTP_FAULT_NAME,          /* empty or illegal field name, space before the colon, no colon */
	HTTP_FAULT_VALUE,         /* control character in a field value */
	HTTP_FAULT_FIELDS,        /* too many fields: 431 */
	HTTP_FAULT_HEAD_LONG,     /* head too large: 431 */
	HTTP_FAULT_HOST,          /* missing, second or malformed Host */
	HTTP_FAULT_LENGTH,        /* Content-Length that is no number */
	HTTP_FAULT_LENGTHS,       /* two of them */
	HTTP_FAULT_CODING,        /* Transfer-Encoding: codings that we do not know, then chunked: 501 */
	HTTP_FAULT_LAST_CODING,   /* Transfer-Encoding whose last coding is not chunked, or an empty or malformed one */
	HTTP_FAULT_CODINGS,       /* two Transfer-Encoding fields */
	HTTP_FAULT_CODING_LENGTH, /* Transfer-Encoding with Content-Length */
	HTTP_FAULT_CODING_1_0,    /* Transfer-Encoding in HTTP/1.0 */
	HTTP_FAULT_FRAMING,       /* a body on a HEAD, TRACE or CONNECT request */
	HTTP_FAULT_STATUS,        /* response: status code not 100..599 */
	HTTP_FAULT_CHUNK,         /* chunk size line or the end of a chunk malformed */
	HTTP_FAULTS
};

struct http_head {
	/* request */
	enum http_method method;
	struct http_text method_text;
	struct http_text target; /* as sent */
	/* response */
	int status;
	struct http_text reason;
	/* both */
	int minor;              /* HTTP/1.minor, 0 or 1: a higher one is read as 1 (RFC 9110 section 2.5) */
	size_t size;            /* bytes of the head, blank lines before it and the empty line included */
	int64_t content_length; /* -1: no Content-Length */
	bool chunked;
	bool close;           /* Connection: close, or HTTP/1.0 without keep-alive */
	bool upgrade;         /* Connection: upgrade and an Upgrade field */
	bool names_fields;    /* Connection has more than the words close, keep-alive and upgrade */
	bool expect_continue; /* Expect: 100-continue */
	bool expect_other;    /* any other Expect */
	uint32_t seen;        /* bit (1 << id) for each known field present */
	unsigned count;
	struct http_field fields[HTTP_HEAD_FIELDS];
};

enum http_parse { HTTP_PARSE_MORE, HTTP_PARSE_DONE, HTTP_PARSE_BAD };

struct http_limits {
	uint32_t head_bytes; /* the whole head */
	uint32_t target_bytes;
};

/* Reads a request head at the start of data. DONE: head is filled with views into data, head->size says where the
 * body starts. MORE: not all there yet (call again with more behind the same bytes; *scanned, 0 at first, saves
 * looking at them twice). BAD: *fault says why. */
enum http_parse http_head_parse_request(const char *data, size_t len, const struct http_limits *limits, size_t *scanned,
                                        struct http_head *head, enum http_fault *fault);

/* The same for a response head. request_method decides about bodies only in http_response_has_body. */
enum http_parse http_head_parse_response(const char *data, size_t len, const struct http_limits *limits,
                                         size_t *scanned, struct http_head *head, enum http_fault *fault);

/* The method at the start of a request's head that is not whole, or was refused; HTTP_METHOD_OTHER where there is none that
 * we know. */
enum http_method http_head_method(const char *data, size_t len);

/* May this response have a body at all (RFC 9112 section 6.3, rules 1 and 2)? */
bool http_response_has_body(const struct http_head *head, enum http_method request_method);

/* First field with this id, NULL if there is none. */
const struct http_field *http_head_find(const struct http_head *head, enum http_field_id id);

/* The next element of a comma-separated list, which is not empty, without the space around it; the list is what follows then.
 * False: there is none. */
bool http_list_next(struct http_text *list, struct http_text *element);

/* Is wanted one of them (case-insensitive)? */
bool http_list_has(struct http_text list, struct http_text wanted);

bool http_text_is(struct http_text text, const char *lower_case); /* case-insensitive whole match */

/* GET, HEAD, PUT, DELETE, OPTIONS, TRACE (RFC 9110 section 9.2.2). */
bool http_method_idempotent(enum http_method method);

/* Changes nothing: RFC 9110 section 9.2.1. */
bool http_method_safe(enum http_method method);

int http_fault_status(enum http_fault fault);       /* 400, 414, 431, 501, 505 */
const char *http_fault_text(enum http_fault fault); /* for people */
/* Of a response: what it breaks, behind "the reply ..." */
const char *http_fault_reply(enum http_fault fault);
const char *http_status_text(int status); /* "Not Found"; "Unknown" for one we do not know */
