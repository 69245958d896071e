/* named: the names in order, each with its pair of certificates, and the contexts, one for each pair that there is. */
#include "orchestrator/certs/named.h"

#include "common/mem.h"
#include "orchestrator/wire/tls.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

enum { OTHER, RSA_KEY, KINDS };

/* A context and what is in it. */
struct shown {
	const struct certificate *certificates[KINDS];
	SSL_CTX *context;
};

struct entry {
	struct named_pair name;
	bool valid;   /* one of its pair */
	bool by_file; /* one that the configuration names, and that is valid, is for it */
	size_t shown; /* its index */
};

struct named {
	int64_t now_s;           /* when what is valid was looked at, */
	int64_t from_s, until_s; /* and as long as the same is */
	struct certificates all; /* shares of what the rest points to */
	struct entry *entries;
	size_t count;
	struct shown *shown;
	size_t shown_count;
	size_t first; /* of shown: the default's */
};

/* --- contexts -------------------------------------------------------------------------------------------------- */

static bool is_pair(const struct shown *shown, const struct certificate *const pair[KINDS])
{
	return shown->certificates[OTHER] == pair[OTHER] && shown->certificates[RSA_KEY] == pair[RSA_KEY];
}

static const struct shown *find_pair(const struct named *named, const struct certificate *const pair[KINDS])
{
	for (size_t i = 0; named != NULL && i < named->shown_count; i++)
		if (is_pair(&named->shown[i], pair))
			return &named->shown[i];
	return NULL;
}

static SSL_CTX *make_context(struct tls_server *server, const struct certificate *const pair[KINDS], struct err *err)
{
	SSL_CTX *context = tls_context_new(server);

	if (context == NULL) {
		err_set(err, "OpenSSL makes no context");
		return NULL;
	}
	for (int kind = 0; kind < KINDS; kind++) {
		if (pair[kind] == NULL || certificate_put(pair[kind], context, err))
			continue;
		SSL_CTX_free(context);
		return NULL;
	}
	return context;
}

static SSL_CTX *context_for(struct tls_server *server, const struct named *before,
                            const struct certificate *const pair[KINDS], struct err *err)
{
	const struct shown *same = find_pair(before, pair);

	if (same == NULL)
		return make_context(server, pair, err);
	SSL_CTX_up_ref(same->context);
	return same->context;
}

/* Its index in *index. */
static bool add_shown(struct named *named, struct tls_server *server, const struct named *before,
                      const struct certificate *const pair[KINDS], size_t *index, struct err *err)
{
	const struct shown *same = find_pair(named, pair);
	SSL_CTX *context;

	if (same != NULL) {
		*index = (size_t)(same - named->shown);
		return true;
	}
	context = context_for(server, before, pair, err);
	if (context == NULL)
		return false;
	named->shown = mem_array(named->shown, named->shown_count + 1, sizeof(*named->shown));
	named->shown[named->shown_count] =
	        (struct shown){.context = context, .certificates = {pair[OTHER], pair[RSA_KEY]}};
	*index = named->shown_count++;
	return true;
}

/* --- names ----------------------------------------------------------------------------------------------------- */

static int kind_of(const struct certificate *certificate)
{
	return certificate->is_rsa ? RSA_KEY : OTHER;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name.name, ((const struct entry *)b)->name.name);
}

static bool is_valid(const struct named *named, const struct certificate *certificate)
{
	return certificate != NULL && certificate_is_valid(certificate, named->now_s);
}

static void add_names(struct named *named, const struct certificate *certificate, bool by_file)
{
	size_t more = certificate->names.count;
	bool valid = is_valid(named, certificate);

	named->entries = mem_array(named->entries, named->count + more + 1, sizeof(*named->entries));
	for (size_t i = 0; i < more; i++) {
		struct entry *entry = &named->entries[named->count++];
		*entry = (struct entry){.valid = valid, .by_file = valid && by_file};
		entry->name.name = certificate->names.items[i];
		entry->name.shown[kind_of(certificate)] = certificate;
	}
}

static void note_change(struct named *named, int64_t at_s)
{
	if (at_s <= named->now_s && at_s > named->from_s)
		named->from_s = at_s;
	if (at_s > named->now_s && at_s < named->until_s)
		named->until_s = at_s;
}

static void add_all(struct named *named, const struct certificates *certificates, bool by_file)
{
	named->all.items =
	        mem_array(named->all.items, named->all.count + certificates->count + 1, sizeof(*named->all.items));
	for (size_t i = 0; i < certificates->count; i++) {
		struct certificate *one = certificates->items[i];
		named->all.items[named->all.count++] = certificate_share(one);
		add_names(named, one, by_file);
		note_change(named, one->from_s);
		note_change(named, one->until_s);
	}
}

/* Is `may` to be shown in place of `now`? */
static bool is_better(const struct named *named, const struct certificate *may, const struct certificate *now)
{
	if (may == NULL || now == NULL)
		return may != NULL;
	if (is_valid(named, may) != is_valid(named, now))
		return is_valid(named, may);
	return may->until_s > now->until_s;
}

