/* store: the data of a service, in a database that a url names. One connection a store, one thread a connection.
 *
 * What differs between databases is a driver's (store_driver.h) and the texts' of a service in that database's dialect
 * (struct store_texts): nobody else knows one. The url's scheme names both, "sqlite:/path/to/file".
 *
 * Errors carry the driver's own code as err->code; store_failure says what it means.
 */
#pragma once

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;
struct store_statement;

/* All that a service says to its store in one dialect. */
struct store_texts {
	const char *dialect; /* a driver's name */
	const char *name;    /* whose: "acts". Databases that hold several keep them apart by it; NULL: they need not */
	const char *const *migrations; /* NULL-terminated scripts; number i brings the schema from i to i + 1 */
	const char *const *rules;      /* NULL-terminated queries; each row is a problem, its first column says which */
	const char *const *statements; /* by the service's own numbers */
};

/* Of a store that is a server; a file is there in any case. */
enum store_dial {
	STORE_DIAL,       /* it must answer, as long as patience lasts */
	STORE_DIAL_ONCE,  /* where nobody answers just now the store is opened all the same: see store_is_there */
	STORE_DIAL_LATER, /* the same, and nobody is asked before something is wanted */
};

struct store_options {
	const char *url;
	const struct store_texts *const *texts; /* NULL-terminated: one for each dialect that the service speaks */
	int patience_ms;                        /* how long to wait while somebody else writes; 0: not at all */
	bool read_only;
	bool may_pause; /* what is read in a transaction may take its reader long, who may be stopped in the middle */
	enum store_dial dial;
	/* NULL, or one of the same url, opened before and closed after: a server that has come back for it has come back */
	const struct store *beside;
};

/* --- urls ------------------------------------------------------------------------------------------------------ */

/* False: it is of no kind that is known here; err says which are, and nothing of the url but its scheme. */
bool store_url_check(const char *url, struct err *err) MUST_CHECK;

/* What messages call the store: of a file, its path; of a server, nothing that is secret. Free it. */
char *store_url_name(const char *url);

/* Is it a file of this machine? */
bool store_url_is_file(const char *url);

/* The url of a file; free it. */
char *store_url_of_file(const char *path);

/* --- a connection ---------------------------------------------------------------------------------------------- */

/* Connects, and makes what is missing: the database, and the schema by the migrations that have not run yet, each in a
 * transaction. A database whose schema is newer than the migrations is refused. read_only: nothing is made, and a schema
 * that is too old is refused. */
bool store_open(const struct store_options *options, struct store **store, struct err *err) MUST_CHECK;
void store_close(struct store *store); /* NULL is fine; statements die with it */

/* Is there a connection just now? While there is none, whatever is asked dials again, with pauses that get longer, and fails where
 * nobody answers; what opening would have done is done first. */
bool store_is_there(const struct store *store);

enum store_failure {
	STORE_BROKEN, /* the store cannot serve, or what was asked makes no sense to it */
	STORE_BUSY,   /* somebody else was writing for as long as patience lasted */
	STORE_AGAIN,  /* the same transaction, run again, may do */
};
enum store_failure store_failure(const struct store *store, const struct err *err);

/* --- transactions ---------------------------------------------------------------------------------------------- */

/* begin waits for its turn to write, patience_ms at most. What follows ends in a commit that is true, or in an undo; also
 * after a begin or a commit that has failed. */
bool store_begin(struct store *store, struct err *err) MUST_CHECK;
bool store_commit(struct store *store, struct err *err) MUST_CHECK; /* true: durable. Settles first */
void store_undo(struct store *store);

/* All that is read in between is of one moment. */
bool store_begin_reading(struct store *store, struct err *err) MUST_CHECK;
void store_end_reading(struct store *store);

/* --- statements ------------------------------------------------------------------------------------------------ */

/* Is there a text of that number in the store's dialect? Those that not all need may be missing. */
bool store_says(const struct store *store, int number);

/* Prepares the text of that number, once for the life of the store. The text is ours, so a failure is the schema's or the
 * database's. */
bool store_prepare(struct store *store, int number, struct store_statement **statement, struct err *err) MUST_CHECK;

/* Parameters from 1. Text is borrowed: until store_change has returned, or until store_reset. */
void store_bind_int(struct store_statement *statement, int index, int64_t value);
void store_bind_text(struct store_statement *statement, int index, const char *text, size_t len);

enum store_change {
	STORE_PENDING,   /* not known yet */
	STORE_CHANGED,   /* at least one row */
	STORE_UNCHANGED, /* there is no such row */
	STORE_TAKEN,     /* a constraint refuses it */
};

/* Runs a statement that changes rows and gives none, and forgets its parameters. Refused, it is undone whole and alone: what
 * the transaction did before stands, and it goes on. *change is known when store_settle has returned at the latest, and must
 * stay where it is until then: a driver may send many statements before it hears of the first. */
bool store_change(struct store_statement *statement, enum store_change *change, struct err *err) MUST_CHECK;
bool store_settle(struct store *store, struct err *err) MUST_CHECK;

enum store_step { STORE_ROW, STORE_DONE, STORE_FAILED };

/* Runs a statement that reads to its next row or its end. err is set for FAILED. */
enum store_step store_step(struct store_statement *statement, struct err *err) MUST_CHECK;
void store_reset(struct store_statement *statement); /* also forgets the parameters */

/* Columns from 0; text is valid until the next step or reset. len may be NULL: the text ends with a NUL in any case. */
int64_t store_column_int(struct store_statement *statement, int column);
const char *store_column_text(struct store_statement *statement, int column, size_t *len);
