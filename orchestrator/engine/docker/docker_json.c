/* docker_json: picks the few fields we use out of the engine's replies.
 *
 * Nothing the engine says is trusted to be short or there: texts are cut to the size of their field, an id that is not
 * one is refused.
 */
#include "orchestrator/engine/docker/docker_json.h"

#include "common/mem.h"
#include "orchestrator/base/excerpt.h"
#include "orchestrator/engine/docker/docker_body.h"
#include "orchestrator/engine/docker/docker_json_address.h"
#include "orchestrator/engine/docker/docker_json_values.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000

static const struct json_limits limits = {.depth = 32, .nodes = 1000000};

static bool take_id(const struct json_value *value, char id[ENGINE_ID_SIZE])
{
	if (value == NULL || value->type != JSON_STRING || value->len == 0 || value->len >= ENGINE_ID_SIZE)
		return false;
	docker_json_take_text(value, id, ENGINE_ID_SIZE);
	return strspn(id, "0123456789abcdefABCDEF") == value->len;
}

void docker_json_message(const char *text, size_t len, char *message, size_t size)
{
	struct json_doc *doc = NULL;
	const struct json_value *value = NULL;

	if (json_parse(text, len, &limits, &doc, NULL))
		value = json_get(json_root(doc), "message");
	if (value != NULL && value->type == JSON_STRING && value->len > 0)
		excerpt_take(message, size, value->text, value->len);
	else
		excerpt_take(message, size, text, len);
	json_free(doc);
}

int docker_json_api_minor(const char *version)
{
	int minor;

	if (strncmp(version, "1.", 2) != 0 || !docker_json_read_decimal(version + 2, &minor) || minor < 0)
		return -1;
	return minor;
}

bool docker_json_version(const char *text, size_t len, int *max_minor, int *min_minor, struct err *err)
{
	struct json_doc *doc;
	char version[16];

	if (!json_parse(text, len, &limits, &doc, err))
		return err_prefix(err, "reply to GET /version");
	docker_json_take_text(json_get(json_root(doc), "ApiVersion"), version, sizeof(version));
	*max_minor = docker_json_api_minor(version);
	docker_json_take_text(json_get(json_root(doc), "MinAPIVersion"), version, sizeof(version));
	*min_minor = docker_json_api_minor(version);
	json_free(doc);
	if (*max_minor == -1)
		return err_set(err, "reply to GET /version: no ApiVersion of the form 1.N");
	if (*min_minor == -1)
		*min_minor = 0;
	return true;
}

bool docker_json_log_driver(const char *text, size_t len, char *driver, size_t size, struct err *err)
{
	struct json_doc *doc;

	if (!json_parse(text, len, &limits, &doc, err))
		return err_prefix(err, "reply to GET /info");
	docker_json_take_text(json_get(json_root(doc), "LoggingDriver"), driver, size);
	json_free(doc);
	return true;
}

bool docker_json_created(const char *text, size_t len, char id[ENGINE_ID_SIZE], struct err *err)
{
	struct json_doc *doc;
	bool found;

	if (!json_parse(text, len, &limits, &doc, err))
		return err_prefix(err, "reply to a create");
	found = take_id(json_get(json_root(doc), "Id"), id);
	json_free(doc);
	return found || err_set(err, "reply to a create: no Id");
}

static void take_words(const struct json_value *list, struct strings *words)
{
	for (const struct json_value *one = list != NULL ? list->first : NULL; one != NULL; one = one->next) {
		char *word = json_dup_text(one);

		if (word != NULL)
			strings_add(words, word);
		free(word);
	}
}

/* [""] is what stands for no entrypoint where one is taken away. */
static bool is_entrypoint(const struct json_value *list)
{
	return list != NULL && list->first != NULL && (list->count > 1 || !json_text_is(list->first, ""));
}

bool docker_json_image(const char *text, size_t len, const struct strings *command, struct strings *words,
                       struct err *err)
{
	const struct json_value *config, *entrypoint;
	struct json_doc *doc;

	if (!json_parse(text, len, &limits, &doc, err))
		return err_prefix(err, "image");
	config = json_get(json_root(doc), "Config");
	entrypoint = json_get(config, "Entrypoint");
	if (is_entrypoint(entrypoint))
		take_words(entrypoint, words);
	for (size_t i = 0; i < command->count; i++)
		strings_add(words, command->items[i]);
	if (command->count == 0)
		take_words(json_get(config, "Cmd"), words);
	json_free(doc);
	return true;
}

