/* acme_host: the states of a host.
 *
 *   IDLE -> order: -> NOTING: the record says that it failed -> ORDERING: newOrder
 *                  -> NOTING_ORDER: the record has its URL and its key -> ORDERING: the rest -> the certificate is shown
 *                  -> KEEPING: HOST.pem -> the record says that it went well -> IDLE
 *
 * An order that the record has is taken up at ORDERING. What fails goes to IDLE, with a time before which nothing is tried, and is
 * recorded. Nothing new is ordered while the record cannot be written: after a restart it would be ordered again.
 */
#include "orchestrator/certs/acme_host.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/write_fault.h"
#include "orchestrator/certs/acme_authority.h"
#include "orchestrator/certs/acme_chain.h"
#include "orchestrator/certs/acme_choice.h"
#include "orchestrator/certs/acme_due.h"
#include "orchestrator/certs/acme_files.h"
#include "orchestrator/certs/acme_kept.h"
#include "orchestrator/certs/acme_order.h"
#include "orchestrator/certs/acme_proof.h"
#include "orchestrator/certs/acme_stored.h"
#include "orchestrator/certs/jws.h"
#include "orchestrator/config/config.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>

#define SECOND_MS INT64_C(1000)

enum state { IDLE, NOTING, NOTING_ORDER, ORDERING, KEEPING };

struct acme_host {
	const struct acme_place *place;
	char *name;
	enum state state;
	bool asked;   /* by an operator */
	bool counted; /* the order at hand is among record->failures */
	struct acme_kept *kept;
	struct acme_record *record; /* kept's */
	struct certificate *certificate;
	struct acme_choice choice;        /* of these */
	int64_t renewal_s;                /* when that is renewed; 0: there is none */
	struct acme_authority *authority; /* of the order */
	struct acme_order *order;
	EVP_PKEY *key; /* of the order */
};

static void write_record(struct acme_host *host, acme_written *written)
{
	acme_record_set(&host->record->directory, acme_authority_name(host->authority));
	acme_kept_write(host->kept, written, host);
}

static void set_certificate(struct acme_host *host, struct certificate *certificate)
{
	certificate_free(host->certificate);
	host->choice.certificate = host->certificate = certificate;
	host->renewal_s = acme_due_renewal_s(host->record, certificate);
}

/* --- whose turn it is ------------------------------------------------------------------------------------------ */

/* Of the order under way. */
static enum acme_turn place_of(const struct acme_host *host)
{
	return acme_choice_place(&host->choice, acme_authority_name(host->authority));
}

enum acme_turn acme_host_turn(const struct acme_host *host, int64_t at_ms)
{
	return host->authority != NULL ? place_of(host) : acme_choice_turn(&host->choice, at_ms);
}

const struct acme_authority *acme_host_authority(const struct acme_host *host)
{
	return host->authority;
}

/* --- how it ended ---------------------------------------------------------------------------------------------- */

static void forget_order(struct acme_host *host)
{
	acme_record_forget_order(host->record);
	EVP_PKEY_free(host->key);
	host->key = NULL;
}

static void idle(struct acme_host *host)
{
	acme_order_free(host->order);
	host->order = NULL;
	acme_authority_free(host->authority);
	host->authority = NULL;
	host->state = IDLE;
	host->counted = false;
	host->asked = false;
}

static void fail(struct acme_host *host, const struct acme_failure *failure)
{
	struct acme_authority *authority = acme_authority_share(host->authority);

	if (!host->counted)
		host->record->failures++;
	acme_choice_failed(&host->choice, acme_authority_name(authority), failure);
	write_record(host, NULL);
	idle(host);
	acme_host_meet(host);
	host->place->ended(authority, ACME_FAILED, host->place->arg);
	acme_authority_free(authority);
}

static void on_kept(const struct err *err, void *arg)
{
	struct acme_host *host = arg;

	if (err == NULL) {
		acme_record_finish(host->record);
		acme_due_rest(host->record, host->certificate, clock_wall_ms());
		acme_kept_write(host->kept, NULL, NULL);
	}
	if (host->state != KEEPING)
		return;
	idle(host);
	acme_host_meet(host);
}

