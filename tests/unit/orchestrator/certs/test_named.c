/* named: which certificate is shown for which name, and that what is the same is not made again. */
#include "orchestrator/certs/named.h"

#include "orchestrator/base/loop.h"
#include "orchestrator/wire/tls.h"
#include "tests/unit/orchestrator/certs/made.h"
#include "tests/unit/unit.h"

#include <openssl/ssl.h>
#include <string.h>
#include <time.h>

#define MOST 6

static struct tls_server *server;
static struct certificates certificates; /* that the configuration names */
static struct certificates own;
static int64_t now_s;
static struct certificate *items[MOST];
static struct named *named;

static SSL_CTX *choose(const struct tls_hello *hello, void *arg)
{
	(void)hello;
	(void)arg;
	return NULL;
}

static void make(void)
{
	struct err err;

	made_open();
	ck_assert(tls_server_new(&(struct tls_settings){.choose = choose}, &server, &err));
	certificates = (struct certificates){.items = items};
	own = (struct certificates){0};
	now_s = time(NULL);
	named = NULL;
}

static void clear(void)
{
	named_free(named);
	for (size_t i = 0; i < certificates.count; i++)
		certificate_free(items[i]);
	tls_server_free(server);
	made_close();
}

static struct certificate *add_made(void)
{
	struct err err;

	char *cert_path = made_path("x.pem"), *key_path = made_path("x.key");
	ck_assert_msg(certificate_read(cert_path, key_path, &items[certificates.count], &err), "%s", err.message);
	free(cert_path);
	free(key_path);
	now_s = time(NULL);
	return items[certificates.count++];
}

static struct certificate *add(const char *key, const char *names, int days)
{
	make_pair("x", key, names, days);
	return add_made();
}

static void build(void)
{
	struct named *next;
	struct err err;

	const struct named_settings settings = {
	        .server = server, .files = &certificates, .own = &own, .before = named, .now_s = now_s};
	ck_assert_msg(named_new(&settings, &next, &err), "%s", err.message);
	named_free(named);
	named = next;
}

/* Is this certificate in what is shown for the name? */
static bool shows(const char *name, const struct certificate *certificate)
{
	SSL_CTX *context = name != NULL ? named_find(named, name) : named_default(named);

	for (long more = context != NULL ? SSL_CTX_set_current_cert(context, SSL_CERT_SET_FIRST) : 0; more == 1;
	     more = SSL_CTX_set_current_cert(context, SSL_CERT_SET_NEXT))
		if (X509_cmp(SSL_CTX_get0_certificate(context), sk_X509_value(certificate->chain, 0)) == 0)
			return true;
	return false;
}

START_TEST(by_name)
{
	struct certificate *first = add("ec", "DNS:a.example,DNS:*.b.example", 10);
	struct certificate *second = add("ec", "DNS:c.example,DNS:x.b.example,DNS:*.com", 10);
	char longest[300];

	build();
	ck_assert(shows("a.example", first) && shows("y.b.example", first) && shows(NULL, first));
	ck_assert(shows("c.example", second) && shows("x.b.example", second) && !shows("x.b.example", first));
	ck_assert(shows("z.com", second));
	memset(longest, 'a', sizeof(longest));
	longest[255] = '\0';
	longest[1] = '.';
	const char *const none[] = {"b.example", "z.y.b.example", "example", "", ".b.example", "a.b.com", longest};
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_msg(named_find(named, none[i]) == NULL, "%s", none[i]);
}
END_TEST

START_TEST(two_kinds_side_by_side)
{
	struct certificate *ec = add("ec", "DNS:a,DNS:b", 10), *rsa = add("rsa:2048", "DNS:a,DNS:c", 10);

	build();
	ck_assert(shows("a", ec) && shows("a", rsa));
	ck_assert(shows("b", ec) && !shows("b", rsa));
	ck_assert(!shows("c", ec) && shows("c", rsa));
	ck_assert(shows(NULL, ec) && shows(NULL, rsa));
}
END_TEST

START_TEST(of_two_the_later_end)
{
	struct certificate *soon = add("ec", "DNS:a,DNS:b", 10), *late = add("ec", "DNS:a", 20);

	build();
	ck_assert(shows("a", late) && !shows("a", soon));
	ck_assert(shows("b", soon));
	ck_assert_uint_eq(named_count(named), 2);
}
END_TEST

