/* acme: the hosts, the authorities, and a look each second at whose turn it is.
 *
 *   configuration -> hosts (from disk) -> shown -> authorities (each with its account's key, read or made)
 *                 -> on_look: who is due orders
 *
 * Until there is an account with a CA one order there is under way at most, so that one account is made; then some are. Nothing is asked
 * of a CA before the account's key is on the disk: with it alone the account is found again.
 */
#include "orchestrator/certs/acme.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/fetch.h"
#include "orchestrator/base/timer.h"
#include "orchestrator/base/worker.h"
#include "orchestrator/certs/acme_authority.h"
#include "orchestrator/certs/acme_ca.h"
#include "orchestrator/certs/acme_files.h"
#include "orchestrator/certs/acme_watch.h"
#include "orchestrator/certs/certs.h"
#include "orchestrator/certs/challenges.h"
#include "orchestrator/config/acme_names.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_US 1000000
#define AT_ONCE 4

struct acme {
	const struct config *config;
	struct certs *certs;
	struct fetch *fetch;
	struct acme_place place;
	struct acme_host **hosts;
	bool *covered; /* one a host: by a file, so that none is ordered */
	size_t count;
	uint64_t seen;                          /* of certs_changes, when that was looked at */
	struct acme_watch *watches[ACME_TURNS]; /* NULL: nobody is asked there */
	struct timer *look;
	uint64_t orders[ACME_OUTCOMES];
};

/* --- what is shown --------------------------------------------------------------------------------------------- */

static void show(struct acme *acme)
{
	struct certificates own = {.items = mem_array(NULL, acme->count + 1, sizeof(*own.items))};
	struct err err;

	for (size_t i = 0; i < acme->count; i++) {
		struct certificate *one = acme_host_certificate(acme->hosts[i]);
		if (one != NULL)
			own.items[own.count++] = certificate_share(one);
	}
	if (!certs_set_own(acme->certs, &own, &err))
		log_error("event=certificate-refused error=%s consequence=%s", log_quote(err.message),
		          log_quote("the former ones are shown"));
	certificates_clear(&own);
}

const char *acme_challenge(const char *token, size_t len, void *arg)
{
	const struct acme *acme = arg;

	return acme != NULL ? challenges_find(acme->place.challenges, token, len) : NULL;
}

bool acme_is_covered(const struct acme *acme, const char *host)
{
	return certs_file_covers(acme->certs, host);
}

/* --- the CAs --------------------------------------------------------------------------------------------------- */

/* NULL: it cannot be asked. */
static struct acme_ca *ca_of(const struct acme *acme, enum acme_turn turn)
{
	const struct acme_authority *authority = acme->place.authorities[turn];

	return authority != NULL ? acme_authority_ca(authority) : NULL;
}

static void leave_authority(struct acme *acme, enum acme_turn turn)
{
	acme_authority_free(acme->place.authorities[turn]);
	acme->place.authorities[turn] = NULL;
	acme_watch_free(acme->watches[turn]);
	acme->watches[turn] = NULL;
}

static void change_authority(struct acme *acme, enum acme_turn turn, const char *name)
{
	struct acme_authority *before = acme->place.authorities[turn];

	if (before != NULL && strcmp(acme_authority_name(before), name) == 0) {
		acme_authority_change(before, acme->config);
	} else {
		acme->place.authorities[turn] = acme_authority_new(acme->place.files, acme->fetch, acme->config, turn);
		acme_authority_free(before);
	}
	acme_watch_free(acme->watches[turn]);
	acme->watches[turn] = acme_watch_new(acme->fetch, name, acme_authority_directory_of(acme->config, turn),
	                                     acme->config->acme.ca_file);
}

/* Orders that are under way go on with the one they were begun with, unless none is to be asked. */
static void meet_authorities(struct acme *acme)
{
	bool asks = acme->config->acme.agree_to_terms && acme->count > 0;

	for (enum acme_turn turn = ACME_FIRST; turn < ACME_TURNS; turn++) {
		char *name = asks ? acme_authority_name_of(acme->config, turn) : NULL;
		if (name != NULL)
			change_authority(acme, turn, name);
		else
			leave_authority(acme, turn);
		free(name);
	}
	for (size_t i = 0; i < acme->count; i++) {
		if (!asks)
			acme_host_stop(acme->hosts[i]);
		acme_host_meet(acme->hosts[i]);
	}
}

