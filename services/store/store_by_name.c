/* store_by_name: the last name of a page is where the next one begins. */
#include "services/store/store_by_name.h"

#include "common/buf.h"

#define PAGE 1000             /* rows */
#define NAME_BYTES (1U << 20) /* more than a name may have */

static bool note_name(struct store_statement *row, struct buf *name, struct err *err)
{
	size_t len;
	const char *text = store_column_text(row, 0, &len);

	buf_reset(name);
	return buf_add(name, text, len) || err_set(err, "a name is too long");
}

/* after: in, where it begins; out, where the next one does. It is bound until the reset, so it changes with the last row. */
static bool read_page(struct store_statement *statement, struct buf *after, bool *more, store_on_row *on_row,
                      void *owner, struct err *err)
{
	enum store_step step = STORE_ROW;
	int rows = 0;

	store_bind_text(statement, 1, buf_text(after), after->len);
	store_bind_int(statement, 2, PAGE);
	while (rows < PAGE && (step = store_step(statement, err)) == STORE_ROW) {
		if (!on_row(owner, statement, err) || (++rows == PAGE && !note_name(statement, after, err)))
			return false;
	}
	*more = rows == PAGE;
	return step != STORE_FAILED;
}

bool store_each_by_name(struct store_statement *statement, store_on_row *on_row, void *owner, struct err *err)
{
	struct buf after;
	bool more = true, good = true;

	buf_init(&after, NAME_BYTES);
	while (good && more) {
		good = read_page(statement, &after, &more, on_row, owner, err);
		store_reset(statement);
	}
	buf_clear(&after);
	return good;
}
