/* acme_watch: hosts whose certificates are there: when they are to be renewed their CA is asked, one host at a time. What went wrong is
 * told once, and asked again with a back-off; without an answer a certificate is renewed by its life.
 */
#pragma once

#include <stddef.h>

struct acme_host;
struct acme_watch;
struct fetch;

/* For the hosts that this CA has issued for. fetch is borrowed; authority (see acme_authority_name), directory, ca_file: of the CA,
 * copied. */
struct acme_watch *acme_watch_new(struct fetch *fetch, const char *authority, const char *directory,
                                  const char *ca_file);
void acme_watch_free(struct acme_watch *watch); /* NULL is fine */

/* Each second: asks for the first host whose time has come. NULL is fine. */
void acme_watch_look(struct acme_watch *watch, struct acme_host *const *hosts, size_t count);

/* The hosts are not what they were: a question that is under way is forgotten. NULL is fine. */
void acme_watch_forget(struct acme_watch *watch);
