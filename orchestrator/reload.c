/* reload: one configuration after the other.
 *
 *   read and check -> may it change while we run? -> certificates are read -> the access log's file opens
 *                  -> certificates -> supervisors -> proxy -> admin
 *
 * All that can fail comes before anything is changed; what follows the access log's file cannot. Services that are gone, their
 * supervisors and the configurations they read are swept away later: the proxy's first, since its requests in flight
 * hold on to the fleets; then the supervisors, since their containers take a while; the configurations last.
 */
#include "orchestrator/reload.h"

#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/admin/admin.h"
#include "orchestrator/certs/acme.h"
#include "orchestrator/certs/certs.h"
#include "orchestrator/config/config_doubts.h"
#include "orchestrator/config/config_file.h"
#include "orchestrator/fleet/lately.h"
#include "orchestrator/fleet/supervisors.h"
#include "orchestrator/base/timer.h"
#include "orchestrator/proxy/proxy.h"

#include <stdlib.h>
#include <string.h>

#define SWEEP_US 100000

struct reload {
	struct reload_settings settings; /* config: the one in force */
	struct config **retired;
	size_t retired_count;
	struct timer *sweep;
};

const struct config *reload_config(const struct reload *reload)
{
	return reload->settings.config;
}

static void free_retired(struct reload *reload)
{
	for (size_t i = 0; i < reload->retired_count; i++)
		config_free(reload->retired[i]);
	reload->retired_count = 0;
}

static void on_sweep(void *arg)
{
	struct reload *reload = arg;

	if (proxy_sweep(reload->settings.proxy) > 0 || supervisors_sweep(reload->settings.supervisors) > 0)
		timer_set(reload->sweep, SWEEP_US);
	else
		free_retired(reload);
}

struct reload *reload_new(const struct reload_settings *settings)
{
	struct reload *reload = mem_zero(sizeof(*reload));

	reload->settings = *settings;
	reload->sweep = timer_new_of_clients(settings->base, on_sweep, reload);
	return reload;
}

void reload_free(struct reload *reload)
{
	if (reload == NULL)
		return;
	timer_free(reload->sweep);
	free_retired(reload);
	free(reload->retired);
	config_free(reload->settings.config);
	free(reload);
}

/* The file's configuration, if it is good and may take the place of ours; else NULL. */
static struct config *read_next(const struct reload *reload, struct err *err)
{
	const char *path = reload->settings.path;
	struct config *next = NULL;

	if (path == NULL) {
		err_set(err,
		        "there is no file to read: the configuration in force is built in, or made from an image (use -c FILE)");
		return NULL;
	}
	if (!config_load(path, &next, err))
		return NULL;
	if (config_may_become(reload_config(reload), next, err))
		return next;
	config_free(next);
	err_prefix(err, "%s", path);
	return NULL;
}

/* Without TLS they are read all the same: a bad one would refuse the next start. */
static bool prepare_certificates(const struct reload *reload, const struct config *next, struct err *err)
{
	struct certs *certs = reload->settings.certs;
	struct certificates read;

	if (!certificates_read(next, certs != NULL ? certs_certificates(certs) : NULL, &read, err))
		return err_prefix(err, "%s", reload->settings.path);
	if (certs != NULL)
		return certs_prepare(certs, &read, err);
	certificates_clear(&read);
	return true;
}

static bool change_access_log(struct reload *reload, const struct config *next, struct err *err)
{
	if (strcmp(reload_config(reload)->access_log, next->access_log) == 0)
		return true;
	return proxy_reload_log(reload->settings.proxy, next->access_log, err);
}

static void tell_proxy(struct reload *reload, const struct config *next)
{
	struct supervisors *supervisors = reload->settings.supervisors;
	size_t count = supervisors_count(supervisors);
	struct supervisor **each = mem_array(NULL, count, sizeof(struct supervisor *));

	for (size_t i = 0; i < count; i++)
		each[i] = supervisors_at(supervisors, i);
	proxy_reload(reload->settings.proxy, next, each);
	free(each);
}

static void apply(struct reload *reload, struct config *next)
{
	log_set_level((enum log_level)next->log_level);
	if (reload->settings.certs != NULL)
		certs_change(reload->settings.certs, next);
	if (reload->settings.acme != NULL)
		acme_reload(reload->settings.acme, next);
	supervisors_reload(reload->settings.supervisors, next);
	tell_proxy(reload, next);
	admin_reload(reload->settings.admin, next);
	reload->retired = mem_array(reload->retired, reload->retired_count + 1, sizeof(struct config *));
	reload->retired[reload->retired_count++] = reload->settings.config;
	reload->settings.config = next;
	if (reload->retired_count == 1) /* else it is set: orders that come one upon the other must not put it off */
		timer_set(reload->sweep, SWEEP_US);
}

static void remember_refusal(const struct reload *reload, const char *why)
{
	char cause[CAUSE_SIZE];

	cause_write(cause, CAUSE_RELOAD_REFUSED, &(struct cause_facts){.words = why});
	lately_note(reload->settings.lately,
	            &(struct lately_place){.what = LATELY_RELOAD_REFUSED, .slot = LATELY_NO_SLOT}, REASON_NONE, cause);
}

bool reload_now(struct reload *reload, struct err *err)
{
	struct config *next = read_next(reload, err);

	if (next == NULL || !prepare_certificates(reload, next, err) || !change_access_log(reload, next, err)) {
		config_free(next);
		log_error("event=reload-refused error=%s", log_quote(err->message));
		remember_refusal(reload, err->message);
		return false;
	}
	apply(reload, next);
	config_doubts_log(next);
	log_info("event=reloaded file=%s services=%zu", log_quote(reload->settings.path), config_service_count(next));
	return true;
}
