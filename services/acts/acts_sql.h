/* acts_sql: what acts says to its store, by number; the texts are a file for each dialect.
 *
 * Parameters and columns are the same in all of them.
 */
#pragma once

#include "services/private_sql.h"
#include "services/store/store.h"

enum acts_statement {
	ACTS_CATEGORY_ADD = PRIVATE_STATEMENTS, /* name */
	ACTS_CATEGORY_DELETE,                   /* name; its acts go with it */
	ACTS_ACT_ADD,                           /* id, category's name, time, username, timestamp, caption, picture */
	ACTS_ACT_DELETE,                        /* id */
	ACTS_UPVOTE,                            /* id */
	ACTS_CATEGORIES,                        /* name, most -> name, acts; see store_by_name.h */
	ACTS_COUNT,                             /* -> acts of all categories */
	ACTS_CATEGORY,                          /* name -> id, acts */
	ACTS_IDS,                               /* category's id, most, skipped -> ids, the newest first */
	/* id -> username, timestamp, caption, upvotes, picture; of a store in which a question costs little */
	ACTS_ACT,
	ACTS_ACT_WORDS, /* the same without the picture */
	/* ids "{1,2}", bytes -> as ACTS_ACT, and the id's place among them, until so many bytes are there; instead of those two, of
	 * a store in which each question is a round trip */
	ACTS_SOME,
	ACTS_SOME_WORDS, /* the same, its picture NULL */
	ACTS_PICTURE,    /* a blob, by the act's id */
	ACTS_IMPORT,     /* as ACTS_ACT_ADD, and upvotes */
	ACTS_NEXT, /* id -> of the next act: id, username, timestamp, caption, category's name, upvotes, picture */
	ACTS_STATEMENTS,
	ACTS_FIRST_READ = ACTS_CATEGORIES
};

extern const struct store_texts acts_sqlite, acts_postgres;
