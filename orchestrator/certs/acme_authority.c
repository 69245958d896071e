/* acme_authority: the states of an account's key.
 *
 *   NONE -> read: GOOD
 *        -> there is none: BEING_KEPT -> GOOD | NONE, and later again
 *        -> it cannot be used: NONE, and later again: nobody's key is replaced
 */
#include "orchestrator/certs/acme_authority.h"

#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/backoff.h"
#include "orchestrator/base/write_fault.h"
#include "orchestrator/certs/acme_binding.h"
#include "orchestrator/certs/acme_ca.h"
#include "orchestrator/certs/acme_files.h"
#include "orchestrator/certs/jws.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const struct backoff_pace key_pace = {.first_us = 10000000, .most_us = 600000000};
static const struct backoff_pace address_pace = {.first_us = 60000000, .most_us = INT64_C(21600000000)};

enum key_state { KEY_NONE, KEY_BEING_KEPT, KEY_GOOD };

struct acme_authority {
	unsigned shares;
	enum acme_turn turn; /* of the configuration's, this is the one */
	struct acme_files *files;
	struct fetch *fetch;
	char *name;
	char *directory, *ca_file, *email, *profile, *eab_kid, *eab_key;
	enum key_state state;
	EVP_PKEY *key;
	struct backoff key_again;
	struct acme_ca *ca; /* NULL: not GOOD */
	bool address_due;   /* to be told */
	struct backoff address_again;
	struct acme_ask *telling;
};

/* --- names and settings ---------------------------------------------------------------------------------------- */

const char *acme_authority_directory_of(const struct config *config, enum acme_turn turn)
{
	return turn == ACME_FIRST ? config->acme.directory : config->acme.fallback;
}

/* Accounts are bound at the first one alone. */
static bool is_bound(const struct config *config, enum acme_turn turn)
{
	return turn == ACME_FIRST && config->acme.eab_kid[0] != '\0';
}

char *acme_authority_name_of(const struct config *config, enum acme_turn turn)
{
	const char *directory = acme_authority_directory_of(config, turn);

	if (directory[0] == '\0')
		return NULL;
	return is_bound(config, turn) ? mem_format("%s %s", directory, config->acme.eab_kid) : mem_dup(directory);
}

const char *acme_authority_name(const struct acme_authority *authority)
{
	return authority->name;
}

const char *acme_authority_profile(const struct acme_authority *authority)
{
	return authority->profile;
}

static void forget_settings(struct acme_authority *authority)
{
	free(authority->directory);
	free(authority->ca_file);
	free(authority->email);
	free(authority->profile);
	free(authority->eab_kid);
	acme_files_free_secret(authority->eab_key);
}

static void take_settings(struct acme_authority *authority, const struct config *config)
{
	bool bound = is_bound(config, authority->turn);
	struct err err;

	authority->directory = mem_dup(acme_authority_directory_of(config, authority->turn));
	authority->ca_file = mem_dup(config->acme.ca_file);
	authority->email = mem_dup(config->acme.email);
	authority->profile = mem_dup(authority->turn == ACME_FIRST ? config->acme.profile : "");
	authority->eab_kid = mem_dup(bound ? config->acme.eab_kid : "");
	if (bound && acme_binding_read(config, &authority->eab_key, &err))
		return;
	if (bound)
		log_error("event=acme-binding-unreadable error=%s", log_quote(err.message));
	authority->eab_key = mem_dup("");
}

static struct acme_ca_settings ca_settings(const struct acme_authority *authority)
{
	return (struct acme_ca_settings){.fetch = authority->fetch,
	                                 .key = authority->key,
	                                 .directory = authority->directory,
	                                 .ca_file = authority->ca_file,
	                                 .email = authority->email,
	                                 .eab_kid = authority->eab_kid,
	                                 .eab_key = authority->eab_key};
}

/* --- the key --------------------------------------------------------------------------------------------------- */

static void key_is_good(struct acme_authority *authority)
{
	const struct acme_ca_settings settings = ca_settings(authority);

	authority->state = KEY_GOOD;
	authority->ca = acme_ca_new(&settings);
	backoff_reset(&authority->key_again);
}

