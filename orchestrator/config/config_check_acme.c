/* config_check_acme: that a CA can be asked, and that somebody shows what it issues. */
#include "orchestrator/config/config_check_acme.h"

#include "orchestrator/config/acme_challenges.h"
#include "orchestrator/config/acme_names.h"
#include "orchestrator/config/host_name.h"

#include <string.h>

static bool is_https(const char *url)
{
	size_t host = strncmp(url, "https://", 8) == 0 ? strcspn(url + 8, "/?#") : 0;

	for (const char *p = url; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return host > 0;
}

static bool is_email(const char *text)
{
	const char *at = strchr(text, '@');

	for (const char *p = text; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return at != NULL && at != text && at[1] != '\0' && strchr(at + 1, '@') == NULL;
}

static bool check_names(const struct scope *scope, const struct strings *names)
{
	char name[HOST_NAME_SIZE];
	struct err why;

	for (size_t i = 0; i < names->count; i++) {
		if (!host_name_read(names->items[i], name, &why))
			return wrong(scope, "acme.names", "\"%s\": %s", names->items[i], why.message);
		if (host_name_is_wildcard(name))
			return wrong(scope, "acme.names",
			             "\"%s\": a certificate for a wildcard does not come by itself; bring one in "
			             "tls.certificates",
			             names->items[i]);
	}
	return true;
}

static bool check_challenges(const struct scope *scope, const struct strings *challenges)
{
	enum acme_challenge_kind kind;

	for (size_t i = 0; i < challenges->count; i++) {
		if (!acme_challenge_from(challenges->items[i], &kind))
			return wrong(scope, "acme.challenges",
			             "\"%s\" is none that can be answered here: there are http-01 and tls-alpn-01",
			             challenges->items[i]);
		for (size_t k = 0; k < i; k++)
			if (strcmp(challenges->items[k], challenges->items[i]) == 0)
				return wrong(scope, "acme.challenges", "\"%s\" stands there twice",
				             challenges->items[i]);
	}
	return true;
}

/* A name for which none of the challenges can be answered would never have a certificate. */
static bool check_provable(const struct scope *scope, const struct config *config)
{
	enum acme_challenge_kind kinds[ACME_CHALLENGE_KINDS];
	struct strings names = {0};
	bool ok = true;

	acme_names_list(config, &names);
	for (size_t i = 0; ok && i < names.count; i++)
		if (acme_challenges_for(config, names.items[i], kinds) == 0)
			ok = wrong(
			        scope, "acme.challenges",
			        "\"%s\" cannot be proven to be this machine's: http-01 needs an address in listen, such as "
			        "\"0.0.0.0:80\", and tls-alpn-01 a name that is no address",
			        names.items[i]);
	strings_clear(&names);
	return ok;
}

static bool check_fallback(const struct scope *scope, const struct config_acme *acme)
{
	if (!is_https(acme->fallback))
		return wrong(scope, "acme.fallback", "\"%s\" is no https URL", acme->fallback);
	return strcmp(acme->fallback, acme->directory) != 0 ||
	       wrong(scope, "acme.fallback",
	             "\"%s\" is what acme.directory names already: name another CA, or leave it out", acme->fallback);
}

bool check_acme(const struct scope *scope, const struct config *config)
{
	const struct config_acme *acme = &config->acme;

	if (acme->agree_to_terms && config->tls.listen.count == 0)
		return wrong(
		        scope, "acme.agree_to_terms",
		        "certificates would be ordered, and nobody shows them: name an address in tls.listen, such as "
		        "\"0.0.0.0:443\"");
	if (!is_https(acme->directory))
		return wrong(scope, "acme.directory", "\"%s\" is no https URL", acme->directory);
	if (acme->fallback[0] != '\0' && !check_fallback(scope, acme))
		return false;
	if (acme->email[0] != '\0' && !is_email(acme->email))
		return wrong(scope, "acme.email", "\"%s\" is no address such as you@example.org", acme->email);
	if ((acme->eab_kid[0] == '\0') != (acme->eab_key_file[0] == '\0'))
		return wrong(scope, acme->eab_kid[0] == '\0' ? "acme.eab_kid" : "acme.eab_key_file",
		             "is missing: acme.eab_kid and acme.eab_key_file belong together");
	return check_names(scope, &acme->names) && check_challenges(scope, &acme->challenges) &&
	       (!acme->agree_to_terms || check_provable(scope, config));
}