/* Whatever says it better, or longer: who has expired is shown where there is no other one. */
START_TEST(valid_before_exact)
{
	struct certificate *wildcard = add("ec", "DNS:*.a.example", 20), *exact = add("ec", "DNS:x.a.example", 10);

	build();
	ck_assert(shows("x.a.example", exact) && shows("y.a.example", wildcard));
	now_s = exact->until_s;
	build();
	ck_assert(shows("x.a.example", wildcard));
	ck_assert(named_covers(named, "x.a.example", now_s));
	now_s = wildcard->until_s;
	build();
	ck_assert(shows("x.a.example", exact));
	ck_assert(!named_covers(named, "x.a.example", now_s));
}
END_TEST

START_TEST(valid_before_later)
{
	make_dated("x", "ec", "DNS:a", "20400101000000Z", "20410101000000Z");
	struct certificate *future = add_made(), *valid = add("ec", "DNS:a", 10);

	build();
	ck_assert(shows("a", valid) && !shows("a", future));
	now_s = future->from_s;
	build();
	ck_assert(shows("a", future) && !shows("a", valid));
}
END_TEST

/* A client might choose the one that has expired. */
START_TEST(no_expired_one_beside)
{
	struct certificate *ec = add("ec", "DNS:a", 10), *rsa = add("rsa:2048", "DNS:a", 20);

	build();
	ck_assert(shows("a", ec) && shows("a", rsa));
	now_s = ec->until_s;
	build();
	ck_assert(!shows("a", ec) && shows("a", rsa));
	ck_assert_ptr_eq(named_at(named, 0)->shown[0], ec); /* it is told of all the same */
	now_s = rsa->until_s;
	build();
	ck_assert(shows("a", ec) && shows("a", rsa));
}
END_TEST

START_TEST(by_files_or_not)
{
	struct certificate *wildcard = add("ec", "DNS:*.a.example,DNS:b.example", 10),
	                   *exact = add("ec", "DNS:x.a.example,DNS:c.example", 20);

	certificates.count = 1;
	own = (struct certificates){.items = &items[1], .count = 1};
	build();
	ck_assert(shows("x.a.example", exact));
	ck_assert(named_file_covers(named, "x.a.example") && named_file_covers(named, "b.example"));
	ck_assert(!named_file_covers(named, "c.example") && !named_file_covers(named, "d.example"));
	now_s = wildcard->until_s;
	build();
	ck_assert(!named_file_covers(named, "x.a.example") && !named_file_covers(named, "b.example"));
	certificates.count = 2;
}
END_TEST

START_TEST(holds_until_one_begins_or_ends)
{
	make_dated("x", "ec", "DNS:a", "20400101000000Z", "20410101000000Z");
	struct certificate *future = add_made(), *valid = add("ec", "DNS:b", 10);

	build();
	ck_assert(named_holds(named, now_s) && named_holds(named, valid->until_s - 1) &&
	          named_holds(named, valid->from_s));
	ck_assert(!named_holds(named, valid->until_s) && !named_holds(named, valid->from_s - 1));
	now_s = valid->until_s;
	build();
	ck_assert(named_holds(named, now_s) && named_holds(named, future->from_s - 1));
	ck_assert(!named_holds(named, now_s - 1) && !named_holds(named, future->from_s));
	certificates.count = 0;
	build();
	ck_assert(named_holds(named, 0) && named_holds(named, INT64_MAX - 1));
	certificates.count = 2;
}
END_TEST

START_TEST(who_is_covered)
{
	struct certificate *one = add("ec", "DNS:a,DNS:*.b", 10);

	build();
	ck_assert(named_covers(named, "a", one->until_s - 1));
	ck_assert(named_covers(named, "x.b", one->from_s));
	ck_assert(!named_covers(named, "a", one->until_s));
	ck_assert(!named_covers(named, "a", one->from_s - 1));
	ck_assert(!named_covers(named, "c", one->from_s));
}
END_TEST

START_TEST(none_at_all)
{
	build();
	ck_assert_ptr_null(named_default(named));
	ck_assert_ptr_null(named_find(named, "a"));
	ck_assert_uint_eq(named_count(named), 0);
}
END_TEST

START_TEST(what_stays_is_shared)
{
	add("ec", "DNS:a", 10);
	build();
	SSL_CTX *before = named_find(named, "a");
	add("ec", "DNS:b", 10);
	build();
	ck_assert_ptr_eq(named_find(named, "a"), before);
	ck_assert_ptr_nonnull(named_find(named, "b"));
}
END_TEST

UNIT_MAIN_WITH("named", make, clear, by_name, two_kinds_side_by_side, of_two_the_later_end, valid_before_exact,
               valid_before_later, no_expired_one_beside, by_files_or_not, holds_until_one_begins_or_ends,
               who_is_covered, none_at_all, what_stays_is_shared)
