/* identity: two small files.
 *
 *   owner:    32 hex digits and a newline, once or more
 *   spec.key: 64 hex digits and a newline
 */
#include "orchestrator/config/identity.h"

#include "common/buf.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/random_hex.h"
#include "orchestrator/base/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define OWNER_FILE "owner"
#define KEY_FILE "spec.key"
#define FILE_MAX 4096
#define TAKEN_MAX 64 /* owners: what FILE_MAX holds, and more than anybody takes over */

static bool random_bytes(unsigned char *bytes, size_t count, struct err *err)
{
	if (getrandom(bytes, count, GRND_NONBLOCK) == (ssize_t)count)
		return true;
	return err_set_errno(err, errno, "no random numbers yet");
}

/* --- files ----------------------------------------------------------------------------------------------------- */

/* False with code 0: it is empty, or longer than ours ever are. */
static bool file_read(const char *path, char text[FILE_MAX], struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd == -1)
		return err_set_errno(err, errno, "cannot read %s", path);
	len = read(fd, text, FILE_MAX);
	if (len == -1)
		err_set_errno(err, errno, "cannot read %s", path);
	close(fd);
	if (len == -1)
		return false;
	if (len == 0 || len == FILE_MAX)
		return err_set(err, "%s is damaged", path);
	text[len] = '\0';
	return true;
}

/* --- the owner ------------------------------------------------------------------------------------------------- */

static bool is_owner(const char *line, size_t len)
{
	return len == ENGINE_OWNER_SIZE - 1 && strspn(line, "0123456789abcdef") >= len;
}

static bool owner_parse(struct identity *identity, const char *text)
{
	size_t len = strcspn(text, "\n");

	if (!is_owner(text, len))
		return false;
	memcpy(identity->owner, text, len);
	for (text += len; *text == '\n'; text += len) {
		char owner[ENGINE_OWNER_SIZE] = "";

		len = strcspn(++text, "\n");
		if (!is_owner(text, len))
			continue;
		memcpy(owner, text, len);
		strings_add(&identity->taken, owner);
	}
	return true;
}

static bool owner_write(const struct identity *identity, struct err *err)
{
	struct buf text;
	bool fits, ok;

	buf_init(&text, FILE_MAX);
	fits = buf_add_format(&text, "%s\n", identity->owner);
	for (size_t i = 0; i < identity->taken.count; i++)
		fits = fits && buf_add_format(&text, "%s\n", identity->taken.items[i]);
	ok = fits ? state_file_write(identity->dir, OWNER_FILE, buf_text(&text), err)
	          : err_set(err, "%s/" OWNER_FILE " is too long", identity->dir);
	buf_clear(&text);
	return ok;
}

static bool owner_make(struct identity *identity, struct err *err)
{
	return random_hex(identity->owner, sizeof(identity->owner), err) && owner_write(identity, err);
}

static bool owner_load(struct identity *identity, bool *made, struct err *err)
{
	char text[FILE_MAX] = "";
	char *path = mem_format("%s/" OWNER_FILE, identity->dir);
	struct err why = {.message = ""};
	bool read = file_read(path, text, &why);
	bool ok = true;

	*made = !read || !owner_parse(identity, text);
	if (!read && why.code != 0 && why.code != ENOENT)
		ok = err_set(err, "%s", why.message);
	else if (*made && why.code != ENOENT)
		log_warn(
		        "event=owner-lost path=%s error=\"it is damaged: a new owner is made, to whom containers that run do not belong\"",
		        log_quote(path));
	free(path);
	return ok && (!*made || owner_make(identity, err));
}

/* --- the key --------------------------------------------------------------------------------------------------- */

static bool key_parse(struct identity *identity, const char *text)
{
	size_t len;
	const char *end;

	return sodium_hex2bin(identity->key, sizeof(identity->key), text, strlen(text), NULL, &len, &end) == 0 &&
	       len == sizeof(identity->key) && *end == '\n';
}

