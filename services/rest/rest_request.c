/* rest_request: one request: what is known of it, what rest itself answers, and what its handler asks about it. */
#include "common/mem.h"
#include "services/rest/rest_internal.h"
#include "services/rest/rest_range.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A copy of the field's value; NULL: there is no such field. */
static char *copy_field(const struct http_head *head, enum http_field_id id)
{
	const struct http_field *field = http_head_find(head, id);

	return field != NULL ? mem_dup_n(field->value.data, field->value.len) : NULL;
}

struct rest_request *rest_request_new(struct rest_conn *conn, const struct http_head *head)
{
	struct rest_request *request = mem_zero(sizeof(*request));

	request->server = conn->server;
	request->conn = conn;
	request->method = head->method;
	request->minor = head->minor;
	request->close = head->close;
	request->chunked = head->chunked;
	request->target = mem_dup_n(head->target.data, head->target.len);
	request->body_left = head->content_length > 0 ? head->content_length : 0;
	request->if_none_match = copy_field(head, HTTP_IF_NONE_MATCH);
	request->range = copy_field(head, HTTP_RANGE);
	request->if_range = copy_field(head, HTTP_IF_RANGE);
	buf_init(&request->body, conn->server->options.max_body_bytes);
	return request;
}

void rest_request_free(struct rest_request *request)
{
	if (request == NULL)
		return;
	request->server->bodies_bytes -= request->body_held;
	for (size_t i = 0; i < REST_NAMES; i++)
		free(request->names[i]);
	buf_clear(&request->body);
	free(request->if_none_match);
	free(request->range);
	free(request->if_range);
	free(request->target);
	free(request);
}

static void answer_early(struct rest_request *request, int status, const char *error)
{
	request->early_status = status;
	request->early_error = error;
}

/* The connection is closed behind the answer, as the client's next bytes may be no request. */
static void answer_early_and_close(struct rest_request *request, int status, const char *error)
{
	answer_early(request, status, error);
	request->close = true;
}

static bool decode_names(struct rest_request *request)
{
	for (unsigned i = 0; i < request->match.name_count; i++) {
		struct http_text raw = request->match.names[i];
		request->names[i] = mem_alloc(raw.len + 1);
		if (!rest_path_decode(raw, request->names[i], &request->name_lens[i]) ||
		    !rest_text_valid(request->names[i], request->name_lens[i]))
			return false;
	}
	return true;
}

static void route_path(struct rest_request *request, bool split)
{
	bool options = request->method == HTTP_OPTIONS;

	if (options && strcmp(request->target, "*") == 0)
		answer_early(request, 204, NULL);
	else if (!split || !rest_path_match(request->server->service, &request->path, request->method, &request->match))
		answer_early(request, 404, "no such path");
	else if (options)
		answer_early(request, 204, NULL);
	else if (request->match.route == NULL)
		answer_early(request, 405, "this path does not take that method");
	else if (!decode_names(request))
		answer_early(request, 400, "the path is not valid UTF-8, properly escaped");
}

void rest_request_route(struct rest_request *request, const struct http_head *head)
{
	const struct rest_service *service = request->server->service;
	struct http_text target = {.data = request->target, .len = (uint32_t)strlen(request->target)};
	bool split = rest_path_split(target, &request->path);
	struct http_text path = split ? request->path.path : target;
	int status = service->on_arrival != NULL ? service->on_arrival(service->owner, request->method, path) : 0;

	if (status != 0)
		answer_early(request, status, "this instance is out of order");
	else if (head->expect_other)
		answer_early_and_close(request, 417, "only Expect: 100-continue is known");
	else if (request->method == HTTP_CONNECT)
		answer_early_and_close(request, 405, "this is no proxy");
	else
		route_path(request, split);
}

struct http_text rest_name(const struct rest_request *request, unsigned index)
{
	assert(index < request->match.name_count);
	return (struct http_text){.data = request->names[index], .len = request->name_lens[index]};
}

bool rest_query(const struct rest_request *request, const char *key, struct http_text *value)
{
	unsigned times;
	struct http_text found = rest_query_find(request->path.query, key, &times);

	*value = times > 1 ? (struct http_text){.data = "", .len = 0} : found;
	return times > 0;
}

struct http_text rest_target(const struct rest_request *request)
{
	return (struct http_text){.data = request->target, .len = (uint32_t)strlen(request->target)};
}

struct http_text rest_body(const struct rest_request *request)
{
	const char *data = request->body.data;

	return (struct http_text){.data = data != NULL ? data : "", .len = (uint32_t)request->body.len};
}

bool rest_etag_matches(const struct rest_request *request, const char *etag)
{
	const char *list = request->if_none_match;
	size_t len = strlen(etag);

	if (list == NULL)
		return false;
	if (strcmp(list, "*") == 0)
		return true;
	/* Weak comparison (RFC 9110 section 13.1.2); an etag of ours holds no quote or comma inside. */
	for (const char *at = strstr(list, etag); at != NULL; at = strstr(at + 1, etag)) {
		bool starts = at == list || at[-1] == ' ' || at[-1] == ',' || at[-1] == '/' || at[-1] == '\t';
		if (starts && (at[len] == '\0' || at[len] == ',' || at[len] == ' ' || at[len] == '\t'))
			return true;
	}
	return false;
}

enum rest_part rest_part_wanted(const struct rest_request *request, const char *etag, size_t size,
                                struct rest_span *span)
{
	*span = (struct rest_span){.len = size};
	if (request->range == NULL || rest_is_head(request) ||
	    (request->if_range != NULL && strcmp(request->if_range, etag) != 0))
		return REST_WHOLE;
	return rest_range_read(request->range, size, span);
}

bool rest_is_head(const struct rest_request *request)
{
	return request->method == HTTP_HEAD_METHOD;
}

bool rest_gone(const struct rest_request *request)
{
	return request->conn == NULL;
}
