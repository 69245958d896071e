/* users_api: routes to status codes. An addition is checked, hashed on a hashing thread, written by the storage thread,
 * answered; its struct goes along and is freed by the last step.
 */
#include "services/users/users_api.h"

#include "common/json.h"
#include "common/mem.h"
#include "services/jobs.h"
#include "services/private_api.h"
#include "services/reply_cache.h"
#include "services/users/users_hash.h"
#include "services/users/users_store.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LIST_BYTES (256U << 20) /* most that the list may take as JSON */
#define PASSWORD_DIGITS 40
#define NAME_BYTES 256

static const char STORE_GONE[] = "the store cannot be reached";

/* --- POST ------------------------------------------------------------------------------------------------------ */

struct user_add {
	struct job job;
	struct hashing hashing;
	struct service *service;
	struct rest_request *request;
	char *name;
	size_t name_len;
};

struct user_body {
	struct json_text username, password;
};

static const struct json_field USER_FIELDS[] = {
        {"username", JSON_FIELD_TEXT, offsetof(struct user_body, username), 1, NAME_BYTES, false},
        {"password", JSON_FIELD_TEXT, offsetof(struct user_body, password), PASSWORD_DIGITS, PASSWORD_DIGITS, false},
};

static bool check_user(const struct user_body *body, struct err *err)
{
	if (memchr(body->username.data, '\0', body->username.len) != NULL)
		return err_set(err, "username: must not hold a NUL");
	for (size_t i = 0; i < body->password.len; i++) {
		if (!isxdigit((unsigned char)body->password.data[i]))
			return err_set(err, "password: must be 40 hexadecimal digits");
	}
	return true;
}

/* The digits go in as lower case, so that both spellings are one password. */
static struct user_add *user_add_new(struct service *service, struct rest_request *request,
                                     const struct user_body *body)
{
	struct user_add *add = mem_zero(sizeof(*add));

	add->service = service;
	add->request = request;
	add->name = mem_dup_n(body->username.data, body->username.len);
	add->name_len = body->username.len;
	for (size_t i = 0; i < PASSWORD_DIGITS; i++)
		add->hashing.password[i] = (char)tolower((unsigned char)body->password.data[i]);
	return add;
}

static void user_add_free(struct user_add *add)
{
	free(add->name);
	free(add);
}

static enum job_result store_user(struct job *job, void *tables)
{
	struct user_add *add = (struct user_add *)job;

	return users_store_add(tables, (struct json_text){add->name, add->name_len}, add->hashing.hash, job);
}

static void on_user_stored(struct job *job)
{
	struct user_add *add = (struct user_add *)job;

	if (job->result == JOB_OK)
		rest_reply_text(add->request, 201, "{}");
	else if (job->result == JOB_REFUSED)
		rest_reply_error(add->request, 400, "%s", job->err.message);
	else
		rest_reply_error(add->request, 503, STORE_GONE);
	user_add_free(add);
}

static void on_hashed(struct hashing *hashing)
{
	struct user_add *add = hashing->owner;

	if (hashing->hash[0] == '\0') {
		rest_reply_error(add->request, 503, "no memory to hash the password");
		user_add_free(add);
		return;
	}
	add->job.work = store_user;
	add->job.done = on_user_stored;
	jobs_write(add->service->jobs, &add->job);
}

static void start_user_add(struct service *service, struct rest_request *request, const struct user_body *body)
{
	struct user_add *add = user_add_new(service, request, body);

	add->hashing.done = on_hashed;
	add->hashing.owner = add;
	if (!users_hash_add(service->api, &add->hashing)) {
		rest_reply_error(request, 503, "too many passwords are waiting to be hashed");
		user_add_free(add);
	}
}

static void on_user_post(struct rest_request *request, void *owner)
{
	struct http_text text = rest_body(request);
	struct json_doc *doc = NULL;
	struct user_body body;
	struct err err;

	if (json_parse(text.data, text.len, NULL, &doc, &err) &&
	    json_bind(json_root(doc), USER_FIELDS, sizeof(USER_FIELDS) / sizeof(USER_FIELDS[0]), &body, &err) &&
	    check_user(&body, &err))
		start_user_add(owner, request, &body);
	else
		rest_reply_error(request, 400, "%s", err.message);
	json_free(doc);
}

/* --- DELETE ---------------------------------------------------------------------------------------------------- */

