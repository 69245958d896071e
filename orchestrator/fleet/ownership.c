/* ownership: goes through the list, and says what it finds in words. */
#include "orchestrator/fleet/ownership.h"

#include "common/log.h"

#include <stdio.h>
#include <string.h>

#define NAMES_SIZE 96

static bool is_foreign(const struct identity *identity, const struct engine_container *container)
{
	return !identity_owns(identity, container->owner);
}

static bool runs(const struct engine_container *container)
{
	return container->state == ENGINE_RUNNING || container->state == ENGINE_PAUSED;
}

/* Puts it behind the others, if it still fits; the first always does. */
static void add_name(char names[NAMES_SIZE], const char *name)
{
	size_t len = strlen(names);

	if (len + strlen(name) + 3 < NAMES_SIZE)
		snprintf(names + len, NAMES_SIZE - len, "%s%s", len > 0 ? ", " : "", name);
}

/* How many there are, and the first ones' names. */
static size_t foreign(const struct identity *identity, const struct engine_container *containers, size_t count,
                      bool running_only, char names[NAMES_SIZE])
{
	size_t found = 0;

	names[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		if (!is_foreign(identity, &containers[i]) || (running_only && !runs(&containers[i])))
			continue;
		add_name(names, containers[i].name);
		found++;
	}
	return found;
}

bool ownership_check(const struct identity *identity, const char *name, const struct engine_container *containers,
                     size_t count, struct err *err)
{
	char names[NAMES_SIZE];
	size_t found = foreign(identity, containers, count, true, names);

	if (found == 0)
		return true;
	return err_set(err,
	               "%zu running containers of name %s belong to another orchestrator (%s): give this one another "
	               "`name` and `state_dir`, or end the other one and remove them (docker/down --name %s); if it is "
	               "gone for good, or its state_dir was lost, start once with --take-over",
	               found, name, names, name);
}

bool ownership_take_over(struct identity *identity, const struct engine_container *containers, size_t count,
                         struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_foreign(identity, &containers[i]))
			continue;
		if (!identity_take_over(identity, containers[i].owner, err))
			return err_prefix(err, "--take-over");
		log_warn("event=taken-over owner=%s container=%.12s name=%s", log_quote(containers[i].owner),
		         containers[i].id, containers[i].name);
	}
	return true;
}

bool ownership_tell(const struct identity *identity, const struct engine_container *containers, size_t count)
{
	char names[NAMES_SIZE];
	size_t found = foreign(identity, containers, count, false, names);

	if (found == 0)
		return false;
	log_warn(
	        "event=foreign containers=%zu names=%s error=\"they have our name but another orchestrator made them: left "
	        "alone; docker rm them, or start once with --take-over\"",
	        found, log_quote(names));
	return true;
}
