/* config_check_hosts: every name is read once, and all are sorted: equal ones stand side by side. Messages show names as they were
 * written.
 */
#include "orchestrator/config/config_check_hosts.h"

#include "common/mem.h"
#include "orchestrator/config/host_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct named {
	char *name;       /* as host_name_read gave it; "" for a service without hosts */
	const char *text; /* as written */
	size_t service;
};

struct host_index {
	struct named *items; /* by name, then by service */
	size_t count;
	size_t services;
	const char **shared; /* of each two services: a host's text, or NULL */
};

/* --- the index ------------------------------------------------------------------------------------------------- */

static void add(struct host_index *index, const char *name, const char *text, size_t service)
{
	index->items[index->count++] = (struct named){mem_dup(name), text, service};
}

static bool add_hosts(struct host_index *index, const struct scope *scope, const struct strings *hosts, size_t service)
{
	char name[HOST_NAME_SIZE];
	struct err why;

	index->items = mem_array(index->items, index->count + hosts->count + 1, sizeof(*index->items));
	if (hosts->count == 0)
		add(index, "", "", service);
	for (size_t i = 0; i < hosts->count; i++) {
		if (!host_name_read(hosts->items[i], name, &why))
			return wrong(scope, "hosts", "\"%s\": %s", hosts->items[i], why.message);
		add(index, name, hosts->items[i], service);
	}
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct named *first = a, *second = b;
	int order = strcmp(first->name, second->name);

	return order != 0 ? order : (first->service > second->service) - (first->service < second->service);
}

static struct scope scope_of(const char *list, size_t number, const char *file, const struct json_value *root,
                             struct err *err)
{
	const struct json_value *objects = json_get(root, list);
	const struct json_value *object = objects != NULL ? objects->first : NULL;
	struct scope scope = {.file = file, .err = err};

	for (size_t i = 0; i < number && object != NULL; i++)
		object = object->next;
	scope.object = object;
	snprintf(scope.path, sizeof(scope.path), "%s[%zu].", list, number);
	return scope;
}

/* Equal names: those of one service are one too many, and services meet. */
static const struct named *note_shared(struct host_index *index)
{
	for (size_t first = 0, at = 0; at < index->count; at++) {
		const struct named *here = &index->items[at];
		if (strcmp(here->name, index->items[first].name) != 0)
			first = at;
		for (size_t i = first; i < at; i++) {
			if (index->items[i].service == here->service)
				return here;
			index->shared[index->items[i].service * index->services + here->service] = here->text;
			index->shared[here->service * index->services + index->items[i].service] = here->text;
		}
	}
	return NULL;
}

struct host_index *host_index_new(const struct config *config, const char *file, const struct json_value *root,
                                  struct err *err)
{
	struct host_index *index = mem_zero(sizeof(*index));
	const struct named *twice = NULL;
	bool ok = true;

	index->services = config_service_count(config);
	index->shared = mem_zero(index->services * index->services * sizeof(*index->shared));
	for (size_t i = 0; ok && i < index->services; i++) {
		struct scope scope = scope_of("services", i, file, root, err);
		ok = add_hosts(index, &scope, &config_service_at(config, i)->hosts, i);
	}
	if (ok) {
		qsort(index->items, index->count, sizeof(*index->items), by_name);
		twice = note_shared(index);
	}
	if (twice != NULL) {
		struct scope scope = scope_of("services", twice->service, file, root, err);
		ok = wrong(&scope, "hosts", "\"%s\" stands there twice", twice->text);
	}
	if (ok)
		return index;
	host_index_free(index);
	return NULL;
}

void host_index_free(struct host_index *index)
{
	if (index == NULL)
		return;
	for (size_t i = 0; i < index->count; i++)
		free(index->items[i].name);
	free(index->items);
	free(index->shared);
	free(index);
}

const char *host_index_shared(const struct host_index *index, size_t a, size_t b)
{
	return index->shared[a * index->services + b];
}

static int compare_name(const void *key, const void *item)
{
	return strcmp(key, ((const struct named *)item)->name);
}

static const struct named *find(const struct host_index *index, const char *name)
{
	return bsearch(name, index->items, index->count, sizeof(*index->items), compare_name);
}

/* --- redirects ------------------------------------------------------------------------------------------------- */

struct names {
	char from[HOST_NAME_SIZE], to[HOST_NAME_SIZE];
};

static bool read_end(const struct scope *scope, const char *key, const char *text, char name[HOST_NAME_SIZE])
{
	struct err why;

	if (!host_name_read(text, name, &why))
		return wrong(scope, key, "\"%s\": %s", text, why.message);
	if (host_name_is_wildcard(name))
		return wrong(scope, key, "\"%s\": a redirect is from one name to another, without *", text);
	return true;
}

static bool check_code(const struct scope *scope, int64_t code)
{
	if (code == 301 || code == 302 || code == 307 || code == 308)
		return true;
	return wrong(scope, "code", "%lld: 301, 302, 307 and 308 are allowed", (long long)code);
}

static bool check_is_not_served(const struct scope *scope, const struct config *config, const struct host_index *index,
                                const struct names *names, const char *text)
{
	const struct named *served = find(index, names->from);

	if (served == NULL)
		return true;
	return wrong(scope, "from", "\"%s\" is a host of service \"%s\": it is served or redirected", text,
	             config_service_at(config, served->service)->name);
}

/* No chain, and so no circle: a client would go from one to the next. */
static bool check_ends_there(const struct scope *scope, const struct names *all, size_t count, size_t index,
                             const struct config_redirect *redirect)
{
	for (size_t i = 0; i < count; i++) {
		if (i < index && strcmp(all[index].from, all[i].from) == 0)
			return wrong(scope, "from", "\"%s\" is redirected already", redirect->from);
		if (strcmp(all[index].to, all[i].from) == 0)
			return wrong(scope, "to", "\"%s\" is redirected itself: name the host where that ends",
			             redirect->to);
	}
	return true;
}

bool check_redirects(const struct config *config, const struct host_index *index, const char *file,
                     const struct json_value *root, struct err *err)
{
	size_t count = config_redirect_count(config);
	struct names *all = mem_zero((count + 1) * sizeof(*all));
	bool ok = true;

	for (size_t i = 0; ok && i < count; i++) {
		const struct config_redirect *redirect = config_redirect_at(config, i);
		struct scope scope = scope_of("redirects", i, file, root, err);
		ok = read_end(&scope, "from", redirect->from, all[i].from) &&
		     read_end(&scope, "to", redirect->to, all[i].to) && check_code(&scope, redirect->code) &&
		     check_is_not_served(&scope, config, index, &all[i], redirect->from);
	}
	for (size_t i = 0; ok && i < count; i++) {
		struct scope scope = scope_of("redirects", i, file, root, err);
		ok = check_ends_there(&scope, all, count, i, config_redirect_at(config, i));
	}
	free(all);
	return ok;
}