static void on_key_kept(const struct err *err, void *arg)
{
	struct acme_authority *authority = arg;
	bool wanted = authority->shares > 1; /* than the writing's own */

	if (err == NULL) {
		key_is_good(authority);
	} else {
		authority->state = KEY_NONE;
		backoff_fail_at(&authority->key_again, key_pace, RETRY_STATE);
		if (wanted)
			log_error(
			        "event=acme-account-not-kept error=%s remedy=\"%s: it is tried again; nothing is ordered there meanwhile\"",
			        log_quote(err->message), write_fault_remedy(err->code));
	}
	acme_authority_free(authority);
}

static void keep_key(struct acme_authority *authority, const char *file)
{
	if (authority->key == NULL)
		authority->key = jws_key_new();
	char *text = acme_files_key_text(authority->key);
	authority->state = KEY_BEING_KEPT;
	acme_files_write(authority->files, file, "pem", text, on_key_kept, acme_authority_share(authority));
	acme_files_free_secret(text);
}

static void find_key(struct acme_authority *authority)
{
	char *file = acme_files_account(authority->name);
	struct err err;
	EVP_PKEY *key = acme_files_read_key(authority->files, file, &err);

	if (key != NULL) {
		EVP_PKEY_free(authority->key);
		authority->key = key;
		key_is_good(authority);
	} else if (err.code == ENOENT) {
		keep_key(authority, file);
	} else {
		backoff_fail_at(&authority->key_again, key_pace, RETRY_STATE);
		log_error(
		        "event=acme-account-unreadable error=%s remedy=%s", log_quote(err.message),
		        log_quote(
		                "let this user read it; or change the account's key to another by the client that made "
		                "it, or move it away: then another account is made, which costs nothing; nothing is "
		                "ordered there meanwhile"));
	}
	free(file);
}

/* --- the address ----------------------------------------------------------------------------------------------- */

static void on_told(const struct acme_answer *answer, void *arg)
{
	struct acme_authority *authority = arg;

	authority->telling = NULL;
	authority->address_due = answer->failure != NULL && !answer->refused;
	if (answer->failure == NULL)
		log_info("event=acme-email-told email=%s", log_quote(authority->email));
	else
		log_warn("event=acme-email-not-told error=%s remedy=%s", log_quote(answer->failure->text),
		         log_quote(answer->failure->remedy));
	if (authority->address_due)
		backoff_fail_at(&authority->address_again, address_pace, RETRY_ACME);
	else
		backoff_reset(&authority->address_again);
}

void acme_authority_change(struct acme_authority *authority, const struct config *config)
{
	bool other = strcmp(authority->email, config->acme.email) != 0;

	forget_settings(authority);
	take_settings(authority, config);
	if (authority->ca != NULL) {
		const struct acme_ca_settings settings = ca_settings(authority);
		acme_ca_change(authority->ca, &settings);
		authority->address_due |= other && (authority->turn == ACME_FIRST || acme_ca_is_known(authority->ca));
	}
	if (other)
		backoff_reset(&authority->address_again);
}

/* --- life ------------------------------------------------------------------------------------------------------ */

void acme_authority_look(struct acme_authority *authority)
{
	if (authority->state == KEY_NONE && backoff_due(&authority->key_again))
		find_key(authority);
	if (authority->state == KEY_GOOD && authority->address_due && authority->telling == NULL &&
	    backoff_due(&authority->address_again))
		authority->telling = acme_ca_tell(authority->ca, on_told, authority);
}

struct acme_ca *acme_authority_ca(const struct acme_authority *authority)
{
	return authority->ca;
}

bool acme_authority_is_busy(const struct acme_authority *authority)
{
	return authority->state == KEY_BEING_KEPT;
}

struct acme_authority *acme_authority_new(struct acme_files *files, struct fetch *fetch, const struct config *config,
                                          enum acme_turn turn)
{
	struct acme_authority *authority = mem_zero(sizeof(*authority));

	authority->shares = 1;
	authority->turn = turn;
	authority->files = files;
	authority->fetch = fetch;
	authority->name = acme_authority_name_of(config, turn);
	take_settings(authority, config);
	find_key(authority);
	return authority;
}

struct acme_authority *acme_authority_share(struct acme_authority *authority)
{
	authority->shares++;
	return authority;
}

void acme_authority_free(struct acme_authority *authority)
{
	if (authority == NULL || --authority->shares > 0)
		return;
	if (authority->telling != NULL)
		acme_ca_cancel(authority->telling);
	acme_ca_free(authority->ca);
	EVP_PKEY_free(authority->key);
	forget_settings(authority);
	free(authority->name);
	free(authority);
}
