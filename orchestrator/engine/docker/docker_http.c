/* docker_http: one request's life: made, given to libcurl, its bytes collected, its end told.
 *
 *   docker_http_send -> request_new -> request_start -> [libcurl: on_header, on_body] -> on_turn -> request_finish
 *
 * libcurl forbids adding and removing handles from its callbacks, so on_header and on_body only note what came; the
 * news of streams and all endings are told from on_turn, after libcurl has returned.
 * Invariant: a request is in `all` from its making until its final callback starts or it is cancelled.
 */
#include "orchestrator/engine/docker/docker_http.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/mem.h"
#include "orchestrator/base/curl_loop.h"
#include "orchestrator/base/loop.h"
#include "orchestrator/engine/docker/docker_trouble.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>

#define CONNECT_RETRY_MS 20 /* the listener's backlog was full: no back-off, the request's deadline bounds it */
#define CONNECTIONS_MAX 64L
#define CONNECTIONS_KEPT 8L
#define API_VERSION_SIZE 16

struct docker_http_request {
	struct docker_http *http;
	LIST_ENTRY(docker_http_request) in_all;
	TAILQ_ENTRY(docker_http_request) in_news;
	CURL *easy;
	struct curl_slist *fields;
	char *body;          /* what we send */
	int64_t deadline_ms; /* 0 = none */
	struct event *retry; /* waits to try the connect again */
	struct buf received;
	bool too_large;
	char api_version[API_VERSION_SIZE];
	const struct docker_http_stream *stream; /* NULL: an ordinary request */
	bool headed;                             /* stream: status 200 and the head is complete */
	bool head_told;
	bool has_news;
	docker_http_reply *on_reply;
	void *arg;
	char curl_error[CURL_ERROR_SIZE];
};

struct docker_http {
	struct event_base *base;
	struct curl_loop *loop;
	char *socket_path;
	LIST_HEAD(, docker_http_request) all;
	TAILQ_HEAD(, docker_http_request) news; /* streams with something to tell */
};

/* --- what libcurl calls: take notes only ----------------------------------------------------------------------- */

static void request_note(struct docker_http_request *request)
{
	if (request->has_news)
		return;
	request->has_news = true;
	TAILQ_INSERT_TAIL(&request->http->news, request, in_news);
}

static bool request_streams(const struct docker_http_request *request)
{
	long status = 0;

	if (request->stream == NULL)
		return false;
	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	return status == 200;
}

static void request_take_version(struct docker_http_request *request, const char *value, size_t len)
{
	while (len > 0 && *value == ' ') {
		value++;
		len--;
	}
	len = strcspn(value, "\r\n") < len ? strcspn(value, "\r\n") : len;
	if (len >= sizeof(request->api_version))
		return;
	memcpy(request->api_version, value, len);
	request->api_version[len] = '\0';
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	static const char name[] = "Api-Version:";
	struct docker_http_request *request = arg;
	size_t len = size * count;

	/* libcurl hands over whole lines with their CRLF, so the strcspn in request_take_version stays inside. */
	if (len > sizeof(name) && line[len - 1] == '\n' && strncasecmp(line, name, sizeof(name) - 1) == 0)
		request_take_version(request, line + sizeof(name) - 1, len - sizeof(name) + 1);
	if (len == 2 && memcmp(line, "\r\n", 2) == 0 && request_streams(request)) {
		request->headed = true;
		request_note(request);
	}
	return len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct docker_http_request *request = arg;
	size_t len = size * count;

	if (!buf_add(&request->received, bytes, len)) {
		request->too_large = true;
		return CURL_WRITEFUNC_ERROR;
	}
	if (request->headed)
		request_note(request);
	return len;
}

/* libcurl's own sockets would be inherited by child processes. */
static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)arg;
	(void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
}

/* --- making and ending ----------------------------------------------------------------------------------------- */

