/* host_place: the folder is made anew for each test. */
#include "tests/unit/orchestrator/certs/host_place.h"

#include "orchestrator/certs/challenges.h"

#include <event2/event.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

static struct event_base *base;
static EVP_PKEY *account;
struct fetch *fetch;
static char dir[] = "/tmp/acme_host_XXXXXX";
static char fake_ca[] = FAKE_CA;
char other_ca[] = "https://other.example/directory", none[] = "", profile[] = "short";
struct config config;
struct acme_place place;
struct acme_host *host;
unsigned outcomes[ACME_OUTCOMES];

static void on_ended(const struct acme_authority *authority, enum acme_outcome outcome, void *arg)
{
	(void)arg;
	ck_assert_ptr_nonnull(acme_authority_ca(authority));
	outcomes[outcome]++;
}

enum acme_turn turn_now(void)
{
	return acme_host_turn(host, clock_wall_ms());
}

void order_now(void)
{
	acme_host_order(host, turn_now());
}

char *path_of(const char *name)
{
	return mem_format("%s/certs/%s", dir, name);
}

struct acme_authority *make_authority(enum acme_turn turn)
{
	char *name = acme_authority_name_of(&config, turn), *file = acme_files_account(name);
	char *path = acme_files_path(place.files, file, "pem"), *text = acme_files_key_text(account);
	FILE *to = fopen(path, "w");

	fputs(text, to);
	fclose(to);
	struct acme_authority *made = acme_authority_new(place.files, fetch, &config, turn);
	ck_assert_ptr_nonnull(acme_authority_ca(made));
	unlink(path);
	free(text);
	free(path);
	free(file);
	free(name);
	return made;
}

void open_place(void)
{
	struct err err;

	ck_assert_msg(acme_files_new(base, dir, &place.files, &err), "%s", err.message);
	fetch = fake_fetch_open(base);
	place.base = base;
	place.challenges = challenges_new();
	place.config = &config;
	place.ended = on_ended;
	place.authorities[ACME_FIRST] = make_authority(ACME_FIRST);
	place.authorities[ACME_FALLBACK] = config.acme.fallback[0] != '\0' ? make_authority(ACME_FALLBACK) : NULL;
	host = acme_host_new(&place, HOST);
	acme_host_meet(host);
}

void close_place(void)
{
	acme_host_free(host);
	for (enum acme_turn turn = ACME_FIRST; turn < ACME_TURNS; turn++)
		acme_authority_free(place.authorities[turn]);
	acme_files_free(place.files);
	challenges_free(place.challenges);
	fake_fetch_close();
}

void take_other_authority(void)
{
	struct acme_authority *before = place.authorities[ACME_FIRST];

	config.acme.directory = other_ca;
	place.authorities[ACME_FIRST] = make_authority(ACME_FIRST);
	acme_authority_free(before);
	acme_host_meet(host);
}

void set_up(void)
{
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	config = (struct config){.acme = {.directory = fake_ca,
	                                  .fallback = none,
	                                  .profile = none,
	                                  .ca_file = none,
	                                  .email = none,
	                                  .eab_kid = none,
	                                  .eab_key_file = none}};
	base = event_base_new();
	account = jws_key_new();
	memset(outcomes, 0, sizeof(outcomes));
	open_place();
}

void tear_down(void)
{
	static const char *const names[] = {HOST ".json", HOST ".pem"};

	close_place();
	for (size_t i = 0; i < 2; i++) {
		char *path = path_of(names[i]);
		unlink(path);
		free(path);
	}
	char *certs = path_of("");
	rmdir(certs);
	free(certs);
	rmdir(dir);
	EVP_PKEY_free(account);
	event_base_free(base);
}

void restart(void)
{
	close_place();
	open_place();
}

char *slurp(const char *name)
{
	char *path = path_of(name), *text = mem_zero(65536);
	FILE *from = fopen(path, "r");

	free(path);
	if (from == NULL) {
		free(text);
		return NULL;
	}
	(void)!fread(text, 1, 65535, from);
	fclose(from);
	return text;
}

struct acme_record record(void)
{
	struct acme_record read = {0};
	char *text = slurp(HOST ".json");

	if (text != NULL)
		ck_assert(acme_record_read(text, strlen(text), &read, NULL));
	free(text);
	return read;
}

void turn(void)
{
	const struct timeval most = {.tv_usec = 2000};

	event_base_loopexit(base, &most);
	event_base_dispatch(base);
}

void turn_until(bool (*done)(void))
{
	for (int i = 0; i < 2000 && !done(); i++) {
		turn();
	}
	ck_assert(done());
}

bool all_answered(void)
{
	return fake_fetch_left() == 0;
}

bool is_idle(void)
{
	return !acme_host_is_busy(host);
}

bool has_order(void)
{
	struct acme_record read = record();
	bool yes = read.order != NULL && read.key != NULL;

	acme_record_clear(&read);
	return yes;
}

bool is_clean(void)
{
	struct acme_record read = record();
	bool yes = read.order == NULL && read.failures == 0 && access(dir, F_OK) == 0;

	acme_record_clear(&read);
	return yes && is_idle();
}

void settle(void)
{
	for (int i = 0; i < 2000 && !acme_host_is_due(host, INT64_MAX / 2); i++) {
		turn();
	}
	ck_assert(acme_host_is_due(host, INT64_MAX / 2));
}

static char *issue_for(EVP_PKEY *key, const char *name, long from_s, long until_s)
{
	EVP_PKEY *issuer = jws_key_new();
	X509 *made = X509_new();
	char *data, *said = mem_format("DNS:%s", name);

	ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
	X509_set_version(made, 2);
	X509_NAME_add_entry_by_txt(X509_get_issuer_name(made), "O", MBSTRING_ASC, (const unsigned char *)"Fake", -1, -1,
	                           0);
	X509_gmtime_adj(X509_getm_notBefore(made), from_s);
	X509_gmtime_adj(X509_getm_notAfter(made), until_s);
	X509_set_pubkey(made, key);
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, said);
	X509_add_ext(made, names, -1);
	X509_sign(made, issuer, EVP_sha256());
	BIO *to = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(to, made);
	long len = BIO_get_mem_data(to, &data);
	char *text = mem_dup_n(data, (size_t)len);
	BIO_free(to);
	X509_EXTENSION_free(names);
	X509_free(made);
	EVP_PKEY_free(issuer);
	free(said);
	return text;
}

char *issue(const char *name, long from_s, long until_s)
{
	struct acme_record read = record();
	EVP_PKEY *key = acme_files_key_from(read.key);
	char *text = issue_for(key, name, from_s, until_s);

	EVP_PKEY_free(key);
	acme_record_clear(&read);
	return text;
}

void keep(long days)
{
	EVP_PKEY *key = jws_key_new();
	char *text = acme_files_key_text(key), *chain = issue_for(key, HOST, -days * 86400, (90 - days) * 86400);
	char *path = path_of(HOST ".pem");
	FILE *to = fopen(path, "w");

	fputs(text, to);
	fputs(chain, to);
	fclose(to);
	free(path);
	free(chain);
	acme_files_free_secret(text);
	EVP_PKEY_free(key);
	restart();
	ck_assert_ptr_nonnull(acme_host_certificate(host));
}

bool is_due(void)
{
	return acme_host_is_due(host, clock_wall_ms());
}

void put_record(const char *text)
{
	char *path = path_of(HOST ".json");
	FILE *to = fopen(path, "w");

	fputs(text, to);
	fclose(to);
	free(path);
}
