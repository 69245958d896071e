/* certs: a table in force, the one that is prepared, and the eyes on the files.
 *
 * Each second some pairs are looked at, so that each is within LOOK_ROUND_S and a thousand of them cost no more than a few
 * dozen system calls at once. A change that was bad is not read again before the files change once more.
 */
#include "orchestrator/certs/certs.h"

#include "common/clock.h"
#include "common/dir.h"
#include "common/log.h"
#include "common/mem.h"
#include "orchestrator/base/timer.h"
#include "orchestrator/certs/coverage.h"
#include "orchestrator/certs/named.h"
#include "orchestrator/certs/stand_in.h"
#include "orchestrator/certs/tls_challenges.h"
#include "orchestrator/wire/tls.h"
#include "orchestrator/wire/tls_tickets.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_US 1000000
#define LOOK_ROUND_S 30

/* A pair whose files are not what is shown: what they were when they were refused (all zero: they were gone), and why. */
struct refused {
	struct pem_mark cert, key;
	char *why; /* NULL: it is not refused */
};

struct certs {
	struct tls_server *server;
	struct tls_tickets *tickets;
	struct tls_challenges *challenges;
	struct certificates certificates; /* in force: those that the configuration names, */
	struct certificates own;          /* and others */
	struct named *named;
	struct certificates next; /* prepared */
	struct named *next_named;
	SSL_CTX *stand_in;
	bool strict;
	struct timer *look;
	uint64_t changes;
	size_t looked;           /* index of the pair that is next */
	struct refused *refused; /* one a pair */
	size_t refused_count;
};

static int64_t now_s(void)
{
	return clock_wall_ms() / 1000;
}

/* --- shown ----------------------------------------------------------------------------------------------------- */

static SSL_CTX *choose(const struct tls_hello *hello, void *arg)
{
	const struct certs *certs = arg;
	SSL_CTX *found = hello->name[0] != '\0' ? named_find(certs->named, hello->name) : NULL;

	if (found != NULL || certs->strict)
		return found;
	found = named_default(certs->named);
	return found != NULL ? found : certs->stand_in;
}

/* Nothing but that, neither where names are taken strictly nor where they are not. */
static SSL_CTX *choose_challenge(const struct tls_hello *hello, void *arg)
{
	const struct certs *certs = arg;

	return tls_challenges_find(certs->challenges, hello->name);
}

bool certs_covers(const struct certs *certs, const char *host)
{
	return named_covers(certs->named, host, now_s());
}

size_t certs_name_count(const struct certs *certs)
{
	return named_count(certs->named);
}

bool certs_cover(const char *host, void *certs)
{
	return certs_covers(certs, host);
}

struct certs_name certs_name_at(const struct certs *certs, size_t index)
{
	const struct named_pair *pair = named_at(certs->named, index);
	const struct certificate *one = pair->shown[0], *other = pair->shown[1];
	const struct certificate *first = one == NULL || (other != NULL && other->until_s < one->until_s) ? other : one;

	return (struct certs_name){.host = pair->name,
	                           .issuer = first->issuer,
	                           .file = first->cert_path,
	                           .from_s = first->from_s,
	                           .until_s = first->until_s,
	                           .soon_s = certificate_soon_s(first)};
}

bool certs_file_covers(const struct certs *certs, const char *host)
{
	return named_file_covers(certs->named, host);
}

uint64_t certs_changes(const struct certs *certs)
{
	return certs->changes;
}

const struct certificates *certs_certificates(const struct certs *certs)
{
	return &certs->certificates;
}

struct tls_server *certs_server(const struct certs *certs)
{
	return certs->server;
}

struct tls_challenges *certs_challenges(const struct certs *certs)
{
	return certs->challenges;
}

/* --- changed --------------------------------------------------------------------------------------------------- */

static struct certificates share_all(const struct certificates *certificates)
{
	struct certificates all = {.items = mem_array(NULL, certificates->count + 1, sizeof(*all.items))};

	for (size_t i = 0; i < certificates->count; i++)
		all.items[all.count++] = certificate_share(certificates->items[i]);
	return all;
}

