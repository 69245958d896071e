/* store_by_name: rows in the order of their names, a page at a time, so that few of them are in memory however many there are.
 *
 * Within a read transaction, where pages are to be of one moment.
 */
#pragma once

#include "services/store/store.h"

/* False: err says why no more of them are wanted. */
typedef bool store_on_row(void *owner, struct store_statement *row, struct err *err);

/* The statement's parameters are a name, and how many rows: those behind that name, by name, which is their first column. No name
 * is empty. Its text is the row's own until on_row has returned. */
bool store_each_by_name(struct store_statement *statement, store_on_row *on_row, void *owner,
                        struct err *err) MUST_CHECK;