/* It is shown at once, whatever the disk says. */
static void take(struct acme_host *host, struct certificate *certificate, const char *chain)
{
	char *key = acme_files_key_text(host->key), *pem = mem_format("%s%s", key, chain);

	acme_files_free_secret(key);
	host->state = KEEPING;
	acme_record_forgive(host->record);
	acme_record_issued(host->record, acme_authority_name(host->authority));
	set_certificate(host, certificate);
	acme_due_rest(host->record, host->certificate, clock_wall_ms());
	log_info("event=certificate-issued host=%s issuer=%s days_left=%lld", host->name,
	         log_quote(certificate->issuer),
	         (long long)(certificate->until_s - clock_wall_ms() / SECOND_MS) / 86400);
	acme_kept_write_pem(host->kept, pem, on_kept, host);
	host->place->ended(host->authority, ACME_ISSUED, host->place->arg);
}

static void take_chain(struct acme_host *host, const char *chain)
{
	char *path = acme_files_path(host->place->files, host->name, "pem");
	struct acme_failure failure;
	struct certificate *certificate = acme_chain_read(chain, path, host->key, host->name, &failure);

	free(path);
	if (certificate != NULL) {
		take(host, certificate, chain);
		return;
	}
	forget_order(host);
	fail(host, &failure);
}

/* --- ordering -------------------------------------------------------------------------------------------------- */

static void learn(struct acme_host *host, const struct acme_order_end *end)
{
	const char *first = acme_proof_learn(host->place->config, host->name, end->proof, end->chain != NULL);

	if (first != NULL)
		acme_record_set(&host->record->challenge, first);
}

static void on_ended(const struct acme_order_end *end, void *arg)
{
	struct acme_host *host = arg;

	learn(host, end);
	if (end->chain != NULL) {
		take_chain(host, end->chain);
		return;
	}
	struct acme_failure failure = *end->failure; /* the order's, which goes */
	if (end->lost)
		forget_order(host);
	fail(host, &failure);
}

static void on_order_noted(const struct err *err, void *arg)
{
	struct acme_host *host = arg;

	(void)err; /* it is told, and goes on: the order is there */
	if (host->state != NOTING_ORDER)
		return;
	host->state = ORDERING;
	acme_order_go_on(host->order);
}

static void on_begun(const char *url, void *arg)
{
	struct acme_host *host = arg;

	acme_record_set(&host->record->order, url);
	acme_files_free_secret(host->record->key);
	host->record->key = acme_files_key_line(host->key);
	host->record->next_ms = 0;
	host->state = NOTING_ORDER;
	write_record(host, on_order_noted);
}

static void begin(struct acme_host *host)
{
	const struct acme_place *place = host->place;
	bool same = acme_due_is_from(host->record, host->certificate, acme_authority_name(host->authority));
	char *predecessor = same ? acme_renewal_name(host->certificate) : NULL;
	struct acme_order_settings settings = {.base = place->base,
	                                       .ca = acme_authority_ca(host->authority),
	                                       .challenges = place->challenges,
	                                       .tls_challenges = place->tls_challenges,
	                                       .lookups = place->lookups,
	                                       .key = host->key,
	                                       .host = host->name,
	                                       .profile = acme_authority_profile(host->authority),
	                                       .replaces = predecessor,
	                                       .url = host->record->order,
	                                       .begun = on_begun,
	                                       .ended = on_ended,
	                                       .arg = host};

	host->state = ORDERING;
	log_info("event=certificate-ordered host=%s directory=%s resumed=%s", host->name,
	         log_quote(acme_authority_name(host->authority)), host->record->order != NULL ? "yes" : "no");
	settings.kind_count = acme_proof_order(place->config, host->name, host->record->challenge, settings.kinds);
	host->order = acme_order_new(&settings);
	free(predecessor);
}

static void on_noted(const struct err *err, void *arg)
{
	struct acme_host *host = arg;
	struct acme_failure failure;

	if (host->state != NOTING)
		return;
	if (err == NULL) {
		begin(host);
		return;
	}
	acme_failure_say_ours(&failure, write_fault_remedy(err->code),
	                      "nothing is ordered, for it could not be kept: %s", err->message);
	fail(host, &failure);
}

/* What is noted is that it failed, so that a process that ends before it knows better waits like after any failure. */
static void note(struct acme_host *host)
{
	forget_order(host);
	host->key = jws_key_new();
	host->state = NOTING;
	host->counted = true;
	host->record->failures++;
	acme_choice_begun(&host->choice, place_of(host));
	write_record(host, on_noted);
}

