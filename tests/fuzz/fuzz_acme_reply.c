/* What an ACME server may say: whatever is taken has URLs of https, tokens of base64url, and words that a terminal can show. The first
 * byte chooses what it is read as, from '0' on. */
#include "orchestrator/certs/acme_record.h"
#include "orchestrator/certs/acme_renewal.h"
#include "orchestrator/certs/acme_reply.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void check_url(const char *url)
{
	assert(strncmp(url, "https://", 8) == 0);
	for (; *url != '\0'; url++)
		assert(*url > ' ' && *url <= '~');
}

static void check_words(const char *text, size_t size)
{
	assert(strlen(text) < size);
	for (; *text != '\0'; text++)
		assert(*text >= ' ' && *text <= '~');
}

static void check_problem(const struct acme_problem *problem)
{
	check_words(problem->type, sizeof(problem->type));
	check_words(problem->detail, sizeof(problem->detail));
}

static void read_directory(const char *text, size_t len)
{
	struct acme_directory read;
	struct err err;

	if (!acme_reply_directory(text, len, &read, &err))
		return;
	check_url(read.new_nonce);
	check_url(read.new_account);
	check_url(read.new_order);
	if (read.renewal_info != NULL)
		check_url(read.renewal_info);
	for (size_t i = 0; i < read.profiles.count; i++)
		check_words(read.profiles.items[i], ACME_PROFILE_MAX + 1);
	acme_reply_directory_clear(&read);
}

static void read_order(const char *text, size_t len)
{
	struct acme_order_state read;
	struct err err;

	if (!acme_reply_order(text, len, &read, &err))
		return;
	assert(read.authorization_count > 0 && read.authorization_count <= ACME_AUTHORIZATIONS_MAX);
	for (size_t i = 0; i < read.authorization_count; i++)
		check_url(read.authorizations[i]);
	check_url(read.finalize);
	assert(read.status != ACME_VALID || read.certificate != NULL);
	if (read.certificate != NULL)
		check_url(read.certificate);
	check_problem(&read.problem);
	acme_reply_order_clear(&read);
}

static void check_offer(const struct acme_offer *offer)
{
	assert((offer->token == NULL) == (offer->url == NULL));
	if (offer->token == NULL)
		return;
	check_url(offer->url);
	assert(strlen(offer->token) > 0 && strlen(offer->token) <= ACME_TOKEN_MAX &&
	       strpbrk(offer->token, "/.%= \r\n") == NULL);
}

static void read_authorization(const char *text, size_t len)
{
	struct acme_authorization read;
	struct err err;

	if (!acme_reply_authorization(text, len, &read, &err))
		return;
	for (int kind = 0; kind < ACME_CHALLENGE_KINDS; kind++)
		check_offer(&read.offers[kind]);
	check_problem(&read.problem);
	acme_reply_authorization_clear(&read);
}

static void read_problem(const char *text, size_t len)
{
	struct acme_problem read;

	(void)acme_reply_problem(text, len, &read);
	check_problem(&read);
}

/* What a record says it says again. */
static void read_record(const char *text, size_t len)
{
	struct acme_record read, again;
	struct err err;

	if (!acme_record_read(text, len, &read, &err))
		return;
	if (len < ACME_RECORD_MAX / 8) {
		char *written = acme_record_text(&read);
		bool ok = acme_record_read(written, strlen(written), &again, &err);
		assert(ok && again.failures == read.failures && again.next_ms == read.next_ms);
		assert((again.order == NULL) == (read.order == NULL));
		acme_record_clear(&again);
		free(written);
	}
	acme_record_clear(&read);
}

static void read_window(const char *text, size_t len)
{
	struct acme_window read;
	struct err err;
	bool ok = acme_renewal_read(text, len, &read, &err);

	assert(ok ? read.from_s > 0 && read.from_s < read.until_s : read.from_s == 0 && read.until_s == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(const char *text, size_t len) = {read_directory, read_order,  read_authorization,
	                                                                read_problem,   read_record, read_window};

	if (size == 0)
		return 0;
	readers[(uint8_t)(data[0] - '0') % (sizeof(readers) / sizeof(*readers))]((const char *)data + 1, size - 1);
	return 0;
}
