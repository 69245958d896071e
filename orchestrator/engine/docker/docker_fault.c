/* docker_fault: one table of what engines from 20.10 to 29 say, the first row that fits wins. */
#include "orchestrator/engine/docker/docker_fault.h"

#include "orchestrator/base/excerpt.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct row {
	int status;        /* 0 = any */
	const char *words; /* found in the text, upper or lower case; NULL = any text */
	enum engine_fault fault;
	const char *remedy; /* NULL: the fault's own */
};

static const struct row rows[] = {
        {0, "port is already allocated", ENGINE_PORT_TAKEN, NULL},
        {0, "address already in use", ENGINE_PORT_TAKEN, NULL},
        {409, "is already in use by container", ENGINE_NAME_TAKEN, NULL},
        {0, "cannot assign requested address", ENGINE_REFUSED, "this host has no such address: change `publish`"},
        {409, "already exists", ENGINE_NAME_TAKEN, NULL},
        {404, "no such image", ENGINE_NO_IMAGE, NULL},
        {404, "no such container", ENGINE_NOT_FOUND, NULL},
        {0, "is ambiguous", ENGINE_REFUSED, "remove the network that is not used: `docker network rm ID`"},
        {404, "network", ENGINE_NO_NETWORK, "its network is gone: the next try makes it anew"},
        {0, "no such volume", ENGINE_NO_VOLUME, "its volume is gone: the next try makes it anew"},
        {0, "memory limit", ENGINE_REFUSED, "change `memory_mb` of the service"},
        {0, "range of cpus", ENGINE_REFUSED, "change `cpus` of the service"},
        {0, "volume name", ENGINE_REFUSED, "change `volumes` of the service: NAME:/path, two or more of a-z 0-9 _ . -"},
        {0, "invalid volume specification", ENGINE_REFUSED,
         "change `volumes` of the service: NAME:/path or /host:/path"},
        {0, "error while mounting volume", ENGINE_NO_VOLUME, "look at it with `docker volume inspect`"},
        {0, "executable file not found", ENGINE_REFUSED, "change `command` of the service, or the image"},
        {0, "no space left on device", ENGINE_NO_SPACE, "make room: `docker system df` shows what Docker holds"},
        {503, "not a swarm manager", ENGINE_REFUSED,
         "`docker swarm init` makes one, `docker swarm join` with a manager's token makes it one of a swarm"},
        {404, NULL, ENGINE_NOT_FOUND, NULL},
        {0, NULL, ENGINE_REFUSED, NULL},
};

static const char *const remedies[ENGINE_FAULTS] = {
        [ENGINE_NAME_TAKEN] = "remove or rename that container if it is not needed",
        [ENGINE_PORT_TAKEN] = "`ss -ltnp` and `docker ps` show who holds it; stop that or change `first_port`",
};

static const struct row *row_find(int status, const char *text)
{
	const struct row *row = rows;

	while ((row->status != 0 && row->status != status) ||
	       (row->words != NULL && strcasestr(text, row->words) == NULL))
		row++; /* the last row fits everything */
	return row;
}

enum engine_fault docker_fault_read(int status, const char *text)
{
	return row_find(status, text)->fault;
}

int docker_fault_port(const char *text)
{
	const char *allocated = strcasestr(text, " failed: port is already allocated"), *at = allocated;

	while (at != NULL && at > text && isdigit((unsigned char)at[-1]))
		at--;
	if (at == NULL || at == text || at[-1] != ':' || allocated - at > 5)
		return 0;
	return (int)strtol(at, NULL, 10);
}

/* Rows of these faults have remedies of their own; a port's, say, may speak of a network as well. */
static bool has_own_remedies(enum engine_fault fault)
{
	return fault == ENGINE_REFUSED || fault == ENGINE_NO_NETWORK || fault == ENGINE_NO_VOLUME ||
	       fault == ENGINE_NO_SPACE;
}

static const char *remedy_find(enum engine_fault fault, const char *text)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].remedy != NULL && rows[i].words != NULL && strcasestr(text, rows[i].words) != NULL)
			return rows[i].remedy;
	return remedies[fault];
}

void docker_fault_explain(enum engine_fault fault, const char *text, const char *image, char *message, size_t size)
{
	const char *remedy = has_own_remedies(fault) ? remedy_find(fault, text) : remedies[fault];

	if (fault == ENGINE_NO_IMAGE && image != NULL)
		excerpt_write(message, size, "image %s not found: build it (docker/up does) or `docker pull %s`", image,
		              image);
	else if (remedy != NULL)
		excerpt_write(message, size, "%s: %s", text, remedy);
	else
		excerpt_write(message, size, "%s", text);
}
