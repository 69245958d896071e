/* certs_view: the hosts for which they come by themselves, then the names of those that files hold; or the names alone. */
#include "orchestrator/admin/certs_view.h"

#include "common/clock.h"
#include "orchestrator/certs/acme.h"
#include "orchestrator/certs/acme_authority.h"
#include "orchestrator/certs/certs.h"

#include <string.h>

static void write_time(struct json_writer *w, const char *key, int64_t seconds)
{
	json_key(w, key);
	if (seconds > 0)
		json_number(w, seconds * 1000);
	else
		json_null(w);
}

static const char *text_or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void write_failure(struct json_writer *w, const struct config *config, const struct acme_view *host)
{
	json_key(w, "failure");
	if (host->failure == NULL) {
		json_null(w);
		return;
	}
	json_begin_object(w);
	json_member_text(w, "text", host->failure);
	json_member_text(w, "remedy", host->remedy);
	json_member_number(w, "count", host->failures);
	write_time(w, "at_ms", host->failed_s);
	json_member_text(w, "ca", acme_authority_directory_of(config, host->failed_at));
	json_end_object(w);
}

static void write_host(struct json_writer *w, const struct config *config, const struct acme_view *host)
{
	json_begin_object(w);
	json_member_text(w, "host", host->name);
	json_member_text(w, "source", "acme");
	json_member_text(w, "issuer", host->issuer);
	json_key(w, "file");
	json_null(w);
	write_time(w, "ends_ms", host->until_s);
	write_time(w, "soon_ms", host->soon_s);
	write_time(w, "renews_ms", host->renewal_s);
	json_member_text(w, "renews_by", host->issuer == NULL ? NULL : host->wished ? "ca" : "life");
	json_key(w, "ca");
	if (host->issued_by != NULL)
		json_text_n(w, host->issued_by, strcspn(host->issued_by, " ")); /* the directory, without a binding */
	else
		json_null(w);
	json_member_text(w, "challenge", host->challenge);
	write_time(w, "next_ms", host->next_s);
	json_member_text(w, "next_ca", acme_authority_directory_of(config, host->turn));
	json_member_bool(w, "ordering", host->busy);
	write_failure(w, config, host);
	json_end_object(w);
}

static const char *const ordered_alone[] = {"renews_by", "ca", "challenge"};

static void write_file(struct json_writer *w, const struct certs_name *name)
{
	json_begin_object(w);
	json_member_text(w, "host", name->host);
	json_member_text(w, "source", "file");
	json_member_text(w, "issuer", name->issuer);
	json_member_text(w, "file", name->file);
	write_time(w, "ends_ms", name->until_s);
	write_time(w, "soon_ms", name->soon_s);
	write_time(w, "renews_ms", 0);
	for (size_t i = 0; i < sizeof(ordered_alone) / sizeof(*ordered_alone); i++) {
		json_key(w, ordered_alone[i]);
		json_null(w);
	}
	write_time(w, "next_ms", 0);
	json_member_text(w, "next_ca", NULL);
	json_member_bool(w, "ordering", false);
	json_key(w, "failure");
	json_null(w);
	json_end_object(w);
}

static bool is_ordered(const struct acme *acme, const char *host)
{
	for (size_t i = 0; i < acme_count(acme); i++)
		if (strcmp(acme_at(acme, i).name, host) == 0)
			return !acme_is_covered(acme, host);
	return false;
}

static void write_all(struct json_writer *w, const struct config *config, const struct acme *acme,
                      const struct certs *certs)
{
	for (size_t i = 0; i < acme_count(acme); i++) {
		struct acme_view host = acme_at(acme, i);
		if (!acme_is_covered(acme, host.name))
			write_host(w, config, &host);
	}
	for (size_t i = 0; i < certs_name_count(certs); i++) {
		struct certs_name name = certs_name_at(certs, i);
		if (!is_ordered(acme, name.host))
			write_file(w, &name);
	}
}

void certs_view_write(struct json_writer *w, const struct admin_settings *settings)
{
	json_begin_object(w);
	json_member_number(w, "time_ms", clock_wall_ms());
	json_member_bool(w, "agreed", settings->config->acme.agree_to_terms);
	json_member_text(w, "fallback", text_or_null(settings->config->acme.fallback));
	json_key(w, "certificates");
	json_begin_array(w);
	if (settings->acme != NULL && settings->certs != NULL)
		write_all(w, settings->config, settings->acme, settings->certs);
	json_end_array(w);
	json_end_object(w);
}

void certs_view_names(struct json_writer *w, const struct certs *certs)
{
	json_begin_array(w);
	for (size_t i = 0; certs != NULL && i < certs_name_count(certs); i++) {
		struct certs_name name = certs_name_at(certs, i);
		json_begin_object(w);
		json_member_text(w, "host", name.host);
		json_member_text(w, "issuer", name.issuer);
		json_member_text(w, "file", name.file);
		json_member_number(w, "until_ms", name.until_s * 1000);
		json_member_number(w, "soon_ms", name.soon_s * 1000);
		json_end_object(w);
	}
	json_end_array(w);
}

void certs_view_document(FILE *to)
{
	fputs("\n## Certificates\n\n"
	      "`GET /api/certificates` answers `{time_ms, agreed, fallback, certificates}`; `agreed` is acme.agree_to_terms, `fallback` acme.fallback (null: none). Of each name there are "
	      "`host`, `source` (`acme`: it comes by itself; `file`), `issuer`, `file`, `ends_ms`, `soon_ms` (from when on it counts as ending soon: seven days before, or a quarter of its life), `renews_ms` (when it is to be "
	      "renewed), `renews_by` (`ca`: the CA has said so; `life`: so much of its life is over by then), `ca` (the directory of the one that "
	      "issued it), `challenge` (by which it is proven first the next time), `next_ms` (before which nothing is ordered; null: now), `next_ca` (the directory of the one that is asked then), `ordering` (an order is under way) and `failure`: null, or "
	      "`{text, remedy, count, at_ms, ca}` of the last one. Times are milliseconds since the epoch, and null where there is none; without "
	      "a certificate `issuer`, `ends_ms` and `soon_ms` are null, too.\n",
	      to);
}
