/* main: the wiring diagram, in code: make the objects, connect them, run, drain, leave.
 *
 *   signals -> main          engine -> supervisors -> backends -> observer (here) -> proxy, admin
 *   clients -> proxy -> fleets (acquire, release), supervisors (count), health (evidence)
 * TERM, INT, the order to drain: see leave.c. HUP, the order to reload: reload.c, whose the configuration is once all is made.
 */
#include "common/descriptors.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/admin/admin.h"
#include "orchestrator/systemd/lifecycle.h"
#include "orchestrator/cli/command_line.h"
#include "orchestrator/config/config_doubts.h"
#include "orchestrator/config/config_file.h"
#include "orchestrator/base/defer.h"
#include "orchestrator/certs/acme.h"
#include "orchestrator/certs/certs.h"
#include "orchestrator/cli/cli.h"
#include "orchestrator/cli/exit_code.h"
#include "orchestrator/engine/engines.h"
#include "orchestrator/fleet/lately_file.h"
#include "orchestrator/fleet/supervisors.h"
#include "orchestrator/config/identity.h"
#include "orchestrator/base/loop.h"
#include "orchestrator/proxy/proxy.h"
#include "orchestrator/leave.h"
#include "orchestrator/listening.h"
#include "orchestrator/reload.h"
#include "orchestrator/troubles.h"
#include "orchestrator/base/signals.h"
#include "orchestrator/base/state_lock.h"
#include "orchestrator/systemd/activation.h"
#include "orchestrator/systemd/notify.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct orchestrator {
	const struct config *config; /* that everything is made with; later see reload */
	int lock;                    /* of state_dir */
	struct identity identity;
	struct event_base *base;
	struct defer *defer;
	struct lately_file *lately;
	struct loop_lag *lag;
	struct activation *activation; /* sockets handed to us, until the proxy listens */
	struct notify *notify;
	struct lifecycle *lifecycle;
	struct engine *engine;
	struct supervisors *supervisors;
	struct certificates certificates; /* read with the config, until they are certs' */
	struct certs *certs;              /* NULL: no TLS is spoken */
	struct acme *acme;                /* NULL, then, too */
	struct proxy *proxy;
	struct admin *admin;
	struct leave *leave;
	struct reload *reload; /* NULL: not everything is made */
	struct signals *signals;
	bool take_over;
	bool refused; /* nothing was touched */
};

/* --- news of the fleet ----------------------------------------------------------------------------------------- */

static void on_backend_changed(struct backend *backend, enum backend_state from, enum reason reason, void *arg)
{
	struct orchestrator *self = arg;

	if (self->proxy != NULL)
		proxy_backend_changed(self->proxy, backend);
	if (self->admin != NULL)
		admin_backend_changed(self->admin, backend, from, reason);
}

static void on_nothing_comes(struct fleet *fleet, void *arg)
{
	struct orchestrator *self = arg;

	if (self->proxy != NULL)
		proxy_look_again(self->proxy, fleet);
}

static const struct stats *stats_of(size_t index, void *arg)
{
	const struct orchestrator *self = arg;

	return proxy_stats(self->proxy, index);
}

static uint64_t access_log_lost(void *arg)
{
	const struct orchestrator *self = arg;

	return proxy_lines_lost(self->proxy);
}

static bool trouble(size_t index, const char **what, char cause[CAUSE_SIZE], void *arg)
{
	const struct orchestrator *self = arg;
	struct troubles troubles = {self->lately, self->proxy, reload_config(self->reload), self->certs};

	return troubles_at(&troubles, index, what, cause);
}

static unsigned connections(void *arg)
{
	const struct orchestrator *self = arg;

	return proxy_connections(self->proxy);
}

static const struct handshakes *handshakes(void *arg)
{
	const struct orchestrator *self = arg;

	return proxy_handshakes(self->proxy);
}

static int64_t lag_us(void *arg)
{
	const struct orchestrator *self = arg;

	return loop_lag_us(self->lag);
}

/* --- signals, and an operator's orders ------------------------------------------------------------------------- */

static void on_signal(int number, void *arg)
{
	struct orchestrator *self = arg;
	bool remove = number == SIGINT && self->engine->can->one_host; /* those of other hosts are not ours to end */

	if (leave_is_under_way(self->leave))
		leave_now(self->leave, strsignal(number), reload_config(self->reload));
	else
		leave_begin(self->leave, strsignal(number), remove, reload_config(self->reload));
}

