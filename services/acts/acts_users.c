/* acts_users: one keep-alive connection to the users service, at most one request under way ("flight").
 *
 *   check -> waiting --start--> aboard --reply--> answered
 *               ^                  |
 *               +---- failure -----+   then again, later each time, until the check's deadline
 *
 * The users service may be another container, with another address, the next moment, and our own network may be taken away
 * and given back. So whatever fails is tried again with a new connection, to an address that is asked for anew. And a dead
 * path shows while there is time for another try: a connection that is not there after half of a check's time is given
 * up, and TCP gives up a kept one where nobody acknowledges for a quarter. A service that is only slow does acknowledge.
 *
 * evhttp may call back from inside its own calls, and must not be freed in some of its callbacks: so a reply is only
 * noted there, and everything follows from one event of ours.
 */
#include "services/acts/acts_users.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "services/acts/resolver.h"
#include "services/acts/user_set.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define RETRY_MS 20      /* doubled with each failure */
#define RETRY_MAX_MS 250 /* so much later users are found that came back */
#define CONNECT_PART 2   /* of a check's time: half of it */
#define SILENCE_PART 4
#define LIST_BYTES (256 << 20)
#define PATH "/api/v1/users"

TAILQ_HEAD(check_list, user_check);

enum flight { FLIGHT_NONE, FLIGHT_UNDER_WAY, FLIGHT_LANDED, FLIGHT_FAILED };

struct acts_users {
	struct event_base *base;
	struct resolver *resolver;
	char *host, *host_field;
	uint16_t port;
	int64_t timeout_ms;
	struct evhttp_connection *connection;
	bool kept; /* the connection has had a reply before */
	int retry_ms;
	enum flight flight;
	int64_t flight_started_ms;
	struct check_list waiting, aboard; /* both in the order of their deadlines */
	struct user_set *set;              /* the last list, with its entity tag */
	char *etag;
	struct event *step, *deadline, *connecting;
	bool reachable; /* for the log: one line a change */
};

/* --- the request ----------------------------------------------------------------------------------------------- */

static bool accept_list(struct acts_users *users, struct evhttp_request *request, size_t len)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(request);
	const char *etag = evhttp_find_header(evhttp_request_get_input_headers(request), "ETag");
	struct user_set *set;
	struct err err;

	if (!user_set_new((const char *)evbuffer_pullup(body, -1), len, &set, &err)) {
		log_warn("event=users-list-refused error=%s", log_quote(err.message));
		return false;
	}
	user_set_free(users->set);
	free(users->etag);
	users->set = set;
	users->etag = mem_dup(etag);
	return true;
}

static bool read_reply(struct acts_users *users, struct evhttp_request *request)
{
	int code = request != NULL ? evhttp_request_get_response_code(request) : 0;

	if (code == 304)
		return users->set != NULL;
	if (code == 200)
		return accept_list(users, request, evbuffer_get_length(evhttp_request_get_input_buffer(request)));
	return code == 204 && accept_list(users, request, 0);
}

static void on_reply(struct evhttp_request *request, void *arg)
{
	struct acts_users *users = arg;

	users->flight = read_reply(users, request) ? FLIGHT_LANDED : FLIGHT_FAILED;
	event_active(users->step, 0, 0);
}

static void disconnect(struct acts_users *users)
{
	if (users->connection != NULL)
		evhttp_connection_free(users->connection);
	users->connection = NULL;
	users->kept = false;
}

/* The connection's descriptor; -1 until it is connected. */
static int connected_fd(struct acts_users *users)
{
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(users->connection));
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	return fd != -1 && getpeername(fd, (struct sockaddr *)&peer, &len) == 0 ? fd : -1;
}

static void connect_users(struct acts_users *users)
{
	struct timeval timeout = clock_timeval(users->timeout_ms * 1000),
	               part = clock_timeval((users->timeout_ms / CONNECT_PART) * 1000);

	resolver_follow(users->resolver);
	users->connection =
	        evhttp_connection_base_new(users->base, resolver_dns(users->resolver), users->host, users->port);
	evhttp_connection_set_timeout_tv(users->connection, &timeout);
	evhttp_connection_set_max_body_size(users->connection, LIST_BYTES);
	event_add(users->connecting, &part);
}

