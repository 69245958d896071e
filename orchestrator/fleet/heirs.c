/* heirs: the surest signs of all pairs first, then weaker ones for those that are left.
 *
 *   same name and a route in common       it is the same one
 *   a route in common, made alike         renamed, or two that changed names: requests of that route go on as they were
 *   same name                             its routes moved
 *   made alike                            renamed, and its routes moved
 *   a route in common                     renamed, and made otherwise
 */
#include "orchestrator/fleet/heirs.h"

#include <string.h>

static size_t route_len(const char *route)
{
	size_t len = strlen(route);

	while (len > 1 && route[len - 1] == '/')
		len--;
	return len;
}

static bool same_route(const char *a, const char *b)
{
	size_t len = route_len(a);

	return len == route_len(b) && memcmp(a, b, len) == 0;
}

static bool shares_route(const struct config_service *a, const struct config_service *b)
{
	for (size_t i = 0; i < a->routes.count; i++)
		for (size_t k = 0; k < b->routes.count; k++)
			if (same_route(a->routes.items[i], b->routes.items[k]))
				return true;
	return false;
}

static bool same_name(const struct config_service *a, const struct config_service *b)
{
	return strcmp(a->name, b->name) == 0;
}

static bool made_alike(const struct config_service *a, const struct config_service *b)
{
	return strcmp(a->image, b->image) == 0 && strings_equal(&a->command, &b->command) &&
	       a->first_port == b->first_port;
}

static bool is_same(const struct config_service *a, const struct config_service *b)
{
	return same_name(a, b) && shares_route(a, b);
}

static bool is_renamed(const struct config_service *a, const struct config_service *b)
{
	return shares_route(a, b) && made_alike(a, b);
}

static bool is_taken(const size_t *heirs, size_t count, size_t wanted)
{
	for (size_t i = 0; i < count; i++)
		if (heirs[i] == wanted)
			return true;
	return false;
}

void heirs_find(const struct config_service *const *now, size_t count, const struct config *next, size_t *heirs)
{
	static bool (*const signs[])(const struct config_service *, const struct config_service *) = {
	        is_same, is_renamed, same_name, made_alike, shares_route};
	size_t next_count = config_service_count(next);

	for (size_t i = 0; i < next_count; i++)
		heirs[i] = HEIRS_NONE;
	for (size_t sign = 0; sign < sizeof(signs) / sizeof(signs[0]); sign++)
		for (size_t i = 0; i < next_count; i++)
			for (size_t k = 0; k < count && heirs[i] == HEIRS_NONE; k++)
				if (!is_taken(heirs, next_count, k) && signs[sign](now[k], config_service_at(next, i)))
					heirs[i] = k;
}
