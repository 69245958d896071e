/* process_record: a record as JSON and back.
 *
 * Invariant: a record file is whole. What cannot be read as one is an error that names the file; nothing is guessed.
 * The bytes need not survive a loss of power, since the processes would not either: so there is no fsync.
 */
#include "orchestrator/engine/process/process_record.h"

#include "common/buf.h"
#include "common/json.h"
#include "common/mem.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_MAX (4 << 20) /* bytes */

void process_record_clear(struct process_record *record)
{
	strings_clear(&record->command);
	strings_clear(&record->env);
}

bool process_is_id(const char *text)
{
	return strlen(text) == ENGINE_ID_SIZE - 1 && strspn(text, "0123456789abcdef") == ENGINE_ID_SIZE - 1;
}

void process_record_path(char path[PROCESS_PATH_SIZE], const char *dir, const char *id, const char *name)
{
	int len = snprintf(path, PROCESS_PATH_SIZE, "%s/%s%s%s", dir, id, name != NULL ? "/" : "",
	                   name != NULL ? name : "");

	assert(len > 0 && len < PROCESS_PATH_SIZE); /* process_engine_new refuses a longer state_dir */
}

/* --- out ------------------------------------------------------------------------------------------------------- */

static const char *const state_words[] = {
        [ENGINE_CREATED] = "created", [ENGINE_RUNNING] = "running", [ENGINE_EXITED] = "exited"};

static void write_texts(struct json_writer *w, const char *key, const struct strings *texts)
{
	json_key(w, key);
	json_begin_array(w);
	for (size_t i = 0; i < texts->count; i++)
		json_text(w, texts->items[i]);
	json_end_array(w);
}

static bool to_json(const struct process_record *record, struct buf *text)
{
	const struct engine_container *container = &record->container;
	struct json_writer w;

	assert(container->state == ENGINE_CREATED || container->state == ENGINE_RUNNING ||
	       container->state == ENGINE_EXITED);
	json_writer_init(&w, text);
	json_begin_object(&w);
	json_member_text(&w, "name", container->name);
	json_member_text(&w, "service", container->service);
	json_member_text(&w, "spec", container->spec);
	json_member_number(&w, "slot", container->slot);
	json_member_number(&w, "port", container->host_port);
	json_member_text(&w, "socket_dir", record->socket_dir);
	json_member_text(&w, "state", state_words[container->state]);
	json_member_bool(&w, "starting", record->starting);
	json_member_bool(&w, "paused", record->paused);
	json_member_number(&w, "pid", record->pid);
	json_member_number(&w, "start_ticks", (int64_t)record->start_ticks);
	json_member_text(&w, "boot", record->boot);
	json_member_number(&w, "exit_code", record->exit_code);
	json_member_number(&w, "memory_mb", record->memory_mb);
	json_member_number(&w, "cpu_quota_us", record->cpu_quota_us);
	write_texts(&w, "command", &record->command);
	write_texts(&w, "env", &record->env);
	json_end_object(&w);
	return json_writer_ok(&w) && buf_add_text(text, "\n");
}

static bool write_all(const char *path, const char *data, size_t len, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool ok;

	if (fd == -1)
		return err_set_errno(err, errno, "cannot write %s", path);
	errno = ENOSPC; /* what a short write means */
	ok = write(fd, data, len) == (ssize_t)len;
	if (!ok)
		err_set_errno(err, errno, "cannot write %s", path);
	if (close(fd) == -1 && ok)
		ok = err_set_errno(err, errno, "cannot write %s", path);
	return ok;
}

bool process_record_write(const char *dir, const struct process_record *record, struct err *err)
{
	char path[PROCESS_PATH_SIZE];
	char fresh[PROCESS_PATH_SIZE];
	struct buf text;
	bool ok;

	process_record_path(path, dir, record->container.id, "record");
	process_record_path(fresh, dir, record->container.id, "record.new");
	buf_init(&text, RECORD_MAX);
	if (!to_json(record, &text))
		ok = err_set(err, "command and environment are longer than %d bytes", RECORD_MAX);
	else
		ok = write_all(fresh, text.data, text.len, err);
	buf_clear(&text);
	if (ok && rename(fresh, path) == -1)
		ok = err_set_errno(err, errno, "cannot rename %s", fresh);
	return ok;
}

bool process_record_remove(const char *dir, const char *id, struct err *err)
{
	static const char *const names[] = {"record", "record.new", "log", "log.old", "log.new"};
	char path[PROCESS_PATH_SIZE];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		process_record_path(path, dir, id, names[i]);
		if (unlink(path) == -1 && errno != ENOENT)
			return err_set_errno(err, errno, "cannot remove %s", path);
	}
	process_record_path(path, dir, id, NULL);
	if (rmdir(path) == -1 && errno != ENOENT)
		return err_set_errno(err, errno, "cannot remove %s", path);
	return true;
}

/* If this fails, too, a directory without a record stays, and the next engine sweeps it. */
static void rmdir_half(const char *dir, const char *id)
{
	struct err ignored;
	bool removed = process_record_remove(dir, id, &ignored);

	(void)removed;
}

bool process_record_make(const char *dir, const struct process_record *record, struct err *err)
{
	char path[PROCESS_PATH_SIZE];

	process_record_path(path, dir, record->container.id, NULL);
	if (mkdir(path, 0700) == -1)
		return err_set_errno(err, errno, "cannot make directory %s", path);
	if (process_record_write(dir, record, err))
		return true;
	rmdir_half(dir, record->container.id);
	return false;
}

