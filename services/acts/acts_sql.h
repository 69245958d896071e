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
	ACTS_CATEGORIES,                        /* -> name, acts; by name */
	ACTS_COUNT,                             /* -> acts of all categories */
	ACTS_CATEGORY,                          /* name -> id, acts */
	ACTS_IDS,                               /* category's id, most, skipped -> ids, the newest first */
	ACTS_ACT,                               /* id -> username, timestamp, caption, upvotes, picture */
	ACTS_ACT_WORDS,                         /* the same without the picture */
	ACTS_PICTURE,                           /* a blob, by the act's id */
	ACTS_STATEMENTS,
	ACTS_FIRST_READ = ACTS_CATEGORIES
};

extern const struct store_texts acts_sqlite;