static void request_free(struct docker_http_request *request)
{
	if (request->retry != NULL)
		event_free(request->retry);
	curl_easy_cleanup(request->easy);
	curl_slist_free_all(request->fields);
	buf_clear(&request->received);
	free(request->body);
	free(request);
}

static void request_unlink(struct docker_http_request *request)
{
	if (request->has_news)
		TAILQ_REMOVE(&request->http->news, request, in_news);
	request->has_news = false;
	LIST_REMOVE(request, in_all);
	curl_multi_remove_handle(curl_loop_multi(request->http->loop), request->easy);
}

void docker_http_cancel(struct docker_http_request *request)
{
	request_unlink(request);
	request_free(request);
}

static void request_add_field(struct docker_http_request *request, const char *field)
{
	request->fields = mem_must(curl_slist_append(request->fields, field));
}

static void request_set_connection(struct docker_http_request *request)
{
	CURL *easy = request->easy;

	curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->http->socket_path);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)DOCKER_CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* whatever http_proxy says */
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->curl_error);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
}

static void request_set_message(struct docker_http_request *request, const struct docker_http_ask *ask)
{
	CURL *easy = request->easy;
	char *url = mem_format("http://docker%s", ask->path);

	curl_easy_setopt(easy, CURLOPT_URL, url); /* libcurl copies it */
	free(url);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, ask->method);
	if (ask->body != NULL) {
		request->body = mem_dup_n(ask->body, ask->body_len);
		request_add_field(request, "Content-Type: application/json");
	}
	if (strcmp(ask->method, "POST") == 0) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body != NULL ? request->body : "");
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, request->body != NULL ? (long)ask->body_len : 0L);
	}
	request_add_field(request, "Accept: application/json");
	request_add_field(request, "Expect:");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->fields);
}

static struct docker_http_request *request_new(struct docker_http *http, const struct docker_http_ask *ask, void *arg)
{
	struct docker_http_request *request = mem_zero(sizeof(*request));

	request->http = http;
	request->arg = arg;
	request->easy = mem_must(curl_easy_init());
	buf_init(&request->received, DOCKER_HTTP_REPLY_MAX);
	if (ask->timeout_ms > 0)
		request->deadline_ms = clock_ms() + ask->timeout_ms;
	request_set_connection(request);
	request_set_message(request, ask);
	LIST_INSERT_HEAD(&http->all, request, in_all);
	return request;
}

static void request_start(struct docker_http_request *request)
{
	int64_t left_ms = request->deadline_ms - clock_ms();
	CURLMcode code;

	if (request->deadline_ms != 0)
		curl_easy_setopt(request->easy, CURLOPT_TIMEOUT_MS, left_ms > 0 ? (long)left_ms : 1L);
	code = curl_multi_add_handle(curl_loop_multi(request->http->loop), request->easy);
	assert(code == CURLM_OK);
}

struct docker_http_request *docker_http_send(struct docker_http *http, const struct docker_http_ask *ask,
                                             docker_http_reply *on_reply, void *arg)
{
	struct docker_http_request *request = request_new(http, ask, arg);

	request->on_reply = on_reply;
	request_start(request);
	return request;
}

struct docker_http_request *docker_http_open(struct docker_http *http, const char *path,
                                             const struct docker_http_stream *stream, void *arg)
{
	struct docker_http_ask ask = {.method = "GET", .path = path};
	struct docker_http_request *request = request_new(http, &ask, arg);

	request->stream = stream;
	request->on_reply = stream->on_end;
	request_start(request);
	return request;
}

/* --- telling --------------------------------------------------------------------------------------------------- */

static enum docker_http_end request_explain(const struct docker_http_request *request, CURLcode code, struct err *err)
{
	if (request->too_large) {
		err_set(err, "a reply of Docker at %s is larger than %u bytes", request->http->socket_path,
		        DOCKER_HTTP_REPLY_MAX);
		return DOCKER_HTTP_TOO_LARGE;
	}
	return docker_trouble_is_timeout(request->easy, code, request->curl_error, request->http->socket_path, err)
	               ? DOCKER_HTTP_TIMED_OUT
	               : DOCKER_HTTP_UNREACHABLE;
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	request_start(arg);
}

