/* acme_failure: two tables of what to do. docs/tls.md has them for people: a row here is a row there. */
#include "orchestrator/certs/acme_failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char by_itself[] = "nothing has to be done: it is tried again by itself";

/* clang-format off */
static const struct {
	const char *type;
	const char *remedy;
} problems[] = {
	{"dns", "let the host's A and AAAA records name this machine's addresses, and where the CA says SERVFAIL or timed out, the domain's name "
		"servers answer (for CAA, too; DNSSEC); then `orchestrator renew HOST`"},
	{"tls", "another machine answered, or something between ends TLS: let port 443 of the host lead to this machine alone; then "
		"`orchestrator renew HOST`"},
	{"connection", "let port 80 of this machine be reached from everywhere: a firewall, a router, `listen`, or an A or AAAA record that names "
		"another machine; then `orchestrator renew HOST`"},
	{"unauthorized", "another machine answered: let the host's A and AAAA records name this machine alone; then `orchestrator renew HOST`"},
	{"incorrectResponse", "another machine answered: let the host's A and AAAA records name this machine alone; then `orchestrator renew HOST`"},
	{"caa", "a CAA record of the domain names other CAs: add this one there, or take another with acme.directory"},
	{"rateLimited", "nothing has to be done: it is tried again when the CA allows it; ordering more often makes it later"},
	{"rejectedIdentifier", "this CA does not issue for that name: take it out of `hosts`, or bring a certificate in tls.certificates"},
	{"unsupportedIdentifier", "this CA does not issue for that name: take it out of `hosts`, or bring a certificate in tls.certificates"},
	{"externalAccountRequired", "set acme.eab_kid and acme.eab_key_file as the CA gave them to you; as acme.fallback take a CA that does without"},
	{"userActionRequired", "the CA wants something of you first, its new terms say: open the address it names"},
	{"invalidContact", "correct acme.email"},
	{"unsupportedContact", "correct acme.email"},
	{"invalidProfile", "acme.profile is none that this CA has: correct it, or leave it out"},
	{"serverInternal", by_itself},
	{"orderNotReady", by_itself},
	{"badNonce", by_itself},
};

/* What differs where port 443 was looked at. */
static const struct {
	const char *type;
	const char *remedy;
} tls_problems[] = {
	{"connection", "let port 443 of this machine be reached from everywhere: a firewall, a router, `tls.listen`, or an A or AAAA record that "
		"names another machine; then `orchestrator renew HOST`"},
	{"unauthorized", "another machine answered, or a load balancer or CDN in front that ends TLS itself: let port 443 of the host lead to this "
		"machine alone, or leave tls-alpn-01 out of acme.challenges; then `orchestrator renew HOST`"},
	{"incorrectResponse", "another machine answered, or a load balancer or CDN in front that ends TLS itself: let port 443 of the host lead to this "
		"machine alone, or leave tls-alpn-01 out of acme.challenges; then `orchestrator renew HOST`"},
};

static const char *const troubles[FETCH_TROUBLES] = {
	[FETCH_NO_NAME] = "this machine cannot look up the CA's name: see /etc/resolv.conf, and acme.directory or acme.fallback",
	[FETCH_NO_CONNECT] = "let this machine reach the CA: a firewall, https_proxy, or the CA is away; it is tried again by itself",
	[FETCH_UNTRUSTED] = "the CA's own certificate is not trusted: see this machine's clock and its package ca-certificates; for a CA of your own set acme.ca_file",
	[FETCH_LATE] = by_itself,
	[FETCH_BROKEN] = by_itself,
};
/* clang-format on */

static const char *remedy_of(const char *type)
{
	for (size_t i = 0; i < sizeof(problems) / sizeof(*problems); i++)
		if (strcmp(problems[i].type, type) == 0)
			return problems[i].remedy;
	return "see what the CA says; it is tried again by itself";
}

static void begin(struct acme_failure *failure, const char *remedy)
{
	failure->remedy = remedy;
	failure->not_before_s = 0;
	failure->unreached = failure->ours = false;
}

void acme_failure_from_problem(struct acme_failure *failure, const char *what, const struct acme_problem *problem)
{
	begin(failure, remedy_of(problem->type));
	snprintf(failure->text, sizeof(failure->text), "%s failed, the CA says: %s (%s)", what,
	         problem->detail[0] != '\0' ? problem->detail : "nothing", problem->type);
}

/* Where nobody was to be asked for a proof, that word is about the account. */
void acme_failure_from_refusal(struct acme_failure *failure, const char *what, const struct acme_problem *problem)
{
	acme_failure_from_problem(failure, what, problem);
	if (strcmp(problem->type, "unauthorized") == 0)
		failure->remedy =
		        "see what the CA says of the account: if it was deactivated, move state_dir/certs/account-....pem away and restart the "
		        "orchestrator: another account is made, which costs nothing";
}

/* What says, behind a proof, that a host is not where it is said to be. A CAA record is none: it may name the other CA. */
static bool is_ours(const char *type)
{
	static const char *const types[] = {"dns", "tls", "connection", "unauthorized", "incorrectResponse"};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

void acme_failure_from_proof(struct acme_failure *failure, enum acme_challenge_kind kind,
                             const struct acme_problem *problem)
{
	char what[100];

	snprintf(what, sizeof(what), "the proof by %s that this machine has the host", acme_challenge_text(kind));
	acme_failure_from_problem(failure, what, problem);
	failure->ours = is_ours(problem->type);
	for (size_t i = 0; kind == ACME_TLS_ALPN_01 && i < sizeof(tls_problems) / sizeof(*tls_problems); i++)
		if (strcmp(tls_problems[i].type, problem->type) == 0)
			failure->remedy = tls_problems[i].remedy;
}

void acme_failure_add(struct acme_failure *failure, const char *clause)
{
	size_t len = strlen(failure->text);

	if (*clause != '\0')
		snprintf(failure->text + len, sizeof(failure->text) - len, "; %s", clause);
}

void acme_failure_from_fetch(struct acme_failure *failure, const char *url, const struct fetch_reply *reply)
{
	begin(failure, troubles[reply->trouble] != NULL ? troubles[reply->trouble] : by_itself);
	failure->unreached = true;
	snprintf(failure->text, sizeof(failure->text), "the CA at %.200s does not answer: %s", url, reply->why);
}

void acme_failure_say(struct acme_failure *failure, const char *remedy, const char *format, ...)
{
	va_list args;

	begin(failure, remedy != NULL ? remedy : by_itself);
	va_start(args, format);
	vsnprintf(failure->text, sizeof(failure->text), format, args);
	va_end(args);
}

void acme_failure_say_ours(struct acme_failure *failure, const char *remedy, const char *format, ...)
{
	va_list args;

	begin(failure, remedy);
	failure->ours = true;
	va_start(args, format);
	vsnprintf(failure->text, sizeof(failure->text), format, args);
	va_end(args);
}
