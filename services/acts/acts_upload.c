/* acts_upload: an upload: parse -> does the user exist -> write -> answer. One struct goes along and is freed by the last
 * step. Large bodies are parsed on a thread, as sixteen megabytes of JSON would hold the loop for a tenth of a second.
 */
#include "services/acts/acts_upload.h"

#include "common/container_of.h"
#include "common/json.h"
#include "common/mem.h"
#include "services/acts/act.h"
#include "services/acts/acts_store.h"
#include "services/acts/acts_users.h"
#include "services/jobs.h"
#include "services/tasks.h"

#include <stdlib.h>

#define INLINE_BYTES 65536 /* bodies up to this are parsed on the loop */
#define PARSERS_WAITING 64

struct uploads {
	struct acts_users *users;
	struct tasks *parsers;
};

struct parse_task {
	struct task task;
	struct upload *upload;
};

struct upload {
	struct job job;
	struct user_check check;
	struct parse_task parse;
	struct service *service;
	struct rest_request *request;
	struct json_doc *doc;
	struct act act; /* points into doc and the request's body */
	bool good;
	struct err err;
};

static void upload_free(struct upload *upload)
{
	json_free(upload->doc);
	free(upload);
}

static enum job_result store_act(struct job *job, void *tables)
{
	return acts_store_act_add(tables, &((struct upload *)job)->act, job);
}

static void on_stored(struct job *job)
{
	struct upload *upload = (struct upload *)job;

	if (job->result == JOB_OK)
		rest_reply_text(upload->request, 201, "{}");
	else if (job->result == JOB_REFUSED)
		rest_reply_error(upload->request, 400, "%s", job->err.message);
	else
		rest_reply_error(upload->request, 503, "the store cannot be reached");
	upload_free(upload);
}

static void on_user_checked(struct user_check *check, enum user_answer answer)
{
	struct upload *upload = container_of(check, struct upload, check);

	if (answer == USER_KNOWN) {
		upload->job = (struct job){
		        .task.weight = rest_body(upload->request).len, .work = store_act, .done = on_stored};
		jobs_write(upload->service->jobs, &upload->job);
		return;
	}
	if (answer == USER_UNKNOWN)
		rest_reply_error(upload->request, 400, "username: there is no such user");
	else
		rest_reply_error(upload->request, 503, "the users service cannot be reached");
	upload_free(upload);
}

static void parse(struct upload *upload)
{
	struct http_text text = rest_body(upload->request);

	upload->good = json_parse(text.data, text.len, NULL, &upload->doc, &upload->err) &&
	               act_read(json_root(upload->doc), &upload->act, &upload->err);
}

static void parsed(struct upload *upload)
{
	struct uploads *uploads = upload->service->api;

	if (!upload->good) {
		rest_reply_error(upload->request, 400, "%s", upload->err.message);
		upload_free(upload);
		return;
	}
	upload->check.name = upload->act.username.data;
	upload->check.len = upload->act.username.len;
	upload->check.done = on_user_checked;
	acts_users_check(uploads->users, &upload->check);
}

static void on_parse(struct task *first, void *worker)
{
	(void)worker;
	parse(((struct parse_task *)first)->upload);
}

static void on_parsed(struct task *task)
{
	parsed(((struct parse_task *)task)->upload);
}

void acts_upload_on_post(struct rest_request *request, void *owner)
{
	struct service *service = owner;
	struct uploads *uploads = service->api;
	struct upload *upload = mem_zero(sizeof(*upload));

	upload->service = service;
	upload->request = request;
	if (rest_body(request).len <= INLINE_BYTES) {
		parse(upload);
		parsed(upload);
		return;
	}
	upload->parse = (struct parse_task){.task.done = on_parsed, .upload = upload};
	if (!tasks_add(uploads->parsers, &upload->parse.task)) {
		rest_reply_error(request, 503, "too many large uploads are waiting");
		upload_free(upload);
	}
}

bool acts_upload_open(struct service *service, struct err *err)
{
	struct tasks_options options = {
	        .name = "parse", .threads = 1, .limit = PARSERS_WAITING, .batch = 1, .run = on_parse};
	const struct acts_users_options users = {.url = service->settings.users_url,
	                                         .timeout_ms = service->settings.users_timeout_ms,
	                                         .resolv_conf = "/etc/resolv.conf"};
	struct uploads *uploads = mem_zero(sizeof(*uploads));

	if (!acts_users_open(service->base, &users, &uploads->users, err)) {
		free(uploads);
		return false;
	}
	uploads->parsers = tasks_new(service->base, &options);
	service->api = uploads;
	return true;
}

void acts_upload_stop(struct service *service)
{
	struct uploads *uploads = service->api;

	tasks_free(uploads->parsers);
	acts_users_close(uploads->users);
	uploads->parsers = NULL;
	uploads->users = NULL;
}

void acts_upload_close(struct service *service)
{
	free(service->api);
	service->api = NULL;
}
