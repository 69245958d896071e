/* postgres_connect: having a connection, and getting one again: patiently at first, with pauses that get longer; once the database
 * has been away for longer than patience, whoever asks is told so at once, but for one try now and then.
 */
#include "services/store/postgres_inside.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define FIRST_PAUSE_MS 50
#define LONGEST_PAUSE_MS 1000

static int64_t random_number(void)
{
	int64_t number = 0;
	ssize_t got = getrandom(&number, sizeof(number), 0);

	(void)got; /* what is missing stays 0: eight bytes always come whole */
	return number & INT64_MAX;
}

struct postgres_store *postgres_new(const char *url, const struct store_texts *texts, int patience_ms, bool read_only)
{
	struct postgres_store *pg = mem_zero(sizeof(*pg));

	pg->url = mem_dup(url);
	pg->shown = store_url_name(url);
	pg->schema = texts->name;
	pg->migrations = texts->migrations;
	pg->patience_ms = patience_ms;
	pg->read_only = read_only;
	pg->writer = random_number();
	pg->batch = random_number() / 2;
	return pg;
}

void postgres_drop(struct postgres_store *pg)
{
	PQfinish(pg->conn);
	pg->conn = NULL;
	pg->pending_count = 0;
}

void postgres_close(struct store *store)
{
	struct postgres_store *pg = postgres_of(store);

	postgres_drop(pg);
	for (struct postgres_statement *at = pg->statements, *next; at != NULL; at = next) {
		next = at->next;
		PQclear(at->result);
		free(at);
	}
	free(pg->pending);
	free(pg->shown);
	free(pg->url);
	free(pg);
}

bool postgres_get_ready(struct postgres_store *pg, struct err *err)
{
	for (struct postgres_statement *at = pg->statements; at != NULL; at = at->next) {
		if (!postgres_prepare_again(pg, at, err))
			return false;
	}
	return PQenterPipelineMode(pg->conn) == 1 || postgres_fail(pg, NULL, err);
}

/* What a connection is for, once it has been dialed. */
static bool set_up(struct postgres_store *pg, struct err *err)
{
	pg->migrated = pg->migrated || postgres_migrate(pg, pg->migrations, err);
	if (pg->migrated && postgres_join(pg, err) && postgres_get_ready(pg, err)) {
		atomic_store(&pg->connected_us, clock_us());
		return true;
	}
	postgres_drop(pg);
	return false;
}

/* Whoever waits for it reads why in the log, and why else later. */
static void note_away(struct postgres_store *pg, const struct err *why)
{
	int64_t now_us = clock_us();

	if (pg->away_since_us == 0 || strcmp(why->message, pg->why.message) != 0)
		log_warn("event=store-lost store=%s error=%s", log_quote(pg->shown), log_quote(why->message));
	pg->why = *why;
	pg->why.code = POSTGRES_AWAY;
	if (pg->away_since_us == 0)
		pg->away_since_us = now_us;
	pg->back_off_ms = pg->back_off_ms == 0 ? FIRST_PAUSE_MS : pg->back_off_ms * 2;
	if (pg->back_off_ms > LONGEST_PAUSE_MS)
		pg->back_off_ms = LONGEST_PAUSE_MS;
	/* those who lost it together do not come back together */
	pg->next_try_us = now_us + pg->back_off_ms * (500 + random_number() % 500);
}

static void note_back(struct postgres_store *pg)
{
	if (pg->away_since_us > 0)
		log_info("event=store-connected store=%s away_ms=%lld", log_quote(pg->shown),
		         (long long)(clock_us() - pg->away_since_us) / 1000);
	pg->away_since_us = 0;
	pg->next_try_us = 0;
	pg->back_off_ms = 0;
}

void postgres_pause(int64_t until_us)
{
	int64_t left_us = until_us - clock_us();
	struct timespec left = {.tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000};

	if (left_us > 0)
		nanosleep(&left, NULL);
}

/* Its pause is over, or somebody else has got in since it last tried: whoever asks that one hears that all is well, and asks us. */
static bool is_due(const struct postgres_store *pg)
{
	return pg->next_try_us <= clock_us() ||
	       (pg->beside != NULL && atomic_load(&pg->beside->connected_us) > pg->tried_us);
}

static bool connect_until(struct postgres_store *pg, int64_t until_us, struct err *err)
{
	for (;;) {
		if (!is_due(pg)) {
			if (pg->next_try_us >= until_us)
				break;
			postgres_pause(pg->next_try_us);
		}
		struct err why;
		pg->tried_us = clock_us();
		if (postgres_dial(pg, &why) && set_up(pg, &why)) {
			note_back(pg);
			return true;
		}
		note_away(pg, &why);
		if (clock_us() >= until_us)
			break;
	}
	*err = pg->why;
	return false;
}

bool postgres_connect(struct postgres_store *pg, struct err *err)
{
	int64_t patience_us = pg->patience_ms * 1000LL, now_us = clock_us();

	if (pg->conn != NULL)
		return true;
	bool away = pg->away_since_us > 0 && now_us - pg->away_since_us > patience_us;
	return connect_until(pg, away ? now_us : now_us + patience_us, err);
}

static bool dial_patiently(struct postgres_store *pg, struct err *err)
{
	int64_t until_us = clock_us() + pg->patience_ms * 1000LL;

	for (int pause_ms = FIRST_PAUSE_MS; !postgres_dial(pg, err); pause_ms *= 2) {
		if (clock_us() + pause_ms * 1000LL > until_us)
			return false;
		postgres_pause(clock_us() + pause_ms * 1000LL);
	}
	return true;
}

/* A connection that breaks while it is set up is as good as none. */
static bool dial_once(struct postgres_store *pg, struct err *err)
{
	bool away;

	if (postgres_dial_first(pg, &away, err)) {
		if (set_up(pg, err))
			return true;
		away = err->code == POSTGRES_LOST;
	}
	if (away)
		note_away(pg, err);
	return away;
}

bool postgres_connect_first(struct postgres_store *pg, enum store_dial dial, struct err *err)
{
	switch (dial) {
	case STORE_DIAL_ONCE:
		return dial_once(pg, err);
	case STORE_DIAL_LATER:
		return true;
	case STORE_DIAL:
	default:
		return dial_patiently(pg, err) && set_up(pg, err);
	}
}

bool postgres_is_there(const struct store *store)
{
	return ((const struct postgres_store *)store)->conn != NULL;
}
