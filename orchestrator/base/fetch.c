/* fetch: one request's life: made, given to libcurl, its body collected, its end told.
 *
 *   fetch_send -> request_new -> [libcurl: on_body] -> on_turn -> request_finish
 *
 * Invariant: a request is in `all` from its making until its callback starts or it is cancelled.
 */
#include "orchestrator/base/fetch.h"

#include "common/buf.h"
#include "common/mem.h"
#include "orchestrator/base/curl_loop.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

#define CONNECT_MS 15000L
#define CONNECTIONS_MAX 16L
#define CONNECTIONS_KEPT 4L
#define KEPT_S 30L

struct fetch_request {
	struct fetch *fetch;
	LIST_ENTRY(fetch_request) in_all;
	CURL *easy;
	struct curl_slist *fields;
	char *body; /* what we send */
	struct buf received;
	const char *const *wanted;
	fetch_replied *replied;
	void *arg;
	char why[CURL_ERROR_SIZE];
};

struct fetch {
	struct curl_loop *loop;
	LIST_HEAD(, fetch_request) all;
};

/* --- what libcurl calls ---------------------------------------------------------------------------------------- */

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct fetch_request *request = arg;

	return buf_add(&request->received, bytes, size * count) ? size * count : CURL_WRITEFUNC_ERROR;
}

/* libcurl's own sockets would be inherited by child processes. */
static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)arg;
	(void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
}

/* --- making and ending ----------------------------------------------------------------------------------------- */

static void request_free(struct fetch_request *request)
{
	LIST_REMOVE(request, in_all);
	curl_multi_remove_handle(curl_loop_multi(request->fetch->loop), request->easy);
	curl_easy_cleanup(request->easy);
	curl_slist_free_all(request->fields);
	buf_clear(&request->received);
	free(request->body);
	free(request);
}

void fetch_cancel(struct fetch_request *request)
{
	request_free(request);
}

/* The bundle of all roots takes OpenSSL tens of milliseconds to read; from the directory beside it it takes the one it needs. */
static void set_trust(CURL *easy, const char *ca_file)
{
	char *directory = NULL;

	if (ca_file[0] != '\0') {
		curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	} else if (curl_easy_getinfo(easy, CURLINFO_CAPATH, &directory) == CURLE_OK && directory != NULL) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	}
}

static void set_connection(struct fetch_request *request, const struct fetch_ask *ask)
{
	CURL *easy = request->easy;

	curl_easy_setopt(easy, CURLOPT_URL, ask->url); /* libcurl copies it */
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, ask->clear ? "http" : "https");
	if (ask->clear)
		curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)ask->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, KEPT_S);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* an end does not wait for the thread that looks a name up */
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "selfless-orchestrator/" SELFLESS_VERSION);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->why);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
	set_trust(easy, ask->ca_file);
}

static void set_message(struct fetch_request *request, const struct fetch_ask *ask)
{
	CURL *easy = request->easy;

	if (ask->head)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	if (ask->body == NULL)
		return;
	char *type = mem_format("Content-Type: %s", ask->type);
	request->body = mem_dup(ask->body);
	request->fields = mem_must(curl_slist_append(request->fields, type));
	request->fields = mem_must(curl_slist_append(request->fields, "Expect:"));
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->fields);
	free(type);
}

static void set_authorization(struct fetch_request *request, const char *authorization)
{
	char *field;

	if (authorization == NULL)
		return;
	field = mem_format("Authorization: %s", authorization);
	request->fields = mem_must(curl_slist_append(request->fields, field));
	curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->fields);
	free(field);
}

struct fetch_request *fetch_send(struct fetch *fetch, const struct fetch_ask *ask, fetch_replied *replied, void *arg)
{
	struct fetch_request *request = mem_zero(sizeof(*request));

	request->fetch = fetch;
	request->wanted = ask->fields;
	request->replied = replied;
	request->arg = arg;
	request->easy = mem_must(curl_easy_init());
	buf_init(&request->received, FETCH_REPLY_MAX);
	set_connection(request, ask);
	set_message(request, ask);
	set_authorization(request, ask->authorization);
	LIST_INSERT_HEAD(&fetch->all, request, in_all);
	CURLMcode code = curl_multi_add_handle(curl_loop_multi(fetch->loop), request->easy);
	assert(code == CURLM_OK);
	return request;
}

/* --- telling --------------------------------------------------------------------------------------------------- */

static enum fetch_trouble trouble_of(CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return FETCH_GOOD;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return FETCH_NO_NAME;
	case CURLE_COULDNT_CONNECT:
		return FETCH_NO_CONNECT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return FETCH_UNTRUSTED;
	case CURLE_OPERATION_TIMEDOUT:
		return FETCH_LATE;
	default:
		return FETCH_BROKEN;
	}
}

static void take_fields(struct fetch_request *request, struct fetch_reply *reply)
{
	for (size_t i = 0; request->wanted != NULL && request->wanted[i] != NULL; i++) {
		struct curl_header *field;
		assert(i < FETCH_FIELDS);
		if (curl_easy_header(request->easy, request->wanted[i], 0, CURLH_HEADER, -1, &field) == CURLHE_OK)
			reply->fields[i] = field->value;
	}
}

static void request_finish(struct fetch_request *request, CURLcode code)
{
	struct fetch_reply reply = {.trouble = trouble_of(code), .why = ""};
	long status = 0;

	if (code != CURLE_OK)
		reply.why = request->why[0] != '\0' ? request->why : curl_easy_strerror(code);
	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	reply.status = (int)status;
	reply.body = buf_text(&request->received);
	reply.len = request->received.len;
	take_fields(request, &reply);
	request->replied(&reply, request->arg);
	request_free(request);
}

static void on_turn(void *arg)
{
	struct fetch *fetch = arg;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(curl_loop_multi(fetch->loop), &left)) != NULL) {
		char *private;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		request_finish((struct fetch_request *)private, message->data.result);
	}
}

/* --- life ------------------------------------------------------------------------------------------------------ */

struct fetch *fetch_new(struct event_base *base)
{
	struct fetch *fetch = mem_zero(sizeof(*fetch));

	curl_global_init(CURL_GLOBAL_DEFAULT);
	fetch->loop = curl_loop_new(base, LOOP_CLIENTS, on_turn, fetch);
	curl_multi_setopt(curl_loop_multi(fetch->loop), CURLMOPT_MAX_TOTAL_CONNECTIONS, CONNECTIONS_MAX);
	curl_multi_setopt(curl_loop_multi(fetch->loop), CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
	LIST_INIT(&fetch->all);
	return fetch;
}

void fetch_free(struct fetch *fetch)
{
	if (fetch == NULL)
		return;
	for (struct fetch_request *one = LIST_FIRST(&fetch->all), *next; one != NULL; one = next) {
		next = LIST_NEXT(one, in_all);
		fetch_cancel(one);
	}
	curl_loop_free(fetch->loop);
	curl_global_cleanup();
	free(fetch);
}