static void take_better(const struct named *named, struct entry *kept, const struct entry *other)
{
	for (int kind = 0; kind < KINDS; kind++)
		if (is_better(named, other->name.shown[kind], kept->name.shown[kind]))
			kept->name.shown[kind] = other->name.shown[kind];
	kept->valid |= other->valid;
	kept->by_file |= other->by_file;
}

/* Those of one name stand side by side, and become one. */
static void unite(struct named *named)
{
	size_t kept = 0;

	if (named->count == 0)
		return;
	qsort(named->entries, named->count, sizeof(*named->entries), by_name);
	for (size_t i = 0; i < named->count; i++) {
		if (kept > 0 && by_name(&named->entries[kept - 1], &named->entries[i]) == 0)
			take_better(named, &named->entries[kept - 1], &named->entries[i]);
		else
			named->entries[kept++] = named->entries[i];
	}
	named->count = kept;
}

static const struct entry *find_entry(const struct named *named, const char *name)
{
	struct entry wanted = {0};

	wanted.name.name = name;
	return named->count == 0 ? NULL : bsearch(&wanted, named->entries, named->count, sizeof(wanted), by_name);
}

#define WILDCARD_SIZE 260

static const struct entry *find_wildcard(const struct named *named, const char *name)
{
	const char *dot = strchr(name, '.');
	char wildcard[WILDCARD_SIZE];

	if (dot == NULL || dot == name || strlen(dot) > sizeof(wildcard) - 2)
		return NULL;
	snprintf(wildcard, sizeof(wildcard), "*%s", dot);
	return find_entry(named, wildcard);
}

static const struct entry *find(const struct named *named, const char *name)
{
	const struct entry *exact = find_entry(named, name);

	if (exact != NULL && exact->valid)
		return exact;
	const struct entry *wildcard = find_wildcard(named, name);
	return exact == NULL || (wildcard != NULL && wildcard->valid) ? wildcard : exact;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

/* The name that the first certificate says first: with what stands beside it for that. */
static void choose_default(struct named *named)
{
	if (named->all.count > 0)
		named->first = find_entry(named, named->all.items[0]->names.items[0])->shown;
}

/* A certificate that is not valid stands beside none that is: a client might choose it. */
static bool show_entry(struct named *named, const struct named_settings *settings, struct entry *entry, struct err *err)
{
	const struct certificate *pair[KINDS];

	for (int kind = 0; kind < KINDS; kind++) {
		pair[kind] = entry->name.shown[kind];
		if (entry->valid && !is_valid(named, pair[kind]))
			pair[kind] = NULL;
	}
	return add_shown(named, settings->server, settings->before, pair, &entry->shown, err);
}

bool named_new(const struct named_settings *settings, struct named **result, struct err *err)
{
	struct named *named = mem_zero(sizeof(*named));

	named->now_s = settings->now_s;
	named->from_s = INT64_MIN;
	named->until_s = INT64_MAX;
	add_all(named, settings->files, true);
	add_all(named, settings->own, false);
	unite(named);
	for (size_t i = 0; i < named->count; i++)
		if (!show_entry(named, settings, &named->entries[i], err)) {
			named_free(named);
			return false;
		}
	choose_default(named);
	*result = named;
	return true;
}

void named_free(struct named *named)
{
	if (named == NULL)
		return;
	for (size_t i = 0; i < named->shown_count; i++)
		SSL_CTX_free(named->shown[i].context);
	certificates_clear(&named->all);
	free(named->shown);
	free(named->entries);
	free(named);
}

/* --- looking --------------------------------------------------------------------------------------------------- */

SSL_CTX *named_find(const struct named *named, const char *name)
{
	const struct entry *entry = find(named, name);

	return entry != NULL ? named->shown[entry->shown].context : NULL;
}

SSL_CTX *named_default(const struct named *named)
{
	return named->shown_count > 0 ? named->shown[named->first].context : NULL;
}

bool named_covers(const struct named *named, const char *name, int64_t now_s)
{
	const struct entry *entry = find(named, name);

	for (int kind = 0; entry != NULL && kind < KINDS; kind++)
		if (entry->name.shown[kind] != NULL && certificate_is_valid(entry->name.shown[kind], now_s))
			return true;
	return false;
}

bool named_file_covers(const struct named *named, const char *name)
{
	const struct entry *exact = find_entry(named, name);

	if (exact != NULL && exact->by_file)
		return true;
	const struct entry *wildcard = find_wildcard(named, name);
	return wildcard != NULL && wildcard->by_file;
}

bool named_holds(const struct named *named, int64_t now_s)
{
	return named->from_s <= now_s && now_s < named->until_s;
}

size_t named_count(const struct named *named)
{
	return named->count;
}

const struct named_pair *named_at(const struct named *named, size_t index)
{
	return &named->entries[index].name;
}
