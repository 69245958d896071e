/* postgres_inside: what the postgres*.c files share. Nobody else includes it but their tests.
 *
 *   postgres (open, the row) -> postgres_check, _blob -> _transaction, _statement -> _pipeline -> _connect -> _migrate -> _session
 */
#pragma once

#include "services/store/store_driver.h"

#include <libpq-fe.h>

#define POSTGRES_PARAMETERS 8

enum {
	POSTGRES_LOST = -2, /* the connection, in the middle of something */
	POSTGRES_AWAY = -3, /* there is no connection to be had */
};

struct postgres_statement {
	struct store_statement base;
	const char *text; /* borrowed: texts are static */
	char name[16];    /* on the server */
	int parameter_count;
	const char *values[POSTGRES_PARAMETERS]; /* NULL: not bound */
	int lengths[POSTGRES_PARAMETERS];
	int64_t numbers[POSTGRES_PARAMETERS]; /* as they are sent */
	PGresult *result;                     /* NULL: not run */
	int row;                              /* of result */
	struct postgres_statement *next;
};

/* What was sent, and what becomes of its result. */
struct postgres_pending {
	enum { POSTGRES_COMMAND, POSTGRES_CHANGE, POSTGRES_ROWS, POSTGRES_SYNC } kind;
	enum store_change *change;
	PGresult **rows;
};

enum postgres_state {
	POSTGRES_IDLE,
	POSTGRES_WRITING,
	POSTGRES_READING_ASKED, /* its beginning is sent with the first statement */
	POSTGRES_READING
};

struct postgres_store {
	struct store base;
	PGconn *conn; /* NULL: none just now */
	char *url, *shown;
	const char *schema; /* NULL: what the database has as search path */
	const char *const *migrations;
	bool migrated; /* no connection has to look any more */
	int patience_ms;
	bool read_only;
	bool may_pause; /* its transactions are not ended for that */
	enum postgres_state state;
	struct postgres_statement *statements;
	int statement_count;
	struct postgres_pending *pending;
	size_t pending_count, pending_room;
	int64_t writer;                  /* who we are, whatever connection we have; */
	int64_t batch;                   /* and the transaction: see postgres_transaction.c */
	const struct store_watch *watch; /* NULL: nobody is told while we wait */
	int64_t told_us;
	/* while there is no connection */
	int64_t away_since_us, tried_us, next_try_us;
	int back_off_ms;
	struct err why;
	_Atomic int64_t connected_us;         /* when it was last; other threads look at it */
	const struct postgres_store *beside; /* NULL: none */
};

static inline struct postgres_store *postgres_of(struct store *store)
{
	return (struct postgres_store *)store;
}

static inline struct postgres_statement *postgres_statement_of(struct store_statement *statement)
{
	return (struct postgres_statement *)statement;
}

/* --- postgres_session.c: one connection, before it is used for anything ---------------------------------------- */

/* Sets err from the result, or from the connection where result is NULL. A connection that has broken is POSTGRES_LOST. */
bool postgres_fail(const struct postgres_store *pg, const PGresult *result, struct err *err);
enum store_failure postgres_failure(int code);
int postgres_code(const char *sqlstate);

/* Runs statements and throws away what they give. */
bool postgres_exec(struct postgres_store *pg, const char *sql, struct err *err) MUST_CHECK;

/* The number that is the only column of the only row; 0 where there is none. */
bool postgres_ask(struct postgres_store *pg, const char *sql, int64_t *number, struct err *err) MUST_CHECK;

bool postgres_dial(struct postgres_store *pg, struct err *err) MUST_CHECK;

/* Dials once, and only if somebody answers there. *away: it failed since nobody serves there just now, and not since the server has
 * something against us: name, password, database. */
bool postgres_dial_first(struct postgres_store *pg, bool *away, struct err *err) MUST_CHECK;

/* Of a store that writes: from now on nobody else is this writer, no earlier connection of ours either; it has a slot. */
bool postgres_join(struct postgres_store *pg, struct err *err) MUST_CHECK;

/* --- postgres_migrate.c ---------------------------------------------------------------------------------------- */