/* A unix socket whose backlog is full refuses a non-blocking connect with EAGAIN, which libcurl takes for "under way";
 * it then finds a socket that is not connected and has no error either. Nothing was sent: try again a little later. */
static bool request_retry(struct docker_http_request *request, CURLcode code)
{
	struct timeval wait = clock_timeval(CONNECT_RETRY_MS * 1000);
	long errno_value = 0;

	curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &errno_value);
	if (!(code == CURLE_COULDNT_CONNECT && (errno_value == 0 || errno_value == EAGAIN)) &&
	    !(code == CURLE_SEND_ERROR && errno_value == ENOTCONN))
		return false;
	if (request->deadline_ms == 0 || request->deadline_ms <= clock_ms() + CONNECT_RETRY_MS)
		return false;
	curl_multi_remove_handle(curl_loop_multi(request->http->loop), request->easy);
	if (request->retry == NULL)
		request->retry = loop_event_new(request->http->base, LOOP_URGENT, -1, 0, on_retry, request);
	evtimer_add(request->retry, &wait);
	return true;
}

static void request_finish(struct docker_http_request *request, CURLcode code)
{
	struct docker_reply reply = {.end = DOCKER_HTTP_REPLIED, .message = "", .api_version = request->api_version};
	struct err err = {.message = ""};
	long status = 0;

	if (request_retry(request, code))
		return;
	if (code != CURLE_OK) {
		reply.end = request_explain(request, code, &err);
		reply.message = err.message;
	}
	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	reply.status = (int)status;
	reply.body = buf_text(&request->received);
	reply.len = request->received.len;
	request_unlink(request);
	request->on_reply(&reply, request->arg);
	request_free(request);
}

/* One piece of news; the request may be gone afterwards, so what is told is taken out of it first. */
static void request_tell(struct docker_http_request *request)
{
	struct buf bytes = request->received;

	request->has_news = false;
	TAILQ_REMOVE(&request->http->news, request, in_news);
	if (!request->head_told) {
		request->head_told = true;
		if (request->received.len > 0)
			request_note(request);
		request->stream->on_head(request->arg);
		return;
	}
	buf_init(&request->received, DOCKER_HTTP_REPLY_MAX);
	request->stream->on_data(bytes.data, bytes.len, request->arg);
	buf_clear(&bytes);
}

static void on_turn(void *arg)
{
	struct docker_http *http = arg;
	CURLMsg *message;
	int left;

	while (!TAILQ_EMPTY(&http->news))
		request_tell(TAILQ_FIRST(&http->news));
	while ((message = curl_multi_info_read(curl_loop_multi(http->loop), &left)) != NULL) {
		struct docker_http_request *request;
		char *private;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		request = (struct docker_http_request *)private;
		request_finish(request, message->data.result);
	}
}

struct docker_http *docker_http_new(struct event_base *base, const char *socket_path)
{
	struct docker_http *http = mem_zero(sizeof(*http));

	curl_global_init(CURL_GLOBAL_NOTHING);
	http->base = base;
	http->socket_path = mem_dup(socket_path);
	http->loop = curl_loop_new(base, LOOP_URGENT, on_turn, http);
	curl_multi_setopt(curl_loop_multi(http->loop), CURLMOPT_MAX_TOTAL_CONNECTIONS, CONNECTIONS_MAX);
	curl_multi_setopt(curl_loop_multi(http->loop), CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
	LIST_INIT(&http->all);
	TAILQ_INIT(&http->news);
	return http;
}

void docker_http_free(struct docker_http *http)
{
	struct docker_http_request *request = LIST_FIRST(&http->all);

	while (request != NULL) {
		struct docker_http_request *next = LIST_NEXT(request, in_all);
		docker_http_cancel(request);
		request = next;
	}
	curl_loop_free(http->loop);
	curl_global_cleanup();
	free(http->socket_path);
	free(http);
}
