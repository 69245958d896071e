/* private_sql: what private_api says to a service's store, by number: the first of every service's statements. */
#pragma once

enum private_statement {
	PRIVATE_BEAT, /* changes a row of the table health */
	PRIVATE_COUNT_ADD, /* requests; this and the next two: only of a store that containers do not share by their volume */
	PRIVATE_COUNT_ZERO, /* from now on they count from 0 */
	PRIVATE_COUNT,      /* -> requests */
	PRIVATE_WAITING, /* -> how many of this process's connections wait for somebody else's lock; where begin does not wait */
	PRIVATE_STATEMENTS
};
