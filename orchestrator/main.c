/* main: the wiring diagram, in code: make the objects, connect them, run, drain, leave.
 *
 *   signals -> main          engine -> supervisors -> backends -> observer (here) -> proxy, admin
 *   clients -> proxy -> fleets (acquire, release), supervisors (count), health (evidence)
 *
 * TERM and INT, and the order to drain: see leave.c.
 * HUP, and the order to reload: see reload.c. The configuration is its own from the moment that everything is made.
 */
#include "common/descriptors.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/admin/admin.h"
#include "orchestrator/systemd/lifecycle.h"
#include "orchestrator/cli/command_line.h"
#include "orchestrator/config/config_file.h"
#include "orchestrator/base/defer.h"
#include "orchestrator/cli/cli.h"
#include "orchestrator/cli/exit_code.h"
#include "orchestrator/engine/engines.h"
#include "orchestrator/fleet/supervisors.h"
#include "orchestrator/config/identity.h"
#include "orchestrator/base/loop.h"
#include "orchestrator/proxy/proxy.h"
#include "orchestrator/leave.h"
#include "orchestrator/reload.h"
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
	struct loop_lag *lag;
	struct activation *activation; /* sockets handed to us, until the proxy listens */
	struct notify *notify;
	struct lifecycle *lifecycle;
	struct engine *engine;
	struct supervisors *supervisors;
	struct proxy *proxy;
	struct admin *admin;
	struct leave *leave;
	struct reload *reload; /* NULL: not everything is made */
	struct event *on_term;
	struct event *on_int;
	struct event *on_usr1;
	struct event *on_hup;
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

static unsigned connections(void *arg)
{
	const struct orchestrator *self = arg;

	return proxy_connections(self->proxy);
}

static int64_t lag_us(void *arg)
{
	const struct orchestrator *self = arg;

	return loop_lag_us(self->lag);
}

/* --- signals, and an operator's orders ------------------------------------------------------------------------- */

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	(void)what;
	struct orchestrator *self = arg;
	if (leave_is_under_way(self->leave))
		leave_now(self->leave, strsignal((int)number), reload_config(self->reload));
	else
		leave_begin(self->leave, strsignal((int)number), number == SIGINT, reload_config(self->reload));
}

/* As TERM, but a second order is not more urgent than the first. */
static void on_drain(void *arg)
{
	struct orchestrator *self = arg;

	if (!leave_is_under_way(self->leave))
		leave_begin(self->leave, "none", false,
		            reload_config(self->reload)); /* the order itself is in the log */
}

static void on_reopen(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	struct orchestrator *self = arg;
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
static void on_hangup(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	struct err err;
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
	        .traffic = proxy_traffic()});
}

static bool make_engine(struct orchestrator *self, struct err *err)
{
	struct engine_settings settings = {.base = self->base,
	                                   .name = self->config->name,
	                                   .owner = self->identity.owner,
	                                   .docker_socket = self->config->docker_socket,
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
	                                  .drain = on_drain,
	                                  .reload = on_reload,
	                                  .arg = self};

	return admin_new(&settings, &self->admin, err);
}

static void listen_to_signals(struct orchestrator *self)
{
	signal(SIGPIPE, SIG_IGN);
	self->on_term = loop_event_new(self->base, LOOP_URGENT, SIGTERM, EV_SIGNAL | EV_PERSIST, on_signal, self);
	self->on_int = loop_event_new(self->base, LOOP_URGENT, SIGINT, EV_SIGNAL | EV_PERSIST, on_signal, self);
	self->on_usr1 = loop_event_new(self->base, LOOP_URGENT, SIGUSR1, EV_SIGNAL | EV_PERSIST, on_reopen, self);
	self->on_hup = loop_event_new(self->base, LOOP_URGENT, SIGHUP, EV_SIGNAL | EV_PERSIST, on_hangup, self);
	event_add(self->on_usr1, NULL);
	event_add(self->on_hup, NULL);
	event_add(self->on_term, NULL);
	event_add(self->on_int, NULL);
}

static void make_reload(struct orchestrator *self, struct config *config, const char *path)
{
	struct reload_settings settings = {.base = self->base,
	                                   .path = path,
	                                   .config = config,
	                                   .supervisors = self->supervisors,
	                                   .proxy = self->proxy,
	                                   .admin = self->admin};

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
	listen_to_signals(self);
	make_supervisors(self);
	if (!make_engine(self, err))
		return false;
	supervisors_start(self->supervisors, self->engine);
	if (!make_proxy(self, err) || !make_admin(self, err))
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

static void free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

static void free_all(struct orchestrator *self)
{
	lifecycle_free(self->lifecycle);
	activation_free(self->activation);
	notify_close(self->notify);
	admin_free(self->admin);
	proxy_free(self->proxy);
	self->admin = NULL;
	self->proxy = NULL;
	if (self->engine != NULL)
		self->engine->verbs->free(self->engine);
	supervisors_free(self->supervisors);
	free_event(self->on_term);
	free_event(self->on_int);
	free_event(self->on_usr1);
	free_event(self->on_hup);
	leave_free(self->leave);
	reload_free(self->reload);
	loop_lag_free(self->lag);
	defer_free(self->defer);
	if (self->base != NULL)
		event_base_free(self->base);
	identity_clear(&self->identity);
	if (self->lock != -1)
		close(self->lock); /* last: the next one may begin */
}

static void log_ready(const struct orchestrator *self)
{
	for (size_t i = 0; i < self->config->listen.count; i++)
		log_info("event=listening address=%s", self->config->listen.items[i]);
	for (size_t i = 0; i < self->config->admin.count; i++)
		log_info("event=admin-listening address=%s", self->config->admin.items[i]);
}

/* Takes the config over. */
static int run(struct config *config, const struct command *command)
{
	struct orchestrator self = {.config = config, .lock = -1, .take_over = command->take_over};
	struct err err;

	log_set_level((enum log_level)config->log_level);
	bool ok = make_all(&self, &err);
	if (ok) {
		make_reload(&self, config, command->config_path);
		log_ready(&self);
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
	int helper_code;

	if (engines_help(argc, argv, &helper_code))
		return helper_code;
	struct command command = command_line_read(argc, argv);
	struct config *config;
	struct err err;
	log_open();
	if (command.action != COMMAND_RUN)
		return cli_run(&command, argc, argv);
	if (config_load(command.config_path, &config, &err))
		return run(config, &command);
	fprintf(stderr, "%s\n", err.message);
	return CODE_USAGE;
}
