/* revision: a deep copy of what config says about a service's containers. */
#include "orchestrator/fleet/revision.h"

#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void copy_strings(struct strings *to, const struct strings *from)
{
	for (size_t i = 0; i < from->count; i++)
		strings_add(to, from->items[i]);
}

static int roll_port(const struct config_service *service)
{
	if (service->publish.count == 0)
		return 0;
	if (service->roll_port != 0)
		return (int)service->roll_port;
	return (int)(service->first_port + service->scale.max + service->scale.spares);
}

/* spec: its lists and its hash may be anybody's: the revision's own are filled from them. */
static struct revision *revision_of(const struct engine_spec *spec, unsigned number)
{
	struct revision *revision = mem_zero(sizeof(*revision));

	revision->refs = 1;
	revision->number = number;
	copy_strings(&revision->command, spec->command);
	copy_strings(&revision->publish, spec->publish);
	copy_strings(&revision->volumes, spec->volumes);
	copy_strings(&revision->env, spec->env);
	memcpy(revision->hash, spec->hash, sizeof(revision->hash));
	revision->spec = *spec;
	revision->spec.service = mem_dup(spec->service);
	revision->spec.image = mem_dup(spec->image);
	revision->spec.command = &revision->command;
	revision->spec.publish = &revision->publish;
	revision->spec.volumes = &revision->volumes;
	revision->spec.env = &revision->env;
	revision->spec.hash = revision->hash;
	return revision;
}

struct revision *revision_new(const struct config *config, const struct config_service *service,
                              const unsigned char key[CONFIG_KEY_SIZE], unsigned number)
{
	char hash[ENGINE_SPEC_SIZE];
	struct revision *revision;

	config_spec_hash(config, service, key, hash);
	revision = revision_of(&(struct engine_spec){.service = service->name,
	                                             .image = service->image,
	                                             .command = &service->command,
	                                             .publish = &service->publish,
	                                             .volumes = &service->volumes,
	                                             .env = &service->env,
	                                             .port = (int)service->port,
	                                             .memory_mb = (int)service->memory_mb,
	                                             .cpus = service->cpus,
	                                             .stop_ms = (int)config->stop_ms,
	                                             .reach = (enum engine_reach)service->reach,
	                                             .hash = hash},
	                       number);
	revision->first_port = service->publish.count > 0 ? (int)service->first_port : 0;
	revision->roll_port = roll_port(service);
	return revision;
}

struct revision *revision_again(const struct revision *revision, unsigned number)
{
	struct revision *again = revision_of(&revision->spec, number);

	again->first_port = revision->first_port;
	again->roll_port = revision->roll_port;
	return again;
}

struct revision *revision_ref(struct revision *revision)
{
	assert(revision->refs > 0);
	revision->refs++;
	return revision;
}

void revision_unref(struct revision *revision)
{
	if (revision == NULL || --revision->refs > 0)
		return;
	strings_clear(&revision->command);
	strings_clear(&revision->publish);
	strings_clear(&revision->volumes);
	strings_clear(&revision->env);
	free((char *)revision->spec.service);
	free((char *)revision->spec.image);
	free(revision);
}

bool revision_same(const struct revision *a, const struct revision *b)
{
	return strcmp(a->hash, b->hash) == 0 && a->first_port == b->first_port;
}

int revision_port(const struct revision *revision, int slot)
{
	return revision->first_port == 0 ? 0 : revision->first_port + slot;
}

void revision_take_over(struct revision *revision, const struct revision *newest)
{
	revision->spec.stop_ms = newest->spec.stop_ms;
	if (revision->first_port == newest->first_port)
		revision->roll_port = newest->roll_port;
}
