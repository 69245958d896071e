/* private_api: _count is the shared counter: of a file, or of the store where that is no file. _crash is a flag in memory: what it
 * breaks is mended by replacing the process.
 * _health changes one row through the writer, so it fails when the store does; waiting for another process's lock is not a
 * failure, and is not waited for: a store in which it may happen anywhere in a transaction is asked whether it does. A store
 * that cannot be reached is one.
 */
#include "services/private_api.h"

#include "common/clock.h"
#include "common/container_of.h"
#include "common/json.h"
#include "common/mem.h"
#include "services/count_store.h"
#include "services/private_sql.h"
#include "services/service.h"

#include <event2/event.h>
#include <stdlib.h>

#define HEALTH_PATIENCE_MS 400 /* below the probes' timeout */
#define AWAY_MS \
	(HEALTH_PATIENCE_MS / 2) /* of a store that may be: below that of a quick probe, which would see a hang */
#define STUCK_MS 2000

static const char STORE_GONE[] = "the store cannot be reached";

struct private_api {
	struct event_base *base;
	struct count *count;          /* NULL where */
	struct count_store *in_store; /* the store counts; or NULL */
	const char *const *counted;
	struct store_statement *beat;
	struct store_statement *waiting; /* of the store that is read; NULL: nobody waits but in store_begin */
	bool crashed;
};

static bool open_count(struct private_api *api, const struct private_options *options, struct err *err)
{
	if (count_store_is_for(options->write_store))
		return count_store_open(options->write_store, options->read_store, &api->in_store, err);
	return count_open(options->count_path, &api->count, err);
}

bool private_api_open(const struct private_options *options, struct private_api **api, struct err *err)
{
	struct private_api *made = mem_zero(sizeof(*made));

	made->base = options->base;
	made->counted = options->counted;
	if (open_count(made, options, err) && store_prepare(options->write_store, PRIVATE_BEAT, &made->beat, err) &&
	    (!store_says(options->read_store, PRIVATE_WAITING) ||
	     store_prepare(options->read_store, PRIVATE_WAITING, &made->waiting, err))) {
		*api = made;
		return true;
	}
	private_api_close(made);
	return false;
}

void private_api_start(struct private_api *api, struct jobs *jobs)
{
	if (api->in_store != NULL)
		count_store_start(api->in_store, api->base, jobs);
}

void private_api_stop(struct private_api *api)
{
	if (api != NULL && api->in_store != NULL)
		count_store_flush(api->in_store);
}

void private_api_close(struct private_api *api)
{
	if (api == NULL)
		return;
	count_close(api->count);
	count_store_close(api->in_store);
	free(api);
}

static void count_one(struct private_api *api)
{
	if (api->in_store != NULL)
		count_store_add(api->in_store);
	else
		count_add(api->count);
}

int private_on_arrival(void *owner, enum http_method method, struct http_text path)
{
	struct private_api *api = ((struct service *)owner)->private_api;

	for (const char *const *prefix = api->counted; method != HTTP_OPTIONS && *prefix != NULL; prefix++) {
		if (rest_path_under(path, *prefix)) {
			count_one(api);
			break;
		}
	}
	return api->crashed ? 500 : 0;
}

static void reply_count(struct rest_request *request, uint64_t number)
{
	struct json_writer w;
	struct buf json;

	buf_init(&json, 64);
	json_writer_init(&w, &json);
	json_begin_array(&w);
	json_unsigned(&w, number);
	json_end_array(&w);
	rest_reply_json(request, 200, &json);
}

static void on_count_read(void *owner, bool good, int64_t number)
{
	if (good)
		reply_count(owner, (uint64_t)number);
	else
		rest_reply_error(owner, 503, STORE_GONE);
}

static void on_count_reset(void *owner, bool good, int64_t number)
{
	(void)number;
	if (good)
		rest_reply_text(owner, 200, "{}");
	else
		rest_reply_error(owner, 503, STORE_GONE);
}

void private_on_count(struct rest_request *request, void *owner)
{
	struct private_api *api = ((struct service *)owner)->private_api;

	if (api->in_store != NULL)
		count_store_read(api->in_store, on_count_read, request);
	else
		reply_count(request, count_read(api->count));
}

void private_on_count_reset(struct rest_request *request, void *owner)
{
	struct private_api *api = ((struct service *)owner)->private_api;

	if (api->in_store != NULL) {
		count_store_reset(api->in_store, on_count_reset, request);
		return;
	}
	count_reset(api->count);
	rest_reply_text(request, 200, "{}");
}

void private_on_crash(struct rest_request *request, void *owner)
{
	struct service *service = owner;

	service->private_api->crashed = true;
	rest_reply_empty(request, 200);
}

