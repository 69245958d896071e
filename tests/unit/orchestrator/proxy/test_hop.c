/* hop: which requests end here, and how Max-Forwards is counted down. */
#include "orchestrator/proxy/hop.h"

#include "tests/unit/unit.h"

#define X(fields) "OPTIONS /x HTTP/1.1\r\nHost: a\r\n" fields "\r\n"

static const struct {
	const char *in;
	enum hop hop;
	const char *out; /* NULL: as it was */
} rows[] = {
        {X(""), HOP_ON, NULL},
        {X("Max-Forwards: 0\r\n"), HOP_ENDS, NULL},
        {X("Max-Forwards: 000\r\n"), HOP_ENDS, NULL},
        {X("max-forwards: 1\r\n"), HOP_ON, X("max-forwards: 0\r\n")},
        {X("MAX-FORWARDS: 9\r\nX: 0\r\n"), HOP_ON, X("MAX-FORWARDS: 8\r\nX: 0\r\n")},
        {X("Max-Forwards: 10\r\n"), HOP_ON, X("Max-Forwards:  9\r\n")},
        {X("Max-Forwards: 20\r\n"), HOP_ON, X("Max-Forwards: 19\r\n")},
        {X("Max-Forwards: 1000\r\n"), HOP_ON, X("Max-Forwards:  999\r\n")},
        {X("Max-Forwards: 01\r\n"), HOP_ON, X("Max-Forwards: 00\r\n")},
        {X("Max-Forwards: 99999999999999999999999999999990\r\n"), HOP_ON,
         X("Max-Forwards: 99999999999999999999999999999989\r\n")},
        {X("Max-Forwards:\r\n"), HOP_BAD, NULL},
        {X("Max-Forwards: -1\r\n"), HOP_BAD, NULL},
        {X("Max-Forwards: 1a\r\n"), HOP_BAD, NULL},
        {X("Max-Forwards: 1, 2\r\n"), HOP_BAD, NULL},
        {X("Max-Forwards: 1\r\nMax-Forwards: 1\r\n"), HOP_BAD, NULL},
        {X("X-Max-Forwards: 0\r\n"), HOP_ON, NULL},
        {"TRACE /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n", HOP_ENDS, NULL},
        {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", HOP_ENDS, NULL},
        {"OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 5\r\n\r\n", HOP_ENDS, NULL},
        {"OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: x\r\nMax-Forwards: 1\r\n\r\n", HOP_BAD, NULL},
        {"OPTIONS /x HTTP/1.1\r\nHost: \r\nMax-Forwards: 2\r\n\r\n", HOP_ON,
         "OPTIONS /x HTTP/1.1\r\nHost: \r\nMax-Forwards: 1\r\n\r\n"}, /* of HTTP/1.0 */
        {"OPTIONS /* HTTP/1.1\r\nHost: a\r\n\r\n", HOP_ON, NULL},
};

START_TEST(table)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf head;
		buf_init(&head, 4096);
		ck_assert(buf_add_text(&head, rows[i].in));
		ck_assert_msg(hop_take(&head) == rows[i].hop, "%s", rows[i].in);
		ck_assert_str_eq(buf_text(&head), rows[i].out != NULL ? rows[i].out : rows[i].in);
		buf_clear(&head);
	}
}
END_TEST

UNIT_MAIN("hop", table)
