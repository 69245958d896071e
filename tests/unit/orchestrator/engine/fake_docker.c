/* fake_docker.c: an evhttp on a unix socket; the event stream is one reply that is never finished. */
#include "tests/unit/orchestrator/engine/fake_docker.h"

#include <check.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void reply_text(struct evhttp_request *request, int status, const char *text)
{
	struct evbuffer *body = evbuffer_new();

	evbuffer_add(body, text, strlen(text));
	evhttp_send_reply(request, status, "Fake", body);
	evbuffer_free(body);
}

/* evhttp gives a request whose connection is lost back to us: ending it frees it. */
static void let_go(struct evhttp_request **request)
{
	if (*request != NULL && evhttp_request_get_connection(*request) == NULL)
		evhttp_send_reply_end(*request);
	*request = NULL;
}

static void let_all_go(struct fake_docker *fake)
{
	for (size_t i = 0; i < fake->unanswered_count; i++)
		let_go(&fake->unanswered[i]);
	fake->unanswered_count = 0;
}

static void leave_unanswered(struct fake_docker *fake, struct evhttp_request *request)
{
	ck_assert_uint_lt(fake->unanswered_count, FAKE_UNANSWERED);
	fake->unanswered[fake->unanswered_count++] = request;
}

static void take_body(struct fake_docker *fake, struct evhttp_request *request)
{
	struct evbuffer *input = evhttp_request_get_input_buffer(request);
	size_t len = evbuffer_get_length(input);

	if (len >= sizeof(fake->last_body))
		len = sizeof(fake->last_body) - 1;
	evbuffer_copyout(input, fake->last_body, len);
	fake->last_body[len] = '\0';
}

static const struct fake_page *find_page(const struct fake_docker *fake, const char *path)
{
	for (size_t i = 0; i < fake->page_count; i++)
		if (strstr(path, fake->pages[i].path) != NULL)
			return &fake->pages[i];
	return NULL;
}

static void reply_call(struct fake_docker *fake, struct evhttp_request *request, const char *path)
{
	size_t at = (size_t)fake->calls < fake->reply_count ? (size_t)fake->calls : fake->reply_count - 1;

	fake->calls++;
	snprintf(fake->last_path, sizeof(fake->last_path), "%s", path);
	take_body(fake, request);
	if (fake->replies[at].status == 0)
		leave_unanswered(fake, request);
	else
		reply_text(request, fake->replies[at].status, fake->replies[at].body);
}

static void reply_version(struct fake_docker *fake, struct evhttp_request *request)
{
	char text[200];

	snprintf(text, sizeof(text), "{\"ApiVersion\":\"%s\",\"MinAPIVersion\":\"%s\"}", fake->api_version,
	         fake->min_version);
	reply_text(request, 200, text);
}

static void on_request(struct evhttp_request *request, void *arg)
{
	struct fake_docker *fake = arg;
	const char *path = evhttp_request_get_uri(request);
	const struct fake_page *page = find_page(fake, path);

	if (fake->mute != NULL && strstr(path, fake->mute) != NULL) {
		leave_unanswered(fake, request);
	} else if (strcmp(path, "/_ping") == 0) {
		fake->pings++;
		evhttp_add_header(evhttp_request_get_output_headers(request), "Api-Version", fake->api_version);
		reply_text(request, 200, "OK");
	} else if (strcmp(path, "/version") == 0) {
		reply_version(fake, request);
	} else if (strcmp(path, "/info") == 0) {
		reply_text(request, 200, fake->info != NULL ? fake->info : "{\"LoggingDriver\":\"json-file\"}");
	} else if (strstr(path, "/events?") != NULL) {
		fake->subscriptions++;
		let_go(&fake->events);
		fake->events = request;
		snprintf(fake->events_path, sizeof(fake->events_path), "%s", path);
		evhttp_send_reply_start(request, 200, "OK");
	} else if (page != NULL) {
		reply_text(request, page->reply.status, page->reply.body);
	} else {
		reply_call(fake, request, path);
	}
}

static struct bufferevent *on_connection(struct event_base *base, void *arg)
{
	struct fake_docker *fake = arg;

	fake->connections++;
	return bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
}

void fake_open(struct fake_docker *fake, struct event_base *base, const char *socket_path)
{
	static const struct fake_reply empty_list = {200, "[]"};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct evconnlistener *listener;

	fake->base = base;
	fake->api_version = fake->api_version != NULL ? fake->api_version : "1.41";
	fake->min_version = fake->min_version != NULL ? fake->min_version : "1.12";
	if (fake->replies == NULL) {
		fake->replies = &empty_list;
		fake->reply_count = 1;
	}
	snprintf(fake->socket_path, sizeof(fake->socket_path), "%s", socket_path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	unlink(socket_path);
	listener = evconnlistener_new_bind(base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, -1,
	                                   (struct sockaddr *)&address, sizeof(address));
	ck_assert_ptr_nonnull(listener);
	fake->http = evhttp_new(base);
	evhttp_set_allowed_methods(fake->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_DELETE);
	evhttp_set_gencb(fake->http, on_request, fake);
	evhttp_set_bevcb(fake->http, on_connection, fake);
	evhttp_bind_listener(fake->http, listener);
}

void fake_close(struct fake_docker *fake)
{
	if (fake->http == NULL)
		return;
	unlink(fake->socket_path);
	let_go(&fake->events);
	let_all_go(fake);
	evhttp_free(fake->http);
	fake->http = NULL;
}

void fake_tell(struct fake_docker *fake, const char *bytes, size_t len)
{
	struct evbuffer *piece = evbuffer_new();

	ck_assert_ptr_nonnull(fake->events);
	evbuffer_add(piece, bytes, len);
	evhttp_send_reply_chunk(fake->events, piece);
	evbuffer_free(piece);
}

void fake_end_events(struct fake_docker *fake)
{
	ck_assert_ptr_nonnull(fake->events);
	evhttp_send_reply_end(fake->events);
	fake->events = NULL;
}
