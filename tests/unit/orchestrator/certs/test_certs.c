/* certs: a change of files is noticed, taken whole or not at all, and said once. */
#include "orchestrator/certs/certs.h"

#include "common/clock.h"
#include "orchestrator/base/loop.h"
#include "tests/unit/orchestrator/certs/made.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <time.h>

static struct event_base *base;
static struct config config;
static char none[] = "";
static struct config_certificate wanted;
static struct certs *certs;
static struct err err;

static void make(void)
{
	base = loop_new();
	made_open();
	wanted = (struct config_certificate){.cert = made_path("a.pem"), .key = made_path("a.key")};
	config = (struct config){.acme = {.ca_file = none, .eab_key_file = none}};
	config.tls.certificates = (struct option_array){.items = &wanted, .count = 1};
}

static void clear(void)
{
	certs_free(certs);
	free(wanted.cert);
	free(wanted.key);
	made_close();
	event_base_free(base);
}

static void begin(void)
{
	struct certificates read;

	ck_assert_msg(certificates_read(&config, NULL, &read, &err), "%s", err.message);
	ck_assert_msg(certs_new(base, &config, &read, NULL, &certs, &err), "%s", err.message);
}

static void turn_for(int ms)
{
	struct timeval until = {ms / 1000, ms % 1000 * 1000};

	event_base_loopexit(base, &until);
	event_base_dispatch(base);
}

/* As whoever renews one does. */
static void move_in(const char *name)
{
	shell("cp %s.key a.key.new && mv a.key.new a.key && cp %s.pem a.pem.new && mv a.pem.new a.pem", name, name);
}

START_TEST(a_change_is_noticed)
{
	make_pair("a", "ec", "DNS:a.example", 10);
	make_pair("b", "ec", "DNS:b.example", 20);
	begin();
	ck_assert(certs_covers(certs, "a.example") && !certs_covers(certs, "b.example"));
	move_in("b");
	turn_for(1500);
	ck_assert(certs_covers(certs, "b.example") && !certs_covers(certs, "a.example"));
	ck_assert_uint_eq(certs_name_count(certs), 1);
	ck_assert_str_eq(certs_name_at(certs, 0).host, "b.example");
}
END_TEST

/* The key first, the certificate later: in between the two do not fit. */
START_TEST(half_a_change_waits)
{
	make_pair("a", "ec", "DNS:a.example", 10);
	make_pair("b", "ec", "DNS:b.example", 20);
	begin();
	shell("cp b.key a.key");
	turn_for(1500);
	ck_assert(certs_covers(certs, "a.example"));
	shell("cp b.pem a.pem");
	turn_for(1500);
	ck_assert(certs_covers(certs, "b.example"));
}
END_TEST

/* What is shown stays; it is a trouble until the files are what they were, or good ones. */
START_TEST(files_that_vanish)
{
	make_pair("a", "ec", "DNS:a.example", 10);
	make_pair("b", "ec", "DNS:b.example", 20);
	begin();
	ck_assert_ptr_null(certs_trouble(certs, 0));
	shell("mv a.pem a.pem.away; mv a.key a.key.away");
	turn_for(1500);
	ck_assert(certs_covers(certs, "a.example"));
	ck_assert_ptr_nonnull(strstr(certs_trouble(certs, 0), "a.pem: cannot be opened"));
	ck_assert_ptr_null(certs_trouble(certs, 1));
	shell("mv a.pem.away a.pem; mv a.key.away a.key");
	turn_for(1500);
	ck_assert_ptr_null(certs_trouble(certs, 0));
	shell("rm a.key");
	turn_for(1500);
	ck_assert_ptr_nonnull(strstr(certs_trouble(certs, 0), "a.key: cannot be opened"));
	move_in("b");
	turn_for(1500);
	ck_assert_ptr_null(certs_trouble(certs, 0));
	ck_assert(certs_covers(certs, "b.example"));
}
END_TEST

START_TEST(one_that_has_expired_is_no_better)
{
	make_pair("a", "ec", "DNS:a.example", 10);
	make_expired("b", "DNS:b.example");
	begin();
	move_in("b");
	turn_for(1500);
	ck_assert(certs_covers(certs, "a.example"));
	ck_assert_str_eq(certs_name_at(certs, 0).host, "a.example");
}
END_TEST

START_TEST(at_the_start_it_is_shown_all_the_same)
{
	make_expired("a", "DNS:a.example");
	begin();
	ck_assert_uint_eq(certs_name_count(certs), 1);
	ck_assert(!certs_covers(certs, "a.example")); /* but nobody is sent there */
}
END_TEST