/* How long TCP waits for a sign of life: the other end of a kept connection may have gone without a word. */
static void limit_silence(struct acts_users *users)
{
	unsigned part_ms = (unsigned)(users->timeout_ms / SILENCE_PART);
	int fd = connected_fd(users);

	if (fd != -1 && part_ms > 0)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &part_ms, sizeof(part_ms));
}

static void fail_flight(struct acts_users *users)
{
	users->flight = FLIGHT_FAILED;
	event_active(users->step, 0, 0);
}

/* The request is freed with its connection, and on_reply is not called. */
static void abandon_flight(struct acts_users *users)
{
	bool kept = users->kept;

	disconnect(users);
	users->kept = kept;
	fail_flight(users);
}

static void on_connecting(evutil_socket_t fd, short events, void *arg)
{
	struct acts_users *users = arg;

	(void)fd;
	(void)events;
	if (users->flight == FLIGHT_UNDER_WAY && connected_fd(users) == -1)
		abandon_flight(users);
}

static void send_request(struct acts_users *users)
{
	struct evhttp_request *request = evhttp_request_new(on_reply, users);
	struct evkeyvalq *fields = evhttp_request_get_output_headers(request);

	evhttp_add_header(fields, "Host", users->host_field);
	evhttp_add_header(fields, "Origin", "http://acts");
	evhttp_add_header(fields, "Connection", "keep-alive");
	if (users->etag != NULL)
		evhttp_add_header(fields, "If-None-Match", users->etag);
	users->flight = FLIGHT_UNDER_WAY;
	users->flight_started_ms = clock_ms();
	if (evhttp_make_request(users->connection, request, EVHTTP_REQ_GET, PATH) == -1)
		fail_flight(users);
}

/* --- who waits ------------------------------------------------------------------------------------------------- */

static void arm_deadline(struct acts_users *users)
{
	const struct user_check *first = TAILQ_FIRST(&users->aboard);
	struct timeval in;

	if (first == NULL)
		first = TAILQ_FIRST(&users->waiting);
	if (first == NULL) {
		event_del(users->deadline);
		return;
	}
	int64_t left_ms = first->deadline_ms - clock_ms();
	if (left_ms < 0)
		left_ms = 0;
	in = clock_timeval(left_ms * 1000);
	event_add(users->deadline, &in);
}

static void start_flight(struct acts_users *users)
{
	if (users->flight != FLIGHT_NONE || TAILQ_EMPTY(&users->waiting))
		return;
	TAILQ_CONCAT(&users->aboard, &users->waiting, link);
	if (users->connection == NULL)
		connect_users(users);
	else
		limit_silence(users);
	send_request(users);
}

static void answer_aboard(struct acts_users *users)
{
	struct check_list landed = TAILQ_HEAD_INITIALIZER(landed);
	struct user_check *check;

	TAILQ_CONCAT(&landed, &users->aboard, link);
	while ((check = TAILQ_FIRST(&landed)) != NULL) {
		TAILQ_REMOVE(&landed, check, link);
		check->done(check, user_set_has(users->set, check->name, check->len) ? USER_KNOWN : USER_UNKNOWN);
	}
}

/* Checks that are aboard came before those that wait, so they go in front. */
static void put_back(struct acts_users *users)
{
	TAILQ_CONCAT(&users->aboard, &users->waiting, link);
	TAILQ_CONCAT(&users->waiting, &users->aboard, link);
}

static void note_reachable(struct acts_users *users, bool reachable)
{
	if (reachable != users->reachable && reachable)
		log_info("event=users-reachable");
	else if (reachable != users->reachable)
		log_warn("event=users-unreachable host=%s", log_quote(users->host_field));
	users->reachable = reachable;
}

/* A kept connection that the other side has closed says nothing of the service: the next one is made at once. */
static void on_failure(struct acts_users *users)
{
	bool kept = users->kept;
	struct timeval later = clock_timeval((kept ? 0 : users->retry_ms) * 1000);

	if (!kept) {
		note_reachable(users, false);
		users->retry_ms = users->retry_ms * 2 < RETRY_MAX_MS ? users->retry_ms * 2 : RETRY_MAX_MS;
	}
	disconnect(users);
	put_back(users);
	resolver_renew(users->resolver);
	event_add(users->step, &later);
}

