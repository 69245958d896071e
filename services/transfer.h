/* transfer: all that a service has in its store, as text, from one store to another of any kind.
 *
 * A line is a JSON object (docs/transfer.md): the first says whose it is, the last how many came before it, so that a file that was
 * cut is noticed. Neither direction holds more than a few lines in memory. What is exported is of one moment, while services go
 * on. What is imported is added to what is there; what is there already stays as it is, so a file may be imported again.
 */
#pragma once

#include "common/json.h"
#include "services/store/store_check.h"

#define TRANSFER_LINE_BYTES (256U << 20) /* most that a line may take */

/* --- what a service says --------------------------------------------------------------------------------------- */

struct transfer_out;

/* One more line: an object is open in the writer between the two. */
struct json_writer *transfer_line(struct transfer_out *out);
bool transfer_line_end(struct transfer_out *out, struct err *err) MUST_CHECK;

struct transfer_kind {
	/* Within a read transaction. */
	bool (*export_all)(struct store *store, struct transfer_out *out, struct err *err);
	bool (*import_open)(struct store *store, void **importer, struct err *err);
	/* The change that the line is, as store_change. err: what is wrong with the line, or with the store. It may be asked
	 * for the same line again, in another transaction. */
	bool (*import_line)(void *importer, const struct json_value *line, enum store_change *change, struct err *err);
	void (*import_close)(void *importer);
};

/* --- the commands ---------------------------------------------------------------------------------------------- */

struct transfer {
	const struct transfer_kind *kind;
	const char *service; /* "acts" */
	const char *url;
	const struct store_texts *const *texts;
	const char *path; /* of a file; "-": standard output, or input */
	bool replace;     /* a file that is there */
};

/* lines: how many there were, but for the first and the last; of an import, those that were not there yet. */
bool transfer_export(const struct transfer *transfer, const struct store_watch *watch, int64_t *lines,
                     struct err *err) MUST_CHECK;
bool transfer_import(const struct transfer *transfer, const struct store_watch *watch, int64_t *lines, int64_t *added,
                     struct err *err) MUST_CHECK;
