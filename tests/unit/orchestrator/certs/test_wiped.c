/* What held a private key or a secret is wiped before its memory is given back: each block that our code frees is looked at. */
#include "common/mem.h"
#include "orchestrator/certs/acme_binding.h"
#include "orchestrator/certs/acme_files.h"
#include "orchestrator/certs/acme_record.h"
#include "orchestrator/certs/jws.h"
#include "orchestrator/certs/pem.h"
#include "tests/unit/orchestrator/certs/made.h"
#include "tests/unit/unit.h"

#include <malloc.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>

static char needle[32]; /* "": nothing is looked for */
static unsigned found, looked;

void __real_free(void *memory);
void __wrap_free(void *memory);

/* The linker puts it in the place of free. */
void __wrap_free(void *memory)
{
	if (memory != NULL && needle[0] != '\0') {
		looked++;
		found += memmem(memory, malloc_usable_size(memory), needle, strlen(needle)) != NULL;
	}
	__real_free(memory);
}

static void set_up(void)
{
	made_open();
	found = looked = 0;
}

static void tear_down(void)
{
	needle[0] = '\0';
	made_close();
}

/* From the middle of it, where a short piece that was overwritten by the allocator's own does no harm. */
static void look_for(const char *text)
{
	size_t at = strlen(text) / 2;

	memcpy(needle, text + at, sizeof(needle) - 1);
}

static void check_none(void)
{
	needle[0] = '\0';
	ck_assert_uint_gt(looked, 0);
	ck_assert_uint_eq(found, 0);
}

static char *slurp(const char *path)
{
	char *text = mem_zero(8192);
	FILE *from = fopen(path, "r");

	(void)!fread(text, 1, 8191, from);
	fclose(from);
	return text;
}

START_TEST(the_looking)
{
	char *text = mem_dup("0123456789012345678901234567890123456789012345678901234567890123456789");

	look_for(text);
	free(text);
	needle[0] = '\0';
	ck_assert_uint_eq(found, 1);
}
END_TEST

START_TEST(key_files)
{
	static const char *const kinds[] = {"ec", "rsa:4096"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		make_pair("x", kinds[i], "DNS:a", 1);
		char *path = made_path("x.key"), *text = slurp(path);
		struct pem_mark mark;
		EVP_PKEY *key;
		bool readable;
		struct err err;
		look_for(text);
		ck_assert_msg(pem_read_key(path, &key, &mark, &readable, &err), "%s", err.message);
		check_none();
		EVP_PKEY_free(key);
		free(text);
		free(path);
	}
}
END_TEST

START_TEST(records)
{
	EVP_PKEY *key = jws_key_new();
	struct acme_record record = {.order = mem_dup("https://ca.example/1"), .key = acme_files_key_line(key)}, again;

	record.left = (struct acme_left){.order = mem_dup("https://ca.example/2"), .key = acme_files_key_line(key)};

	look_for(record.key);
	char *text = acme_record_text(&record);
	ck_assert(acme_record_read(text, strlen(text), &again, NULL));
	EVP_PKEY *same = acme_files_key_from(again.key);
	ck_assert_int_eq(EVP_PKEY_eq(key, same), 1);
	acme_files_free_secret(text);
	acme_record_clear(&again);
	acme_record_clear(&record);
	check_none();
	EVP_PKEY_free(same);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(bindings)
{
	static const char secret[] = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
	char none[] = "", *path = made_path("eab"), *text;
	struct config config = {.acme = {.ca_file = none, .eab_key_file = path}};
	struct err err;

	shell("echo %s >eab; chmod 600 eab", secret);
	look_for(secret);
	ck_assert_msg(acme_binding_check(&config, &err), "%s", err.message);
	ck_assert(acme_binding_read(&config, &text, &err));
	acme_files_free_secret(text);
	check_none();
	free(path);
}
END_TEST

UNIT_MAIN_WITH("wiped", set_up, tear_down, the_looking, key_files, records, bindings)