static void on_success(struct acts_users *users)
{
	note_reachable(users, true);
	users->kept = true;
	users->retry_ms = RETRY_MS;
	answer_aboard(users);
}

static void on_step(evutil_socket_t fd, short events, void *arg)
{
	struct acts_users *users = arg;
	enum flight flight = users->flight;

	(void)fd;
	(void)events;
	if (flight == FLIGHT_UNDER_WAY)
		return;
	users->flight = FLIGHT_NONE;
	if (flight == FLIGHT_FAILED) {
		on_failure(users);
		return;
	}
	if (flight == FLIGHT_LANDED)
		on_success(users);
	start_flight(users);
	arm_deadline(users);
}

static void expire(struct check_list *list)
{
	struct user_check *check;
	int64_t now_ms = clock_ms();

	while ((check = TAILQ_FIRST(list)) != NULL && check->deadline_ms <= now_ms) {
		TAILQ_REMOVE(list, check, link);
		check->done(check, USERS_UNREACHABLE);
	}
}

/* A request that nobody waits for any more must not hold up those who come next. */
static void on_deadline(evutil_socket_t fd, short events, void *arg)
{
	struct acts_users *users = arg;

	(void)fd;
	(void)events;
	expire(&users->aboard);
	expire(&users->waiting);
	if (users->flight == FLIGHT_UNDER_WAY && clock_ms() - users->flight_started_ms >= users->timeout_ms)
		abandon_flight(users);
	arm_deadline(users);
}

void acts_users_check(struct acts_users *users, struct user_check *check)
{
	check->deadline_ms = clock_ms() + users->timeout_ms;
	TAILQ_INSERT_TAIL(&users->waiting, check, link);
	if (users->flight == FLIGHT_NONE && !event_pending(users->step, EV_TIMEOUT, NULL))
		event_active(users->step, 0, 0);
	if (!event_pending(users->deadline, EV_TIMEOUT, NULL))
		arm_deadline(users);
}

/* --- opening and closing --------------------------------------------------------------------------------------- */

static bool parse_url(struct acts_users *users, const char *url, struct err *err)
{
	struct evhttp_uri *uri = evhttp_uri_parse(url);
	const char *scheme = uri != NULL ? evhttp_uri_get_scheme(uri) : NULL;
	const char *host = uri != NULL ? evhttp_uri_get_host(uri) : NULL;
	bool good = scheme != NULL && strcmp(scheme, "http") == 0 && host != NULL && *host != '\0';

	if (good) {
		int port = evhttp_uri_get_port(uri);
		users->host = mem_dup(host);
		users->port = port > 0 ? (uint16_t)port : 80;
		users->host_field = mem_format("%s:%u", host, (unsigned)users->port);
	}
	if (uri != NULL)
		evhttp_uri_free(uri);
	return good || err_set(err, "USERS_URL: \"%s\" must be http://host:port", url);
}

bool acts_users_open(struct event_base *base, const struct acts_users_options *options, struct acts_users **users,
                     struct err *err)
{
	struct acts_users *u = mem_zero(sizeof(*u));

	if (!parse_url(u, options->url, err)) {
		free(u);
		return false;
	}
	u->base = base;
	u->timeout_ms = options->timeout_ms;
	u->retry_ms = RETRY_MS;
	u->reachable = true;
	TAILQ_INIT(&u->waiting);
	TAILQ_INIT(&u->aboard);
	u->resolver = resolver_new(base, options->resolv_conf);
	u->step = event_new(base, -1, 0, on_step, u);
	u->deadline = event_new(base, -1, 0, on_deadline, u);
	u->connecting = event_new(base, -1, 0, on_connecting, u);
	*users = u;
	return true;
}

static void answer_all_unreachable(struct check_list *list)
{
	struct user_check *check;

	while ((check = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, check, link);
		check->done(check, USERS_UNREACHABLE);
	}
}

void acts_users_close(struct acts_users *users)
{
	if (users == NULL)
		return;
	disconnect(users);
	answer_all_unreachable(&users->aboard);
	answer_all_unreachable(&users->waiting);
	event_free(users->step);
	event_free(users->deadline);
	event_free(users->connecting);
	resolver_free(users->resolver);
	user_set_free(users->set);
	free(users->etag);
	free(users->host);
	free(users->host_field);
	free(users);
}
