/* proxy_header: both versions, whole and cut at each byte; and what is none. */
#include "orchestrator/wire/proxy_header.h"

#include "common/mem.h"
#include "tests/unit/unit.h"

#include <string.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4 "\xc0\x00\x02\x01\xc0\x00\x02\x02\x12\x34\x01\xbb"
#define V6                                                                                     \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02" \
	"\x12\x34\x01\xbb"
#define TLV "\x04\x00\x05world"
#define BYTES(text) text, sizeof(text) - 1

struct sample {
	const char *data;
	size_t len;
	const char *source; /* NULL: the peer itself */
};

static const struct sample good[] = {
        {BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"), "192.0.2.1:0"},
        {BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), "255.255.255.255:0"},
        {BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 0 1\r\n"), "1.2.3.4:0"},
        {BYTES("PROXY TCP6 2001:db8::1 ::2 1 2\r\n"), "[2001:db8::1]:0"},
        {BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:0"},
        {BYTES("PROXY UNKNOWN\r\n"), NULL},
        {BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
         NULL},
        {BYTES(SIGNATURE "\x21\x11\x00\x0c" V4), "192.0.2.1:4660"},
        {BYTES(SIGNATURE "\x21\x21\x00\x24" V6), "[2001:db8::1]:4660"},
        {BYTES(SIGNATURE "\x21\x11\x00\x14" V4 TLV), "192.0.2.1:4660"},
        {BYTES(SIGNATURE "\x21\x11\x00\x0e" V4 "\xff\xff"), "192.0.2.1:4660"}, /* TLVs are not looked at */
        {BYTES(SIGNATURE "\x20\x00\x00\x00"), NULL},
        {BYTES(SIGNATURE "\x20\x11\x00\x0c" V4), NULL},
        {BYTES(SIGNATURE "\x21\x00\x00\x00"), NULL},
        {BYTES(SIGNATURE "\x21\x00\x00\x04zzzz"), NULL},
        {BYTES(SIGNATURE "\x21\x12\x00\x0c" V4), NULL}, /* datagrams */
};

/* In memory of exactly its size. */
static enum proxy_header_event read_exact(const char *data, size_t len, struct proxy_header *header)
{
	char *copy = mem_alloc(len + (len == 0));

	memcpy(copy, data, len);
	enum proxy_header_event event = proxy_header_read(copy, len, header);
	free(copy);
	return event;
}

START_TEST(whole_and_in_pieces)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct proxy_header header;
		char text[ADDRESS_TEXT_SIZE], longer[PROXY_HEADER_MAX + 8];
		for (size_t len = 0; len < good[i].len; len++)
			ck_assert_msg(read_exact(good[i].data, len, &header) == PROXY_HEADER_MORE, "%zu cut at %zu", i,
			              len);
		memcpy(longer, good[i].data, good[i].len);
		memcpy(longer + good[i].len, "GET /\r\n", 7);
		for (size_t more = 0; more <= 7; more++) {
			ck_assert_msg(read_exact(longer, good[i].len + more, &header) == PROXY_HEADER_DONE, "%zu", i);
			ck_assert_uint_eq(header.size, good[i].len);
			ck_assert_int_eq(header.source.len > 0, good[i].source != NULL);
		}
		if (good[i].source == NULL)
			continue;
		address_format(&header.source, text);
		ck_assert_str_eq(text, good[i].source);
	}
}
END_TEST

static const struct sample bad[] = {
        {BYTES("GET / HTTP/1.1\r\n"), NULL},
        {BYTES("P "), NULL},
        {BYTES("PROXY\r\n"), NULL},
        {BYTES("PROXY \r\n"), NULL},
        {BYTES("proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n"), NULL},
        {BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n"), NULL},
        {BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n"), NULL},
        {BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n"), NULL},
        {BYTES("PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n"), NULL},
        {BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n"), NULL},
        {BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n"), NULL},
        {BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n"), NULL},
        {BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 1 99999999999999999999\r\n"), NULL},
        {BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n"), NULL},
        {BYTES("PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n"), NULL},
        {BYTES("PROXY TCP4 ::1 5.6.7.8 1 2\r\n"), NULL},
        {BYTES("PROXY TCP6 1.2.3.4 ::1 1 2\r\n"), NULL},
        {BYTES("PROXY TCP6 ::1%lo ::1 1 2\r\n"), NULL},
        {BYTES("PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n"), NULL},
        {BYTES("PROXY UNKNOWNX 1\r\n"), NULL},
        {BYTES("PROXY TCP4 1.2.3.4\0 5.6.7.8 1 2\r\n"), NULL},
        {BYTES("PROXY UNKNOWN 456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456\r\n"),
         NULL},
        {BYTES("PROXY UNKNOWN 456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 1234567"),
         NULL},
        {BYTES("\r\n\r\nGET"), NULL},
        {BYTES(SIGNATURE "\x11"), NULL},
        {BYTES(SIGNATURE "\x22"), NULL},
        {BYTES(SIGNATURE "\x21\x41"), NULL},
        {BYTES(SIGNATURE "\x21\x13"), NULL},
        {BYTES(SIGNATURE "\x20\x00\x02\x09"), NULL}, /* 537 bytes */
        {BYTES(SIGNATURE "\x21\x11\x00\x0b" V4), NULL},
        {BYTES(SIGNATURE "\x21\x21\x00\x0c" V4), NULL},
        {BYTES(SIGNATURE "\x21\x31\x00\x0c" V4), NULL},
};

START_TEST(what_is_none)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct proxy_header header;
		ck_assert_msg(read_exact(bad[i].data, bad[i].len, &header) == PROXY_HEADER_BAD, "%zu: %s", i,
		              bad[i].data);
	}
}
END_TEST

START_TEST(the_longest)
{
	char data[PROXY_HEADER_MAX] = SIGNATURE "\x21\x11\x02\x08" V4;
	struct proxy_header header;

	ck_assert_int_eq(read_exact(data, sizeof(data) - 1, &header), PROXY_HEADER_MORE);
	ck_assert_int_eq(read_exact(data, sizeof(data), &header), PROXY_HEADER_DONE);
	ck_assert_uint_eq(header.size, PROXY_HEADER_MAX);
}
END_TEST

UNIT_MAIN("proxy_header", whole_and_in_pieces, what_is_none, the_longest)
