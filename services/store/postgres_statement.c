/* postgres_statement: statements, their parameters and their rows. Everything goes and comes in binary: numbers as eight bytes,
 * text and bytes as they are.
 */
#include "services/store/postgres_inside.h"

#include "common/mem.h"

#include <assert.h>
#include <ctype.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct postgres_store *store_of(struct store_statement *statement)
{
	return postgres_of(statement->store);
}

/* --- preparing ------------------------------------------------------------------------------------------------- */

static int parameters_of(const char *text)
{
	int most = 0;

	for (const char *at = text; (at = strchr(at, '$')) != NULL; at++) {
		if (isdigit((unsigned char)at[1]) && at[1] - '0' > most)
			most = at[1] - '0';
	}
	return most;
}

bool postgres_prepare_again(struct postgres_store *pg, const struct postgres_statement *statement, struct err *err)
{
	PGresult *result = PQprepare(pg->conn, statement->name, statement->text, 0, NULL);
	bool good = PQresultStatus(result) == PGRES_COMMAND_OK || postgres_fail(pg, result, err);

	PQclear(result);
	return good;
}

/* Where there is a connection: whoever makes one prepares all there are. Outside of pipelines, as a statement must be known before
 * it is used. */
static bool prepare_now(struct postgres_store *pg, const struct postgres_statement *statement, struct err *err)
{
	if (!postgres_drain(pg, err))
		return false;
	if (PQexitPipelineMode(pg->conn) != 1)
		return postgres_fail(pg, NULL, err);
	bool good = postgres_prepare_again(pg, statement, err);
	return PQenterPipelineMode(pg->conn) == 1 && good;
}

bool postgres_prepare(struct store *store, const char *text, struct store_statement **statement, struct err *err)
{
	struct postgres_store *pg = postgres_of(store);
	struct postgres_statement *made = mem_zero(sizeof(*made));

	*statement = NULL;
	made->base.store = store;
	made->text = text;
	made->parameter_count = parameters_of(text);
	snprintf(made->name, sizeof(made->name), "s%d", ++pg->statement_count);
	if (pg->conn != NULL && !prepare_now(pg, made, err)) {
		free(made);
		return false;
	}
	made->next = pg->statements;
	pg->statements = made;
	*statement = &made->base;
	return true;
}

/* --- parameters ------------------------------------------------------------------------------------------------ */

void postgres_bind_int(struct store_statement *statement, int index, int64_t value)
{
	struct postgres_statement *s = postgres_statement_of(statement);

	assert(index >= 1 && index <= s->parameter_count);
	s->numbers[index - 1] = (int64_t)htobe64((uint64_t)value);
	s->values[index - 1] = (const char *)&s->numbers[index - 1];
	s->lengths[index - 1] = sizeof(value);
}

void postgres_bind_text(struct store_statement *statement, int index, const char *text, size_t len)
{
	struct postgres_statement *s = postgres_statement_of(statement);

	assert(index >= 1 && index <= s->parameter_count);
	s->values[index - 1] = text;
	s->lengths[index - 1] = (int)len;
}

void postgres_reset(struct store_statement *statement)
{
	struct postgres_statement *s = postgres_statement_of(statement);

	PQclear(s->result);
	s->result = NULL;
	memset(s->values, 0, sizeof(s->values));
}

/* --- changing, reading ----------------------------------------------------------------------------------------- */

bool postgres_change(struct store_statement *statement, enum store_change *change, struct err *err)
{
	struct postgres_store *pg = store_of(statement);
	struct postgres_pending pending = {.kind = POSTGRES_CHANGE, .change = change};

	*change = STORE_PENDING;
	bool good = pg->conn != NULL || (pg->state == POSTGRES_IDLE && postgres_connect(pg, err));
	good = good && postgres_send_statement(pg, postgres_statement_of(statement), pending, err);
	postgres_reset(statement);
	return good;
}

static bool run(struct postgres_statement *s, struct postgres_store *pg, struct err *err)
{
	struct postgres_pending pending = {.kind = POSTGRES_ROWS, .rows = &s->result};

	return postgres_open_reading(pg, err) && postgres_send_statement(pg, s, pending, err) &&
	       postgres_drain(pg, err) && s->result != NULL;
}

/* A connection that broke while nobody used it is noticed by whoever uses it next: nothing was read yet, and it is run again. */
static bool run_on_some_connection(struct postgres_statement *s, struct postgres_store *pg, struct err *err)
{
	enum postgres_state before = pg->state;

	if (run(s, pg, err))
		return true;
	if (err->code != POSTGRES_LOST || before == POSTGRES_WRITING || before == POSTGRES_READING)
		return false;
	pg->state = before;
	return run(s, pg, err);
}

enum store_step postgres_step(struct store_statement *statement, struct err *err)
{
	struct postgres_statement *s = postgres_statement_of(statement);

	if (s->result == NULL) {
		if (!run_on_some_connection(s, store_of(statement), err))
			return STORE_FAILED;
		s->row = -1;
	}
	return ++s->row < PQntuples(s->result) ? STORE_ROW : STORE_DONE;
}

int64_t postgres_number(const PGresult *result, int row, int column)
{
	const char *bytes = PQgetvalue(result, row, column);
	uint64_t wide;
	uint32_t four;
	uint16_t two;

	switch (PQgetlength(result, row, column)) {
	case sizeof(wide):
		memcpy(&wide, bytes, sizeof(wide));
		return (int64_t)be64toh(wide);
	case sizeof(four):
		memcpy(&four, bytes, sizeof(four));
		return (int32_t)be32toh(four);
	case sizeof(two):
		memcpy(&two, bytes, sizeof(two));
		return (int16_t)be16toh(two);
	default:
		return 0;
	}
}

int64_t postgres_column_int(struct store_statement *statement, int column)
{
	struct postgres_statement *s = postgres_statement_of(statement);

	return postgres_number(s->result, s->row, column);
}

/* libpq ends every value with a NUL. */
const char *postgres_column_text(struct store_statement *statement, int column, size_t *len)
{
	struct postgres_statement *s = postgres_statement_of(statement);

	if (len != NULL)
		*len = (size_t)PQgetlength(s->result, s->row, column);
	return PQgetisnull(s->result, s->row, column) ? NULL : PQgetvalue(s->result, s->row, column);
}