/* As TERM, but a second order is not more urgent than the first; the order itself is in the log. */
static void on_drain(void *arg)
{
	struct orchestrator *self = arg;

	if (!leave_is_under_way(self->leave))
		leave_begin(self->leave, "none", false, reload_config(self->reload));
}

static void on_reopen(int number, void *arg)
{
	struct orchestrator *self = arg;

	(void)number;
	proxy_reopen_log(self->proxy);
}

static bool on_reload(void *arg, struct err *err)
{
	struct orchestrator *self = arg;

	if (leave_is_under_way(self->leave))
		return err_set(err, "the orchestrator is stopping");
	lifecycle_reloading(self->lifecycle);
	bool ok = reload_now(self->reload, err);
	lifecycle_reloaded(self->lifecycle);
	return ok;
}

/* What is wrong is in the log. */
static void on_hangup(int number, void *arg)
{
	struct err err;

	(void)number;
	(void)!on_reload(arg, &err);
}

/* --- making ---------------------------------------------------------------------------------------------------- */

static void on_refused(const char *message, void *arg)
{
	struct orchestrator *self = arg;

	log_error("event=start-failed error=%s", log_quote(message));
	self->refused = true;
	event_base_loopexit(self->base, NULL);
}

static void make_supervisors(struct orchestrator *self)
{
	self->supervisors = supervisors_new(&(struct supervisors_settings){
	        .base = self->base,
	        .config = self->config,
	        .identity = &self->identity,
	        .take_over = self->take_over,
	        .refused = on_refused,
	        .arg = self,
	        .observer = {.changed = on_backend_changed, .nothing_comes = on_nothing_comes, .arg = self},
	        .traffic = proxy_traffic(),
	        .lately = lately_file_lately(self->lately)});
}

static bool make_engine(struct orchestrator *self, struct err *err)
{
	struct engine_settings settings = {.base = self->base,
	                                   .name = self->config->name,
	                                   .own = identity_own(&self->identity),
	                                   .docker_socket = self->config->docker_socket,
	                                   .poll_ms = (int)self->config->swarm.poll_ms,
	                                   .state_dir = self->config->state_dir,
	                                   .socket_dir = self->config->socket_dir,
	                                   .observer = supervisors_observer(self->supervisors)};

	return engines_make(self->config->engine, &settings, &self->engine, err);
}

static bool make_proxy(struct orchestrator *self, struct err *err)
{
	size_t count = supervisors_count(self->supervisors);
	struct supervisor **each = mem_array(NULL, count, sizeof(struct supervisor *));

	for (size_t i = 0; i < count; i++)
		each[i] = supervisors_at(self->supervisors, i);
	struct proxy_settings settings = {.base = self->base,
	                                  .config = self->config,
	                                  .defer = self->defer,
	                                  .supervisors = each,
	                                  .sources = supervisors_sources(self->supervisors),
	                                  .tls = self->certs != NULL ? certs_server(self->certs) : NULL,
	                                  .covers = self->certs != NULL ? certs_cover : NULL,
	                                  .covers_arg = self->certs,
	                                  .challenge = acme_challenge,
	                                  .challenge_arg = self->acme,
	                                  .inherited = activation_take,
	                                  .inherited_arg = self->activation};
	bool ok = proxy_new(&settings, &self->proxy, err);
	free(each);
	return ok;
}

static bool make_admin(struct orchestrator *self, struct err *err)
{
	struct admin_settings settings = {.base = self->base,
	                                  .config = self->config,
	                                  .supervisors = self->supervisors,
	                                  .stats = stats_of,
	                                  .connections = connections,
	                                  .loop_lag_us = lag_us,
	                                  .access_log_dropped = access_log_lost,
	                                  .handshakes = handshakes,
	                                  .certs = self->certs,
	                                  .acme = self->acme,
	                                  .trouble = trouble,
	                                  .lately = lately_file_lately(self->lately),
	                                  .drain = on_drain,
	                                  .reload = on_reload,
	                                  .arg = self};

	return admin_new(&settings, &self->admin, err);
}

static struct signals *listen_to_signals(struct orchestrator *self)
{
	static const struct signal_row rows[] = {
	        {SIGTERM, on_signal}, {SIGINT, on_signal}, {SIGUSR1, on_reopen}, {SIGHUP, on_hangup}};

