/* transfer_export: lines to a new file, or to standard output. */
#include "services/transfer.h"

#include "common/clock.h"
#include "common/mem.h"
#include "services/store/new_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PATIENCE_MS 5000
#define TELL_US 1000000

struct transfer_out {
	FILE *file;
	const char *path;
	const struct store_watch *watch;
	struct buf line;
	struct json_writer writer;
	int64_t lines, told_us;
};

struct json_writer *transfer_line(struct transfer_out *out)
{
	buf_reset(&out->line);
	json_writer_init(&out->writer, &out->line);
	json_begin_object(&out->writer);
	return &out->writer;
}

static bool tell(struct transfer_out *out, struct err *err)
{
	int64_t now_us = clock_us();

	if (now_us - out->told_us < TELL_US)
		return true;
	out->told_us = now_us;
	return out->watch->on_progress(out->watch->owner, "exporting", -1) || err_set(err, "stopped before the end");
}

bool transfer_line_end(struct transfer_out *out, struct err *err)
{
	json_end_object(&out->writer);
	if (!json_writer_ok(&out->writer) || !buf_add(&out->line, "\n", 1))
		return err_set(err, "a line is too long");
	if (fwrite(out->line.data, 1, out->line.len, out->file) != out->line.len)
		return err_set_errno(err, errno, "%s: cannot be written", out->path);
	out->lines++;
	return tell(out, err);
}

static bool write_lines(const struct transfer *transfer, struct store *store, struct transfer_out *out, struct err *err)
{
	struct json_writer *w = transfer_line(out);

	json_member_text(w, "export", transfer->service);
	json_member_number(w, "format", 1);
	if (!transfer_line_end(out, err) || !store_begin_reading(store, err))
		return false;
	bool good = transfer->kind->export_all(store, out, err);
	store_end_reading(store);
	if (!good)
		return false;
	w = transfer_line(out);
	json_member_number(w, "lines", --out->lines);
	return transfer_line_end(out, err) && out->lines-- > 0;
}

static bool flush(struct transfer_out *out, struct err *err)
{
	return fflush(out->file) != EOF || err_set_errno(err, errno, "%s: cannot be written", out->path);
}

static bool run(const struct transfer *transfer, struct transfer_out *out, struct err *err)
{
	const struct store_options options = {.url = transfer->url,
	                                      .texts = transfer->texts,
	                                      .patience_ms = PATIENCE_MS,
	                                      .read_only = true,
	                                      .may_pause = true};
	struct store *store;

	if (!store_open(&options, &store, err))
		return false;
	buf_init(&out->line, TRANSFER_LINE_BYTES);
	bool good = write_lines(transfer, store, out, err) && flush(out, err);
	buf_clear(&out->line);
	store_close(store);
	return good;
}

static bool close_file(struct transfer_out *out, struct err *err)
{
	return fclose(out->file) != EOF || err_set_errno(err, errno, "%s: cannot be written", out->path);
}

static bool export_to_file(const struct transfer *transfer, struct transfer_out *out, struct err *err)
{
	struct new_file file;
	int64_t bytes;
	int fd;

	if (!new_file_make(&file, transfer->path, transfer->replace, &fd, err))
		return false;
	out->file = mem_must(fdopen(fd, "w"));
	bool good = run(transfer, out, err);
	good = close_file(out, good ? err : NULL) && good && new_file_sync(&file, &bytes, err) &&
	       new_file_name(&file, err);
	new_file_end(&file);
	return good;
}

bool transfer_export(const struct transfer *transfer, const struct store_watch *watch, int64_t *lines, struct err *err)
{
	struct transfer_out out = {.path = transfer->path, .watch = watch, .told_us = clock_us(), .file = stdout};
	bool good = strcmp(transfer->path, "-") == 0 ? run(transfer, &out, err) : export_to_file(transfer, &out, err);

	*lines = out.lines;
	return good;
}
