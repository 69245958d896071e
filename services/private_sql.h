/* private_sql: what private_api says to a service's store, by number: the first of every service's statements. */
#pragma once

enum private_statement {
	PRIVATE_BEAT, /* changes the one row of the table health */
	PRIVATE_STATEMENTS
};
