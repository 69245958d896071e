/* names: what a shell completes. A shell waits for it, so it is brief, and silent when something is wrong. */
#include "common/mem.h"
#include "orchestrator/cli/client/client.h"
#include "orchestrator/cli/client/fleet_ask.h"
#include "orchestrator/cli/client/fleet_view.h"
#include "orchestrator/config/config_file.h"

#include <stdlib.h>

#define REPLY_MS 1000

static void each_of(const struct json_value *fleet, const char *service, void (*each)(const char *name, void *arg),
                    void *arg)
{
	const struct json_value *list =
	        service == NULL ? json_get(fleet, "services") : json_get(fleet_view_service(fleet, service), "slots");

	for (const struct json_value *item = list != NULL ? list->first : NULL; item != NULL; item = item->next) {
		const struct json_value *value = json_get(item, service == NULL ? "name" : "slot");
		if (value == NULL || json_text_is(json_get(item, "state"), "empty"))
			continue;
		char *name = mem_dup_n(value->text, value->len);
		each(name, arg);
		free(name);
	}
}

static bool ask(const struct client_settings *settings, const char *service, void (*each)(const char *name, void *arg),
                void *arg)
{
	struct wire *wire;
	struct fleet_answer answer;
	struct err err;

	if (!wire_open(settings, REPLY_MS, &wire, &err))
		return false;
	fleet_answer_init(&answer);
	bool ok = fleet_ask(wire, &answer, &err);
	if (ok)
		each_of(json_root(answer.doc), service, each, arg);
	fleet_answer_clear(&answer);
	wire_close(wire);
	return ok;
}

void client_names(const struct client_settings *settings, const char *service,
                  void (*each)(const char *name, void *arg), void *arg)
{
	struct config *config;
	struct err err;

	if (ask(settings, service, each, arg) || service != NULL || !config_load(settings->config_path, &config, &err))
		return;
	for (size_t i = 0; i < config_service_count(config); i++)
		each(config_service_at(config, i)->name, arg);
	config_free(config);
}
