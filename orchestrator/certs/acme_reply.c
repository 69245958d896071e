/* acme_reply: objects of a few members each; others are passed over, as RFC 8555 section 7 has it. */
#include "orchestrator/certs/acme_reply.h"

#include "common/json.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

#define URL_MAX 2048
#define ERROR_PREFIX "urn:ietf:params:acme:error:"

static const struct json_limits limits = {.depth = 12, .nodes = 4096};

static const struct {
	const char *word;
	enum acme_status status;
} statuses[] = {
        {"pending", ACME_PENDING}, {"ready", ACME_READY},         {"processing", ACME_PROCESSING},
        {"valid", ACME_VALID},     {"invalid", ACME_INVALID},     {"expired", ACME_INVALID},
        {"revoked", ACME_INVALID}, {"deactivated", ACME_INVALID},
};

/* --- members --------------------------------------------------------------------------------------------------- */

static bool read_status(const struct json_value *object, enum acme_status *status, struct err *err)
{
	const struct json_value *word = json_get(object, "status");

	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
		if (json_text_is(word, statuses[i].word)) {
			*status = statuses[i].status;
			return true;
		}
	return err_set(err, "its status is none that ACME has");
}

static bool is_visible(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

bool acme_reply_is_url(const char *text)
{
	return text != NULL && strncmp(text, "https://", 8) == 0 && strcspn(text + 8, "/?#") > 0 &&
	       strlen(text) <= URL_MAX && is_visible(text);
}

static bool read_url_value(const struct json_value *value, const char *key, char **url, struct err *err)
{
	*url = json_dup_text(value);
	if (acme_reply_is_url(*url))
		return true;
	free(*url);
	*url = NULL;
	return err_set(err, "%s is no https URL", key);
}

static bool read_url(const struct json_value *object, const char *key, char **url, struct err *err)
{
	return read_url_value(json_get(object, key), key, url, err);
}

/* As above, where it may be missing. */
static bool read_url_if(const struct json_value *object, const char *key, char **url, struct err *err)
{
	const struct json_value *value = json_get(object, key);

	*url = NULL;
	return value == NULL || value->type == JSON_NULL || read_url_value(value, key, url, err);
}

/* --- problems -------------------------------------------------------------------------------------------------- */

/* What others said goes to logs and terminals: what is no visible character is left out, and the end is cut. */
static void append(char *to, size_t size, const char *text, size_t text_len)
{
	size_t len = strlen(to);

	for (size_t i = 0; i < text_len && len + 1 < size; i++)
		if (text[i] >= ' ' && text[i] <= '~')
			to[len++] = text[i];
	to[len] = '\0';
}

static void append_text(char *to, size_t size, const struct json_value *value)
{
	if (value != NULL && value->type == JSON_STRING)
		append(to, size, value->text, value->len);
}

static void read_type(const struct json_value *problem, struct acme_problem *read)
{
	const size_t len = strlen(ERROR_PREFIX);
	char type[ACME_TYPE_SIZE + sizeof(ERROR_PREFIX)] = "";

	append_text(type, sizeof(type), json_get(problem, "type"));
	memcpy(read->type, "?", 2);
	if (strncmp(type, ERROR_PREFIX, len) == 0 && type[len] != '\0' && strlen(type + len) < sizeof(read->type))
		memcpy(read->type, type + len, strlen(type + len) + 1);
}

static bool read_problem(const struct json_value *problem, struct acme_problem *read)
{
	const struct json_value *more = json_get(problem, "subproblems");

	*read = (struct acme_problem){.type = ""};
	if (problem == NULL || problem->type != JSON_OBJECT ||
	    (json_get(problem, "type") == NULL && json_get(problem, "detail") == NULL))
		return false;
	read_type(problem, read);
	append_text(read->detail, sizeof(read->detail), json_get(problem, "detail"));
	if (more != NULL && more->type == JSON_ARRAY && more->first != NULL) {
		append(read->detail, sizeof(read->detail), ": ", 2);
		append_text(read->detail, sizeof(read->detail), json_get(more->first, "detail"));
	}
	return true;
}

/* --- documents ------------------------------------------------------------------------------------------------- */

static bool parse(const char *text, size_t len, struct json_doc **doc, struct err *err)
{
	if (!json_parse(text, len, &limits, doc, err))
		return false;
	if (json_root(*doc)->type == JSON_OBJECT)
		return true;
	json_free(*doc);
	return err_set(err, "it is no JSON object");
}

static bool is_true(const struct json_value *value)
{
	return value != NULL && value->type == JSON_BOOL && value->boolean;
}

/* Of a name that nobody could write into a configuration nothing is kept. */
static void read_profiles(const struct json_value *profiles, struct strings *names)
{
	for (const struct json_value *one = json_members(profiles); one != NULL; one = one->next) {
		size_t len = strlen(one->key);
		if (len > 0 && len <= ACME_PROFILE_MAX && is_visible(one->key) && names->count < ACME_PROFILES_MAX)
			strings_add(names, one->key);
	}
}

bool acme_reply_directory(const char *text, size_t len, struct acme_directory *directory, struct err *err)
{
	struct json_doc *doc;

	*directory = (struct acme_directory){0};
	if (!parse(text, len, &doc, err))
		return false;
	const struct json_value *root = json_root(doc), *meta = json_get(root, "meta");
	bool ok = read_url(root, "newNonce", &directory->new_nonce, err) &&
	          read_url(root, "newAccount", &directory->new_account, err) &&
	          read_url(root, "newOrder", &directory->new_order, err);
	struct err ignored;
	(void)!read_url_if(root, "renewalInfo", &directory->renewal_info, &ignored); /* it goes without */
	read_profiles(json_get(meta, "profiles"), &directory->profiles);
	directory->binds = is_true(json_get(meta, "externalAccountRequired"));
	json_free(doc);
	if (!ok)
		acme_reply_directory_clear(directory);
	return ok;
}

void acme_reply_directory_clear(struct acme_directory *directory)
{
	free(directory->new_nonce);
	free(directory->new_account);
	free(directory->new_order);
	free(directory->renewal_info);
	strings_clear(&directory->profiles);
	*directory = (struct acme_directory){0};
}

static bool read_authorizations(const struct json_value *list, struct acme_order_state *order, struct err *err)
{
	if (list == NULL || list->type != JSON_ARRAY || list->count == 0 || list->count > ACME_AUTHORIZATIONS_MAX)
		return err_set(err, "authorizations is no list of 1 to %d", ACME_AUTHORIZATIONS_MAX);
	for (const struct json_value *one = list->first; one != NULL; one = one->next)
		if (!read_url_value(one, "authorizations", &order->authorizations[order->authorization_count++], err))
			return false;
	return true;
}

bool acme_reply_order(const char *text, size_t len, struct acme_order_state *order, struct err *err)
{
	struct json_doc *doc;

	*order = (struct acme_order_state){0};
	if (!parse(text, len, &doc, err))
		return false;
	const struct json_value *root = json_root(doc);
	bool ok = read_status(root, &order->status, err) &&
	          read_authorizations(json_get(root, "authorizations"), order, err) &&
	          read_url(root, "finalize", &order->finalize, err) &&
	          read_url_if(root, "certificate", &order->certificate, err);
	if (ok && order->status == ACME_VALID && order->certificate == NULL)
		ok = err_set(err, "it is valid, and has no certificate");
	(void)read_problem(json_get(root, "error"), &order->problem);
	json_free(doc);
	if (!ok)
		acme_reply_order_clear(order);
	return ok;
}

void acme_reply_order_clear(struct acme_order_state *order)
{
	for (size_t i = 0; i < order->authorization_count; i++)
		free(order->authorizations[i]);
	free(order->finalize);
	free(order->certificate);
	*order = (struct acme_order_state){0};
}

static bool is_token(const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

	return len > 0 && len <= ACME_TOKEN_MAX && text[len] == '\0';
}

static void forget_offer(struct acme_offer *offer)
{
	free(offer->url);
	free(offer->token);
	*offer = (struct acme_offer){0};
}

static bool read_offer(const struct json_value *challenge, struct acme_offer *to, struct err *err)
{
	enum acme_status status;

	forget_offer(to);
	if (!read_url(challenge, "url", &to->url, err) || !read_status(challenge, &status, err))
		return false;
	to->token = json_dup_text(json_get(challenge, "token"));
	return (to->token != NULL && is_token(to->token)) || err_set(err, "a token is not base64url");
}

static enum acme_challenge_kind kind_of(const struct json_value *challenge)
{
	enum acme_challenge_kind kind = ACME_HTTP_01;

	while (kind < ACME_CHALLENGE_KINDS && !json_text_is(json_get(challenge, "type"), acme_challenge_text(kind)))
		kind++;
	return kind;
}

/* Of a kind that we do not know nothing is wanted. */
static bool read_challenge(const struct json_value *challenge, struct acme_authorization *to, struct err *err)
{
	enum acme_challenge_kind kind = kind_of(challenge);

	return kind == ACME_CHALLENGE_KINDS || read_offer(challenge, &to->offers[kind], err);
}

static void read_failure(const struct json_value *challenge, struct acme_authorization *to)
{
	struct acme_problem problem;

	if (!read_problem(json_get(challenge, "error"), &problem))
		return;
	to->problem = problem;
	to->failed = kind_of(challenge);
}

bool acme_reply_authorization(const char *text, size_t len, struct acme_authorization *authorization, struct err *err)
{
	struct json_doc *doc;

	*authorization = (struct acme_authorization){.failed = ACME_CHALLENGE_KINDS};
	if (!parse(text, len, &doc, err))
		return false;
	const struct json_value *root = json_root(doc), *list = json_get(root, "challenges");
	bool ok = read_status(root, &authorization->status, err);
	const struct json_value *one = list != NULL && list->type == JSON_ARRAY ? list->first : NULL;
	for (; ok && one != NULL; one = one->next) {
		ok = read_challenge(one, authorization, err);
		read_failure(one, authorization);
	}
	json_free(doc);
	if (!ok)
		acme_reply_authorization_clear(authorization);
	return ok;
}

void acme_reply_authorization_clear(struct acme_authorization *authorization)
{
	for (int kind = 0; kind < ACME_CHALLENGE_KINDS; kind++)
		forget_offer(&authorization->offers[kind]);
	*authorization = (struct acme_authorization){0};
}

static bool is_address(const struct json_value *value, const char *email)
{
	const size_t scheme = strlen("mailto:"), len = strlen(email);

	return value->type == JSON_STRING && value->len == scheme + len &&
	       memcmp(value->text, "mailto:", scheme) == 0 && memcmp(value->text + scheme, email, len) == 0;
}

bool acme_reply_has_address(const char *text, size_t len, const char *email)
{
	struct json_doc *doc;
	struct err ignored;

	if (!parse(text, len, &doc, &ignored))
		return false;
	const struct json_value *list = json_get(json_root(doc), "contact");
	size_t count = list != NULL && list->type == JSON_ARRAY ? list->count : 0;
	bool ok = email[0] == '\0' ? count == 0 : count == 1 && is_address(list->first, email);
	json_free(doc);
	return ok;
}

bool acme_reply_problem(const char *text, size_t len, struct acme_problem *problem)
{
	struct json_doc *doc;
	struct err ignored;

	*problem = (struct acme_problem){.type = ""};
	if (!parse(text, len, &doc, &ignored))
		return false;
	bool ok = read_problem(json_root(doc), problem);
	json_free(doc);
	return ok;
}
