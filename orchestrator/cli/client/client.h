/* client: the commands that speak to an orchestrator that runs, over its admin API: status, events, orders, names.
 *
 * Another process than the one they speak to, without a loop: each call blocks, for REPLY_MS of open.c at most.
 */
#pragma once

#include "common/err.h"

#include <stdbool.h>

struct client_settings {
	const char *config_path; /* NULL: the built-in configuration. It may be bad: see config_salvage.h */
	const char *admin; /* ADDRESS:PORT or unix:PATH; NULL: the socket, and the addresses, that are configured */
	const char *token_file; /* NULL: as configured */
	bool json;              /* status */
	bool watch;
	bool follow; /* events */
	bool lately; /* status: all that went wrong lately */
};

/* Each does all of one command and returns its exit code; what went wrong is on stderr. */
int client_status(const struct client_settings *settings);
int client_events(const struct client_settings *settings);
int client_scale(const struct client_settings *settings, const char *service, const char *wanted);
int client_replace(const struct client_settings *settings, const char *service, const char *slot);
int client_roll(const struct client_settings *settings, const char *service);
int client_reload(const struct client_settings *settings);
int client_drain(const struct client_settings *settings);
int client_certificates(const struct client_settings *settings);
int client_renew(const struct client_settings *settings, const char *host);

/* Calls each with every service's name (service NULL), or with the number of every slot of that service that holds
 * something; as the running orchestrator has them, else, for services, the configuration. Says nothing on stderr. */
void client_names(const struct client_settings *settings, const char *service,
                  void (*each)(const char *name, void *arg), void *arg);