/* --- _health --------------------------------------------------------------------------------------------------- */

struct checkup {
	struct job job;
	struct service *service;
	struct rest_request *request; /* NULL once answered */
	struct event *patience;
	bool asking, ended;
	struct job ask; /* does the writer wait for a lock? */
	int64_t waiting;
};

static enum job_result check_store(struct job *job, void *tables)
{
	static const struct job_refusal REFUSAL = {.unchanged = "the health table is empty"};

	(void)tables;
	return job_change(job, ((struct checkup *)job)->service->private_api->beat, &REFUSAL);
}

static void reply_as(struct rest_request *request, int status, const char *identity)
{
	char field[sizeof("Selfless-Id: \r\n") + SETTINGS_IDENTITY_MOST];

	snprintf(field, sizeof(field), "Selfless-Id: %s\r\n", identity);
	if (*identity != '\0')
		rest_set_fields(request, field);
	rest_reply_empty(request, status);
}

static void checkup_reply(struct checkup *checkup, int status)
{
	if (checkup->request != NULL)
		reply_as(checkup->request, status, checkup->service->settings.identity);
	checkup->request = NULL;
}

/* Two jobs know it. */
static void checkup_free(struct checkup *checkup)
{
	if (!checkup->asking && checkup->ended)
		free(checkup);
}

static void on_checked(struct job *job)
{
	struct checkup *checkup = (struct checkup *)job;
	bool healthy = job->result == JOB_OK || job_was_busy(job);

	if (job_was_crowded_out(job))
		healthy = jobs_writer_state(checkup->service->jobs).working_ms < STUCK_MS;
	checkup_reply(checkup, healthy ? 200 : 500);
	event_free(checkup->patience);
	checkup->ended = true;
	checkup_free(checkup);
}

static enum job_result ask_store(struct job *job, void *tables)
{
	struct checkup *checkup = container_of(job, struct checkup, ask);
	struct store_statement *waiting = checkup->service->private_api->waiting;
	enum store_step step = store_step(waiting, &job->err);

	(void)tables;
	checkup->waiting = step == STORE_ROW ? store_column_int(waiting, 0) : 0;
	store_reset(waiting);
	return step == STORE_ROW ? JOB_OK : JOB_UNAVAILABLE;
}

static void on_asked(struct job *job)
{
	struct checkup *checkup = container_of(job, struct checkup, ask);

	checkup->asking = false;
	if (job->result == JOB_OK && checkup->waiting > 0)
		checkup_reply(checkup, 200);
	checkup_free(checkup);
}

static void ask_whether_it_waits(struct checkup *checkup)
{
	checkup->asking = true;
	checkup->ask = (struct job){.work = ask_store, .done = on_asked};
	jobs_read(checkup->service->jobs, &checkup->ask);
}

/* Where a transaction may wait for a lock anywhere, its begin waits for nothing but a connection. */
static bool begin_waits_for_locks(const struct checkup *checkup)
{
	return checkup->service->private_api->waiting == NULL;
}

/* Only a lock that somebody else holds is a reason to call it well early: work that does not end is a fault, and the probe's own
 * timeout tells it. */
static void on_patience_over(evutil_socket_t fd, short events, void *arg)
{
	struct checkup *checkup = arg;

	(void)fd;
	(void)events;
	if (jobs_writer_state(checkup->service->jobs).waiting_ms > 0)
		checkup_reply(checkup, begin_waits_for_locks(checkup) ? 200 : 500);
	else if (!begin_waits_for_locks(checkup) && checkup->request != NULL && !checkup->asking)
		ask_whether_it_waits(checkup);
}

/* A store that is known to be away is not waited for: whoever asks would take that for a hang. It is dialed all the same. */
static bool is_away(const struct checkup *checkup)
{
	struct jobs_writer_state writer = jobs_writer_state(checkup->service->jobs);

	return !begin_waits_for_locks(checkup) && (!writer.begun || writer.waiting_ms > AWAY_MS);
}

void private_on_health(struct rest_request *request, void *owner)
{
	struct service *service = owner;
	struct checkup *checkup = mem_zero(sizeof(*checkup));

	checkup->job = (struct job){.work = check_store, .done = on_checked};
	checkup->service = service;
	checkup->request = request;
	struct timeval patience = clock_timeval((begin_waits_for_locks(checkup) ? HEALTH_PATIENCE_MS : AWAY_MS) * 1000);
	checkup->patience = event_new(service->private_api->base, -1, EV_PERSIST, on_patience_over, checkup);
	event_add(checkup->patience, &patience);
	if (is_away(checkup))
		checkup_reply(checkup, 500);
	jobs_write(service->jobs, &checkup->job);
}
