/* store_driver: what a database must be able to do to be a store. For the drivers, and for tests that stand in for one.
 *
 * A row of store.c's table. Each function is the store_ one of its name (store.h and its brothers say what it promises);
 * a driver's own store, statement and blob begin with the structs below. store.c sets the members of a store.
 */
#pragma once

#include "services/store/store.h"
#include "services/store/store_backup.h"
#include "services/store/store_blob.h"
#include "services/store/store_check.h"
#include "services/store/store_stamp.h"

struct store {
	const struct store_driver *driver;
	const struct store_texts *texts;
};

struct store_statement {
	struct store *store;
};

struct store_blob {
	struct store *store;
	size_t size;
};

struct store_driver {
	const char *name;     /* of its dialect, and the scheme of its urls */
	const char *url_form; /* for a person: "sqlite:/path/to/file" */
	bool (*check_url)(const char *url,
	                  struct err *err); /* of its scheme; err tells nothing secret. NULL: any will do */
	char *(*show_url)(const char *url); /* NULL: all of it but the scheme */
	bool (*open)(const struct store_options *options, const struct store_texts *texts, struct store **store,
	             struct err *err);
	void (*close)(struct store *store);
	bool (*is_there)(const struct store *store); /* NULL: always */
	enum store_failure (*failure)(int code);
	bool (*begin)(struct store *store, struct err *err);
	bool (*settle)(struct store *store, struct err *err);
	bool (*commit)(struct store *store, struct err *err);
	void (*undo)(struct store *store);
	bool (*begin_reading)(struct store *store, struct err *err);
	void (*end_reading)(struct store *store);
	bool (*prepare)(struct store *store, const char *text, struct store_statement **statement, struct err *err);
	void (*bind_int)(struct store_statement *statement, int index, int64_t value);
	void (*bind_text)(struct store_statement *statement, int index, const char *text, size_t len);
	bool (*change)(struct store_statement *statement, enum store_change *change, struct err *err);
	enum store_step (*step)(struct store_statement *statement, struct err *err);
	void (*reset)(struct store_statement *statement);
	int64_t (*column_int)(struct store_statement *statement, int column);
	const char *(*column_text)(struct store_statement *statement, int column, size_t *len);
	enum store_step (*blob_open)(struct store *store, const char *text, int64_t row, struct store_blob **blob,
	                             struct err *err);
	bool (*blob_read)(struct store_blob *blob, size_t from, void *to, size_t len, struct err *err);
	void (*blob_close)(struct store_blob *blob);
	const struct store_stamps *(*stamps)(struct store *store); /* NULL: its stamps are never known */
	bool (*check)(const struct store_check *check, const struct store_texts *texts, const struct store_watch *watch,
	              size_t *problems, struct err *err);
	bool (*backup)(const struct store_backup *backup, const struct store_texts *texts,
	               const struct store_watch *watch, int64_t *bytes, struct err *err);
};

/* What follows the scheme and its ':'. */
const char *store_url_rest(const char *url);
