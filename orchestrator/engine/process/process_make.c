/* process_make: what an image and Docker would have given to the container.
 *
 *   SELFLESS_ID        always: how a process is found again, and knows itself (see engine.h, identity)
 *   the service's env
 *   PORT               the host port, unless the service's env has it; the same for all that follow
 *   LISTEN             127.0.0.1:PORT, what else `publish` names, and unix:SOCKET_DIR/http with reach socket
 *   DATA_DIR           where the service keeps its data
 *   HOSTNAME, PATH     as Docker has them
 */
#include "orchestrator/engine/process/process_make.h"

#include "orchestrator/engine/process/process_cgroup.h"
#include "orchestrator/engine/process/process_proc.h"

#include "common/buf.h"
#include "common/mem.h"
#include "orchestrator/base/random_hex.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTEN_MAX 2048
#define QUOTA_MIN_US 1000
#define USUAL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* --- environment ----------------------------------------------------------------------------------------------- */

static bool env_has(const struct strings *env, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < env->count; i++)
		if (strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '=')
			return true;
	return false;
}

static void env_add(struct strings *env, const char *name, const char *value)
{
	char *text;

	if (env_has(env, name))
		return;
	text = mem_format("%s=%s", name, value);
	strings_add(env, text);
	free(text);
}

static bool publishes(const struct strings *publish, const char *address)
{
	for (size_t i = 0; publish != NULL && i < publish->count; i++)
		if (strcmp(publish->items[i], address) == 0)
			return true;
	return false;
}

/* 0.0.0.0 takes all others of IPv4 with it; two sockets for the same one would not go. */
static bool write_listen(struct buf *text, const struct strings *publish, int port, const char *socket_dir)
{
	const char *first = publishes(publish, "0.0.0.0") ? "0.0.0.0" : "127.0.0.1";
	bool fits = buf_add_format(text, "%s:%d", first, port);

	for (size_t i = 0; publish != NULL && i < publish->count; i++) {
		const char *address = publish->items[i];
		bool six = strchr(address, ':') != NULL;

		if (six || (first[0] != '0' && strcmp(address, first) != 0))
			fits = fits && buf_add_format(text, six ? ",[%s]:%d" : ",%s:%d", address, port);
	}
	if (socket_dir[0] != '\0')
		fits = fits && buf_add_format(text, ",unix:%s/http", socket_dir);
	return fits;
}

static void make_env(const struct engine_spec *spec, const struct engine_place *place, const char *data_dir,
                     struct process_record *record)
{
	struct strings *env = &record->env;
	struct buf listen;
	char number[16];
	char host[13];
	bool fits;

	snprintf(number, sizeof(number), "%d", place->host_port);
	snprintf(host, sizeof(host), "%.12s", record->container.id);
	buf_init(&listen, LISTEN_MAX);
	fits = write_listen(&listen, spec->publish, place->host_port, record->socket_dir);
	assert(fits); /* eight addresses and a path, all bounded by the configuration */
	env_add(env, PROCESS_ID_KEY, record->container.id);
	for (size_t i = 0; spec->env != NULL && i < spec->env->count; i++)
		strings_add(env, spec->env->items[i]);
	env_add(env, "PORT", number);
	env_add(env, "LISTEN", buf_text(&listen));
	env_add(env, "DATA_DIR", data_dir);
	env_add(env, "HOSTNAME", host);
	env_add(env, "PATH", USUAL_PATH);
	buf_clear(&listen);
}

/* --- the record ------------------------------------------------------------------------------------------------ */

static bool take_text(const char *what, const char *text, char *out, size_t size, struct err *err)
{
	if (strlen(text) >= size)
		return err_set(err, "%s %s is longer than %zu bytes", what, text, size - 1);
	memcpy(out, text, strlen(text) + 1);
	return true;
}

/* The kernel takes no less than a millisecond. */
static int quota_us(double cpus)
{
	double quota = cpus * PROCESS_CGROUP_PERIOD_US;

	return quota > 0 && quota < QUOTA_MIN_US ? QUOTA_MIN_US : (int)quota;
}

bool process_make_record(const struct engine_spec *spec, const struct engine_place *place, const char *data_dir,
                         const char *socket_dir, struct process_record *record, struct err *err)
{
	struct engine_container *to = &record->container;

	memset(record, 0, sizeof(*record));
	if (spec->command == NULL || spec->command->count == 0)
		return err_set(err, "service %s has no command: engine process needs one", spec->service);
	if (place->host_port == 0)
		return err_set(err, "service %s has no port: engine process needs one", spec->service);
	if (!random_hex(to->id, sizeof(to->id), err) ||
	    !take_text("name", place->name, to->name, sizeof(to->name), err) ||
	    !take_text("service", spec->service, to->service, sizeof(to->service), err) ||
	    !take_text("spec", spec->hash, to->spec, sizeof(to->spec), err) ||
	    !take_text("socket_dir", socket_dir, record->socket_dir, sizeof(record->socket_dir), err))
		return false;
	snprintf(to->image, sizeof(to->image), "%s", spec->command->items[0]);
	to->slot = place->slot;
	to->host_port = place->host_port;
	to->state = ENGINE_CREATED;
	record->memory_mb = spec->memory_mb;
	record->cpu_quota_us = quota_us(spec->cpus);
	record->exit_code = -1;
	for (size_t i = 0; i < spec->command->count; i++)
		strings_add(&record->command, spec->command->items[i]);
	make_env(spec, place, data_dir, record);
	return true;
}