/* --- in -------------------------------------------------------------------------------------------------------- */

static bool take_text(const struct json_value *object, const char *key, char *out, size_t size)
{
	const struct json_value *value = json_get(object, key);

	if (value == NULL || value->type != JSON_STRING || value->len >= size || memchr(value->text, '\0', value->len))
		return false;
	memcpy(out, value->text, value->len);
	out[value->len] = '\0';
	return true;
}

static bool take_int(const struct json_value *object, const char *key, int64_t min, int64_t max, int64_t *out)
{
	return json_int(json_get(object, key), out) && *out >= min && *out <= max;
}

static bool take_bool(const struct json_value *object, const char *key, bool *out)
{
	const struct json_value *value = json_get(object, key);

	*out = value != NULL && value->boolean;
	return value != NULL && value->type == JSON_BOOL;
}

static bool take_texts(const struct json_value *object, const char *key, struct strings *out)
{
	const struct json_value *array = json_get(object, key);

	if (array == NULL || array->type != JSON_ARRAY)
		return false;
	for (const struct json_value *value = array->first; value != NULL; value = value->next) {
		if (value->type != JSON_STRING || memchr(value->text, '\0', value->len) != NULL)
			return false;
		strings_add(out, ""); /* then the text itself, which has no NUL behind it */
		free(out->items[out->count - 1]);
		out->items[out->count - 1] = mem_dup_n(value->text, value->len);
	}
	return true;
}

static bool take_state(const struct json_value *object, enum engine_state *out)
{
	const struct json_value *value = json_get(object, "state");

	for (size_t i = 0; i < sizeof(state_words) / sizeof(state_words[0]); i++)
		if (state_words[i] != NULL && json_text_is(value, state_words[i])) {
			*out = (enum engine_state)i;
			return true;
		}
	return false;
}

static bool take_numbers(const struct json_value *root, struct process_record *record)
{
	int64_t slot, port, pid, ticks, code, memory, quota = 0;

	if (!take_int(root, "slot", -1, INT32_MAX, &slot) || !take_int(root, "port", 0, 65535, &port) ||
	    !take_int(root, "pid", 0, INT32_MAX, &pid) || !take_int(root, "start_ticks", 0, INT64_MAX, &ticks) ||
	    !take_int(root, "exit_code", -1, 255, &code) || !take_int(root, "memory_mb", 0, INT32_MAX, &memory))
		return false;
	if (json_get(root, "cpu_quota_us") != NULL && !take_int(root, "cpu_quota_us", 0, INT32_MAX, &quota))
		return false; /* records of 0.1 have none */
	record->cpu_quota_us = (int)quota;
	record->container.slot = (int)slot;
	record->container.host_port = (int)port;
	record->pid = (pid_t)pid;
	record->start_ticks = (uint64_t)ticks;
	record->exit_code = (int)code;
	record->memory_mb = (int)memory;
	return true;
}

static bool from_json(const struct json_value *root, struct process_record *record)
{
	struct engine_container *to = &record->container;

	if (!take_text(root, "name", to->name, sizeof(to->name)) ||
	    !take_text(root, "service", to->service, sizeof(to->service)) ||
	    !take_text(root, "spec", to->spec, sizeof(to->spec)) ||
	    !take_text(root, "socket_dir", record->socket_dir, sizeof(record->socket_dir)) ||
	    !take_text(root, "boot", record->boot, sizeof(record->boot)) || !take_numbers(root, record) ||
	    !take_bool(root, "starting", &record->starting) || !take_bool(root, "paused", &record->paused) ||
	    !take_state(root, &to->state) || !take_texts(root, "command", &record->command) ||
	    !take_texts(root, "env", &record->env) || record->command.count == 0)
		return false;
	snprintf(to->image, sizeof(to->image), "%s", record->command.items[0]);
	return to->state != ENGINE_RUNNING || record->pid > 1;
}

static bool read_all(const char *path, struct buf *text, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t count = 1;

	if (fd == -1)
		return err_set_errno(err, errno, "cannot read %s", path);
	while (count > 0) {
		char *room = buf_room(text, 8192);

		count = room != NULL ? read(fd, room, 8192) : 0;
		if (count > 0)
			buf_extend(text, (size_t)count);
	}
	if (count == -1)
		err_set_errno(err, errno, "cannot read %s", path);
	close(fd);
	return count != -1;
}

bool process_record_read(const char *dir, const char *id, struct process_record *record, struct err *err)
{
	char path[PROCESS_PATH_SIZE];
	struct json_doc *doc = NULL;
	struct buf text;
	bool ok;

	memset(record, 0, sizeof(*record));
	snprintf(record->container.id, sizeof(record->container.id), "%s", id);
	process_record_path(path, dir, id, "record");
	buf_init(&text, RECORD_MAX + 8192);
	ok = read_all(path, &text, err);
	if (ok && !json_parse(buf_text(&text), text.len, NULL, &doc, err))
		ok = err_prefix(err, "%s", path);
	if (ok && !from_json(json_root(doc), record))
		ok = err_set(err, "%s is no record of a process", path);
	json_free(doc);
	buf_clear(&text);
	if (!ok)
		process_record_clear(record);
	return ok;
}