/* --- whose turn it is ------------------------------------------------------------------------------------------ */

static size_t count_busy(const struct acme *acme, const struct acme_authority *authority)
{
	size_t busy = 0;

	for (size_t i = 0; authority != NULL && i < acme->count; i++)
		busy += acme_host_authority(acme->hosts[i]) == authority;
	return busy;
}

/* A CA that failed may have moved its addresses, or lost the account; the other one has not. */
static void on_ended(const struct acme_authority *authority, enum acme_outcome outcome, void *arg)
{
	struct acme *acme = arg;

	acme->orders[outcome]++;
	if (outcome == ACME_ISSUED)
		show(acme);
	else if (count_busy(acme, authority) == 0)
		acme_ca_forget(acme_authority_ca(authority));
}

static void mind_coverage(struct acme *acme)
{
	if (acme->seen == certs_changes(acme->certs))
		return;
	acme->seen = certs_changes(acme->certs);
	for (size_t i = 0; i < acme->count; i++)
		acme->covered[i] = certs_file_covers(acme->certs, acme_host_name(acme->hosts[i]));
}

/* How many orders more. */
static size_t room_at(const struct acme *acme, enum acme_turn turn)
{
	const struct acme_ca *ca = ca_of(acme, turn);
	size_t busy = count_busy(acme, acme->place.authorities[turn]), most = 0;

	if (ca != NULL)
		most = acme_ca_is_known(ca) ? AT_ONCE : 1;
	return most > busy ? most - busy : 0;
}

static void order_due(struct acme *acme)
{
	size_t room[ACME_TURNS] = {room_at(acme, ACME_FIRST), room_at(acme, ACME_FALLBACK)};
	int64_t now_ms = clock_wall_ms();

	for (size_t i = 0; i < acme->count; i++) {
		struct acme_host *host = acme->hosts[i];
		if (acme->covered[i] || !acme_host_is_due(host, now_ms))
			continue;
		enum acme_turn turn = acme_host_turn(host, now_ms);
		if (room[turn] == 0)
			continue;
		acme_host_order(host, turn);
		room[turn]--;
	}
}

static void on_look(void *arg)
{
	struct acme *acme = arg;

	for (size_t i = 0; i < acme->count; i++)
		acme_host_write_again(acme->hosts[i]);
	for (enum acme_turn turn = ACME_FIRST; turn < ACME_TURNS; turn++)
		if (acme->place.authorities[turn] != NULL)
			acme_authority_look(acme->place.authorities[turn]);
	mind_coverage(acme);
	order_due(acme);
	for (enum acme_turn turn = ACME_FIRST; turn < ACME_TURNS; turn++)
		acme_watch_look(acme->watches[turn], acme->hosts, acme->count);
	timer_set(acme->look, LOOK_US);
}

/* --- hosts ----------------------------------------------------------------------------------------------------- */

static struct acme_host *find(const struct acme *acme, const char *name)
{
	for (size_t i = 0; i < acme->count; i++)
		if (acme->hosts[i] != NULL && strcmp(acme_host_name(acme->hosts[i]), name) == 0)
			return acme->hosts[i];
	return NULL;
}

static struct acme_host *take_or_make(struct acme *acme, const char *name)
{
	for (size_t i = 0; i < acme->count; i++) {
		struct acme_host *host = acme->hosts[i];
		if (host == NULL || strcmp(acme_host_name(host), name) != 0)
			continue;
		acme->hosts[i] = NULL;
		return host;
	}
	return acme_host_new(&acme->place, name);
}

