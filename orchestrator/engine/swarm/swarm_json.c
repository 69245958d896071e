/* swarm_json: picks the few fields we use. Nothing the engine says is trusted to be short or there: texts are cut to the size
 * of their field, what has no id is left out.
 */
#include "orchestrator/engine/swarm/swarm_json.h"

#include "common/json.h"
#include "common/mem.h"
#include "orchestrator/engine/docker/docker_body.h"
#include "orchestrator/engine/docker/docker_json_values.h"
#include "orchestrator/engine/swarm/swarm_body.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct json_limits limits = {.depth = 32, .nodes = 1000000};

/* --- values ---------------------------------------------------------------------------------------------------- */

/* Ids of Swarm are 25 letters and digits. */
static bool take_id(const struct json_value *value, char id[ENGINE_ID_SIZE])
{
	if (value == NULL || value->type != JSON_STRING || value->len == 0 || value->len >= ENGINE_ID_SIZE)
		return false;
	docker_json_take_text(value, id, ENGINE_ID_SIZE);
	return strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == value->len;
}

/* RFC 3339 as Swarm writes it, in UTC; whole seconds. 0: it is none. */
static int64_t take_time_s(const struct json_value *value)
{
	struct tm tm = {0};
	char text[SWARM_TIME_SIZE];

	docker_json_take_text(value, text, sizeof(text));
	return strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) != NULL ? (int64_t)timegm(&tm) : 0;
}

/* --- arrays ---------------------------------------------------------------------------------------------------- */

/* Each element of an array into one item, where take says yes. */
static bool take_array(const char *text, size_t len, const char *what, size_t item_size,
                       bool (*take)(const struct json_value *value, void *item), void **items, size_t *count,
                       struct err *err)
{
	struct json_doc *doc;
	char *at;

	if (!json_parse(text, len, &limits, &doc, err))
		return err_prefix(err, "%s", what);
	if (json_root(doc)->type != JSON_ARRAY) {
		json_free(doc);
		return err_set(err, "%s: not an array", what);
	}
	*count = 0;
	*items = at = mem_zero((json_root(doc)->count + 1) * item_size);
	for (const struct json_value *value = json_root(doc)->first; value != NULL; value = value->next)
		if (take(value, at + *count * item_size))
			(*count)++;
	json_free(doc);
	return true;
}

static bool take_service(const struct json_value *value, void *item)
{
	const struct json_value *labels = json_path(value, "Spec", "Labels", NULL);
	struct swarm_service *service = item;
	struct engine_container *container = &service->container;

	memset(service, 0, sizeof(*service));
	if (!take_id(json_get(value, "ID"), container->id))
		return false;
	docker_json_take_text(json_get(labels, SWARM_LABEL_CONTAINER), container->name, sizeof(container->name));
	docker_json_take_text(json_get(labels, SWARM_LABEL_IMAGE), container->image, sizeof(container->image));
	docker_json_take_text(json_get(labels, DOCKER_LABEL_SERVICE), container->service, sizeof(container->service));
	docker_json_take_text(json_get(labels, DOCKER_LABEL_SPEC), container->spec, sizeof(container->spec));
	docker_json_take_text(json_get(labels, DOCKER_LABEL_OWNER), container->owner, sizeof(container->owner));
	container->slot = docker_json_take_number(json_get(labels, DOCKER_LABEL_SLOT), -1);
	service->generation = docker_json_take_number(json_get(labels, SWARM_LABEL_GENERATION), 0);
	return true;
}

