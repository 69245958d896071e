/* Uniqueness is the table's constraint. The list's version is counted by triggers, so that no statement can forget it;
 * the epoch makes a new database's versions differ from an old one's.
 */
#include "services/users/users_store.h"

#include "common/mem.h"
#include "services/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const users_migrations[] = {
        "CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE, password TEXT NOT NULL);"
        "CREATE TABLE list (id INTEGER PRIMARY KEY CHECK (id = 1), epoch TEXT NOT NULL, version INTEGER NOT NULL);"
        "INSERT INTO list VALUES (1, lower(hex(randomblob(8))), 0);"
        "CREATE TRIGGER user_added AFTER INSERT ON users BEGIN UPDATE list SET version = version + 1; END;"
        "CREATE TRIGGER user_deleted AFTER DELETE ON users BEGIN UPDATE list SET version = version + 1; END;"
        "CREATE TRIGGER user_renamed AFTER UPDATE OF username ON users"
        " BEGIN UPDATE list SET version = version + 1; END;" CONTROL_SCHEMA,
        NULL,
};

const char *const users_rules[] = {
        "SELECT 'user \"' || username || '\" has no hashed password' FROM users WHERE password NOT GLOB '$argon2id$*'",
        "SELECT 'list has ' || n || ' rows' FROM (SELECT count(*) AS n FROM list) WHERE n <> 1",
        CONTROL_RULE,
        NULL,
};

enum { ADD, DELETE, ETAG, NAMES, BEGIN, END, STATEMENTS };

static const char *const SQL[STATEMENTS] = {
        [ADD] = "INSERT INTO users (username, password) VALUES (?1, ?2)",
        [DELETE] = "DELETE FROM users WHERE username = ?1",
        [ETAG] = "SELECT epoch, version FROM list",
        [NAMES] = "SELECT username FROM users ORDER BY username",
        [BEGIN] = "BEGIN",
        [END] = "COMMIT",
};

struct users_tables {
	struct store *store;
	struct store_statement *statements[STATEMENTS];
};

bool users_tables_open(struct store *store, bool writer, void **tables, struct err *err)
{
	struct users_tables *t = mem_zero(sizeof(*t));

	*tables = t;
	t->store = store;
	for (int i = writer ? ADD : ETAG; i < (writer ? ETAG : STATEMENTS); i++) {
		if (!store_prepare(store, SQL[i], &t->statements[i], err))
			return false;
	}
	return true;
}

void users_tables_close(void *tables)
{
	free(tables);
}

enum job_result users_store_add(struct users_tables *tables, struct json_text name, const char *hash, struct err *err)
{
	struct store_statement *add = tables->statements[ADD];

	store_bind_text(add, 1, name.data, name.len);
	store_bind_text(add, 2, hash, strlen(hash));
	enum store_step step = store_step(add, err);
	store_reset(add);
	return step == STORE_DONE ? JOB_OK : job_result_of(step);
}

enum job_result users_store_delete(struct users_tables *tables, struct json_text name, struct err *err)
{
	struct store_statement *delete = tables->statements[DELETE];

	store_bind_text(delete, 1, name.data, name.len);
	enum store_step step = store_step(delete, err);
	int changes = store_changes(tables->store);
	store_reset(delete);
	if (step != STORE_DONE)
		return job_result_of(step);
	return changes == 1 ? JOB_OK : JOB_REFUSED;
}

enum job_result users_store_etag(struct users_tables *tables, char *out, size_t size, struct err *err)
{
	struct store_statement *etag = tables->statements[ETAG];
	enum store_step step = store_step(etag, err);
	size_t len;

	if (step == STORE_ROW)
		snprintf(out, size, "\"%.32s-%lld\"", store_column_text(etag, 0, &len),
		         (long long)store_column_int(etag, 1));
	else if (step == STORE_DONE)
		err_set(err, "the list table is empty");
	store_reset(etag);
	return step == STORE_ROW ? JOB_OK : JOB_UNAVAILABLE;
}

enum job_result users_store_names(struct users_tables *tables, struct json_writer *w, size_t *count, struct err *err)
{
	struct store_statement *names = tables->statements[NAMES];
	enum store_step step;

	*count = 0;
	while ((step = store_step(names, err)) == STORE_ROW) {
		size_t len;
		const char *name = store_column_text(names, 0, &len);
		json_text_n(w, name, len);
		++*count;
	}
	store_reset(names);
	return step == STORE_DONE ? JOB_OK : JOB_UNAVAILABLE;
}

enum job_result users_store_begin(struct users_tables *tables, struct err *err)
{
	enum store_step step = store_step(tables->statements[BEGIN], err);

	store_reset(tables->statements[BEGIN]);
	return step == STORE_DONE ? JOB_OK : JOB_UNAVAILABLE;
}

void users_store_end(struct users_tables *tables)
{
	struct err ignored;
	enum store_step step = store_step(tables->statements[END], &ignored);

	(void)step; /* nothing was written: there is nothing that could be lost */
	store_reset(tables->statements[END]);
}
