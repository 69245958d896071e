/* coverage: all names of all certificates are sorted once, then each host is looked for: itself, and the wildcard of one label for it. */
#include "orchestrator/certs/coverage.h"

#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/config/acme_names.h"
#include "orchestrator/config/host_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOUBT_SIZE 700

struct coverage {
	const char **names; /* borrowed from the certificates */
	size_t count;
	struct strings ordered; /* hosts whose certificates come by themselves */
	bool orders;
	void (*tell)(const char *doubt, void *arg);
	void *arg;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void take_names(struct coverage *coverage, const struct certificates *certificates)
{
	for (size_t i = 0; i < certificates->count; i++) {
		const struct strings *names = &certificates->items[i]->names;
		coverage->names = mem_array(coverage->names, coverage->count + names->count, sizeof(*coverage->names));
		for (size_t k = 0; k < names->count; k++)
			coverage->names[coverage->count++] = names->items[k];
	}
	if (coverage->count > 0)
		qsort(coverage->names, coverage->count, sizeof(*coverage->names), by_text);
}

static bool has(const struct coverage *coverage, const char *name)
{
	return coverage->count > 0 &&
	       bsearch(&name, coverage->names, coverage->count, sizeof(*coverage->names), by_text) != NULL;
}

/* RFC 6125 section 6.4.3: a wildcard is for one label, and for no address. */
static bool is_covered(const struct coverage *coverage, const char *name)
{
	char wildcard[HOST_NAME_SIZE + 1];
	const char *dot = strchr(name, '.');

	if (has(coverage, name))
		return true;
	if (dot == NULL || host_name_is_wildcard(name) || host_name_is_address(name))
		return false;
	snprintf(wildcard, sizeof(wildcard), "*%s", dot);
	return has(coverage, wildcard);
}

static bool is_ordered(const struct coverage *coverage, const char *name)
{
	for (size_t i = 0; i < coverage->ordered.count; i++)
		if (strcmp(coverage->ordered.items[i], name) == 0)
			return true;
	return false;
}

static void look_at(const struct coverage *coverage, const char *key, const char *host)
{
	char name[HOST_NAME_SIZE], text[DOUBT_SIZE];
	struct err err;

	if (!host_name_read(host, name, &err) || is_covered(coverage, name) || is_ordered(coverage, name))
		return;
	const char *why = coverage->orders ? acme_names_why_not(name) : NULL;
	const char *force =
	        why != NULL && !host_name_is_wildcard(name) ? ", or order it all the same by acme.names" : "";
	snprintf(text, sizeof(text),
	         "%s: no certificate is for \"%s\"%s%s: browsers refuse the one that is shown instead; put one into "
	         "tls.certificates%s (docs/tls.md)",
	         key, host, why != NULL ? ", and none is ordered, for " : "", why != NULL ? why : "", force);
	coverage->tell(text, coverage->arg);
}

void coverage_doubts(const struct config *config, const struct certificates *certificates,
                     void (*tell)(const char *doubt, void *arg), void *arg)
{
	struct coverage coverage = {.tell = tell, .arg = arg};
	char key[48];

	if (config->tls.listen.count == 0)
		return;
	take_names(&coverage, certificates);
	coverage.orders = config->acme.agree_to_terms;
	if (coverage.orders)
		acme_names_list(config, &coverage.ordered);
	for (size_t i = 0; i < config_service_count(config); i++) {
		const struct strings *hosts = &config_service_at(config, i)->hosts;
		snprintf(key, sizeof(key), "services[%zu].hosts", i);
		for (size_t k = 0; k < hosts->count; k++)
			look_at(&coverage, key, hosts->items[k]);
	}
	for (size_t i = 0; i < config_redirect_count(config); i++) {
		snprintf(key, sizeof(key), "redirects[%zu].from", i);
		look_at(&coverage, key, config_redirect_at(config, i)->from);
	}
	strings_clear(&coverage.ordered);
	free(coverage.names);
}

static void on_doubt(const char *text, void *arg)
{
	(void)arg;
	log_warn("event=config-doubt message=%s", log_quote(text));
}

void coverage_doubts_log(const struct config *config, const struct certificates *certificates)
{
	coverage_doubts(config, certificates, on_doubt, NULL);
}
