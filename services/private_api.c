/* private_api: _count is the shared counter. _crash is a flag in memory: what it breaks is mended by replacing the process.
 * _health changes one row through the writer, so it fails when the store does; waiting for another process's lock is not a
 * failure, and is not waited for.
 */
#include "services/private_api.h"

#include "common/clock.h"
#include "common/json.h"
#include "common/mem.h"
#include "services/private_sql.h"
#include "services/service.h"

#include <event2/event.h>
#include <stdlib.h>

#define HEALTH_PATIENCE_MS 400 /* below the probes' timeout */
#define STUCK_MS 2000

struct private_api {
	struct event_base *base;
	struct count *count;
	const char *const *counted;
	struct store_statement *beat;
	bool crashed;
};

bool private_api_open(struct event_base *base, const char *count_path, const char *const *counted, struct store *store,
                      struct private_api **api, struct err *err)
{
	struct private_api *made = mem_zero(sizeof(*made));

	made->base = base;
	made->counted = counted;
	if (count_open(count_path, &made->count, err) && store_prepare(store, PRIVATE_BEAT, &made->beat, err)) {
		*api = made;
		return true;
	}
	private_api_close(made);
	return false;
}

void private_api_close(struct private_api *api)
{
	if (api == NULL)
		return;
	count_close(api->count);
	free(api);
}

int private_on_arrival(void *owner, enum http_method method, struct http_text path)
{
	struct private_api *api = ((struct service *)owner)->private_api;

	for (const char *const *prefix = api->counted; method != HTTP_OPTIONS && *prefix != NULL; prefix++) {
		if (rest_path_under(path, *prefix)) {
			count_add(api->count);
			break;
		}
	}
	return api->crashed ? 500 : 0;
}

void private_on_count(struct rest_request *request, void *owner)
{
	struct service *service = owner;
	struct json_writer w;
	struct buf json;

	buf_init(&json, 64);
	json_writer_init(&w, &json);
	json_begin_array(&w);
	json_unsigned(&w, count_read(service->private_api->count));
	json_end_array(&w);
	rest_reply_json(request, 200, &json);
}

void private_on_count_reset(struct rest_request *request, void *owner)
{
	struct service *service = owner;

	count_reset(service->private_api->count);
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
};

static enum job_result check_store(struct job *job, void *tables)
{
	static const struct job_refusal REFUSAL = {.unchanged = "the health table is empty"};

	(void)tables;
	return job_change(job, ((struct checkup *)job)->service->private_api->beat, &REFUSAL);
}

static void checkup_reply(struct checkup *checkup, int status)
{
	if (checkup->request != NULL)
		rest_reply_empty(checkup->request, status);
	checkup->request = NULL;
}

static void on_checked(struct job *job)
{
	struct checkup *checkup = (struct checkup *)job;
	bool healthy = job->result == JOB_OK || job_was_busy(job);

	if (job_was_crowded_out(job))
		healthy = jobs_writer_state(checkup->service->jobs).working_ms < STUCK_MS;
	checkup_reply(checkup, healthy ? 200 : 500);
	event_free(checkup->patience);
	free(checkup);
}

/* Only a lock that somebody else holds is a reason to answer early: work that does not end is a fault, and the probe's
 * own timeout tells it. */
static void on_patience_over(evutil_socket_t fd, short events, void *arg)
{
	struct checkup *checkup = arg;

	(void)fd;
	(void)events;
	if (jobs_writer_state(checkup->service->jobs).waiting_ms > 0)
		checkup_reply(checkup, 200);
}

void private_on_health(struct rest_request *request, void *owner)
{
	struct service *service = owner;
	struct checkup *checkup = mem_zero(sizeof(*checkup));
	struct timeval patience = clock_timeval(HEALTH_PATIENCE_MS * 1000);

	checkup->job = (struct job){.work = check_store, .done = on_checked};
	checkup->service = service;
	checkup->request = request;
	checkup->patience = event_new(service->private_api->base, -1, EV_PERSIST, on_patience_over, checkup);
	event_add(checkup->patience, &patience);
	jobs_write(service->jobs, &checkup->job);
}