static enum engine_state take_state(const struct json_value *value)
{
	static const struct {
		const char *word;
		enum engine_state state;
	} words[] = {
	        {"created", ENGINE_CREATED}, {"running", ENGINE_RUNNING}, {"paused", ENGINE_PAUSED},
	        {"exited", ENGINE_EXITED},   {"dead", ENGINE_EXITED},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (json_text_is(value, words[i].word))
			return words[i].state;
	return ENGINE_OTHER;
}

/* Of "/acts_0" and "/other/alias" (a link) the first is the name. */
static void take_name(const struct json_value *names, char *out, size_t size)
{
	const struct json_value *name = names != NULL ? names->first : NULL;

	out[0] = '\0';
	for (; name != NULL; name = name->next) {
		char text[ENGINE_NAME_SIZE + 1];

		docker_json_take_text(name, text, sizeof(text));
		if (text[0] != '/' || strchr(text + 1, '/') != NULL)
			continue;
		snprintf(out, size, "%s", text + 1);
		return;
	}
}

/* "Up 5 seconds", "Up Less than a second", "Up About a minute", "Up 2 hours (Paused)". */
static int64_t take_running_ms(const struct json_value *status)
{
	char text[64], *end;

	docker_json_take_text(status, text, sizeof(text));
	if (strncmp(text, "Up ", 3) != 0 || strncmp(text + 3, "Less than", 9) == 0)
		return 0;
	int64_t count = strtoll(text + 3, &end, 10);
	bool seconds = end > text + 3 && strncmp(end, " second", 7) == 0;
	return seconds && count >= 0 && count < 60 ? count * 1000 : MINUTE_MS;
}

/* Said to be in none; an engine that does not say is not taken by its silence. */
static bool take_no_network(const struct json_value *settings)
{
	const struct json_value *networks = json_get(settings, "Networks");

	return networks != NULL && networks->type == JSON_OBJECT && networks->count == 0;
}

static bool take_container(const struct json_value *value, const char *network, struct engine_container *container)
{
	const struct json_value *labels = json_get(value, "Labels");
	int64_t made_s;

	if (!take_id(json_get(value, "Id"), container->id))
		return false;
	take_name(json_get(value, "Names"), container->name, sizeof(container->name));
	docker_json_take_text(json_get(value, "Image"), container->image, sizeof(container->image));
	docker_json_take_text(json_get(labels, DOCKER_LABEL_SERVICE), container->service, sizeof(container->service));
	docker_json_take_text(json_get(labels, DOCKER_LABEL_SPEC), container->spec, sizeof(container->spec));
	docker_json_take_text(json_get(labels, DOCKER_LABEL_OWNER), container->owner, sizeof(container->owner));
	docker_json_take_text(json_get(labels, DOCKER_LABEL_IDENTITY), container->identity,
	                      sizeof(container->identity));
	container->slot = docker_json_take_number(json_get(labels, DOCKER_LABEL_SLOT), -1);
	container->host_port = docker_json_take_number(json_get(labels, DOCKER_LABEL_PORT), 0);
	container->state = take_state(json_get(value, "State"));
	if (json_int(json_get(value, "Created"), &made_s) && made_s > 0 && made_s < INT64_MAX / 1000)
		container->made_ms = made_s * 1000;
	container->running_ms = take_running_ms(json_get(value, "Status"));
	container->no_network = take_no_network(json_get(value, "NetworkSettings"));
	docker_json_listed_address(value, network, &container->address);
	docker_json_sources(json_path(value, "NetworkSettings", "Networks", NULL), &container->sources);
	return true;
}

bool docker_json_list(const char *text, size_t len, const char *network, struct engine_container **containers,
                      size_t *count, struct err *err)
{
	const struct json_value *root;
	struct json_doc *doc;

	if (!json_parse(text, len, &limits, &doc, err))
		return err_prefix(err, "list of containers");
	root = json_root(doc);
	if (root->type != JSON_ARRAY) {
		json_free(doc);
		return err_set(err, "list of containers: not an array");
	}
	*count = 0;
	*containers = mem_zero((root->count + 1) * sizeof(**containers));
	for (const struct json_value *value = root->first; value != NULL; value = value->next)
		if (take_container(value, network, &(*containers)[*count]))
			(*count)++;
	json_free(doc);
	return true;
}

static bool is_any_address(const char *address)
{
	return address[0] == '\0' || strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}

static bool addresses_meet(const char *address, const struct strings *others)
{
	for (size_t i = 0; i < others->count; i++)
		if (is_any_address(address) || is_any_address(others->items[i]) ||
		    strcmp(address, others->items[i]) == 0)
			return true;
	return false;
}

static bool publishes(const struct json_value *container, int port, const struct strings *addresses)
{
	const struct json_value *ports = json_get(container, "Ports");

	for (const struct json_value *one = ports != NULL ? ports->first : NULL; one != NULL; one = one->next) {
		char address[INET6_ADDRSTRLEN];
		int64_t public;

		docker_json_take_text(json_get(one, "IP"), address, sizeof(address));
		if (json_int(json_get(one, "PublicPort"), &public) && public == port &&
		    addresses_meet(address, addresses))
			return true;
	}
	return false;
}

bool docker_json_port_held(const char *text, size_t len, const char *id, int port, const struct strings *addresses)
{
	struct json_doc *doc;
	bool held = false;

	if (!json_parse(text, len, &limits, &doc, NULL))
		return false;
	for (const struct json_value *one = json_root(doc)->first; one != NULL && !held; one = one->next)
		held = !json_text_is(json_get(one, "Id"), id) && publishes(one, port, addresses);
	json_free(doc);
	return held;
}

static int take_pid(const struct json_value *root)
{
	int64_t pid = 0;

	if (!json_int(json_path(root, "State", "Pid", NULL), &pid) || pid < 0 || pid > INT32_MAX)
		pid = 0;
	return (int)pid;
}

bool docker_json_inspect(const char *text, size_t len, const char *network, struct engine_result *result,
                         struct err *err)
{
	const struct json_value *state;
	struct json_doc *doc;
	int64_t exit_code = 0;