void acme_host_order(struct acme_host *host, enum acme_turn turn)
{
	assert(host->state == IDLE);
	host->authority = acme_authority_share(host->place->authorities[turn]);
	acme_record_turn_to(host->record, acme_authority_name(host->authority));
	EVP_PKEY_free(host->key);
	host->key = host->record->key != NULL ? acme_files_key_from(host->record->key) : NULL;
	if (host->record->order != NULL && host->key != NULL)
		begin(host);
	else
		note(host);
}

void acme_host_stop(struct acme_host *host)
{
	if (host->state != KEEPING)
		idle(host);
}

void acme_host_meet(struct acme_host *host)
{
	if (host->state == IDLE)
		acme_choice_meet(&host->choice);
}

void acme_host_ask(struct acme_host *host)
{
	host->asked = true;
}

bool acme_host_is_busy(const struct acme_host *host)
{
	return host->state != IDLE;
}

/* --- when ------------------------------------------------------------------------------------------------------ */

/* 0: at once */
static int64_t next_ms(const struct acme_host *host, int64_t now)
{
	int64_t renewal = host->renewal_s * SECOND_MS, wait = acme_choice_next_ms(&host->choice);
	bool cut_off = wait == 0 && host->record->order != NULL && !acme_kept_has_pem(host->kept);
	int64_t at = renewal > wait ? renewal : wait;

	return host->asked || cut_off || host->state != IDLE || at <= now ? 0 : at;
}

/* An order that was begun by a process that ended is taken up at once. */
bool acme_host_is_due(struct acme_host *host, int64_t now)
{
	if (acme_record_mind_clock(host->record, now))
		acme_kept_set_stale(host->kept);
	return host->state == IDLE && !acme_kept_is_busy(host->kept) && next_ms(host, now) == 0;
}

int64_t acme_host_ask_ms(const struct acme_host *host, const char *authority)
{
	if (host->state != IDLE)
		return INT64_MAX;
	return acme_due_ask_ms(host->record, host->certificate, authority, clock_wall_ms());
}

void acme_host_set_window(struct acme_host *host, const struct acme_window *window, int64_t again_s)
{
	bool first = host->record->window.until_s == 0 && host->state == IDLE && host->record->failures == 0;

	if (window != NULL) {
		host->record->window = *window;
		host->renewal_s = acme_due_renewal_s(host->record, host->certificate);
		if (first)
			acme_due_rest(host->record, host->certificate, clock_wall_ms());
	}
	host->record->ask_ms = clock_wall_ms() + again_s * SECOND_MS;
	acme_kept_write(host->kept, NULL, NULL);
}

void acme_host_write_again(struct acme_host *host)
{
	if (host->state == IDLE && !acme_kept_is_busy(host->kept))
		acme_kept_write_again(host->kept, on_kept, host);
}

/* --- life ------------------------------------------------------------------------------------------------------ */

struct acme_host *acme_host_new(const struct acme_place *place, const char *name)
{
	struct acme_host *host = mem_zero(sizeof(*host));
	struct certificate *certificate = NULL;

	host->place = place;
	host->name = mem_dup(name);
	host->kept = acme_kept_new(place->files, name);
	host->record = acme_kept_record(host->kept);
	host->choice =
	        (struct acme_choice){.host = host->name, .authorities = place->authorities, .record = host->record};
	acme_stored_read(place->files, name, host->record, &certificate);
	set_certificate(host, certificate);
	return host;
}

void acme_host_free(struct acme_host *host)
{
	acme_order_free(host->order);
	acme_authority_free(host->authority);
	acme_kept_free(host->kept);
	certificate_free(host->certificate);
	EVP_PKEY_free(host->key);
	free(host->name);
	free(host);
}

const char *acme_host_name(const struct acme_host *host)
{
	return host->name;
}

struct certificate *acme_host_certificate(const struct acme_host *host)
{
	return host->certificate;
}

struct acme_view acme_host_view(const struct acme_host *host)
{
	struct acme_view view = acme_view_of(host->record, host->certificate);
	int64_t now = clock_wall_ms(), next = next_ms(host, now);

	view.name = host->name;
	view.renewal_s = host->renewal_s;
	view.turn = acme_host_turn(host, next > 0 ? next : now);
	view.next_s = next / SECOND_MS;
	view.busy = host->state != IDLE;
	return view;
}
