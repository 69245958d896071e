/* postgres_pipeline: what was sent and not heard of yet, in order. The server works while we still send; results are taken in when
 * somebody wants to know them.
 *
 * After a statement that failed the server skips all up to the next sync: so each drain ends in one.
 */
#include "services/store/postgres_inside.h"

#include "common/clock.h"
#include "common/mem.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#define ANSWER_MS 300000 /* a server that lives and says nothing for so long is given up */
#define LOOK_MS 1000

static void remember(struct postgres_store *pg, struct postgres_pending pending)
{
	if (pg->pending_count == pg->pending_room) {
		pg->pending_room = pg->pending_room == 0 ? 64 : pg->pending_room * 2;
		pg->pending = mem_array(pg->pending, pg->pending_room, sizeof(*pg->pending));
	}
	pg->pending[pg->pending_count++] = pending;
}

/* Nothing but a broken connection is in the way of sending. */
static bool lost(struct postgres_store *pg, struct err *err)
{
	postgres_fail(pg, NULL, err);
	if (err != NULL)
		err->code = POSTGRES_LOST;
	postgres_drop(pg);
	return false;
}

bool postgres_send(struct postgres_store *pg, const char *sql, struct err *err)
{
	if (PQsendQueryParams(pg->conn, sql, 0, NULL, NULL, NULL, NULL, 1) != 1)
		return lost(pg, err);
	remember(pg, (struct postgres_pending){.kind = POSTGRES_COMMAND});
	return true;
}

bool postgres_send_statement(struct postgres_store *pg, struct postgres_statement *statement,
                             struct postgres_pending pending, struct err *err)
{
	static const int BINARY[POSTGRES_PARAMETERS] = {1, 1, 1, 1, 1, 1, 1, 1};

	if (PQsendQueryPrepared(pg->conn, statement->name, statement->parameter_count, statement->values,
	                        statement->lengths, BINARY, 1) != 1)
		return lost(pg, err);
	remember(pg, pending);
	return true;
}

bool postgres_send_sync(struct postgres_store *pg, struct err *err)
{
	if (PQpipelineSync(pg->conn) != 1)
		return lost(pg, err);
	remember(pg, (struct postgres_pending){.kind = POSTGRES_SYNC});
	return true;
}

/* --- hearing of it --------------------------------------------------------------------------------------------- */

/* False: whoever waits has had enough. */
static bool tell(struct postgres_store *pg)
{
	int64_t now_us = clock_us();

	if (pg->watch == NULL || now_us - pg->told_us < LOOK_MS * 1000)
		return true;
	pg->told_us = now_us;
	return pg->watch->on_progress(pg->watch->owner, "checking", -1);
}

static bool wait_for_bytes(struct postgres_store *pg, struct err *err)
{
	struct pollfd fd = {.fd = PQsocket(pg->conn), .events = POLLIN};
	int ready = 0;

	for (int waited_ms = 0; ready <= 0; waited_ms += LOOK_MS) {
		if (waited_ms >= ANSWER_MS && pg->watch == NULL)
			return err_set_code(err, POSTGRES_LOST, "%s: no answer for %d s", pg->shown, ANSWER_MS / 1000);
		if (!tell(pg))
			return err_set_code(err, POSTGRES_LOST, "%s: stopped before the end", pg->shown);
		ready = poll(&fd, 1, LOOK_MS);
		if (ready == -1 && errno != EINTR)
			return err_set_errno(err, errno, "%s: poll", pg->shown);
	}
	return PQconsumeInput(pg->conn) == 1 || postgres_fail(pg, NULL, err);
}

/* *result: NULL where a statement's results have ended. */
static bool next_result(struct postgres_store *pg, PGresult **result, struct err *err)
{
	while (PQisBusy(pg->conn)) {
		if (!wait_for_bytes(pg, err))
			return false;
	}
	*result = PQgetResult(pg->conn);
	return PQstatus(pg->conn) == CONNECTION_OK || *result != NULL || postgres_fail(pg, NULL, err);
}

static enum store_change change_of(const PGresult *result)
{
	int64_t changed = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0
	                          ? postgres_number(result, 0, 0)
	                          : strtoll(PQcmdTuples((PGresult *)result), NULL, 10);

	if (changed < 0)
		return STORE_TAKEN;
	return changed > 0 ? STORE_CHANGED : STORE_UNCHANGED;
}

/* What is skipped because of an earlier failure is no failure of its own. */
static bool judge(const struct postgres_store *pg, const struct postgres_pending *pending, PGresult **result,
                  struct err *err)
{
	ExecStatusType status = PQresultStatus(*result);

	if (status == PGRES_PIPELINE_ABORTED)
		return true;
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		return postgres_fail(pg, *result, err);
	if (pending->kind == POSTGRES_CHANGE && pending->change != NULL)
		*pending->change = change_of(*result);
	if (pending->kind == POSTGRES_ROWS) {
		*pending->rows = *result;
		*result = NULL;
	}
	return true;
}

/* failed: a statement's failure. False: the connection is of no use any more. */
static bool take_in(struct postgres_store *pg, const struct postgres_pending *pending, struct err *failed, bool *good)
{
	PGresult *result = NULL;
	struct err why;

	if (!next_result(pg, &result, &why)) {
		*failed = why;
		return false;
	}
	if (pending->kind == POSTGRES_SYNC) {
		bool synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC || postgres_fail(pg, result, failed);
		PQclear(result);
		return synced;
	}
	if (!judge(pg, pending, &result, &why) && (*good || why.code == POSTGRES_LOST)) {
		*failed = why;
		*good = false;
	}
	PQclear(result);
	if (!*good && failed->code == POSTGRES_LOST)
		return false;
	if (next_result(pg, &result, failed) && result == NULL)
		return true;
	PQclear(result);
	return false;
}

bool postgres_drain(struct postgres_store *pg, struct err *err)
{
	struct err failed = {.code = 0};
	bool good = true, alive = true;

	if (pg->pending_count == 0)
		return true;
	if (pg->pending[pg->pending_count - 1].kind != POSTGRES_SYNC && !postgres_send_sync(pg, err))
		return false;
	for (size_t i = 0; i < pg->pending_count && alive; i++)
		alive = take_in(pg, &pg->pending[i], &failed, &good);
	pg->pending_count = 0;
	if (good && alive)
		return true;
	*err = failed;
	if (!alive) {
		err->code = POSTGRES_LOST;
		postgres_drop(pg);
	}
	return false;
}
