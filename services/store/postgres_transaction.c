/* postgres_transaction: a batch is BEGIN, a row that names it, the changes; then their outcomes are known; then COMMIT.
 *
 * A connection that is lost before COMMIT was sent has left nothing. Lost after that, nobody knows: so each batch writes its own
 * number into its writer's row of store_writers, in the same transaction, and the next connection looks whether it is there. By
 * then no earlier connection of this writer is left (postgres_join), and the answer cannot change any more. The look is a change
 * itself: what it saw is as safe as it is once it is committed, with the standbys that the database waits for.
 */
#include "services/store/postgres_inside.h"

#include "common/clock.h"
#include "common/log.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define RESOLVE_US 15000000
#define LOOK_AGAIN_US 20000

/* --- writing --------------------------------------------------------------------------------------------------- */

static bool name_batch(struct postgres_store *pg, struct err *err)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
	         "INSERT INTO store_writers VALUES (%lld, %lld) ON CONFLICT (writer)"
	         " DO UPDATE SET batch = excluded.batch, seen = excluded.seen",
	         (long long)pg->writer, (long long)++pg->batch);
	return postgres_send(pg, sql, err);
}

bool postgres_begin(struct store *store, struct err *err)
{
	struct postgres_store *pg = postgres_of(store);

	assert(pg->state == POSTGRES_IDLE && !pg->read_only);
	if (!postgres_connect(pg, err) || !postgres_send(pg, "BEGIN", err) || !name_batch(pg, err))
		return false;
	pg->state = POSTGRES_WRITING;
	return true;
}

bool postgres_settle(struct store *store, struct err *err)
{
	struct postgres_store *pg = postgres_of(store);

	if (pg->conn == NULL)
		return err_set_code(err, POSTGRES_LOST, "%s: the connection is lost", pg->shown);
	return postgres_drain(pg, err);
}

static bool look_for_batch(struct postgres_store *pg, bool *found, struct err *err)
{
	char sql[256];
	enum store_change change = STORE_PENDING;

	snprintf(sql, sizeof(sql),
	         "UPDATE store_writers SET seen = clock_timestamp() WHERE writer = %lld AND batch = %lld",
	         (long long)pg->writer, (long long)pg->batch);
	if (!postgres_connect(pg, err) || !postgres_send(pg, sql, err))
		return false;
	pg->pending[pg->pending_count - 1] = (struct postgres_pending){.kind = POSTGRES_CHANGE, .change = &change};
	if (!postgres_drain(pg, err))
		return false;
	*found = change == STORE_CHANGED;
	return true;
}

/* Not found: it is as if nothing had been sent, and err stays as it is: the batch may be run again. */
static bool was_committed(struct postgres_store *pg, struct err *err)
{
	int64_t until_us = clock_us() + RESOLVE_US;
	bool found = false;
	struct err why;

	for (;;) {
		if (look_for_batch(pg, &found, &why)) {
			log_warn("event=store-commit-asked store=%s committed=%s", log_quote(pg->shown),
			         found ? "yes" : "no");
			return found;
		}
		if (why.code != POSTGRES_LOST && why.code != POSTGRES_AWAY)
			break;
		if (clock_us() > until_us)
			break;
		postgres_pause(clock_us() + LOOK_AGAIN_US);
	}
	return err_set_code(err, POSTGRES_AWAY, "%s; whether the last transaction was written is not known",
	                    why.message);
}

bool postgres_commit(struct store *store, struct err *err)
{
	struct postgres_store *pg = postgres_of(store);

	assert(pg->state == POSTGRES_WRITING);
	if (!postgres_settle(store, err))
		return false;
	bool good = postgres_send(pg, "COMMIT", err) && postgres_drain(pg, err);
	if (!good && err->code == POSTGRES_LOST)
		good = was_committed(pg, err);
	if (good)
		pg->state = POSTGRES_IDLE;
	return good;
}

/* Where it cannot be undone the connection goes, and the transaction with it. */
void postgres_undo(struct store *store)
{
	struct postgres_store *pg = postgres_of(store);
	struct err ignored;

	for (size_t i = 0; i < pg->pending_count; i++)
		pg->pending[i].change = NULL;
	bool good = pg->conn != NULL && (postgres_drain(pg, &ignored) || pg->conn != NULL);
	if (good && PQtransactionStatus(pg->conn) != PQTRANS_IDLE)
		good = postgres_send(pg, "ROLLBACK", &ignored) && postgres_drain(pg, &ignored);
	if (!good)
		postgres_drop(pg);
	pg->state = POSTGRES_IDLE;
}

/* --- reading --------------------------------------------------------------------------------------------------- */

bool postgres_begin_reading(struct store *store, struct err *err)
{
	struct postgres_store *pg = postgres_of(store);

	assert(pg->state == POSTGRES_IDLE);
	if (!postgres_connect(pg, err))
		return false;
	pg->state = POSTGRES_READING_ASKED;
	return true;
}

bool postgres_open_reading(struct postgres_store *pg, struct err *err)
{
	if (pg->conn == NULL && (pg->state == POSTGRES_WRITING || pg->state == POSTGRES_READING))
		return err_set_code(err, POSTGRES_LOST, "%s: the connection is lost", pg->shown);
	if (!postgres_connect(pg, err))
		return false;
	if (pg->state != POSTGRES_READING_ASKED)
		return true;
	if (!postgres_send(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err))
		return false;
	pg->state = POSTGRES_READING;
	return true;
}

/* Nothing was written: nobody waits for the end. */
void postgres_end_reading(struct store *store)
{
	struct postgres_store *pg = postgres_of(store);
	struct err ignored;
	bool open = pg->state == POSTGRES_READING && pg->conn != NULL;

	if (open && postgres_send(pg, "COMMIT", &ignored) && !postgres_send_sync(pg, &ignored))
		postgres_drop(pg);
	pg->state = POSTGRES_IDLE;
}
