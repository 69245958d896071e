/* candidates: the drivers of stores that the tests of their promises run through, and what those tests have in common.
 *
 * A driver is a row in candidates.c: its texts for the tables below, how to make an empty database and how to take it away. The
 * texts of all dialects mean the same.
 */
#pragma once

#include "services/store/store.h"
#include "tests/unit/unit.h"

enum {
	ADD,       /* id, name, picture */
	ADD_THREE, /* id, id + 1, id + 2, of one name each */
	RENAME,    /* name of id 2 */
	DELETE,    /* id */
	COUNT,     /* -> rows */
	GET,       /* id -> name, picture, n */
	FROM,      /* id -> ids from there on, descending */
	PICTURE,   /* a blob, by id */
	STATEMENTS
};

struct candidate {
	const char *dialect;
	const char *const *one, *const *two, *const *broken; /* migrations */
	const char *const *statements;
	char *(*make)(void); /* the url of a database without anything in it, to be freed; NULL: no such server here */
	void (*clear)(void);
	bool knows_stamps, makes_backups;
};

/* Of the test that runs. */
extern const struct candidate *candidate;
extern char *url;
extern struct store_texts texts;
extern struct err err;

/* False: there is no such database here, and nothing to test. */
bool candidate_set_up(int number);
void candidate_tear_down(void);

bool try_to_open(const char *const *migrations, bool read_only, int patience_ms, struct store **store);
struct store *open_one(bool read_only); /* with the newest schema: one row, id 1, "one" */
struct store_statement *prepared(struct store *store, int number);
int64_t rows(struct store *store);
void begin(struct store *store);
void commit(struct store *store);
enum store_change settled(struct store_statement *statement, struct store *store);
enum store_change add(struct store *store, struct store_statement *statement, int64_t id, const char *name);

/* Runs each test with each candidate (as _i), and those that are of none once. Returns main's result. */
int candidates_run(const char *name, const TTest *const *of_each, size_t each_count, const TTest *const *alone,
                   size_t alone_count);
