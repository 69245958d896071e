/* crowd: a table of clients by hash. With each handshake some cells are swept: those are forgotten that have nothing open and
 * have been quiet for a second, when their bucket is full again.
 */
#include "orchestrator/wire/crowd.h"

#include "common/hash.h"
#include "common/mem.h"
#include "orchestrator/base/bucket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#define CELLS 4096
#define SWEPT_AT_ONCE 4
#define SECOND_US 1000000

struct client {
	struct crowd_key key;
	unsigned unfinished;
	struct bucket begun;
	SLIST_ENTRY(client) same_cell;
};

struct crowd {
	SLIST_HEAD(, client) cells[CELLS];
	size_t swept;    /* the cell that is swept next */
	uint64_t secret; /* so that nobody can choose addresses that fall into one cell */
};

static struct crowd_key key_of(const struct sockaddr *peer)
{
	struct crowd_key key = {{0}};
	const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;

	if (peer->sa_family == AF_INET)
		memcpy(key.bytes + 12, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
	else if (peer->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6))
		memcpy(key.bytes + 12, v6->s6_addr + 12, 4);
	else if (peer->sa_family == AF_INET6)
		memcpy(key.bytes, v6->s6_addr, 8);
	return key;
}

static size_t cell_of(const struct crowd *crowd, const struct crowd_key *key)
{
	return hash_cell(hash_add(crowd->secret, key->bytes, sizeof(key->bytes)), CELLS);
}

static struct client *find(const struct crowd *crowd, const struct crowd_key *key)
{
	struct client *client;

	SLIST_FOREACH (client, &crowd->cells[cell_of(crowd, key)], same_cell)
		if (memcmp(&client->key, key, sizeof(*key)) == 0)
			return client;
	return NULL;
}

static bool is_quiet(const struct client *client, int64_t now_us)
{
	return client->unfinished == 0 && now_us - client->begun.at_us >= SECOND_US;
}

static void sweep_cell(struct crowd *crowd, int64_t now_us)
{
	struct client **at = &SLIST_FIRST(&crowd->cells[crowd->swept]);

	while (*at != NULL) {
		struct client *client = *at;
		if (!is_quiet(client, now_us)) {
			at = &SLIST_NEXT(client, same_cell);
			continue;
		}
		*at = SLIST_NEXT(client, same_cell);
		free(client);
	}
	crowd->swept = (crowd->swept + 1) % CELLS;
}

static struct client *add(struct crowd *crowd, const struct crowd_key *key, int64_t now_us)
{
	struct client *client = mem_zero(sizeof(*client));

	client->key = *key;
	bucket_init(&client->begun, CROWD_PER_S, CROWD_PER_S, now_us);
	SLIST_INSERT_HEAD(&crowd->cells[cell_of(crowd, key)], client, same_cell);
	return client;
}

bool crowd_enter(struct crowd *crowd, const struct sockaddr *peer, int64_t now_us, struct crowd_key *key)
{
	struct client *client;

	*key = key_of(peer);
	for (int i = 0; i < SWEPT_AT_ONCE; i++)
		sweep_cell(crowd, now_us);
	client = find(crowd, key);
	if (client == NULL)
		client = add(crowd, key, now_us);
	if (!bucket_has(&client->begun, now_us) || client->unfinished >= CROWD_UNFINISHED)
		return false;
	bucket_take(&client->begun);
	client->unfinished++;
	return true;
}

void crowd_leave(struct crowd *crowd, const struct crowd_key *key)
{
	struct client *client = find(crowd, key);

	if (client != NULL && client->unfinished > 0)
		client->unfinished--;
}

struct crowd *crowd_new(void)
{
	struct crowd *crowd = mem_zero(sizeof(*crowd));

	for (size_t i = 0; i < CELLS; i++)
		SLIST_INIT(&crowd->cells[i]);
	crowd->secret = HASH_START;
	(void)!getrandom(&crowd->secret, sizeof(crowd->secret), GRND_NONBLOCK);
	return crowd;
}

static void free_cell(struct client *client)
{
	for (struct client *next; client != NULL; client = next) {
		next = SLIST_NEXT(client, same_cell);
		free(client);
	}
}

void crowd_free(struct crowd *crowd)
{
	if (crowd == NULL)
		return;
	for (size_t i = 0; i < CELLS; i++)
		free_cell(SLIST_FIRST(&crowd->cells[i]));
	free(crowd);
}
