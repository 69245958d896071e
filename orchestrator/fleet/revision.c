/* revision: a deep copy of what config says about a service's containers. */
#include "orchestrator/fleet/revision.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

static void copy_strings(struct strings *to, const struct strings *from)
{
	for (size_t i = 0; i < from->count; i++)
		strings_add(to, from->items[i]);
}

static int spare_port(const struct config_service *service)
{
	if (service->publish.count == 0)
		return 0;
	if (service->spare_port != 0)
		return (int)service->spare_port;
	return (int)(service->first_port + service->scale.max + service->scale.spares);
}

struct revision *revision_new(const struct config *config, const struct config_service *service,
                              const unsigned char key[CONFIG_KEY_SIZE], unsigned number)
{
	struct revision *revision = mem_zero(sizeof(*revision));

	revision->number = number;
	copy_strings(&revision->command, &service->command);
	copy_strings(&revision->publish, &service->publish);
	copy_strings(&revision->volumes, &service->volumes);
	copy_strings(&revision->env, &service->env);
	config_spec_hash(config, service, key, revision->hash);
	revision->first_port = service->publish.count > 0 ? (int)service->first_port : 0;
	revision->spare_port = spare_port(service);
	revision->spec = (struct engine_spec){
	        .service = mem_dup(service->name),
	        .image = mem_dup(service->image),
	        .command = &revision->command,
	        .publish = &revision->publish,
	        .volumes = &revision->volumes,
	        .env = &revision->env,
	        .port = (int)service->port,
	        .memory_mb = (int)service->memory_mb,
	        .cpus = service->cpus,
	        .reach = (enum engine_reach)service->reach,
	        .hash = revision->hash,
	};
	return revision;
}

void revision_free(struct revision *revision)
{
	if (revision == NULL)
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