/* What is shown now where these stand in the configuration. */
static bool name_all(struct certs *certs, const struct certificates *configured, const struct certificates *own,
                     struct named **named, struct err *err)
{
	const struct named_settings settings = {
	        .server = certs->server, .files = configured, .own = own, .before = certs->named, .now_s = now_s()};

	return named_new(&settings, named, err);
}

static void take_named(struct certs *certs, struct named *named)
{
	named_free(certs->named);
	certs->named = named;
	certs->changes++;
}

static void swap(struct certs *certs, struct certificates *certificates, struct named *named)
{
	certificates_clear(&certs->certificates);
	certs->certificates = *certificates;
	*certificates = (struct certificates){0};
	take_named(certs, named);
}

/* Some begin or end, or the clock was set. That the library refuses what it took before does not happen. */
static void mind_time(struct certs *certs)
{
	struct named *named;
	struct err err;

	if (!named_holds(certs->named, now_s()) && name_all(certs, &certs->certificates, &certs->own, &named, &err))
		take_named(certs, named);
}

static void clear_refused(struct certs *certs)
{
	for (size_t i = 0; i < certs->refused_count; i++)
		free(certs->refused[i].why);
	free(certs->refused);
}

static void forget_refused(struct certs *certs)
{
	clear_refused(certs);
	certs->refused_count = certs->certificates.count;
	certs->refused = mem_zero((certs->refused_count + 1) * sizeof(*certs->refused));
	certs->looked = 0;
}

static void set_refused(struct refused *refused, const char *why)
{
	free(refused->why);
	refused->why = mem_dup(why);
}

const char *certs_trouble(const struct certs *certs, size_t index)
{
	for (size_t i = 0; certs != NULL && i < certs->refused_count; i++)
		if (certs->refused[i].why != NULL && index-- == 0)
			return certs->refused[i].why;
	return NULL;
}

bool certs_prepare(struct certs *certs, struct certificates *read, struct err *err)
{
	certificates_clear(&certs->next);
	named_free(certs->next_named);
	certs->next_named = NULL;
	if (!name_all(certs, read, &certs->own, &certs->next_named, err)) {
		certificates_clear(read);
		return false;
	}
	certs->next = *read;
	*read = (struct certificates){0};
	return true;
}

void certs_change(struct certs *certs, const struct config *config)
{
	certs->strict = config->tls.strict_sni;
	tls_server_set_only_1_3(certs->server, config->tls.min_version == CONFIG_TLS_1_3);
	certificates_doubts_log(&certs->next, &certs->certificates);
	coverage_doubts_log(config, &certs->next);
	swap(certs, &certs->next, certs->next_named);
	certs->next_named = NULL;
	forget_refused(certs);
}

bool certs_set_own(struct certs *certs, const struct certificates *own, struct err *err)
{
	struct named *named;

	if (!name_all(certs, &certs->certificates, own, &named, err))
		return false;
	certificates_clear(&certs->own);
	certs->own = share_all(own);
	take_named(certs, named);
	return true;
}

/* --- files that change ----------------------------------------------------------------------------------------- */

/* An expired one in place of a good one is a mistake of whoever put it there. */
static bool is_better(const struct certificate *now, const struct certificate *next, struct err *err)
{
	if (certificate_is_valid(next, now_s()) || !certificate_is_valid(now, now_s()))
		return true;
	return err_set(err, "%s: is not valid %s", next->cert_path,
	               next->until_s <= now_s() ? "any more" : "yet, or this machine's clock is wrong");
}

/* The same list, with another certificate at this index, which is theirs then. */
static struct certificates list_with(const struct certificates *now, size_t index, struct certificate *next)
{
	struct certificates list = {.items = mem_array(NULL, now->count, sizeof(*list.items)), .count = now->count};

	for (size_t i = 0; i < now->count; i++)
		list.items[i] = i == index ? next : certificate_share(now->items[i]);
	return list;
}

static bool take(struct certs *certs, size_t index, struct certificate *next, struct err *err)
{
	struct certificates list = list_with(&certs->certificates, index, next);
	struct named *named;

	if (!is_better(certs->certificates.items[index], next, err) ||
	    !name_all(certs, &list, &certs->own, &named, err)) {
		certificates_clear(&list);
		return false;
	}
	certificates_doubts_log(&list, &certs->certificates);
	swap(certs, &list, named);
	return true;
}

