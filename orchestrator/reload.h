/* reload: SIGHUP, or an operator's order. The file is read again and applied whole, or refused whole with the reason logged.
 *
 * Owns the configuration in force and those that it took the place of: services that are on their way out still read
 * theirs. Those are freed once no such service is left.
 */
#pragma once

#include "orchestrator/config/config.h"

struct acme;
struct admin;
struct certs;
struct supervisors;
struct event_base;
struct lately;
struct proxy;
struct reload;

struct reload_settings {
	struct event_base *base;
	const char *path;      /* of the file; NULL: the built-in configuration is in force */
	struct config *config; /* what the others were made with; from now on ours */
	struct supervisors *supervisors;
	struct certs *certs; /* NULL: no TLS is spoken */
	struct acme *acme;   /* NULL, then, too */
	struct proxy *proxy;
	struct admin *admin;
	struct lately *lately; /* who remembers what was refused; NULL: nobody */
};

struct reload *reload_new(const struct reload_settings *settings);

/* After the supervisors, proxy and admin: they read the configuration. NULL is fine. */
void reload_free(struct reload *reload);

/* Reads, checks and applies the file before it returns. False with what is wrong with it; the log says it as well. */
bool reload_now(struct reload *reload, struct err *err) MUST_CHECK;

const struct config *reload_config(const struct reload *reload);
