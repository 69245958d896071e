/* service: the life of a service: read settings, open what it needs, serve until SIGTERM or SIGINT, finish, close in
 * reverse. */
#include "services/service.h"

#include "common/descriptors.h"
#include "common/log.h"
#include "common/mem.h"
#include "services/command.h"
#include "services/jobs.h"
#include "services/private_api.h"
#include "services/reply_cache.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 5000 /* while another process writes */
#define QUEUE_LIMIT 4096
#define STOP_LIMIT_MS 4000 /* within the 5 s that a container gets before it is killed */
#define BODIES_AT_ONCE 16  /* of the largest size */

struct running {
	const struct service_kind *kind;
	struct service service;
	struct store *write_store, *read_store;
	void *write_tables, *read_tables;
	struct rest_service routes;
	struct rest_server *server;
	struct event *on_term, *on_int;
};

static bool check_data_dir(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return err_set_errno(err, errno, "DATA_DIR: %s", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, "DATA_DIR: %s is not a folder", path);
	if (access(path, R_OK | W_OK | X_OK) == -1)
		return err_set_errno(err, errno, "DATA_DIR: %s must be readable and writable for user %ld", path,
		                     (long)geteuid());
	return true;
}

/* A store that is a server needs no folder here. */
static bool check_place(const struct settings *settings, struct err *err)
{
	return (*settings->store_url != '\0' && !store_url_is_file(settings->store_url)) ||
	       check_data_dir(settings->data_dir, err);
}

/* A server that is away is no reason to end: its return would find a service that others have given up. Whoever is to read needs
 * not find out once more that it is. */
static bool open_store(struct running *r, bool writer, struct store **store, void **tables, struct err *err)
{
	char *url = settings_store_url(&r->service.settings, r->kind->name);
	struct store_options options = {.url = url,
	                                .texts = r->kind->texts,
	                                .patience_ms = PATIENCE_MS,
	                                .read_only = !writer,
	                                .dial = writer || store_is_there(r->write_store) ? STORE_DIAL_ONCE
	                                                                                 : STORE_DIAL_LATER,
	                                .beside = r->write_store};
	bool good = store_open(&options, store, err) && r->kind->tables_open(*store, writer, tables, err);

	free(url);
	return good;
}

static bool open_private_api(struct running *r, struct err *err)
{
	char *count_path = mem_format("%s/%s.count", r->service.settings.data_dir, r->kind->name);
	const struct private_options options = {.base = r->service.base,
	                                        .count_path = count_path,
	                                        .counted = r->kind->counted,
	                                        .write_store = r->write_store,
	                                        .read_store = r->read_store};
	bool good = private_api_open(&options, &r->service.private_api, err);

	free(count_path);
	return good;
}

static bool open_data(struct running *r, struct err *err)
{
	if (!check_place(&r->service.settings, err) || !open_store(r, true, &r->write_store, &r->write_tables, err) ||
	    !open_store(r, false, &r->read_store, &r->read_tables, err))
		return false;
	r->service.cache = reply_cache_new(store_stamps(r->read_store));
	struct jobs_options options = {.base = r->service.base,
	                               .write_store = r->write_store,
	                               .read_store = r->read_store,
	                               .write_tables = r->write_tables,
	                               .read_tables = r->read_tables,
	                               .limit = QUEUE_LIMIT};
	if (!open_private_api(r, err))
		return false;
	r->service.jobs = jobs_new(&options);
	private_api_start(r->service.private_api, r->service.jobs);
	return true;
}

static void on_stopped(void *arg)
{
	struct running *r = arg;

	event_base_loopbreak(r->service.base);
}

static void on_signal(evutil_socket_t number, short events, void *arg)
{
	struct running *r = arg;

	(void)events;
	log_info("event=stopping service=%s signal=%d", r->kind->name, (int)number);
	rest_server_stop(r->server, STOP_LIMIT_MS, on_stopped, r);
}

static bool open_server(struct running *r, struct err *err)
{
	size_t max_body = (size_t)r->service.settings.max_body_bytes;
	struct rest_options options = {.listen = r->service.settings.listen,
	                               .max_body_bytes = max_body,
	                               .max_bodies_bytes = max_body * BODIES_AT_ONCE};

	r->routes = (struct rest_service){.routes = r->kind->routes,
	                                  .route_count = r->kind->route_count,
	                                  .owner = &r->service,
	                                  .on_arrival = private_on_arrival};
	if (!rest_server_open(r->service.base, &options, &r->routes, &r->server, err))
		return false;
	r->on_term = evsignal_new(r->service.base, SIGTERM, on_signal, r);
	r->on_int = evsignal_new(r->service.base, SIGINT, on_signal, r);
	event_add(r->on_term, NULL);
	event_add(r->on_int, NULL);
	return true;
}

static bool run(struct running *r, struct err *err)
{
	if (!settings_read(&r->service.settings, err) || !open_data(r, err) || !r->kind->api_open(&r->service, err) ||
	    !open_server(r, err))
		return false;
	log_info("event=serving service=%s version=%s listen=%s", r->kind->name, SELFLESS_VERSION,
	         log_quote(r->service.settings.listen));
	event_base_dispatch(r->service.base);
	return true;
}

/* First everything that may still answer a request, then what the requests came through. */
static void close_all(struct running *r)
{
	if (r->service.api != NULL)
		r->kind->api_stop(&r->service);
	private_api_stop(r->service.private_api);
	jobs_free(r->service.jobs);
	rest_server_free(r->server);
	if (r->service.api != NULL)
		r->kind->api_close(&r->service);
	reply_cache_free(r->service.cache);
	private_api_close(r->service.private_api);
	if (r->on_term != NULL)
		event_free(r->on_term);
	if (r->on_int != NULL)
		event_free(r->on_int);
	r->kind->tables_close(r->write_tables);
	r->kind->tables_close(r->read_tables);
	store_close(r->read_store);
	store_close(r->write_store);
	settings_clear(&r->service.settings);
}

int service_main(const struct service_kind *kind, int argc, char **argv)
{
	struct running r = {.kind = kind};
	struct err err = {.code = 0};

	if (argc > 1)
		return command_run(kind, argc, argv);
	log_open();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file at its limit is an error of write, like a full disk */
	descriptors_raise();
	r.service.base = event_base_new();
	bool good = run(&r, &err);
	if (!good)
		fprintf(stderr, "%s: %s\n", kind->name, err.message);
	close_all(&r);
	event_base_free(r.service.base);
	libevent_global_shutdown();
	return good ? 0 : 1;
}