static void read_again(struct certs *certs, size_t index)
{
	const struct certificate *now = certs->certificates.items[index];
	struct certificate *next;
	struct err err;
	char *path = mem_dup(now->cert_path);

	if (certificate_read(now->cert_path, now->key_path, &next, &err) && take(certs, index, next, &err)) {
		log_info("event=certificate-changed file=%s name=%s days_left=%lld", log_quote(path),
		         log_quote(next->names.items[0]), (long long)((next->until_s - now_s()) / 86400));
		set_refused(&certs->refused[index], NULL);
	} else {
		log_error("event=certificate-refused file=%s error=%s consequence=%s", log_quote(path),
		          log_quote(err.message), log_quote("the former one is shown"));
		set_refused(&certs->refused[index], err.message);
	}
	free(path);
}

static void look_at(struct certs *certs, size_t index)
{
	const struct certificate *now = certs->certificates.items[index];
	struct refused *refused = &certs->refused[index];
	struct pem_mark cert, key;

	pem_look(now->cert_path, &cert);
	pem_look(now->key_path, &key);
	if (pem_same(&cert, &now->cert_mark) && pem_same(&key, &now->key_mark)) {
		set_refused(refused, NULL);
		return;
	}
	if (refused->why != NULL && pem_same(&cert, &refused->cert) && pem_same(&key, &refused->key))
		return;
	refused->cert = cert;
	refused->key = key;
	read_again(certs, index);
}

static void on_look(void *arg)
{
	struct certs *certs = arg;
	size_t count = certs->certificates.count, some = (count + LOOK_ROUND_S - 1) / LOOK_ROUND_S;

	mind_time(certs);
	for (size_t i = 0; i < some; i++) {
		certs->looked = certs->looked + 1 < count ? certs->looked + 1 : 0;
		look_at(certs, certs->looked);
	}
	timer_set(certs->look, LOOK_US);
}

/* --- life ------------------------------------------------------------------------------------------------------ */

static bool make_server(struct certs *certs, const struct config *config, struct err *err)
{
	const struct tls_settings settings = {.choose = choose,
	                                      .challenge = choose_challenge,
	                                      .arg = certs,
	                                      .tickets = certs->tickets,
	                                      .only_1_3 = config->tls.min_version == CONFIG_TLS_1_3};

	if (!tls_server_new(&settings, &certs->server, err))
		return false;
	certs->challenges = tls_challenges_new(certs->server);
	certs->stand_in = stand_in_new(certs->server, err);
	return certs->stand_in != NULL;
}

bool certs_new(struct event_base *base, const struct config *config, struct certificates *read, const char *ticket_path,
               struct certs **result, struct err *err)
{
	struct certs *certs = mem_zero(sizeof(*certs));

	certs->tickets = tls_tickets_new(base, ticket_path);
	certs->look = timer_new_of_clients(base, on_look, certs);
	bool ok = make_server(certs, config, err);
	if (!ok)
		certificates_clear(read);
	if (!ok || !certs_prepare(certs, read, err)) {
		certs_free(certs);
		return false;
	}
	certs_change(certs, config);
	timer_set(certs->look, LOOK_US);
	*result = certs;
	return true;
}

bool certs_open(struct event_base *base, const struct config *config, struct certificates *read, struct certs **certs,
                struct err *err)
{
	struct err trouble;

	*certs = NULL;
	if (config->tls.listen.count == 0)
		return true;
	if (!dir_make(config->socket_dir, "socket_dir", &trouble))
		log_warn("event=no-socket-dir error=%s", log_quote(trouble.message));
	char *tickets = mem_format("%s/tickets", config->socket_dir);
	bool ok = certs_new(base, config, read, tickets, certs, err);
	free(tickets);
	return ok;
}

void certs_free(struct certs *certs)
{
	if (certs == NULL)
		return;
	timer_free(certs->look);
	named_free(certs->named);
	named_free(certs->next_named);
	certificates_clear(&certs->certificates);
	certificates_clear(&certs->next);
	certificates_clear(&certs->own);
	SSL_CTX_free(certs->stand_in);
	tls_challenges_free(certs->challenges);
	tls_server_free(certs->server);
	tls_tickets_free(certs->tickets);
	clear_refused(certs);
	free(certs);
}
