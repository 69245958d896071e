/* tls_hello: a name is a name or the handshake is refused; a list of protocols is read to its end. */
#include "orchestrator/wire/tls_hello.h"

#include "tests/unit/unit.h"

#include <string.h>

#define BYTES(text) (const unsigned char *)(text), sizeof(text) - 1

static const struct {
	const unsigned char *data;
	size_t len;
	const char *name; /* NULL: refused */
} names[] = {
        {NULL, 0, ""},
        {BYTES("\0\x0c\0\0\x09localhost"), "localhost"},
        {BYTES("\0\x0c\0\0\x09LocalHost"), "localhost"},
        {BYTES("\0\x07\0\0\x04"
               "a.b."),
         "a.b"},
        {BYTES("\0\x06\0\0\x03_-0"), "_-0"},
        {BYTES(""), NULL},
        {BYTES("\0"), NULL},
        {BYTES("\0\0"), NULL},
        {BYTES("\0\x04\0\0\x01"
               "ab"),
         NULL}, /* the extension is longer than its list */
        {BYTES("\0\x05\0\0\x01"
               "a"),
         NULL}, /* or shorter */
        {BYTES("\0\x05\0\0\x01"
               "ab"),
         NULL}, /* the list is longer than its name */
        {BYTES("\0\x04\0\0\x02"
               "a"),
         NULL}, /* or shorter */
        {BYTES("\0\x04\x01\0\x01"
               "a"),
         NULL},                        /* no host name */
        {BYTES("\0\x03\0\0\0"), NULL}, /* none at all */
        {BYTES("\0\x04\0\0\x01."), NULL},
        {BYTES("\0\x06\0\0\x03z.."), NULL},
        {BYTES("\0\x05\0\0\x02.a"), NULL},
        {BYTES("\0\x07\0\0\x04"
               "a..b"),
         NULL},
        {BYTES("\0\x06\0\0\x03"
               "a\0b"),
         NULL},
        {BYTES("\0\x06\0\0\x03"
               "a b"),
         NULL},
        {BYTES("\0\x06\0\0\x03"
               "a/b"),
         NULL},
        {BYTES("\0\x06\0\0\x03"
               "\xc3\xa9"
               "b"),
         NULL},
        {BYTES("\0\x08\0\0\x01"
               "a\0\0\x01"
               "b"),
         NULL}, /* two names */
};

START_TEST(names_are_read)
{
	struct tls_hello hello;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		memset(&hello, 'x', sizeof(hello));
		bool good = tls_hello_read_name(&hello, names[i].data, names[i].len);
		ck_assert_msg(good == (names[i].name != NULL), "%zu", i);
		ck_assert_str_eq(hello.name, good ? names[i].name : "");
	}
}
END_TEST

START_TEST(the_longest_name)
{
	unsigned char data[5 + 300];
	struct tls_hello hello;

	for (size_t len = 253; len <= 258; len++) {
		memset(data, 'a', sizeof(data));
		memcpy(data,
		       (unsigned char[]){(unsigned char)((len + 3) >> 8), (unsigned char)(len + 3), 0,
		                         (unsigned char)(len >> 8), (unsigned char)len},
		       5);
		ck_assert_int_eq(tls_hello_read_name(&hello, data, len + 5), len < TLS_NAME_SIZE);
		ck_assert_uint_eq(strlen(hello.name), len < TLS_NAME_SIZE ? len : 0);
	}
}
END_TEST

static const struct {
	const unsigned char *data;
	size_t len;
	bool h2, http, h2_alone;
} lists[] = {
        {NULL, 0, false, false, false},
        {BYTES("\0\x0c\x02h2\x08http/1.1"), true, true, false},
        {BYTES("\0\x09\x08http/1.1"), false, true, false},
        {BYTES("\0\x03\x02h2"), true, false, true},
        {BYTES("\0\x06\x02h2\x02h2"), true, false, false},
        {BYTES("\0\x03\x02h3"), false, false, false},
        {BYTES("\0\x02\x01h"), false, false, false},
        {BYTES("\0\0"), false, false, false},
        {BYTES("\0\x04\x02h2"), false, false, false},
        {BYTES("\0\x04\x02h2\0"), false, false, false},    /* an empty one */
        {BYTES("\0\x05\x02h2\x05z"), false, false, false}, /* a good one, and one that is cut */
};

START_TEST(protocols_are_found)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct tls_hello hello = {.alpn = lists[i].data, .alpn_len = lists[i].len};
		ck_assert_msg(tls_hello_offers(&hello, "h2") == lists[i].h2, "%zu", i);
		ck_assert_msg(tls_hello_offers(&hello, "http/1.1") == lists[i].http, "%zu", i);
		ck_assert_msg(tls_hello_offers_alone(&hello, "h2") == lists[i].h2_alone, "%zu", i);
	}
}
END_TEST

UNIT_MAIN("tls_hello", names_are_read, the_longest_name, protocols_are_found)
