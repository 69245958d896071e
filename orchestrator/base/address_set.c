/* address_set: one array, in the order of the bytes. */
#include "orchestrator/base/address_set.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	struct in6_addr address;
	unsigned times;
};

struct address_set {
	struct entry *entries;
	size_t count;
};

struct address_set *address_set_new(void)
{
	return mem_zero(sizeof(struct address_set));
}

void address_set_free(struct address_set *set)
{
	if (set == NULL)
		return;
	free(set->entries);
	free(set);
}

/* Where it is, or would be; *found says which. */
static size_t place_of(const struct address_set *set, const struct in6_addr *address, bool *found)
{
	size_t low = 0, high = set->count;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(address, &set->entries[middle].address, sizeof(*address));

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

void address_set_add(struct address_set *set, const struct in6_addr *address)
{
	bool found;
	size_t at = place_of(set, address, &found);

	if (found) {
		set->entries[at].times++;
		return;
	}
	set->entries = mem_array(set->entries, set->count + 1, sizeof(*set->entries));
	memmove(set->entries + at + 1, set->entries + at, (set->count - at) * sizeof(*set->entries));
	set->entries[at] = (struct entry){.address = *address, .times = 1};
	set->count++;
}

void address_set_remove(struct address_set *set, const struct in6_addr *address)
{
	bool found;
	size_t at = place_of(set, address, &found);

	if (!found || --set->entries[at].times > 0)
		return;
	set->count--;
	memmove(set->entries + at, set->entries + at + 1, (set->count - at) * sizeof(*set->entries));
}

bool address_set_has(const struct address_set *set, const struct in6_addr *address)
{
	bool found;

	place_of(set, address, &found);
	return found;
}

size_t address_set_count(const struct address_set *set)
{
	return set->count;
}
