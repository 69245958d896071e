/* private_postgres: what private_api needs of a service's texts, as PostgreSQL wants it.
 *
 * Each writer has rows of its own, by its slot. What they have counted is added up where it is read.
 */
#pragma once

#include "services/private_sql.h"

/* The slot of whoever writes; -1: somebody who came by another way. */
#define PRIVATE_POSTGRES_SLOT "coalesce(current_setting('selfless.slot', true), '-1')::integer"

/* A part of a migration. What was counted before the zero point does not count any more. */
#define PRIVATE_POSTGRES_SCHEMA                                                                             \
	"CREATE TABLE health (slot integer PRIMARY KEY, beats bigint NOT NULL) WITH (fillfactor = 50);"     \
	"CREATE TABLE requests (slot integer PRIMARY KEY, counted bigint NOT NULL) WITH (fillfactor = 50);" \
	"CREATE TABLE requests_zero (counted bigint NOT NULL);"                                             \
	"INSERT INTO requests_zero VALUES (0);"

/* The rule that goes with it. */
#define PRIVATE_POSTGRES_RULE \
	"SELECT 'requests_zero has ' || n || ' rows' FROM (SELECT count(*) AS n FROM requests_zero) z WHERE n <> 1"

/* Rows of the statements. */
#define PRIVATE_POSTGRES_STATEMENTS                                                                                   \
	[PRIVATE_BEAT] = ("INSERT INTO health VALUES (" PRIVATE_POSTGRES_SLOT ", 1)"                                  \
	                  " ON CONFLICT (slot) DO UPDATE SET beats = health.beats + 1"),                              \
	[PRIVATE_COUNT_ADD] = ("INSERT INTO requests VALUES (" PRIVATE_POSTGRES_SLOT ", $1)"                          \
	                       " ON CONFLICT (slot) DO UPDATE SET counted = requests.counted + excluded.counted"),    \
	[PRIVATE_COUNT_ZERO] = "UPDATE requests_zero SET counted = (SELECT coalesce(sum(counted), 0) FROM requests)", \
	[PRIVATE_COUNT] =                                                                                             \
	        ("SELECT (coalesce(sum(counted), 0) - (SELECT counted FROM requests_zero))::bigint FROM requests"),   \
	[PRIVATE_WAITING] = ("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"                   \
	                     " AND application_name = current_setting('application_name')")
