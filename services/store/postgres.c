/* postgres: urls, opening, and the driver's row. */
#include "services/store/postgres.h"

#include "common/mem.h"
#include "services/store/postgres_inside.h"

#include <stdlib.h>
#include <string.h>

/* Behind user and password, which libpq lets end at the first '@', if that comes before any '/', whatever else is in them. */
static const char *url_place(const char *url)
{
	const char *start = url + strcspn(url, ":") + strlen("://"), *at = strchr(start, '@');

	return at != NULL && at < start + strcspn(start, "/") ? at + 1 : start;
}

/* A password that is not encoded may go on where libpq sees a host or a database. */
static bool has_stray_password(const char *url)
{
	const char *place = url_place(url);

	return memchr(place, '@', strcspn(place, "?")) != NULL;
}

/* libpq's own words may hold the whole url. */
static bool postgres_check_url(const char *url, struct err *err)
{
	PQconninfoOption *options = strncmp(store_url_rest(url), "//", 2) == 0 ? PQconninfoParse(url, NULL) : NULL;
	bool good = options != NULL && !has_stray_password(url);

	PQconninfoFree(options);
	return good ||
	       err_set(err,
	               "no url as libpq wants them: postgresql://user:password@host:port/database?name=value, where"
	               " what is special in one of them (@ : / ? %% # and space) is written %%40 and so on");
}

/* Without user, password and parameters. Of one that libpq does not take nobody knows where its password is. */
static char *postgres_show_url(const char *url)
{
	if (!postgres_check_url(url, NULL))
		return mem_dup("postgresql");
	const char *place = url_place(url);
	return mem_format("postgresql://%.*s", (int)strcspn(place, "?"), place);
}

static bool postgres_open(const struct store_options *options, const struct store_texts *texts, struct store **store,
                          struct err *err)
{
	struct postgres_store *pg = postgres_new(options->url, texts, options->patience_ms, options->read_only);

	pg->may_pause = options->may_pause;
	pg->beside = (const struct postgres_store *)options->beside;
	if (postgres_connect_first(pg, options->dial, err)) {
		*store = &pg->base;
		return true;
	}
	postgres_close(&pg->base);
	return false;
}

const struct store_driver postgres_driver = {
        .name = "postgresql",
        .url_form = "postgresql://user@host/database",
        .check_url = postgres_check_url,
        .show_url = postgres_show_url,
        .open = postgres_open,
        .close = postgres_close,
        .is_there = postgres_is_there,
        .failure = postgres_failure,
        .begin = postgres_begin,
        .settle = postgres_settle,
        .commit = postgres_commit,
        .undo = postgres_undo,
        .begin_reading = postgres_begin_reading,
        .end_reading = postgres_end_reading,
        .prepare = postgres_prepare,
        .bind_int = postgres_bind_int,
        .bind_text = postgres_bind_text,
        .change = postgres_change,
        .step = postgres_step,
        .reset = postgres_reset,
        .column_int = postgres_column_int,
        .column_text = postgres_column_text,
        .blob_open = postgres_blob_open,
        .blob_read = postgres_blob_read,
        .blob_close = postgres_blob_close,
        .check = postgres_check,
        .backup = postgres_backup,
};