/* A manager calls a task "rejected" as well that runs on a node where it should no longer be. */
static enum swarm_phase take_phase(const struct json_value *state, bool has_run)
{
	static const struct {
		const char *state;
		enum swarm_phase phase;
	} rows[] = {{"running", SWARM_RUNNING}, {"complete", SWARM_ENDED}, {"shutdown", SWARM_ENDED},
	            {"failed", SWARM_ENDED},    {"remove", SWARM_LOST},    {"orphaned", SWARM_LOST}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (json_text_is(state, rows[i].state))
			return rows[i].phase;
	if (json_text_is(state, "rejected"))
		return has_run ? SWARM_LOST : SWARM_ENDED;
	return SWARM_WAITING;
}

/* The one port that we ask for is listed twice, for IPv4 and for IPv6. */
static int take_port(const struct json_value *status)
{
	const struct json_value *ports = json_path(status, "PortStatus", "Ports", NULL);
	int64_t port = 0;

	if (ports == NULL || !json_int(json_get(ports->first, "PublishedPort"), &port) || port < 0 || port > UINT16_MAX)
		port = 0;
	return (int)port;
}

static bool take_task(const struct json_value *value, void *item)
{
	const struct json_value *status = json_get(value, "Status");
	struct swarm_task *task = item;
	int64_t exit_code = json_text_is(json_get(status, "State"), "complete") ? 0 : -1;

	memset(task, 0, sizeof(*task));
	if (!take_id(json_get(value, "ID"), task->id) || !take_id(json_get(value, "ServiceID"), task->service))
		return false;
	if (!take_id(json_get(value, "NodeID"), task->node))
		task->node[0] = '\0';
	docker_json_take_text(json_get(value, "CreatedAt"), task->created, sizeof(task->created));
	task->wanted = json_text_is(json_get(value, "DesiredState"), "running");
	task->port = take_port(status);
	task->untaken = task->node[0] != '\0' && json_text_is(json_get(status, "State"), "assigned");
	task->phase = take_phase(json_get(status, "State"), task->port != 0);
	task->since_s = take_time_s(json_get(status, "Timestamp"));
	(void)json_int(json_path(status, "ContainerStatus", "ExitCode", NULL), &exit_code);
	task->exit_code = (int)exit_code;
	docker_json_take_text(json_get(status, "Err"), task->words, sizeof(task->words));
	task->impeded = task->words[0] != '\0';
	if (!task->impeded)
		docker_json_take_text(json_get(status, "Message"), task->words, sizeof(task->words));
	return true;
}

/* Of one that answers, what matters is whether it takes tasks. */
static void take_node_state(const struct json_value *value, struct swarm_node *node)
{
	const struct json_value *availability = json_path(value, "Spec", "Availability", NULL);
	const struct json_value *state = json_path(value, "Status", "State", NULL);

	node->active = availability == NULL || json_text_is(availability, "active");
	node->ready = json_text_is(state, "ready");
	docker_json_take_text(node->ready && !node->active ? availability : state, node->state, sizeof(node->state));
}

static void take_manager(const struct json_value *manager, struct swarm_node *node)
{
	const struct json_value *leader = json_get(manager, "Leader");

	node->manager = manager != NULL && manager->type == JSON_OBJECT;
	node->reachable = json_text_is(json_get(manager, "Reachability"), "reachable");
	node->leader = leader != NULL && leader->type == JSON_BOOL && leader->boolean;
}

/* A manager that was told to listen on all addresses has 0.0.0.0 there; then its place among the managers says more. */
static bool take_node(const struct json_value *value, void *item)
{
	struct swarm_node *node = item;

	memset(node, 0, sizeof(*node));
	docker_json_take_text(json_path(value, "Status", "Addr", NULL), node->address, sizeof(node->address));
	if (strcmp(node->address, "0.0.0.0") == 0) {
		docker_json_take_text(json_path(value, "ManagerStatus", "Addr", NULL), node->address,
		                      sizeof(node->address));
		char *colon = strrchr(node->address, ':');
		if (colon != NULL)
			*colon = '\0';
	}
	docker_json_take_text(json_path(value, "Description", "Hostname", NULL), node->host, sizeof(node->host));
	take_node_state(value, node);
	take_manager(json_get(value, "ManagerStatus"), node);
	return take_id(json_get(value, "ID"), node->id);
}

bool swarm_json_services(const char *text, size_t len, struct swarm_service **items, size_t *count, struct err *err)
{
	return take_array(text, len, "list of Swarm's services", sizeof(**items), take_service, (void **)items, count,
	                  err);
}

bool swarm_json_tasks(const char *text, size_t len, struct swarm_task **items, size_t *count, struct err *err)
{
	return take_array(text, len, "list of Swarm's tasks", sizeof(**items), take_task, (void **)items, count, err);
}

bool swarm_json_nodes(const char *text, size_t len, struct swarm_node **items, size_t *count, struct err *err)
{
	return take_array(text, len, "list of Swarm's nodes", sizeof(**items), take_node, (void **)items, count, err);
}

/* --- single replies -------------------------------------------------------------------------------------------- */

bool swarm_json_service(const char *text, size_t len, struct swarm_service *service, struct err *err)
{
	struct json_doc *doc;
	bool found;

	if (!json_parse(text, len, &limits, &doc, err))
		return err_prefix(err, "service");
	found = take_service(json_root(doc), service);
	json_free(doc);
	return found || err_set(err, "service: no ID");
}

bool swarm_json_self(const char *text, size_t len, char id[ENGINE_ID_SIZE], struct err *err)
{
	struct json_doc *doc;

	if (!json_parse(text, len, &limits, &doc, err))
		return err_prefix(err, "info");
	if (!take_id(json_path(json_root(doc), "Swarm", "NodeID", NULL), id))
		id[0] = '\0';
	json_free(doc);
	return true;
}

/* --- this node's own ------------------------------------------------------------------------------------------- */

static bool take_local(const struct json_value *value, void *item)
{
	struct swarm_local *local = item;

	memset(local, 0, sizeof(*local));
	local->ended = json_text_is(json_get(value, "State"), "exited");
	return take_id(json_get(value, "Id"), local->container) &&
	       take_id(json_path(value, "Labels", "com.docker.swarm.task.id", NULL), local->task);
}

bool swarm_json_locals(const char *text, size_t len, struct swarm_local **items, size_t *count, struct err *err)
{
	return take_array(text, len, "list of containers", sizeof(**items), take_local, (void **)items, count, err);
}

bool swarm_json_local_port(const char *text, size_t len, int *port, struct err *err)
{
	const struct json_value *ports;
	char number[8] = "";
	struct json_doc *doc;

	if (!json_parse(text, len, &limits, &doc, err))
		return err_prefix(err, "container");
	ports = json_path(json_root(doc), "NetworkSettings", "Ports", NULL);
	for (const struct json_value *of = ports != NULL ? json_members(ports) : NULL; of != NULL && number[0] == '\0';
	     of = of->next)
		if (of->type == JSON_ARRAY && of->count > 0)
			docker_json_take_text(json_get(of->first, "HostPort"), number, sizeof(number));
	json_free(doc);
	*port = (int)strtol(number, NULL, 10);
	return true;
}

/* --- what is shared -------------------------------------------------------------------------------------------- */

/* As many digits as there is room for. */
static bool take_hex(const struct json_value *value, char *out, size_t size)
{
	docker_json_take_text(value, out, size);
	return strlen(out) == size - 1 && strspn(out, "0123456789abcdef") == size - 1;
}

static bool read_shared(const char *text, size_t len, char owner[ENGINE_OWNER_SIZE], char key[ENGINE_KEY_SIZE])
{
	struct json_doc *doc;
	struct err err;
	bool ok;

	if (!json_parse(text, len, &limits, &doc, &err))
		return false;
	ok = take_hex(json_get(json_root(doc), "owner"), owner, ENGINE_OWNER_SIZE) &&
	     take_hex(json_get(json_root(doc), "key"), key, ENGINE_KEY_SIZE);
	json_free(doc);
	return ok;
}

bool swarm_json_config(const char *text, size_t len, char owner[ENGINE_OWNER_SIZE], char key[ENGINE_KEY_SIZE],
                       struct err *err)
{
	char base64[SWARM_SHARED_MAX * 2], data[SWARM_SHARED_MAX];
	struct json_doc *doc;
	size_t size = 0;
	bool ok;

