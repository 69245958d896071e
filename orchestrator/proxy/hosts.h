/* hosts: which site a request's host is: by its exact name, else by the longest wildcard. Pure.
 *
 * A site is a number, of a host that the configuration names; 0 is that of all hosts that it does not name. The table is made
 * anew with each configuration; looking up is one pass over the host, whatever the number of names.
 */
#pragma once

#include "common/http_head.h"
#include "orchestrator/config/config.h"

#include <stdbool.h>
#include <stddef.h>

struct hosts;

struct host {
	char *name;  /* as host_name_read gives it; of a wildcard, without "*." */
	bool below;  /* all names below it */
	size_t site; /* 0: it is redirected */
	char *to;    /* a redirect's: as it stands in a URL; else NULL */
	int code;    /* a redirect's status */
};

/* NULL: the configuration names no host at all. */
struct hosts *hosts_new(const struct config *config);
void hosts_free(struct hosts *hosts); /* NULL is fine */

/* How many sites there are, 0 included. */
size_t hosts_sites(const struct hosts *hosts);

/* name: as host_name_read gives it, and one of the configuration's. */
size_t hosts_site(const struct hosts *hosts, const char *name);

/* authority: as the request has it, maybe with a port; may be empty. NULL: nobody names this host. */
const struct host *hosts_find(const struct hosts *hosts, struct http_text authority);

/* A host as it is compared: without port and dot at the end, in small letters; addresses as host_name_read has them. Returns its
 * length, 0 where it is none. */
#define HOSTS_NAME_SIZE 256
size_t hosts_read(struct http_text authority, char name[HOSTS_NAME_SIZE]);

/* ":8080" of an authority, or "". */
struct http_text hosts_port(struct http_text authority);
