/* store: the table of drivers, and the way from a url to one of them. All else is handed on. */
#include "services/store/store.h"

#include "common/mem.h"
#include "services/store/postgres.h"
#include "services/store/sqlite.h"
#include "services/store/store_driver.h"

#include <stdio.h>
#include <string.h>

/* The first one is that of files. */
static const struct store_driver *const DRIVERS[] = {&sqlite_driver, &postgres_driver};

#define DRIVER_COUNT (sizeof(DRIVERS) / sizeof(DRIVERS[0]))

/* --- from a url to a driver ------------------------------------------------------------------------------------ */

char *store_url_of_file(const char *path)
{
	return mem_format("%s:%s", DRIVERS[0]->name, path);
}

static const struct store_driver *find_driver(const char *url, struct err *err)
{
	char known[256] = "";
	size_t len = strcspn(url, ":"); /* of the scheme */

	for (size_t i = 0; i < DRIVER_COUNT; i++) {
		size_t at = strlen(known);
		if (strlen(DRIVERS[i]->name) == len && memcmp(DRIVERS[i]->name, url, len) == 0 &&
		    *store_url_rest(url) != '\0')
			return DRIVERS[i];
		snprintf(known + at, sizeof(known) - at, "%s%s", i > 0 ? ", " : "", DRIVERS[i]->url_form);
	}
	if (url[len] == ':')
		err_set(err, "\"%.*s:...\" is no store that is known: it must be %s", len < 32 ? (int)len : 32, url,
		        known);
	else
		err_set(err, "must be %s", known);
	return NULL;
}

bool store_url_check(const char *url, struct err *err)
{
	const struct store_driver *driver = find_driver(url, err);

	return driver != NULL && (driver->check_url == NULL || driver->check_url(url, err));
}

bool store_url_is_file(const char *url)
{
	return find_driver(url, NULL) == DRIVERS[0];
}

char *store_url_name(const char *url)
{
	const struct store_driver *driver = find_driver(url, NULL);

	return driver != NULL && driver->show_url != NULL ? driver->show_url(url) : mem_dup(store_url_rest(url));
}

/* The driver for the url, and the service's texts in its dialect. */
static const struct store_driver *find_both(const char *url, const struct store_texts *const *all,
                                            const struct store_texts **texts, struct err *err)
{
	const struct store_driver *driver = find_driver(url, err);

	for (*texts = NULL; driver != NULL && *all != NULL && *texts == NULL; all++) {
		if (strcmp((*all)->dialect, driver->name) == 0)
			*texts = *all;
	}
	if (driver != NULL && *texts == NULL)
		err_set(err, "this service has no tables for %s", driver->name);
	return *texts != NULL ? driver : NULL;
}

bool store_open(const struct store_options *options, struct store **store, struct err *err)
{
	const struct store_texts *texts;
	const struct store_driver *driver = find_both(options->url, options->texts, &texts, err);

	*store = NULL;
	if (driver == NULL || !driver->open(options, texts, store, err))
		return false;
	(*store)->driver = driver;
	(*store)->texts = texts;
	return true;
}

bool store_check(const struct store_check *check, const struct store_watch *watch, size_t *problems, struct err *err)
{
	const struct store_texts *texts;
	const struct store_driver *driver = find_both(check->url, check->texts, &texts, err);

	return driver != NULL && driver->check(check, texts, watch, problems, err);
}

void store_check_tell_more(const struct store_watch *watch, size_t more)
{
	char text[64];

	snprintf(text, sizeof(text), "and %zu more like this", more);
	if (more > 0)
		watch->on_problem(watch->owner, text);
}

bool store_backup(const struct store_backup *backup, const struct store_watch *watch, int64_t *bytes, struct err *err)
{
	const struct store_texts *texts;
	const struct store_driver *driver = find_both(backup->from.url, backup->from.texts, &texts, err);

	return driver != NULL && driver->backup(backup, texts, watch, bytes, err);
}

/* --- handed on ------------------------------------------------------------------------------------------------- */

void store_close(struct store *store)
{
	if (store != NULL)
		store->driver->close(store);
}

bool store_is_there(const struct store *store)
{
	return store->driver->is_there == NULL || store->driver->is_there(store);
}

enum store_failure store_failure(const struct store *store, const struct err *err)
{
	return store->driver->failure(err->code);
}

bool store_begin(struct store *store, struct err *err)
{
	return store->driver->begin(store, err);
}

bool store_settle(struct store *store, struct err *err)
{
	return store->driver->settle(store, err);
}

bool store_commit(struct store *store, struct err *err)
{
	return store->driver->commit(store, err);
}

void store_undo(struct store *store)
{
	store->driver->undo(store);
}

bool store_begin_reading(struct store *store, struct err *err)
{
	return store->driver->begin_reading(store, err);
}

void store_end_reading(struct store *store)
{
	store->driver->end_reading(store);
}

bool store_says(const struct store *store, int number)
{
	return store->texts->statements[number] != NULL;
}

bool store_prepare(struct store *store, int number, struct store_statement **statement, struct err *err)
{
	return store->driver->prepare(store, store->texts->statements[number], statement, err);
}

void store_bind_int(struct store_statement *statement, int index, int64_t value)
{
	statement->store->driver->bind_int(statement, index, value);
}

void store_bind_text(struct store_statement *statement, int index, const char *text, size_t len)
{
	statement->store->driver->bind_text(statement, index, text, len);
}

bool store_change(struct store_statement *statement, enum store_change *change, struct err *err)
{
	return statement->store->driver->change(statement, change, err);
}

enum store_step store_step(struct store_statement *statement, struct err *err)
{
	return statement->store->driver->step(statement, err);
}

void store_reset(struct store_statement *statement)
{
	statement->store->driver->reset(statement);
}

int64_t store_column_int(struct store_statement *statement, int column)
{
	return statement->store->driver->column_int(statement, column);
}

const char *store_column_text(struct store_statement *statement, int column, size_t *len)
{
	return statement->store->driver->column_text(statement, column, len);
}

enum store_step store_blob_open(struct store *store, int number, int64_t row, struct store_blob **blob, struct err *err)
{
	return store->driver->blob_open(store, store->texts->statements[number], row, blob, err);
}

void store_blob_close(struct store_blob *blob)
{
	if (blob != NULL)
		blob->store->driver->blob_close(blob);
}

size_t store_blob_size(const struct store_blob *blob)
{
	return blob->size;
}

bool store_blob_read(struct store_blob *blob, size_t from, void *to, size_t len, struct err *err)
{
	return blob->store->driver->blob_read(blob, from, to, len, err);
}

const struct store_stamps *store_stamps(struct store *store)
{
	return store->driver->stamps != NULL ? store->driver->stamps(store) : NULL;
}
