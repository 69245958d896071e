/* acts_api: routes to status codes. What writes is one struct change: filled by its handler, run by the storage thread,
 * answered by on_changed. What reads one small thing is a struct lookup.
 */
#include "services/acts/acts_api.h"

#include "common/json.h"
#include "common/mem.h"
#include "services/acts/acts_list.h"
#include "services/acts/acts_picture_get.h"
#include "services/acts/acts_store.h"
#include "services/acts/acts_upload.h"
#include "services/jobs.h"
#include "services/private_api.h"
#include "services/reply_cache.h"
#include "services/web/web.h"

#include <stdlib.h>

#define CATEGORIES_BYTES (256U << 20) /* most that the list of categories may take as JSON */

static const char STORE_GONE[] = "the store cannot be reached";

/* --- changes --------------------------------------------------------------------------------------------------- */

struct change {
	struct job job;
	struct rest_request *request;
	struct json_doc *doc;  /* of the body, if there is one */
	struct json_text name; /* of a category: borrowed from doc or request */
	int64_t act_id;
	int success;
};

static void on_changed(struct job *job)
{
	struct change *change = (struct change *)job;

	if (job->result == JOB_OK)
		rest_reply_text(change->request, change->success, "{}");
	else if (job->result == JOB_REFUSED)
		rest_reply_error(change->request, 400, "%s", job->err.message);
	else
		rest_reply_error(change->request, 503, STORE_GONE);
	json_free(change->doc);
	free(change);
}

static struct change *change_new(struct rest_request *request, int success,
                                 enum job_result (*work)(struct job *job, void *tables))
{
	struct change *change = mem_zero(sizeof(*change));

	change->job = (struct job){.work = work, .done = on_changed};
	change->request = request;
	change->success = success;
	return change;
}

static void change_start(struct change *change, void *owner)
{
	struct service *service = owner;

	jobs_write(service->jobs, &change->job);
}

static void change_refuse(struct change *change, const char *why)
{
	rest_reply_error(change->request, 400, "%s", why);
	json_free(change->doc);
	free(change);
}

static enum job_result store_category(struct job *job, void *tables)
{
	return acts_store_category_add(tables, ((struct change *)job)->name, job);
}

static enum job_result unstore_category(struct job *job, void *tables)
{
	return acts_store_category_delete(tables, ((struct change *)job)->name, job);
}

static enum job_result unstore_act(struct job *job, void *tables)
{
	return acts_store_act_delete(tables, ((struct change *)job)->act_id, job);
}

static enum job_result store_upvote(struct job *job, void *tables)
{
	return acts_store_upvote(tables, ((struct change *)job)->act_id, job);
}

/* The single element of the body, an array. NULL: it is something else, err says what. */
static const struct json_value *only_element(struct change *change, struct err *err)
{
	struct http_text text = rest_body(change->request);

	if (!json_parse(text.data, text.len, NULL, &change->doc, err))
		return NULL;
	const struct json_value *root = json_root(change->doc);
	if (root->type == JSON_ARRAY && root->count == 1)
		return root->first;
	err_set(err, "must be an array with exactly one element");
	return NULL;
}

static void on_category_post(struct rest_request *request, void *owner)
{
	struct change *change = change_new(request, 201, store_category);
	struct err err;
	const struct json_value *name = only_element(change, &err);

	if (name != NULL)
		change->name = (struct json_text){name->text, name->len};
	if (name == NULL)
		change_refuse(change, err.message);
	else if (name->type != JSON_STRING || !act_name(change->name))
		change_refuse(change, "the name of a category must be text of 1 to 256 bytes, without NUL");
	else
		change_start(change, owner);
}

static void on_category_delete(struct rest_request *request, void *owner)
{
	struct change *change = change_new(request, 200, unstore_category);
	struct http_text name = rest_name(request, 0);

	change->name = (struct json_text){name.data, name.len};
	change_start(change, owner);
}

static void on_upvote_post(struct rest_request *request, void *owner)
{
	struct change *change = change_new(request, 200, store_upvote);
	struct err err;
	const struct json_value *id = only_element(change, &err);

	if (id == NULL)
		change_refuse(change, err.message);
	else if ((id->type != JSON_NUMBER && id->type != JSON_STRING) || !act_id(id->text, id->len, &change->act_id))
		change_refuse(change, "actId: must be a whole number from 0 to 9223372036854775807");
	else
		change_start(change, owner);
}

static void on_act_delete(struct rest_request *request, void *owner)
{
	struct change *change = change_new(request, 200, unstore_act);
	struct http_text id = rest_name(request, 0);

	if (act_id(id.data, id.len, &change->act_id))
		change_start(change, owner);
	else
		change_refuse(change, "actId: must be a whole number from 0 to 9223372036854775807");
}

/* --- lookups --------------------------------------------------------------------------------------------------- */