	if (!json_parse(text, len, &limits, &doc, err))
		return err_prefix(err, "config");
	docker_json_take_text(json_path(json_root(doc), "Spec", "Data", NULL), base64, sizeof(base64));
	json_free(doc);
	ok = sodium_base642bin((unsigned char *)data, sizeof(data), base64, strlen(base64), NULL, &size, NULL,
	                       sodium_base64_VARIANT_ORIGINAL) == 0 &&
	     read_shared(data, size, owner, key);
	sodium_memzero(base64, sizeof(base64));
	sodium_memzero(data, sizeof(data));
	return ok || err_set(err, "its content is not ours");
}

bool swarm_json_created(const char *text, size_t len, char id[ENGINE_ID_SIZE], struct err *err)
{
	struct json_doc *doc;
	bool found;

	if (!json_parse(text, len, &limits, &doc, err))
		return err_prefix(err, "reply to a create");
	found = take_id(json_get(json_root(doc), "ID"), id);
	json_free(doc);
	return found || err_set(err, "reply to a create: no ID");
}

bool swarm_json_image_id(const char *text, size_t len, char *id, size_t size, struct err *err)
{
	struct json_doc *doc;

	if (!json_parse(text, len, &limits, &doc, err))
		return err_prefix(err, "image");
	docker_json_take_text(json_get(json_root(doc), "Id"), id, size);
	json_free(doc);
	return strncmp(id, "sha256:", 7) == 0 || err_set(err, "image: no Id");
}

bool swarm_json_event(const struct json_value *value, struct docker_event *event)
{
	event->id[0] = '\0';
	event->event = (struct engine_event){.type = ENGINE_EVENT_START, .id = event->id};
	return json_int(json_get(value, "timeNano"), &event->event.engine_time_ns);
}