/* 0: there is nothing yet */
bool postgres_read_version(struct postgres_store *pg, int64_t *version, struct err *err) MUST_CHECK;
bool postgres_migrate(struct postgres_store *pg, const char *const *migrations, struct err *err) MUST_CHECK;

/* --- postgres_connect.c: having a connection ------------------------------------------------------------------- */

struct postgres_store *postgres_new(const char *url, const struct store_texts *texts, int patience_ms, bool read_only);
void postgres_close(struct store *store);

/* Gives up the connection. What was going on with it fails until it is undone or ended. */
void postgres_drop(struct postgres_store *pg);

/* Has one, in pipeline mode, with all statements prepared: at once if there is one already; else as long as patience lasts, or
 * only once where it has been away for longer than that. */
bool postgres_connect(struct postgres_store *pg, struct err *err) MUST_CHECK;

/* The first time; true without a connection where `dial` allows that. */
bool postgres_connect_first(struct postgres_store *pg, enum store_dial dial, struct err *err) MUST_CHECK;
bool postgres_is_there(const struct store *store);

void postgres_pause(int64_t until_us);

/* Prepares what there is and enters pipeline mode. */
bool postgres_get_ready(struct postgres_store *pg, struct err *err) MUST_CHECK;

/* --- postgres_pipeline.c --------------------------------------------------------------------------------------- */

/* Send, and remember what is to become of the result. */
bool postgres_send(struct postgres_store *pg, const char *sql, struct err *err) MUST_CHECK;
bool postgres_send_statement(struct postgres_store *pg, struct postgres_statement *statement,
                             struct postgres_pending pending, struct err *err) MUST_CHECK;
bool postgres_send_sync(struct postgres_store *pg, struct err *err) MUST_CHECK;

/* Sends all that waits, and takes in the results of all that was sent. The first that failed is err, but where one is a lost
 * connection. */
bool postgres_drain(struct postgres_store *pg, struct err *err) MUST_CHECK;

/* --- postgres_statement.c: see store.h ------------------------------------------------------------------------- */

bool postgres_prepare(struct store *store, const char *text, struct store_statement **statement, struct err *err);
bool postgres_prepare_again(struct postgres_store *pg, const struct postgres_statement *statement,
                            struct err *err) MUST_CHECK;
void postgres_bind_int(struct store_statement *statement, int index, int64_t value);
void postgres_bind_text(struct store_statement *statement, int index, const char *text, size_t len);
bool postgres_change(struct store_statement *statement, enum store_change *change, struct err *err);
enum store_step postgres_step(struct store_statement *statement, struct err *err);
void postgres_reset(struct store_statement *statement);
int64_t postgres_column_int(struct store_statement *statement, int column);
const char *postgres_column_text(struct store_statement *statement, int column, size_t *len);

/* A number as it comes, in 8, 4 or 2 bytes. */
int64_t postgres_number(const PGresult *result, int row, int column);

/* --- postgres_transaction.c ------------------------------------------------------------------------------------ */

bool postgres_begin(struct store *store, struct err *err) MUST_CHECK;
bool postgres_settle(struct store *store, struct err *err);
bool postgres_commit(struct store *store, struct err *err) MUST_CHECK;
void postgres_undo(struct store *store);
bool postgres_begin_reading(struct store *store, struct err *err);
void postgres_end_reading(struct store *store);

/* Connects where it must, and sends the beginning that was asked for. */
bool postgres_open_reading(struct postgres_store *pg, struct err *err) MUST_CHECK;

/* --- postgres_blob.c, postgres_check.c ------------------------------------------------------------------------- */

enum store_step postgres_blob_open(struct store *store, const char *text, int64_t row, struct store_blob **blob,
                                   struct err *err);
bool postgres_blob_read(struct store_blob *blob, size_t from, void *to, size_t len, struct err *err);
void postgres_blob_close(struct store_blob *blob);
bool postgres_check(const struct store_check *check, const struct store_texts *texts, const struct store_watch *watch,
                    size_t *problems, struct err *err);
bool postgres_backup(const struct store_backup *backup, const struct store_texts *texts,
                     const struct store_watch *watch, int64_t *bytes, struct err *err);