/* Those that stay are the same ones. */
static void set_hosts(struct acme *acme, const struct config *config)
{
	struct strings names = {0};
	struct acme_host **hosts;

	for (enum acme_turn turn = ACME_FIRST; turn < ACME_TURNS; turn++)
		acme_watch_forget(acme->watches[turn]);
	acme_names_list(config, &names);
	hosts = mem_array(NULL, names.count + 1, sizeof(struct acme_host *));
	for (size_t i = 0; i < names.count; i++)
		hosts[i] = take_or_make(acme, names.items[i]);
	for (size_t i = 0; i < acme->count; i++)
		if (acme->hosts[i] != NULL)
			acme_host_free(acme->hosts[i]);
	free(acme->hosts);
	acme->hosts = hosts;
	acme->count = names.count;
	free(acme->covered);
	acme->covered = mem_zero(names.count + 1);
	acme->seen = 0;
	strings_clear(&names);
}

size_t acme_count(const struct acme *acme)
{
	return acme->count;
}

struct acme_view acme_at(const struct acme *acme, size_t index)
{
	return acme_host_view(acme->hosts[index]);
}

bool acme_renew(struct acme *acme, const char *name, struct err *err)
{
	struct acme_host *host = find(acme, name);

	if (host == NULL)
		return err_set(err,
		               "no certificate is ordered for \"%.200s\": it must stand in services[].hosts or "
		               "redirects[].from, or in acme.names",
		               name);
	if (!acme->config->acme.agree_to_terms)
		return err_set(err, "acme.agree_to_terms is false: nothing is asked of a CA before it is true");
	if (certs_file_covers(acme->certs, name))
		return err_set(err, "a file of tls.certificates covers \"%.200s\": none is ordered for it", name);
	if (acme_host_is_busy(host))
		return err_set(err, "one is being ordered for \"%.200s\"", name);
	const struct acme_authority *authority = acme->place.authorities[acme_host_turn(host, clock_wall_ms())];
	if (acme_authority_ca(authority) == NULL && !acme_authority_is_busy(authority))
		return err_set(err, "the account's key cannot be kept or read: the log says why");
	acme_host_ask(host);
	return true;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

void acme_reload(struct acme *acme, const struct config *config)
{
	acme->config = config;
	acme->place.config = config;
	set_hosts(acme, config);
	meet_authorities(acme);
	show(acme);
}

bool acme_open(struct event_base *base, const struct config *config, struct certs *certs, struct acme **result,
               struct err *err)
{
	struct acme_files *files;

	*result = NULL;
	if (certs == NULL)
		return true;
	if (!acme_files_new(base, config->state_dir, &files, err))
		return false;
	struct acme *acme = mem_zero(sizeof(*acme));
	acme->config = config;
	acme->certs = certs;
	acme->fetch = fetch_new(base);
	acme->place = (struct acme_place){.base = base,
	                                  .files = files,
	                                  .challenges = challenges_new(),
	                                  .tls_challenges = certs_challenges(certs),
	                                  .config = config,
	                                  .lookups = worker_new(base),
	                                  .ended = on_ended,
	                                  .arg = acme};
	acme->look = timer_new_of_clients(base, on_look, acme);
	set_hosts(acme, config);
	meet_authorities(acme);
	show(acme);
	timer_set(acme->look, 0);
	*result = acme;
	return true;
}

void acme_free(struct acme *acme)
{
	if (acme == NULL)
		return;
	timer_free(acme->look);
	for (size_t i = 0; i < acme->count; i++)
		acme_host_free(acme->hosts[i]);
	for (enum acme_turn turn = ACME_FIRST; turn < ACME_TURNS; turn++)
		leave_authority(acme, turn);
	if (!worker_free(acme->place.lookups))
		log_warn("event=lookup-given-up reason=\"no name server has answered\"");
	acme_files_free(acme->place.files);
	fetch_free(acme->fetch);
	challenges_free(acme->place.challenges);
	free(acme->covered);
	free(acme->hosts);
	free(acme);
}

/* --- what was counted ------------------------------------------------------------------------------------------ */

uint64_t acme_orders(const struct acme *acme, enum acme_outcome outcome)
{
	return acme != NULL ? acme->orders[outcome] : 0;
}

const char *acme_outcome_text(enum acme_outcome outcome)
{
	static const char *const texts[ACME_OUTCOMES] = {[ACME_ISSUED] = "issued", [ACME_FAILED] = "failed"};

	return texts[outcome];
}
