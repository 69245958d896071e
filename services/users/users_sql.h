/* users_sql: what users says to its store, by number; the texts are a file for each dialect.
 *
 * Parameters and columns are the same in all of them.
 */
#pragma once

#include "services/private_sql.h"
#include "services/store/store.h"

enum users_statement {
	USERS_ADD = PRIVATE_STATEMENTS, /* name, hashed password */
	USERS_DELETE,                   /* name */
	USERS_ETAG,                     /* -> epoch, version */
	USERS_NAMES,                    /* name, most -> names; see store_by_name.h */
	USERS_NEXT,                     /* name, most -> names, hashed passwords; likewise */
	USERS_STATEMENTS,
	USERS_FIRST_READ = USERS_ETAG
};

extern const struct store_texts users_sqlite, users_postgres;