	signal(SIGPIPE, SIG_IGN);
	return signals_new(self->base, rows, sizeof(rows) / sizeof(rows[0]), self);
}

static void make_reload(struct orchestrator *self, struct config *config, const char *path)
{
	struct reload_settings settings = {.base = self->base,
	                                   .path = path,
	                                   .config = config,
	                                   .supervisors = self->supervisors,
	                                   .certs = self->certs,
	                                   .acme = self->acme,
	                                   .proxy = self->proxy,
	                                   .admin = self->admin,
	                                   .lately = lately_file_lately(self->lately)};

	self->reload = reload_new(&settings);
}

static bool make_all(struct orchestrator *self, struct err *err)
{
	if (!state_lock_take(self->config->state_dir, &self->lock, err) ||
	    !identity_load(self->config->state_dir, &self->identity, err))
		return false;
	descriptors_raise(); /* each request takes two */
	self->notify = notify_open();
	if (!activation_open(&self->activation, err))
		return false;
	self->base = loop_new();
	self->defer = defer_new(self->base);
	self->lag = loop_lag_new(self->base);
	self->lately = lately_file_new(self->base, self->config->state_dir);
	self->signals = listen_to_signals(self);
	make_supervisors(self);
	if (!make_engine(self, err))
		return false;
	supervisors_start(self->supervisors, self->engine);
	if (!certs_open(self->base, self->config, &self->certificates, &self->certs, err) ||
	    !acme_open(self->base, self->config, self->certs, &self->acme, err) || !make_proxy(self, err) ||
	    !make_admin(self, err))
		return false;
	activation_free(self->activation);
	self->activation = NULL;
	self->lifecycle = lifecycle_new(self->base, self->notify, self->supervisors);
	self->leave = leave_new(&(struct leave_settings){.base = self->base,
	                                                 .supervisors = self->supervisors,
	                                                 .proxy = self->proxy,
	                                                 .lifecycle = self->lifecycle});
	return true;
}

static void free_all(struct orchestrator *self)
{
	lifecycle_free(self->lifecycle);
	activation_free(self->activation);
	notify_close(self->notify);
	admin_free(self->admin);
	proxy_free(self->proxy);
	acme_free(self->acme);
	certs_free(self->certs);
	certificates_clear(&self->certificates);
	self->admin = NULL;
	self->proxy = NULL;
	if (self->engine != NULL)
		self->engine->verbs->free(self->engine);
	supervisors_free(self->supervisors);
	signals_free(self->signals);
	leave_free(self->leave);
	reload_free(self->reload);
	lately_file_free(self->lately);
	loop_lag_free(self->lag);
	defer_free(self->defer);
	if (self->base != NULL)
		event_base_free(self->base);
	identity_clear(&self->identity);
	if (self->lock != -1)
		close(self->lock); /* last: the next one may begin */
}

/* Takes the config over, and the certificates that it names. */
static int run(struct config *config, struct certificates *certificates, const struct command *command)
{
	struct orchestrator self = {
	        .config = config, .certificates = *certificates, .lock = -1, .take_over = command->take_over};
	struct err err;

	log_set_level((enum log_level)config->log_level);
	config_doubts_log(config);
	bool ok = make_all(&self, &err);
	if (ok) {
		make_reload(&self, config, command->config_path);
		listening_log(config);
		event_base_dispatch(self.base);
		log_info("event=stopped containers=%zu", supervisors_containers(self.supervisors));
	} else {
		log_error("event=start-failed error=%s", log_quote(err.message));
	}
	bool taken = self.reload != NULL, whole = !self.refused && !leave_was_cut_short(self.leave);
	free_all(&self);
	if (!taken)
		config_free(config);
	return ok && whole ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	int code;

	if (engines_help(argc, argv, &code))
		return code;
	struct command command = command_line_read(argc, argv);
	struct certificates certificates;
	struct config *config;
	struct err err;
	log_open();
	if (command.action != COMMAND_RUN)
		return cli_run(&command, argc, argv);
	if (!cli_config(&command, &config, &code))
		return code;
	if (certificates_read(config, NULL, &certificates, &err))
		return run(config, &certificates, &command);
	config_free(config);
	fprintf(stderr, "%s: %s\n", command.config_path != NULL ? command.config_path : "(without a file)",
	        err.message);
	return CODE_USAGE;
}
