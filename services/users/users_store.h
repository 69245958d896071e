/* users_store: the users in the store. Called on the storage threads only. */
#pragma once

#include "common/json.h"
#include "services/jobs.h"

struct users_tables;

extern const struct store_texts *const users_texts[]; /* NULL-terminated, for store_open */

bool users_tables_open(struct store *store, bool writer, void **tables, struct err *err);
void users_tables_close(void *tables);

/* Writing, within the job's work: see job_change. */
enum job_result users_store_add(struct users_tables *tables, struct json_text name, const char *hash, struct job *job);
enum job_result users_store_delete(struct users_tables *tables, struct json_text name, struct job *job);

/* An entity tag that changes with every change of the list: quotes included, out holds at least 64 bytes. */
enum job_result users_store_etag(struct users_tables *tables, char *out, size_t size, struct err *err);

/* Writes all names into an open array. */
enum job_result users_store_names(struct users_tables *tables, struct json_writer *w, size_t *count, struct err *err);

/* A read transaction round the two. */
enum job_result users_store_begin(struct users_tables *tables, struct err *err);
void users_store_end(struct users_tables *tables);