START_TEST(a_reload_is_whole_or_nothing)
{
	struct certificates read;

	make_pair("a", "ec", "DNS:a.example", 10);
	make_pair("b", "ec", "DNS:b.example", 20);
	begin();
	struct config_certificate two[] = {wanted, {.cert = made_path("b.pem"), .key = made_path("a.key")}};
	config.tls.certificates = (struct option_array){.items = two, .count = 2};
	ck_assert(!certificates_read(&config, certs_certificates(certs), &read, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "tls.certificates[1]: "));
	free(two[1].key);
	two[1].key = made_path("b.key");
	ck_assert(certificates_read(&config, certs_certificates(certs), &read, &err));
	ck_assert_ptr_eq(read.items[0], certs_certificates(certs)->items[0]); /* it has not changed */
	ck_assert(certs_prepare(certs, &read, &err));
	ck_assert(!certs_covers(certs, "b.example"));
	certs_change(certs, &config);
	ck_assert(certs_covers(certs, "a.example") && certs_covers(certs, "b.example"));
	free(two[1].key);
	free(two[1].cert);
}
END_TEST

START_TEST(none_at_all)
{
	config.tls.certificates.count = 0;
	begin();
	turn_for(1200);
	ck_assert_uint_eq(certs_name_count(certs), 0);
	ck_assert(!certs_covers(certs, "a.example"));
}
END_TEST

/* Those that come by themselves: a change of files or of the configuration leaves them. */
START_TEST(own_beside_files)
{
	struct certificate *one;
	struct certificates read;

	make_pair("a", "ec", "DNS:a.example,DNS:*.w.example", 10);
	make_pair("b", "ec", "DNS:b.example", 20);
	make_pair("o", "ec", "DNS:own.example", 10);
	begin();
	char *cert = made_path("o.pem"), *key = made_path("o.key");
	ck_assert(certificate_read(cert, key, &one, &err));
	const struct certificates own = {.items = &one, .count = 1};
	ck_assert(certs_set_own(certs, &own, &err));
	certificate_free(one); /* a share was taken */
	ck_assert(certs_covers(certs, "own.example") && certs_covers(certs, "a.example"));
	ck_assert(certs_file_covers(certs, "a.example") && certs_file_covers(certs, "x.w.example"));
	ck_assert(!certs_file_covers(certs, "own.example") && !certs_file_covers(certs, "x.y.w.example"));
	move_in("b");
	turn_for(1500);
	ck_assert(certs_covers(certs, "own.example") && certs_covers(certs, "b.example"));
	ck_assert(certificates_read(&config, certs_certificates(certs), &read, &err));
	ck_assert_uint_eq(read.count, 1);
	ck_assert(certs_prepare(certs, &read, &err));
	certs_change(certs, &config);
	ck_assert(certs_covers(certs, "own.example"));
	ck_assert(certs_set_own(certs, &(struct certificates){0}, &err));
	ck_assert(!certs_covers(certs, "own.example") && certs_covers(certs, "b.example"));
	free(cert);
	free(key);
}
END_TEST

/* The one that has the name itself ends while we look on: the wildcard's is shown from then on, and the file covers it no more. */
START_TEST(time_passes)
{
	char until[32];
	time_t end = time(NULL) + 4;
	struct tm tm;
	struct certificate *one;

	gmtime_r(&end, &tm);
	strftime(until, sizeof(until), "%Y%m%d%H%M%SZ", &tm);
	make_dated("a", "ec", "DNS:x.a.example", "20200101000000Z", until);
	make_pair("o", "ec", "DNS:*.a.example", 10);
	begin();
	char *cert = made_path("o.pem"), *key = made_path("o.key");
	ck_assert(certificate_read(cert, key, &one, &err));
	ck_assert(certs_set_own(certs, &(struct certificates){.items = &one, .count = 1}, &err));
	uint64_t changes = certs_changes(certs);
	while (time(NULL) < end) {
		ck_assert(time(NULL) >= end - 1 || certs_file_covers(certs, "x.a.example"));
		turn_for(100);
	}
	turn_for(1200);
	ck_assert(certs_covers(certs, "x.a.example") && !certs_file_covers(certs, "x.a.example"));
	ck_assert_uint_gt(certs_changes(certs), changes);
	changes = certs_changes(certs);
	turn_for(1200);
	ck_assert_uint_eq(certs_changes(certs), changes);
	certificate_free(one);
	free(cert);
	free(key);
}
END_TEST

UNIT_MAIN_WITH("certs", make, clear, a_change_is_noticed, half_a_change_waits, files_that_vanish,
               one_that_has_expired_is_no_better, at_the_start_it_is_shown_all_the_same, a_reload_is_whole_or_nothing,
               none_at_all, own_beside_files, time_passes)
