/* docker_sockets: see the header. Invariant: a directory of ours is in the table, or was left by an earlier engine. */
#include "orchestrator/engine/docker/docker_sockets.h"

#include "common/clock.h"
#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct owned {
	TAILQ_ENTRY(owned) link;
	char dir[SOCKET_DIR_SIZE];
	char id[ENGINE_ID_SIZE]; /* ""; its create is not answered, or was in doubt */
	bool doubtful;
	int64_t since_us; /* it is as it is; a list that was asked for earlier says nothing of it */
};

struct docker_sockets {
	char *root;
	TAILQ_HEAD(, owned) all;
	bool listed, swept;
};

struct docker_sockets *docker_sockets_new(const char *root)
{
	struct docker_sockets *sockets = mem_zero(sizeof(*sockets));

	sockets->root = mem_dup(root);
	TAILQ_INIT(&sockets->all);
	return sockets;
}

static void forget(struct docker_sockets *sockets, struct owned *owned)
{
	TAILQ_REMOVE(&sockets->all, owned, link);
	free(owned);
}

void docker_sockets_free(struct docker_sockets *sockets)
{
	struct owned *owned, *next;

	for (owned = TAILQ_FIRST(&sockets->all); owned != NULL; owned = next) {
		next = TAILQ_NEXT(owned, link);
		free(owned);
	}
	free(sockets->root);
	free(sockets);
}

static struct owned *by_dir(const struct docker_sockets *sockets, const char *dir)
{
	struct owned *owned;

	TAILQ_FOREACH (owned, &sockets->all, link)
		if (strcmp(owned->dir, dir) == 0)
			return owned;
	return NULL;
}

static struct owned *by_id(const struct docker_sockets *sockets, const char *id)
{
	struct owned *owned;

	TAILQ_FOREACH (owned, &sockets->all, link)
		if (owned->id[0] != '\0' && strcmp(owned->id, id) == 0)
			return owned;
	return NULL;
}

static struct owned *add(struct docker_sockets *sockets, const char *dir)
{
	struct owned *owned = mem_zero(sizeof(*owned));

	snprintf(owned->dir, sizeof(owned->dir), "%s", dir);
	owned->since_us = clock_us();
	TAILQ_INSERT_TAIL(&sockets->all, owned, link);
	return owned;
}

static void take_away(struct docker_sockets *sockets, struct owned *owned)
{
	socket_dir_remove(owned->dir);
	forget(sockets, owned);
}

/* --- create ---------------------------------------------------------------------------------------------------- */

bool docker_sockets_make(struct docker_sockets *sockets, const char *service, int slot, char dir[SOCKET_DIR_SIZE],
                         struct err *err)
{
	if (!socket_dir_make(sockets->root, service, slot, dir, err))
		return false;
	add(sockets, dir);
	return true;
}

void docker_sockets_made(struct docker_sockets *sockets, const char *dir, const char *id)
{
	struct owned *owned = by_dir(sockets, dir);

	if (owned == NULL)
		return;
	snprintf(owned->id, sizeof(owned->id), "%s", id);
	owned->since_us = clock_us();
}

void docker_sockets_failed(struct docker_sockets *sockets, const char *dir, bool in_doubt)
{
	struct owned *owned = by_dir(sockets, dir);

	if (owned == NULL)
		return;
	if (!in_doubt) {
		take_away(sockets, owned);
		return;
	}
	owned->doubtful = true;
	owned->since_us = clock_us();
}

/* --- the end --------------------------------------------------------------------------------------------------- */

void docker_sockets_gone(struct docker_sockets *sockets, const char *id)
{
	struct owned *owned = by_id(sockets, id);

	if (owned != NULL)
		take_away(sockets, owned);
}

/* --- lists ----------------------------------------------------------------------------------------------------- */

static void take_over(struct docker_sockets *sockets, const struct engine_container *container)
{
	char dir[SOCKET_DIR_SIZE];
	struct owned *owned;

	if (!socket_dir_of(&container->address, dir))
		return;
	owned = by_dir(sockets, dir);
	if (owned == NULL)
		owned = add(sockets, dir);
	owned->doubtful = false;
	snprintf(owned->id, sizeof(owned->id), "%s", container->id);
}

static bool is_listed(const char *id, const struct engine_container *containers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(containers[i].id, id) == 0)
			return true;
	return false;
}

void docker_sockets_listed(struct docker_sockets *sockets, const struct engine_container *containers, size_t count,
                           int64_t asked_us)
{
	struct owned *owned, *next;

	for (size_t i = 0; i < count; i++)
		take_over(sockets, &containers[i]);
	for (owned = TAILQ_FIRST(&sockets->all); owned != NULL; owned = next) {
		bool is_being_made = owned->id[0] == '\0' && !owned->doubtful;

		next = TAILQ_NEXT(owned, link);
		if (!is_being_made && owned->since_us <= asked_us && !is_listed(owned->id, containers, count))
			take_away(sockets, owned);
	}
	sockets->listed = true;
}

/* --- questions ------------------------------------------------------------------------------------------------- */

bool docker_sockets_address(const struct docker_sockets *sockets, const char *id, struct address *address)
{
	const struct owned *owned = by_id(sockets, id);

	return owned != NULL && socket_dir_address(owned->dir, address);
}

static bool is_used(const char *dir, const void *arg)
{
	return by_dir(arg, dir) != NULL;
}

void docker_sockets_sweep(struct docker_sockets *sockets)
{
	if (!sockets->listed || sockets->swept)
		return;
	sockets->swept = true;
	socket_dirs_sweep(sockets->root, is_used, sockets);
}
