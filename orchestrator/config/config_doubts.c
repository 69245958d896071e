/* config_doubts: every doubt is a row, a function that finds it in a service and says it.
 *
 * Only what no sensible purpose explains is a doubt: a service that never scales since its min is its max has none, nor has
 * one that counts nothing because the file says so.
 */
#include "orchestrator/config/config_doubts.h"

#include "common/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* At a segment's end, as requests are matched: "/api" and "/api/" are the same, "/apix" is not under them. */
static bool lies_under(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	while (len > 0 && prefix[len - 1] == '/')
		len--;
	return strncmp(path, prefix, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static bool meet(const struct strings *a, const struct strings *b)
{
	for (size_t i = 0; i < a->count; i++)
		for (size_t k = 0; k < b->count; k++)
			if (lies_under(a->items[i], b->items[k]) || lies_under(b->items[k], a->items[i]))
				return true;
	return false;
}

static bool doubt_count(const struct config_service *service, char *text, size_t size)
{
	const struct config_scale *scale = &service->scale;

	if (scale->min == scale->max || scale->count.count == 0 || meet(&scale->count, &service->routes))
		return false;
	snprintf(
	        text, size,
	        "scale.count: no request is counted, for nothing under \"%s\" is a route of \"%s\": it stays at %" PRId64
	        " container%s; leave the key out, and all that it serves is counted",
	        scale->count.items[0], service->name, scale->min, scale->min == 1 ? "" : "s");
	return true;
}

static bool (*const doubts[])(const struct config_service *service, char *text, size_t size) = {doubt_count};

void config_doubts(const struct config *config, void (*tell)(const char *doubt, void *arg), void *arg)
{
	char text[CONFIG_DOUBT_SIZE];

	for (size_t i = 0; i < config_service_count(config); i++) {
		int len = snprintf(text, sizeof(text), "services[%zu].", i);
		for (size_t k = 0; k < sizeof(doubts) / sizeof(doubts[0]); k++)
			if (doubts[k](config_service_at(config, i), text + len, sizeof(text) - (size_t)len))
				tell(text, arg);
	}
}

static void on_doubt(const char *doubt, void *arg)
{
	(void)arg;
	log_warn("event=config-doubt message=%s", log_quote(doubt));
}

void config_doubts_log(const struct config *config)
{
	config_doubts(config, on_doubt, NULL);
}
