/* users_transfer: the users by name, with their hashed passwords. */
#include "services/users/users_transfer.h"

#include "services/store/store_by_name.h"
#include "services/users/users_hash.h"
#include "services/users/users_sql.h"

#include <string.h>

#define NAME_BYTES 256
#define HASH_START_TEXT "$argon2id$"

static bool export_user(void *owner, struct store_statement *row, struct err *err)
{
	struct transfer_out *out = owner;
	struct json_writer *w = transfer_line(out);
	size_t len;
	const char *name = store_column_text(row, 0, &len);

	json_key(w, "username");
	json_text_n(w, name, len);
	json_member_text(w, "password", store_column_text(row, 1, NULL));
	return transfer_line_end(out, err);
}

static bool export_all(struct store *store, struct transfer_out *out, struct err *err)
{
	struct store_statement *next;

	return store_prepare(store, USERS_NEXT, &next, err) && store_each_by_name(next, export_user, out, err);
}

struct user_line {
	struct json_text username, password;
};

static const struct json_field FIELDS[] = {
        {"username", JSON_FIELD_TEXT, offsetof(struct user_line, username), 1, NAME_BYTES, false},
        {"password", JSON_FIELD_TEXT, offsetof(struct user_line, password), 1, USERS_HASH_BYTES, false},
};

static bool import_open(struct store *store, void **importer, struct err *err)
{
	struct store_statement *add;
	bool good = store_prepare(store, USERS_ADD, &add, err);

	*importer = good ? add : NULL;
	return good;
}

static bool import_line(void *importer, const struct json_value *line, enum store_change *change, struct err *err)
{
	struct user_line user;

	if (!json_bind(line, FIELDS, sizeof(FIELDS) / sizeof(FIELDS[0]), &user, err))
		return false;
	if (memchr(user.username.data, '\0', user.username.len) != NULL)
		return err_set(err, "username: must not hold a NUL");
	if (user.password.len < strlen(HASH_START_TEXT) ||
	    memcmp(user.password.data, HASH_START_TEXT, strlen(HASH_START_TEXT)) != 0 ||
	    memchr(user.password.data, '\0', user.password.len) != NULL)
		return err_set(err, "password: must be a hash as users --export writes it");
	store_bind_text(importer, 1, user.username.data, user.username.len);
	store_bind_text(importer, 2, user.password.data, user.password.len);
	return store_change(importer, change, err);
}

/* The statement is the store's. */
static void import_close(void *importer)
{
	(void)importer;
}

const struct transfer_kind users_transfer = {
        .export_all = export_all, .import_open = import_open, .import_line = import_line, .import_close = import_close};