struct lookup {
	struct job job;
	struct reply_cache *cache;
	struct rest_request *request;
	struct buf json;
	bool found; /* else 204 */
};

static void on_looked_up(struct job *job)
{
	struct lookup *lookup = (struct lookup *)job;
	struct kept_reply reply = {.as_of = &job->as_of, .status = lookup->found ? 200 : 204, .json = &lookup->json};

	if (job->result == JOB_OK)
		reply_cache_keep(lookup->cache, lookup->request, &reply);
	if (job->result != JOB_OK)
		rest_reply_error(lookup->request, 503, STORE_GONE);
	else if (!lookup->found)
		rest_reply_empty(lookup->request, 204);
	else
		rest_reply_json(lookup->request, 200, &lookup->json);
	buf_clear(&lookup->json);
	free(lookup);
}

static void lookup_start(struct rest_request *request, struct service *service,
                         enum job_result (*work)(struct job *job, void *tables))
{
	if (reply_cache_send(service->cache, request))
		return;
	struct lookup *lookup = mem_zero(sizeof(*lookup));
	lookup->cache = service->cache;
	lookup->job = (struct job){.work = work, .done = on_looked_up};
	lookup->request = request;
	buf_init(&lookup->json, CATEGORIES_BYTES);
	jobs_read(service->jobs, &lookup->job);
}

static enum job_result written(struct lookup *lookup, const struct json_writer *w)
{
	if (json_writer_ok(w))
		return JOB_OK;
	err_set(&lookup->job.err, "the list of categories is too long");
	return JOB_UNAVAILABLE;
}

static enum job_result write_categories(struct lookup *lookup, void *tables)
{
	struct json_writer w;
	size_t count;

	json_writer_init(&w, &lookup->json);
	json_begin_object(&w);
	if (acts_store_categories(tables, &w, &count, &lookup->job.err) != JOB_OK)
		return JOB_UNAVAILABLE;
	json_end_object(&w);
	lookup->found = count > 0;
	return written(lookup, &w);
}

static enum job_result read_categories(struct job *job, void *tables)
{
	if (acts_store_begin(tables, &job->err) != JOB_OK)
		return JOB_UNAVAILABLE;
	enum job_result result = write_categories((struct lookup *)job, tables);
	acts_store_end(tables);
	return result;
}

static enum job_result write_count(struct lookup *lookup, int64_t count)
{
	struct json_writer w;

	json_writer_init(&w, &lookup->json);
	json_begin_array(&w);
	json_number(&w, count);
	json_end_array(&w);
	lookup->found = true;
	return written(lookup, &w);
}

static enum job_result read_count(struct job *job, void *tables)
{
	int64_t count;

	if (acts_store_count(tables, &count, &job->err) != JOB_OK)
		return JOB_UNAVAILABLE;
	return write_count((struct lookup *)job, count);
}

static enum job_result read_size(struct job *job, void *tables)
{
	struct lookup *lookup = (struct lookup *)job;
	struct http_text name = rest_name(lookup->request, 0);
	int64_t id, acts;
	enum job_result found =
	        acts_store_category(tables, (struct json_text){name.data, name.len}, &id, &acts, &job->err);

	if (found == JOB_UNAVAILABLE)
		return found;
	return found == JOB_OK ? write_count(lookup, acts) : JOB_OK;
}

static void on_categories_get(struct rest_request *request, void *owner)
{
	lookup_start(request, owner, read_categories);
}

static void on_count_get(struct rest_request *request, void *owner)
{
	lookup_start(request, owner, read_count);
}

static void on_size_get(struct rest_request *request, void *owner)
{
	lookup_start(request, owner, read_size);
}

/* --- */

const struct rest_route acts_routes[] = {
        {HTTP_GET, "/api/v1/categories", on_categories_get},
        {HTTP_POST, "/api/v1/categories", on_category_post},
        {HTTP_DELETE, "/api/v1/categories/{name}", on_category_delete},
        {HTTP_GET, "/api/v1/categories/{name}/acts", acts_list_on_get},
        {HTTP_GET, "/api/v1/categories/{name}/acts/size", on_size_get},
        {HTTP_POST, "/api/v1/acts", acts_upload_on_post},
        {HTTP_POST, "/api/v1/acts/upvote", on_upvote_post},
        {HTTP_GET, "/api/v1/acts/count", on_count_get},
        {HTTP_DELETE, "/api/v1/acts/{actId}", on_act_delete},
        {HTTP_GET, "/api/v1/acts/{actId}/picture", acts_picture_on_get},
        PRIVATE_ROUTES,
        WEB_ROUTES,
};

const size_t acts_route_count = sizeof(acts_routes) / sizeof(acts_routes[0]);

bool acts_api_open(struct service *service, struct err *err)
{
	return acts_upload_open(service, err);
}

void acts_api_stop(struct service *service)
{
	acts_upload_stop(service);
}

void acts_api_close(struct service *service)
{
	acts_upload_close(service);
}
