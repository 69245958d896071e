/* lately_file: read once; written SOON_US after a change, so that a burst is one write. */
#include "orchestrator/fleet/lately_file.h"

#include "common/json.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/text_file.h"
#include "orchestrator/base/keeper.h"
#include "orchestrator/base/timer.h"
#include "orchestrator/base/write_fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME "lately.json"
#define SOON_US 200000

struct lately_file {
	struct lately *lately;
	struct keeper *keeper;
	struct timer *timer;
	bool due; /* a write */
};

static void write_now(struct lately_file *file)
{
	struct buf text;
	struct json_writer w;

	file->due = false;
	buf_init(&text, LATELY_TEXT_MAX);
	json_writer_init(&w, &text);
	lately_write(&w, file->lately);
	if (json_writer_ok(&w) && buf_add_text(&text, "\n"))
		keeper_put(file->keeper, buf_text(&text));
	buf_clear(&text);
}

static void on_time(void *arg)
{
	write_now(arg);
}

static void on_changed(void *arg)
{
	struct lately_file *file = arg;

	if (file->due)
		return;
	file->due = true;
	timer_set(file->timer, SOON_US);
}

static void read_file(struct lately_file *file)
{
	const char *path = keeper_path(file->keeper);
	struct buf text;
	struct err err = {.code = 0};

	buf_init(&text, LATELY_TEXT_MAX);
	bool read = text_file_read(path, &text, &err);
	bool ok = read ? lately_read(file->lately, buf_text(&text), text.len, &err) : err.code == ENOENT;
	if (!ok)
		log_warn(
		        "event=lately-lost path=%s error=%s remedy=\"what happened before this start is not shown; the next "
		        "entry writes the file anew\"",
		        log_quote(path), log_quote(err.message));
	buf_clear(&text);
}

struct lately_file *lately_file_new(struct event_base *base, const char *dir)
{
	struct lately_file *file = mem_zero(sizeof(*file));

	file->keeper = keeper_new(base, dir, NAME);
	file->lately = lately_new(on_changed, file);
	file->timer = timer_new_of_clients(base, on_time, file);
	read_file(file);
	return file;
}

void lately_file_free(struct lately_file *file)
{
	if (file == NULL)
		return;
	if (file->due)
		write_now(file);
	timer_free(file->timer);
	keeper_free(file->keeper);
	lately_free(file->lately);
	free(file);
}

struct lately *lately_file_lately(struct lately_file *file)
{
	return file->lately;
}

bool lately_file_trouble(struct lately_file *file, char cause[CAUSE_SIZE])
{
	int problem = keeper_problem(file->keeper);

	if (problem != 0)
		cause_write(cause, CAUSE_STATE_UNWRITTEN,
		            &(struct cause_facts){.name = keeper_path(file->keeper),
		                                  .words = strerror(problem),
		                                  .remedy = write_fault_remedy(problem)});
	return problem != 0;
}
