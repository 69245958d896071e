/* One keep-alive connection to the users service, at most one request under way ("flight").
 *
 *   check -> waiting --start--> aboard --reply--> answered
 *               ^                  |
 *               +---- failure -----+   then again after RETRY_MS, until the check's deadline
 *
 * evhttp may call back from inside its own calls, and must not be freed in some of its callbacks: so a reply is only
 * noted there, and everything follows from one event of ours.
 */
#include "services/acts/acts_users.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "services/acts/user_set.h"

#include <event2/buffer.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS 50
#define LIST_BYTES (256 << 20)
#define PATH "/api/v1/users"

TAILQ_HEAD(check_list, user_check);

enum flight { FLIGHT_NONE, FLIGHT_UNDER_WAY, FLIGHT_LANDED, FLIGHT_FAILED };

struct acts_users {
	struct event_base *base;
	struct evdns_base *dns;
	char *host, *host_field;
	uint16_t port;
	int64_t timeout_ms;
	struct evhttp_connection *connection;
	enum flight flight;
	int64_t flight_started_ms;
	struct check_list waiting, aboard; /* both in the order of their deadlines */
	struct user_set *set;              /* the last list, with its entity tag */
	char *etag;
	struct event *step, *deadline;
	bool reachable; /* for the log: one line a change */
};

/* --- the request ---------------------------------------------------------------------------------------------------- */

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
}

static void connect_users(struct acts_users *users)
{
	struct timeval timeout = {.tv_sec = users->timeout_ms / 1000, .tv_usec = users->timeout_ms % 1000 * 1000};

	if (users->connection != NULL)
		return;
	users->connection = evhttp_connection_base_new(users->base, users->dns, users->host, users->port);
	evhttp_connection_set_timeout_tv(users->connection, &timeout);
	evhttp_connection_set_max_body_size(users->connection, LIST_BYTES);
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
	if (evhttp_make_request(users->connection, request, EVHTTP_REQ_GET, PATH) == -1) {
		users->flight = FLIGHT_FAILED;
		event_active(users->step, 0, 0);
	}
}

/* --- who waits ------------------------------------------------------------------------------------------------------ */

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
	in = (struct timeval){.tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000};
	event_add(users->deadline, &in);
}

static void start_flight(struct acts_users *users)
{
	if (users->flight != FLIGHT_NONE || TAILQ_EMPTY(&users->waiting))
		return;
	TAILQ_CONCAT(&users->aboard, &users->waiting, link);
	connect_users(users);
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

/* Those aboard came before those waiting, so they go in front. */
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
		log_warn("event=users-unreachable url=http://%s", users->host_field);
	users->reachable = reachable;
}

/* A kept connection that the other side has closed fails at once; a fresh one gets a moment. */
static void retry(struct acts_users *users)
{
	struct timeval soon = {.tv_usec = RETRY_MS * 1000};

	event_add(users->step, &soon);
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
	if (flight == FLIGHT_LANDED) {
		note_reachable(users, true);
		answer_aboard(users);
	} else if (flight == FLIGHT_FAILED) {
		note_reachable(users, false);
		disconnect(users);
		put_back(users);
		retry(users);
		return;
	}
	start_flight(users);
	arm_deadline(users);
}

static void expire(struct acts_users *users, struct check_list *list)
{
	struct user_check *check;
	int64_t now_ms = clock_ms();

	while ((check = TAILQ_FIRST(list)) != NULL && check->deadline_ms <= now_ms) {
		TAILQ_REMOVE(list, check, link);
		check->done(check, USERS_UNREACHABLE);
	}
	(void)users;
}

/* A request that nobody waits for any more must not hold up those who come next. */
static void on_deadline(evutil_socket_t fd, short events, void *arg)
{
	struct acts_users *users = arg;

	(void)fd;
	(void)events;
	expire(users, &users->aboard);
	expire(users, &users->waiting);
	if (users->flight == FLIGHT_UNDER_WAY && clock_ms() - users->flight_started_ms >= users->timeout_ms) {
		disconnect(users); /* frees the request without a call back */
		users->flight = FLIGHT_FAILED;
		event_active(users->step, 0, 0);
	}
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

/* --- opening and closing -------------------------------------------------------------------------------------------- */

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

/* Case games with the name ("0x20") confuse some small resolvers, Docker's early ones among them. */
static void open_dns(struct acts_users *users)
{
	users->dns = evdns_base_new(users->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	evdns_base_resolv_conf_parse(users->dns, DNS_OPTIONS_ALL, "/etc/resolv.conf");
	evdns_base_set_option(users->dns, "randomize-case", "0");
	evdns_base_set_option(users->dns, "timeout", "1");
}

bool acts_users_open(struct event_base *base, const char *url, int64_t timeout_ms, struct acts_users **users,
                     struct err *err)
{
	struct acts_users *u = mem_zero(sizeof(*u));

	if (!parse_url(u, url, err)) {
		free(u);
		return false;
	}
	u->base = base;
	u->timeout_ms = timeout_ms;
	u->reachable = true;
	TAILQ_INIT(&u->waiting);
	TAILQ_INIT(&u->aboard);
	open_dns(u);
	u->step = event_new(base, -1, 0, on_step, u);
	u->deadline = event_new(base, -1, 0, on_deadline, u);
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
	evdns_base_free(users->dns, 0);
	user_set_free(users->set);
	free(users->etag);
	free(users->host);
	free(users->host_field);
	free(users);
}
