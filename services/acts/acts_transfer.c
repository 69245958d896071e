/* acts_transfer: first the categories by name, then the acts by number, one statement each: the next one after that. */
#include "services/acts/acts_transfer.h"

#include "common/mem.h"
#include "services/acts/act.h"
#include "services/acts/acts_sql.h"
#include "services/acts/acts_store.h"
#include "services/store/store_by_name.h"

#include <stdlib.h>

/* --- export ---------------------------------------------------------------------------------------------------- */

static void add_text(struct json_writer *w, const char *key, struct store_statement *row, int column)
{
	size_t len;
	const char *text = store_column_text(row, column, &len);

	json_key(w, key);
	json_text_n(w, text, len);
}

static bool export_category(void *owner, struct store_statement *row, struct err *err)
{
	struct transfer_out *out = owner;

	add_text(transfer_line(out), "category", row, 0);
	return transfer_line_end(out, err);
}

static bool export_categories(struct store *store, struct transfer_out *out, struct err *err)
{
	struct store_statement *categories;

	return store_prepare(store, ACTS_CATEGORIES, &categories, err) &&
	       store_each_by_name(categories, export_category, out, err);
}

static bool export_act(struct store_statement *next, struct transfer_out *out, int64_t *id, struct err *err)
{
	struct json_writer *w = transfer_line(out);

	*id = store_column_int(next, 0);
	json_member_number(w, "actId", *id);
	add_text(w, "username", next, 1);
	add_text(w, "timestamp", next, 2);
	add_text(w, "caption", next, 3);
	add_text(w, "categoryName", next, 4);
	json_member_number(w, "upvotes", store_column_int(next, 5));
	add_text(w, "imgB64", next, 6);
	return transfer_line_end(out, err);
}

static bool export_acts(struct store *store, struct transfer_out *out, struct err *err)
{
	struct store_statement *next;
	enum store_step step = STORE_ROW;

	if (!store_prepare(store, ACTS_NEXT, &next, err))
		return false;
	for (int64_t id = -1; step == STORE_ROW;) {
		store_bind_int(next, 1, id);
		step = store_step(next, err);
		if (step == STORE_ROW && !export_act(next, out, &id, err))
			step = STORE_FAILED;
		store_reset(next);
	}
	return step == STORE_DONE;
}

static bool export_all(struct store *store, struct transfer_out *out, struct err *err)
{
	return export_categories(store, out, err) && export_acts(store, out, err);
}

/* --- import ---------------------------------------------------------------------------------------------------- */

/* So many, and all that will ever come, add up in every store, and are exact in every client's numbers. */
#define UPVOTES_MOST (1LL << 53)

struct importer {
	struct store_statement *category, *act;
};

struct act_line {
	struct act act;
	int64_t upvotes;
};

struct category_line {
	struct json_text name;
};

static const struct json_field ACT_FIELDS[] = {
        {"actId", JSON_FIELD_INT, offsetof(struct act_line, act.id), 0, INT64_MAX, false},
        {"username", JSON_FIELD_TEXT, offsetof(struct act_line, act.username), 1, ACT_NAME_BYTES, false},
        {"timestamp", JSON_FIELD_TEXT, offsetof(struct act_line, act.timestamp), 19, 19, false},
        {"caption", JSON_FIELD_TEXT, offsetof(struct act_line, act.caption), 0, ACT_CAPTION_BYTES, false},
        {"categoryName", JSON_FIELD_TEXT, offsetof(struct act_line, act.category), 1, ACT_NAME_BYTES, false},
        {"upvotes", JSON_FIELD_INT, offsetof(struct act_line, upvotes), 0, UPVOTES_MOST, false},
        {"imgB64", JSON_FIELD_TEXT, offsetof(struct act_line, act.image), 1, ACT_IMAGE_BYTES, false},
};

static const struct json_field CATEGORY_FIELDS[] = {
        {"category", JSON_FIELD_TEXT, offsetof(struct category_line, name), 1, ACT_NAME_BYTES, false},
};

static bool import_open(struct store *store, void **importer, struct err *err)
{
	struct importer *made = mem_zero(sizeof(*made));

	*importer = made;
	return store_prepare(store, ACTS_CATEGORY_ADD, &made->category, err) &&
	       store_prepare(store, ACTS_IMPORT, &made->act, err);
}

static bool import_category(struct importer *importer, const struct json_value *line, enum store_change *change,
                            struct err *err)
{
	struct category_line category;

	if (!json_bind(line, CATEGORY_FIELDS, sizeof(CATEGORY_FIELDS) / sizeof(CATEGORY_FIELDS[0]), &category, err))
		return false;
	if (!act_name(category.name))
		return err_set(err, "category: must not hold a NUL");
	store_bind_text(importer->category, 1, category.name.data, category.name.len);
	return store_change(importer->category, change, err);
}

static bool import_act(struct importer *importer, const struct json_value *line, enum store_change *change,
                       struct err *err)
{
	struct act_line read = {.upvotes = 0};
	const struct act *act = &read.act;

	if (!json_bind(line, ACT_FIELDS, sizeof(ACT_FIELDS) / sizeof(ACT_FIELDS[0]), &read, err) ||
	    !act_check(&read.act, err))
		return false;
	acts_store_bind_act(importer->act, act);
	store_bind_int(importer->act, 8, read.upvotes);
	return store_change(importer->act, change, err);
}

static bool import_line(void *importer, const struct json_value *line, enum store_change *change, struct err *err)
{
	if (json_get(line, "category") != NULL)
		return import_category(importer, line, change, err);
	return import_act(importer, line, change, err);
}

static void import_close(void *importer)
{
	free(importer);
}

const struct transfer_kind acts_transfer = {
        .export_all = export_all, .import_open = import_open, .import_line = import_line, .import_close = import_close};
