/* acme_authority: one CA that is ordered from, and our account there: its key is read, or made and written down before the CA is asked
 * for anything, for with it alone the account is found again. What of the account changes later (its address) is told.
 *
 * Shared: an order that is under way keeps the one it was begun with, whatever the configuration says since.
 */
#pragma once

#include "orchestrator/certs/acme_turn.h"
#include "orchestrator/config/config.h"

#include <stdbool.h>

struct acme_authority;
struct acme_ca;
struct acme_files;
struct fetch;

/* Of a configuration; turn: which of those it names. files and fetch are borrowed; files until the last write was told. */
struct acme_authority *acme_authority_new(struct acme_files *files, struct fetch *fetch, const struct config *config,
                                          enum acme_turn turn);
struct acme_authority *acme_authority_share(struct acme_authority *authority);
void acme_authority_free(struct acme_authority *authority); /* gives up a share; NULL is fine */

/* The account's name: of the directory, and of the account that it is bound to, if any. A record is about one of these. */
const char *acme_authority_name(const struct acme_authority *authority);

/* The same of a configuration; the caller frees it. NULL: it names none for that turn. */
char *acme_authority_name_of(const struct config *config, enum acme_turn turn);

/* The URL alone, "": none; the configuration's. */
const char *acme_authority_directory_of(const struct config *config, enum acme_turn turn);

/* Which kind of certificates is ordered there; "": the CA's default. */
const char *acme_authority_profile(const struct acme_authority *authority);

/* NULL: it cannot be asked, for the account's key is not on the disk. */
struct acme_ca *acme_authority_ca(const struct acme_authority *authority);

/* Is a key being written, so that it soon can be? */
bool acme_authority_is_busy(const struct acme_authority *authority);

/* Another configuration with the same account: another address is told (to a fallback once it is asked for something), another file of
 * authorities taken. */
void acme_authority_change(struct acme_authority *authority, const struct config *config);

/* To be called each second: what went wrong is tried again, later and later. */
void acme_authority_look(struct acme_authority *authority);
