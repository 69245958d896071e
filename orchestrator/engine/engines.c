/* engines: see the header. */
#include "orchestrator/engine/engines.h"

#include "orchestrator/engine/docker/docker_engine.h"
#include "orchestrator/engine/process/process_engine.h"
#include "orchestrator/engine/process/process_spawn.h"
#include "orchestrator/engine/swarm/swarm_engine.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const struct engine_kind engines[] = {
        {.name = "docker",
         .make = docker_engine_new,
         .can = {.rename = true,
                 .ahead = true,
                 .pause = true,
                 .late_network = true,
                 .local_ports = true,
                 .one_host = true,
                 .gone_ended = true},
         .needs = {{"image", "an image"}}},
        {.name = "process",
         .make = process_engine_new,
         .can = {.rename = true,
                 .ahead = true,
                 .pause = true,
                 .local_ports = true,
                 .one_host = true,
                 .gone_ended = true},
         .needs = {{"command", "a command"}, {"publish", "an address, for example 127.0.0.1,"}},
         .unused = {"volumes", "late_network", "docker_socket"},
         .helper_word = PROCESS_ENTER,
         .helper = process_enter},
        {.name = "swarm",
         .make = swarm_engine_new,
         .can = {.elects = true},
         .needs = {{"image", "an image"}},
         .unused = {"reach", "late_network", "first_port", "publish", "spare_port"}},
        {.name = NULL},
};

bool engines_make(int index, const struct engine_settings *settings, struct engine **engine, struct err *err)
{
	const struct engine_kind *kind = &engines[index];

	if (!kind->make(settings, engine, err))
		return false;
	(*engine)->can = &kind->can;
	return true;
}

bool engines_help(int argc, char **argv, int *exit_code)
{
	const char *word = argc > 1 ? argv[1] : "";

	for (const struct engine_kind *kind = engines; kind->name != NULL; kind++)
		if (kind->helper_word != NULL && strcmp(kind->helper_word, word) == 0) {
			*exit_code = kind->helper(argv + 2);
			return true;
		}
	return false;
}

static bool needs(const struct engine_kind *kind, const char *key)
{
	for (size_t i = 0; kind->needs[i].key != NULL; i++)
		if (strcmp(kind->needs[i].key, key) == 0)
			return true;
	return false;
}

static bool ignores(const struct engine_kind *kind, const char *key)
{
	for (size_t i = 0; kind->unused[i] != NULL; i++)
		if (strcmp(kind->unused[i], key) == 0)
			return true;
	return false;
}

void engines_note(const char *key, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (const struct engine_kind *kind = engines; kind->name != NULL && len < size; kind++) {
		if (needs(kind, key))
			len += (size_t)snprintf(text + len, size - len, " Engine %s needs it.", kind->name);
		else if (ignores(kind, key))
			len += (size_t)snprintf(text + len, size - len, " Without effect with engine %s.", kind->name);
	}
}
