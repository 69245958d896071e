/* cells: things by a number of theirs, which several may share, found without a look at all of them.
 *
 * A table of fixed size, made for numbers that follow one another: each has a cell of its own then. All zero is an empty table,
 * and an entry that is in none. Nothing is allocated.
 */
#pragma once

#include <stddef.h>
#include <sys/queue.h>

#define CELLS_COUNT 1024 /* a power of 2 */

struct cells_entry {
	LIST_ENTRY(cells_entry) link;
	int number;
};

struct cells {
	LIST_HEAD(, cells_entry) cell[CELLS_COUNT];
};

/* The entry must be in no table. */
static inline void cells_put(struct cells *cells, struct cells_entry *entry, int number)
{
	entry->number = number;
	LIST_INSERT_HEAD(&cells->cell[(unsigned)number % CELLS_COUNT], entry, link);
}

/* The entry must be in one. */
static inline void cells_remove(struct cells_entry *entry)
{
	LIST_REMOVE(entry, link);
}

static inline struct cells_entry *cells_same(struct cells_entry *entry, int number)
{
	while (entry != NULL && entry->number != number)
		entry = LIST_NEXT(entry, link);
	return entry;
}

/* Those that have the number, the newest first; NULL: there is none, or none is left. */
static inline struct cells_entry *cells_first(const struct cells *cells, int number)
{
	return cells_same(LIST_FIRST(&cells->cell[(unsigned)number % CELLS_COUNT]), number);
}

static inline struct cells_entry *cells_next(const struct cells_entry *entry)
{
	return cells_same(LIST_NEXT(entry, link), entry->number);
}