struct user_delete {
	struct job job;
	struct rest_request *request;
};

static enum job_result unstore_user(struct job *job, void *tables)
{
	struct http_text name = rest_name(((struct user_delete *)job)->request, 0);

	return users_store_delete(tables, (struct json_text){name.data, name.len}, job);
}

static void on_user_unstored(struct job *job)
{
	struct user_delete *delete = (struct user_delete *)job;

	if (job->result == JOB_OK)
		rest_reply_text(delete->request, 200, "{}");
	else if (job->result == JOB_REFUSED)
		rest_reply_error(delete->request, 400, "%s", job->err.message);
	else
		rest_reply_error(delete->request, 503, STORE_GONE);
	free(delete);
}

static void on_user_delete(struct rest_request *request, void *owner)
{
	struct service *service = owner;
	struct user_delete *delete = mem_zero(sizeof(*delete));

	delete->job = (struct job){.work = unstore_user, .done = on_user_unstored};
	delete->request = request;
	jobs_write(service->jobs, &delete->job);
}

/* --- GET ------------------------------------------------------------------------------------------------------- */

struct user_list {
	struct job job;
	struct reply_cache *cache;
	struct rest_request *request;
	struct buf json;
	size_t count;
	char etag[64];
	bool unchanged;
};

static enum job_result read_names(struct user_list *list, struct users_tables *tables, struct err *err)
{
	struct json_writer w;

	if (users_store_etag(tables, list->etag, sizeof(list->etag), err) != JOB_OK)
		return JOB_UNAVAILABLE;
	list->unchanged = rest_etag_matches(list->request, list->etag);
	if (list->unchanged)
		return JOB_OK;
	json_writer_init(&w, &list->json);
	json_begin_array(&w);
	enum job_result result = users_store_names(tables, &w, &list->count, err);
	json_end_array(&w);
	if (result == JOB_OK && !json_writer_ok(&w)) {
		err_set(err, "the list of users is too long");
		return JOB_UNAVAILABLE;
	}
	return result;
}

static enum job_result read_list(struct job *job, void *tables)
{
	if (users_store_begin(tables, &job->err) != JOB_OK)
		return JOB_UNAVAILABLE;
	enum job_result result = read_names((struct user_list *)job, tables, &job->err);
	users_store_end(tables);
	return result;
}

static void keep_list(struct user_list *list)
{
	struct kept_reply reply = {.as_of = &list->job.as_of, .status = 200, .json = &list->json, .etag = list->etag};

	if (list->unchanged)
		reply.status = 304;
	else if (list->count == 0)
		reply.status = 204;
	reply_cache_keep(list->cache, list->request, &reply);
}

static void on_list_read(struct job *job)
{
	struct user_list *list = (struct user_list *)job;

	if (job->result == JOB_OK) {
		keep_list(list);
		rest_set_etag(list->request, list->etag);
	}
	if (job->result != JOB_OK)
		rest_reply_error(list->request, 503, STORE_GONE);
	else if (list->unchanged)
		rest_reply_empty(list->request, 304);
	else if (list->count == 0)
		rest_reply_empty(list->request, 204);
	else
		rest_reply_json(list->request, 200, &list->json);
	buf_clear(&list->json);
	free(list);
}

static void on_users_get(struct rest_request *request, void *owner)
{
	struct service *service = owner;

	if (reply_cache_send(service->cache, request))
		return;
	struct user_list *list = mem_zero(sizeof(*list));
	list->cache = service->cache;
	list->job = (struct job){.work = read_list, .done = on_list_read};
	list->request = request;
	buf_init(&list->json, LIST_BYTES);
	jobs_read(service->jobs, &list->job);
}

/* --- */

const struct rest_route users_routes[] = {
        {HTTP_GET, "/api/v1/users", on_users_get},
        {HTTP_POST, "/api/v1/users", on_user_post},
        {HTTP_DELETE, "/api/v1/users/{username}", on_user_delete},
        PRIVATE_ROUTES,
};

const size_t users_route_count = sizeof(users_routes) / sizeof(users_routes[0]);

bool users_api_open(struct service *service, struct err *err)
{
	struct tasks *tasks;

	if (!users_hash_new(service->base, &tasks, err))
		return false;
	service->api = tasks;
	return true;
}

void users_api_stop(struct service *service)
{
	tasks_free(service->api);
}

void users_api_close(struct service *service)
{
	service->api = NULL;
}
