/* transfer_import: lines are gathered, and a batch of them is a transaction, which is run again from their text where the store asks
 * for that.
 */
#include "services/transfer.h"

#include "common/clock.h"
#include "common/mem.h"
#include "services/lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_LINES 256
#define BATCH_BYTES (4U << 20)
#define PATIENCE_MS 5000
#define TRIES 5
#define TELL_US 1000000

struct transfer_in {
	const struct transfer *transfer;
	const struct store_watch *watch;
	struct lines text;
	struct store *store;
	void *importer;
	int64_t line, first; /* in the file: the last one read, and the batch's first */
	struct buf batch;
	size_t starts[BATCH_LINES + 1]; /* of the batch's lines, in its text */
	enum store_change changes[BATCH_LINES];
	size_t count;
	int64_t lines, added, told_us;
	bool begun, ended;
};

/* --- one batch ------------------------------------------------------------------------------------------------- */

static bool send_line(struct transfer_in *in, size_t i, struct err *err)
{
	struct json_doc *doc = NULL;
	bool good = json_parse(in->batch.data + in->starts[i], in->starts[i + 1] - in->starts[i], NULL, &doc, err) &&
	            in->transfer->kind->import_line(in->importer, json_root(doc), &in->changes[i], err);

	json_free(doc);
	return good || err_prefix(err, "line %lld", (long long)in->first + (long long)i);
}

static bool check_changes(const struct transfer_in *in, struct err *err)
{
	for (size_t i = 0; i < in->count; i++) {
		if (in->changes[i] == STORE_UNCHANGED)
			return err_set(err, "line %lld: what it belongs to is not there",
			               (long long)in->first + (long long)i);
	}
	return true;
}

static bool run_once(struct transfer_in *in, struct err *err)
{
	if (!store_begin(in->store, err))
		return false;
	for (size_t i = 0; i < in->count; i++) {
		if (!send_line(in, i, err))
			return false;
	}
	return store_settle(in->store, err) && check_changes(in, err) && store_commit(in->store, err);
}

static bool run_batch(struct transfer_in *in, struct err *err)
{
	bool good = in->count == 0;

	for (int tries = 0; !good; tries++) {
		good = run_once(in, err);
		if (good)
			break;
		enum store_failure failure = store_failure(in->store, err);
		store_undo(in->store);
		if (failure == STORE_BROKEN || tries == TRIES)
			return false;
	}
	for (size_t i = 0; i < in->count; i++)
		in->added += in->changes[i] == STORE_CHANGED;
	in->lines += (int64_t)in->count;
	in->count = 0;
	buf_reset(&in->batch);
	return true;
}

/* --- lines ----------------------------------------------------------------------------------------------------- */

/* From here on there is no more of the file, for that reason. What came before is whole, and kept. */
static bool end_here(struct transfer_in *in, const struct err *why, struct err *err)
{
	if (!run_batch(in, err))
		return false;
	*err = *why;
	return false;
}

static bool read_first(struct transfer_in *in, const struct json_value *line, struct err *err)
{
	int64_t format = 0;

	in->begun = true;
	if (!json_text_is(json_get(line, "export"), in->transfer->service))
		return err_set(err, "line 1: this is no export of %s", in->transfer->service);
	if (!json_int(json_get(line, "format"), &format) || format != 1)
		return err_set(err, "line 1: of a format that this program does not know: format must be 1");
	return true;
}

static bool read_last(struct transfer_in *in, int64_t lines, struct err *err)
{
	in->ended = true;
	if (!run_batch(in, err))
		return false;
	if (lines == in->lines)
		return true;
	return err_set(err, "line %lld: there should be %lld lines before this one, and there are %lld",
	               (long long)in->line, (long long)lines, (long long)in->lines);
}

static bool looks_like_the_last(const char *text, size_t len)
{
	return len < 100 && strncmp(text, "{\"lines\":", strlen("{\"lines\":")) == 0;
}

