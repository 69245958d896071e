/* users_store: statements by their number (users_sql.h), and what refuses them in words. */
#include "services/users/users_store.h"

#include "common/mem.h"
#include "services/store/store_by_name.h"
#include "services/users/users_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct store_texts *const users_texts[] = {&users_sqlite, &users_postgres, NULL};

struct users_tables {
	struct store *store;
	struct store_statement *statements[USERS_STATEMENTS];
};

bool users_tables_open(struct store *store, bool writer, void **tables, struct err *err)
{
	struct users_tables *t = mem_zero(sizeof(*t));

	*tables = t;
	t->store = store;
	for (int i = writer ? PRIVATE_STATEMENTS : USERS_FIRST_READ; i < (writer ? USERS_FIRST_READ : USERS_NEXT);
	     i++) {
		if (!store_prepare(store, i, &t->statements[i], err))
			return false;
	}
	return true;
}

void users_tables_close(void *tables)
{
	free(tables);
}

enum job_result users_store_add(struct users_tables *tables, struct json_text name, const char *hash, struct job *job)
{
	static const struct job_refusal REFUSAL = {.taken = "username: there is such a user already"};
	struct store_statement *add = tables->statements[USERS_ADD];

	store_bind_text(add, 1, name.data, name.len);
	store_bind_text(add, 2, hash, strlen(hash));
	return job_change(job, add, &REFUSAL);
}

enum job_result users_store_delete(struct users_tables *tables, struct json_text name, struct job *job)
{
	static const struct job_refusal REFUSAL = {.unchanged = "there is no such user"};
	struct store_statement *delete = tables->statements[USERS_DELETE];

	store_bind_text(delete, 1, name.data, name.len);
	return job_change(job, delete, &REFUSAL);
}

enum job_result users_store_etag(struct users_tables *tables, char *out, size_t size, struct err *err)
{
	struct store_statement *etag = tables->statements[USERS_ETAG];
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

struct names {
	struct json_writer *writer;
	size_t count;
};

static bool write_name(void *owner, struct store_statement *row, struct err *err)
{
	struct names *names = owner;
	size_t len;
	const char *name = store_column_text(row, 0, &len);

	json_text_n(names->writer, name, len);
	names->count++;
	return json_writer_ok(names->writer) || err_set(err, "the list of users is too long");
}

enum job_result users_store_names(struct users_tables *tables, struct json_writer *w, size_t *count, struct err *err)
{
	struct names names = {.writer = w};
	bool good = store_each_by_name(tables->statements[USERS_NAMES], write_name, &names, err);

	*count = names.count;
	return good ? JOB_OK : JOB_UNAVAILABLE;
}

enum job_result users_store_begin(struct users_tables *tables, struct err *err)
{
	return store_begin_reading(tables->store, err) ? JOB_OK : JOB_UNAVAILABLE;
}

void users_store_end(struct users_tables *tables)
{
	store_end_reading(tables->store);
}