	if (!json_parse(text, len, &limits, &doc, err))
		return err_prefix(err, "inspect");
	state = json_get(json_root(doc), "State");
	if (state == NULL || !json_int(json_get(state, "ExitCode"), &exit_code)) {
		json_free(doc);
		return err_set(err, "inspect: no State.ExitCode");
	}
	result->state = take_state(json_get(state, "Status"));
	result->exit_code = (int)exit_code;
	result->oom_killed = json_get(state, "OOMKilled") != NULL && json_get(state, "OOMKilled")->boolean;
	result->pid = take_pid(json_root(doc));
	result->no_network = !docker_json_inspected_address(json_root(doc), network, &result->address);
	json_free(doc);
	return true;
}

void docker_json_running(const char *text, size_t len, struct docker_running *running)
{
	struct json_doc *doc;

	*running = (struct docker_running){.pid = 0};
	if (!json_parse(text, len, &limits, &doc, NULL))
		return;
	running->pid = take_pid(json_root(doc));
	docker_json_sources(json_path(json_root(doc), "NetworkSettings", "Networks", NULL), &running->sources);
	json_free(doc);
}

bool docker_json_event(const struct json_value *value, struct docker_event *event)
{
	static const struct {
		const char *action;
		enum engine_event_type type;
	} actions[] = {
	        {"die", ENGINE_EVENT_DIE},         {"kill", ENGINE_EVENT_KILL},   {"oom", ENGINE_EVENT_OOM},
	        {"start", ENGINE_EVENT_START},     {"pause", ENGINE_EVENT_PAUSE}, {"unpause", ENGINE_EVENT_UNPAUSE},
	        {"destroy", ENGINE_EVENT_DESTROY},
	};
	const struct json_value *action = json_get(value, "Action");
	size_t i = 0;

	if (!json_text_is(json_get(value, "Type"), "container"))
		return false;
	while (i < sizeof(actions) / sizeof(actions[0]) && !json_text_is(action, actions[i].action))
		i++;
	if (i == sizeof(actions) / sizeof(actions[0]) || !take_id(json_path(value, "Actor", "ID", NULL), event->id))
		return false;
	event->event = (struct engine_event){.type = actions[i].type, .id = event->id};
	event->event.exit_code = docker_json_take_number(json_path(value, "Actor", "Attributes", "exitCode", NULL), 0);
	event->event.signal = docker_json_take_number(json_path(value, "Actor", "Attributes", "signal", NULL), 0);
	if (!json_int(json_get(value, "timeNano"), &event->event.engine_time_ns))
		event->event.engine_time_ns = 0;
	return true;
}
