/* http1_line: two words of visible characters. */
#include "orchestrator/proxy/http1_line.h"

#include "orchestrator/proxy/request.h"

#define LINE_MAX 2048 /* bytes that are looked at */

/* Up to the next space, or the line's end. */
static struct http_text next_word(const char **at, const char *end)
{
	while (*at < end && **at == ' ')
		++*at;
	const char *start = *at;
	while (*at<end &&* * at> ' ' && **at < 0x7f)
		++*at;
	return (struct http_text){start, (uint32_t)(*at - start)};
}

struct http1_line http1_line_read(const char *data, size_t len)
{
	const char *at = data, *end = data + (len < LINE_MAX ? len : LINE_MAX);
	struct http1_line line = {.head_only = http_head_method(data, len) == HTTP_HEAD_METHOD};

	while (at < end && (*at == '\r' || *at == '\n'))
		at++;
	line.method = next_word(&at, end);
	line.target = next_word(&at, end);
	return line;
}

struct http1_line http1_line_of_head(const struct http_head *head)
{
	return (struct http1_line){head->method_text, head->target, head->method == HTTP_HEAD_METHOD};
}

struct http1_line http1_line_of_request(const struct request *request)
{
	return (struct http1_line){request_method(request), request_target(request),
	                           request->method == HTTP_HEAD_METHOD};
}
