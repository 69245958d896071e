/* private_sqlite: what private_api needs of a service's texts, as SQLite wants it. */
#pragma once

#include "services/private_sql.h"

/* A part of a migration: the table that _health writes. */
#define PRIVATE_SQLITE_SCHEMA                                                                  \
	"CREATE TABLE health (id INTEGER PRIMARY KEY CHECK (id = 1), beats INTEGER NOT NULL);" \
	"INSERT INTO health VALUES (1, 0);"

/* The rule that goes with it. */
#define PRIVATE_SQLITE_RULE "SELECT 'health has ' || n || ' rows' FROM (SELECT count(*) AS n FROM health) WHERE n <> 1"

/* Rows of the statements. */
#define PRIVATE_SQLITE_STATEMENTS [PRIVATE_BEAT] = "UPDATE health SET beats = beats + 1"
