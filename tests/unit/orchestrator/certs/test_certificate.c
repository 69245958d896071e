/* certificate: what is right is taken with all that it says, and what is wrong is named with its file. */
#include "orchestrator/certs/certificate.h"

#include "common/clock.h"
#include "tests/unit/orchestrator/certs/made.h"
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/stat.h>

#define DAY_S 86400

static struct certificate *certificate;
static struct err err;

static void make(void)
{
	made_open();
	certificate = NULL;
}

static void clear(void)
{
	certificate_free(certificate);
	made_close();
}

static bool read_pair(const char *cert, const char *key)
{
	char *cert_path = made_path(cert), *key_path = made_path(key);
	bool ok = certificate_read(cert_path, key_path, &certificate, &err);

	free(cert_path);
	free(key_path);
	return ok;
}

static void check_refused(const char *cert, const char *key, const char *file, const char *says)
{
	ck_assert_msg(!read_pair(cert, key), "taken: %s %s", cert, key);
	ck_assert_msg(strstr(err.message, file) != NULL && strstr(err.message, says) != NULL, "%s\nlacks %s or %s",
	              err.message, file, says);
}

START_TEST(what_it_says)
{
	make_pair("a", "ec", "DNS:A.Example,DNS:*.b.example,IP:192.0.2.1,IP:2001:db8::1,email:x@y", 10);
	int64_t now_s = clock_wall_ms() / 1000;

	ck_assert_msg(read_pair("a.pem", "a.key"), "%s", err.message);
	ck_assert_uint_eq(certificate->names.count, 4);
	ck_assert_str_eq(certificate->names.items[0], "a.example");
	ck_assert_str_eq(certificate->names.items[1], "*.b.example");
	ck_assert_str_eq(certificate->names.items[2], "192.0.2.1");
	ck_assert_str_eq(certificate->names.items[3], "2001:db8::1");
	ck_assert_str_eq(certificate->issuer, "Test");
	ck_assert(!certificate->is_rsa && !certificate->is_alone && !certificate->key_is_readable);
	ck_assert_int_le(llabs(certificate->until_s - now_s - 10 * DAY_S), 60);
	ck_assert(certificate_is_valid(certificate, now_s));
	ck_assert(!certificate_is_valid(certificate, now_s + 10 * DAY_S + 60));
	ck_assert(!certificate_is_valid(certificate, now_s - 600));
}
END_TEST

START_TEST(one_of_rsa)
{
	make_pair("a", "rsa:2048", "DNS:a", 10);
	ck_assert_msg(read_pair("a.pem", "a.key"), "%s", err.message);
	ck_assert(certificate->is_rsa);
}
END_TEST

START_TEST(its_chain)
{
	make_pair("root", "ec", "DNS:root", 10);
	shell("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout a.key -out a.csr -subj /CN=a;"
	      "echo subjectAltName=DNS:a >ext; openssl x509 -req -in a.csr -CA root.pem -CAkey root.key -CAcreateserial -extfile ext -out a.pem;"
	      "cat a.pem root.pem >whole.pem; cat root.pem a.pem >wrong.pem; cat a.pem a.pem >twice.pem");
	check_refused("wrong.pem", "a.key", "a.key", "is not the key of the first certificate in");
	check_refused("twice.pem", "a.key", "twice.pem", "certificate 2 of the file did not issue certificate 1");
	ck_assert_msg(read_pair("whole.pem", "a.key"), "%s", err.message);
	ck_assert(!certificate->is_alone);
	certificate_free(certificate);
	ck_assert_msg(read_pair("a.pem", "a.key"), "%s", err.message);
	ck_assert(certificate->is_alone);
}
END_TEST

START_TEST(what_is_refused)
{
	make_pair("a", "ec", "DNS:a", 10);
	make_pair("b", "ec", "DNS:b", 10);
	make_pair("short", "rsa:1024", "DNS:a", 10);
	shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout none.key -out none.pem -subj /CN=x;"
	      "openssl pkey -in a.key -aes256 -passout pass:x -out locked.key;"
	      "sed '3s/^..../AAAA/' a.pem >damaged.pem; head -c 300 a.pem >cut.pem; : >empty.pem; echo hello >text.pem;"
	      "cp a.key open.key; chmod 620 open.key; head -c 60 a.key >cut.key; chmod 600 cut.key locked.key;"
	      "openssl req -x509 -key a.key -sha1 -out sha1.pem -subj /CN=x -addext subjectAltName=DNS:a; mkdir folder; mkfifo fifo;"
	      "head -c 300000 /dev/zero >large.pem");
	check_refused("b.pem", "a.key", "a.key", "is not the key");
	check_refused("nowhere.pem", "a.key", "nowhere.pem", "cannot be opened");
	check_refused("a.pem", "nowhere.key", "nowhere.key", "cannot be opened");
	check_refused("folder", "a.key", "folder", "is not a file");
	check_refused("fifo", "a.key", "fifo", "is not a file");
	check_refused("large.pem", "a.key", "large.pem", "larger");
	check_refused("empty.pem", "a.key", "empty.pem", "has no certificate");
	check_refused("text.pem", "a.key", "text.pem", "has no certificate");
	check_refused("damaged.pem", "a.key", "damaged.pem", "certificate 1 is damaged");
	check_refused("cut.pem", "a.key", "cut.pem", "certificate 1 is damaged");
	check_refused("a.pem", "a.pem", "a.pem", "has no private key");
	check_refused("a.pem", "cut.key", "cut.key", "has no private key");
	check_refused("a.pem", "locked.key", "locked.key", "openssl pkey -in KEY -out NEWKEY");
	check_refused("a.pem", "open.key", "open.key", "others may write it");
	check_refused("short.pem", "short.key", "short.key", "1024 bits is too short");
	check_refused("none.pem", "none.key", "none.pem", "no name");
	check_refused("sha1.pem", "a.key", "sha1.pem", "SHA1");
}
END_TEST

START_TEST(a_key_that_all_may_read)
{
	make_pair("a", "ec", "DNS:a", 10);
	shell("chmod 644 a.key");
	ck_assert(read_pair("a.pem", "a.key"));
	ck_assert(certificate->key_is_readable);
}
END_TEST

UNIT_MAIN_WITH("certificate", make, clear, what_it_says, one_of_rsa, its_chain, what_is_refused,
               a_key_that_all_may_read)