/* The first and the last, which are few words each. */
static bool read_frame(struct transfer_in *in, const char *text, size_t len, bool *is_frame, struct err *err)
{
	struct json_doc *doc;
	int64_t lines;
	bool good = true;

	*is_frame = !in->begun || looks_like_the_last(text, len);
	if (!*is_frame)
		return true;
	if (!json_parse(text, len, NULL, &doc, err))
		return err_prefix(err, "line %lld", (long long)in->line);
	if (!in->begun)
		good = read_first(in, json_root(doc), err);
	else if (json_int(json_get(json_root(doc), "lines"), &lines))
		good = read_last(in, lines, err);
	json_free(doc);
	return good;
}

static bool tell(struct transfer_in *in, struct err *err)
{
	int64_t now_us = clock_us();

	if (now_us - in->told_us < TELL_US)
		return true;
	in->told_us = now_us;
	return in->watch->on_progress(in->watch->owner, "importing", -1) ||
	       err_set(err, "stopped before the end: import it again, what is there stays");
}

static bool take_line(struct transfer_in *in, const char *text, size_t len, struct err *err)
{
	bool is_frame;

	if (in->ended)
		return err_set(err, "line %lld: something comes behind the last line", (long long)in->line);
	if (!read_frame(in, text, len, &is_frame, err))
		return false;
	if (is_frame)
		return true;
	if (in->count == 0)
		in->first = in->line;
	in->starts[in->count] = in->batch.len;
	if (!buf_add(&in->batch, text, len))
		return err_set(err, "line %lld: it is too long", (long long)in->line);
	in->starts[++in->count] = in->batch.len;
	return in->count < BATCH_LINES && in->batch.len < BATCH_BYTES ? true : run_batch(in, err) && tell(in, err);
}

/* Only of the last one may its newline be missing: it shows by itself whether it is whole. */
static bool is_cut(const char *text, size_t len)
{
	return text[len - 1] != '\n' && !(text[len - 1] == '}' && looks_like_the_last(text, len));
}

/* The next line and what becomes of it; which line it is, is said with what is wrong. */
static bool read_line(struct transfer_in *in, bool *more, struct err *err)
{
	const struct buf *line = &in->text.line;
	struct err why;
	enum lines_step step = lines_next(&in->text, &why);

	*more = step == LINES_ONE;
	if (step == LINES_END)
		return true;
	in->line++;
	if (*more && !is_cut(line->data, line->len))
		return take_line(in, line->data, line->len, err);
	if (*more)
		err_set(&why, "is cut: the file ends in the middle of it; what came before it is imported");
	err_prefix(&why, "line %lld", (long long)in->line);
	return end_here(in, &why, err);
}

static bool read_all(struct transfer_in *in, struct err *err)
{
	bool more = true;
	struct err why;

	while (more) {
		if (!read_line(in, &more, err))
			return false;
	}
	if (in->ended)
		return true;
	err_set(&why, "its end is missing: it was cut behind line %lld; what there is of it is imported",
	        (long long)in->line);
	return end_here(in, &why, err);
}

static bool run(struct transfer_in *in, struct err *err)
{
	const struct store_options options = {
	        .url = in->transfer->url, .texts = in->transfer->texts, .patience_ms = PATIENCE_MS};

	if (!store_open(&options, &in->store, err))
		return false;
	buf_init(&in->batch, TRANSFER_LINE_BYTES + BATCH_BYTES);
	bool good = in->transfer->kind->import_open(in->store, &in->importer, err) && read_all(in, err);
	in->transfer->kind->import_close(in->importer);
	buf_clear(&in->batch);
	store_close(in->store);
	return good;
}

bool transfer_import(const struct transfer *transfer, const struct store_watch *watch, int64_t *lines, int64_t *added,
                     struct err *err)
{
	struct transfer_in *in = mem_zero(sizeof(*in));
	bool from_file = strcmp(transfer->path, "-") != 0;

	in->transfer = transfer;
	in->watch = watch;
	in->told_us = clock_us();
	FILE *file = from_file ? fopen(transfer->path, "re") : stdin;
	lines_open(&in->text, file, TRANSFER_LINE_BYTES);
	bool good = file != NULL ? run(in, err) || err_prefix(err, "%s", transfer->path)
	                         : err_set_errno(err, errno, "%s: cannot be read", transfer->path);
	lines_close(&in->text);
	if (file != NULL && from_file)
		fclose(file);
	*lines = in->lines;
	*added = in->added;
	free(in);
	return good;
}