static void key_text(const struct identity *identity, char text[ENGINE_KEY_SIZE])
{
	_Static_assert(ENGINE_KEY_SIZE == CONFIG_KEY_SIZE * 2 + 1, "two digits a byte");
	sodium_bin2hex(text, ENGINE_KEY_SIZE, identity->key, sizeof(identity->key));
}

static bool key_write(const struct identity *identity, struct err *err)
{
	char hex[ENGINE_KEY_SIZE], text[sizeof(hex) + 1];

	key_text(identity, hex);
	snprintf(text, sizeof(text), "%s\n", hex);
	return state_file_write(identity->dir, KEY_FILE, text, err);
}

static bool key_make(struct identity *identity, struct err *err)
{
	return random_bytes(identity->key, sizeof(identity->key), err) && key_write(identity, err);
}

static void key_load(struct identity *identity, bool first)
{
	char text[FILE_MAX] = "";
	char *path = mem_format("%s/" KEY_FILE, identity->dir);
	struct err err = {.message = ""};
	bool read = file_read(path, text, &err);

	if (read && !key_parse(identity, text))
		read = err_set(&err, "%s is damaged", path);
	if (!read && !first)
		log_warn(
		        "event=spec-key-lost error=%s remedy=\"a new key is made, and all containers are replaced once, one by one\"",
		        log_quote(err.message));
	if (!read && !key_make(identity, &err))
		log_warn(
		        "event=spec-key-not-kept error=%s remedy=\"until it can be kept, each start replaces all containers, one by one\"",
		        log_quote(err.message));
	free(path);
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

bool identity_load(const char *dir, struct identity *identity, struct err *err)
{
	bool first = false;

	memset(identity, 0, sizeof(*identity));
	identity->dir = mem_dup(dir);
	if (!owner_load(identity, &first, err)) {
		identity_clear(identity);
		return err_prefix(err, "state_dir");
	}
	key_load(identity, first);
	return true;
}

void identity_clear(struct identity *identity)
{
	free(identity->dir);
	strings_clear(&identity->taken);
	explicit_bzero(identity, sizeof(*identity));
}

bool identity_owns(const struct identity *identity, const char *owner)
{
	if (owner[0] == '\0' || strcmp(owner, identity->owner) == 0)
		return true;
	for (size_t i = 0; i < identity->taken.count; i++)
		if (strcmp(identity->taken.items[i], owner) == 0)
			return true;
	return false;
}

struct engine_shared identity_own(struct identity *identity)
{
	key_text(identity, identity->key_text);
	return (struct engine_shared){identity->owner, identity->key_text};
}

static void take_owner(struct identity *identity, const char *owner)
{
	if (strcmp(owner, identity->owner) == 0)
		return;
	if (identity->taken.count < TAKEN_MAX)
		strings_add(&identity->taken, identity->owner);
	snprintf(identity->owner, sizeof(identity->owner), "%s", owner);
}

void identity_share(struct identity *identity, const struct engine_shared *shared)
{
	char text[ENGINE_KEY_SIZE];
	struct err err = {.message = ""};

	key_text(identity, text);
	if (strcmp(shared->owner, identity->owner) == 0 && strcmp(shared->key, text) == 0)
		return;
	take_owner(identity, shared->owner);
	(void)sodium_hex2bin(identity->key, sizeof(identity->key), shared->key, strlen(shared->key), NULL, NULL, NULL);
	log_info("event=identity-shared owner=%s", log_quote(identity->owner));
	if (!owner_write(identity, &err) || !key_write(identity, &err))
		log_warn("event=identity-not-kept error=%s", log_quote(err.message));
}

bool identity_take_over(struct identity *identity, const char *owner, struct err *err)
{
	if (identity_owns(identity, owner))
		return true;
	if (identity->taken.count == TAKEN_MAX)
		return err_set(err, "containers of more than %d owners", TAKEN_MAX);
	strings_add(&identity->taken, owner);
	return owner_write(identity, err);
}
