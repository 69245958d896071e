/* What a CA says is read where it is as RFC 8555 has it, and refused where it is not. */
#include "orchestrator/certs/acme_reply.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define DIRECTORY "{\"newNonce\":\"https://a/n\",\"newAccount\":\"https://a/a\",\"newOrder\":\"https://a/o\""

START_TEST(directory)
{
	static const char text[] = DIRECTORY
	        ",\"keyChange\":1,\"meta\":{\"termsOfService\":\"https://a/t\",\"externalAccountRequired\":true}}";
	struct acme_directory read;
	struct err err;

	ck_assert(acme_reply_directory(text, strlen(text), &read, &err));
	ck_assert_str_eq(read.new_nonce, "https://a/n");
	ck_assert_str_eq(read.new_account, "https://a/a");
	ck_assert_str_eq(read.new_order, "https://a/o");
	ck_assert(read.binds);
	acme_reply_directory_clear(&read);
	ck_assert(acme_reply_directory(DIRECTORY "}", strlen(DIRECTORY "}"), &read, &err));
	ck_assert(!read.binds);
	acme_reply_directory_clear(&read);
}
END_TEST

START_TEST(directory_refused)
{
	static const char *const wrong[] = {
	        "",
	        "<html>",
	        "[]",
	        "{}",
	        "{\"newNonce\":\"https://a/n\",\"newAccount\":\"https://a/a\"}",
	        "{\"newNonce\":\"http://a/n\",\"newAccount\":\"https://a/a\",\"newOrder\":\"https://a/o\"}",
	        "{\"newNonce\":\"https://a/n x\",\"newAccount\":\"https://a/a\",\"newOrder\":\"https://a/o\"}",
	        "{\"newNonce\":\"https://a/n\",\"newAccount\":7,\"newOrder\":\"https://a/o\"}"};
	struct acme_directory read;
	struct err err;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		ck_assert_msg(!acme_reply_directory(wrong[i], strlen(wrong[i]), &read, &err), "%s", wrong[i]);
}
END_TEST

#define ORDER(status, more) \
	"{\"status\":\"" status "\",\"authorizations\":[\"https://a/z\"],\"finalize\":\"https://a/f\"" more "}"

START_TEST(order)
{
	static const struct {
		const char *text;
		enum acme_status status;
	} good[] = {{ORDER("pending", ""), ACME_PENDING},
	            {ORDER("ready", ",\"certificate\":null"), ACME_READY},
	            {ORDER("processing", ""), ACME_PROCESSING},
	            {ORDER("valid", ",\"certificate\":\"https://a/c\""), ACME_VALID},
	            {ORDER("invalid", ""), ACME_INVALID}};
	struct acme_order_state read;
	struct err err;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		ck_assert_msg(acme_reply_order(good[i].text, strlen(good[i].text), &read, &err), "%s", err.message);
		ck_assert_int_eq(read.status, good[i].status);
		ck_assert_uint_eq(read.authorization_count, 1);
		ck_assert_str_eq(read.authorizations[0], "https://a/z");
		ck_assert_str_eq(read.finalize, "https://a/f");
		ck_assert_int_eq(read.certificate != NULL, good[i].status == ACME_VALID);
		acme_reply_order_clear(&read);
	}
}
END_TEST

#define FIVE "\"https://a/1\",\"https://a/2\",\"https://a/3\",\"https://a/4\",\"https://a/5\""

START_TEST(order_refused)
{
	static const char *const wrong[] = {
	        ORDER("valid", ""),
	        ORDER("fine", ""),
	        "{\"status\":\"pending\",\"finalize\":\"https://a/f\"}",
	        "{\"status\":\"pending\",\"authorizations\":[],\"finalize\":\"https://a/f\"}",
	        "{\"status\":\"pending\",\"authorizations\":[" FIVE "],\"finalize\":\"https://a/f\"}",
	        "{\"status\":\"pending\",\"authorizations\":[\"https://a/1\",2],\"finalize\":\"https://a/f\"}",
	        "{\"status\":\"pending\",\"authorizations\":[\"https://a/1\"]}"};
	struct acme_order_state read;
	struct err err;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		ck_assert_msg(!acme_reply_order(wrong[i], strlen(wrong[i]), &read, &err), "%s", wrong[i]);
}
END_TEST

#define CHALLENGE(kind, token, more) \
	"{\"type\":\"" kind "\",\"status\":\"pending\",\"url\":\"https://a/" kind "\",\"token\":\"" token "\"" more "}"

START_TEST(authorization)
{
	static const char text[] = "{\"status\":\"pending\",\"challenges\":[" CHALLENGE(
	        "dns-01", "x.y", "") "," CHALLENGE("http-01", "Abc_-9", "") "]}";
	struct acme_authorization read;
	struct err err;

	ck_assert_msg(acme_reply_authorization(text, strlen(text), &read, &err), "%s", err.message);
	ck_assert_str_eq(read.offers[ACME_HTTP_01].url, "https://a/http-01");
	ck_assert_str_eq(read.offers[ACME_HTTP_01].token, "Abc_-9");
	ck_assert_ptr_null(read.offers[ACME_TLS_ALPN_01].token);
	ck_assert_str_eq(read.problem.type, "");
	acme_reply_authorization_clear(&read);
	static const char none[] = "{\"status\":\"valid\",\"challenges\":[" CHALLENGE("dns-01", "x", "") "]}";
	ck_assert(acme_reply_authorization(none, strlen(none), &read, &err));
	ck_assert_int_eq(read.status, ACME_VALID);
	ck_assert_ptr_null(read.offers[ACME_HTTP_01].token);
	acme_reply_authorization_clear(&read);
}
END_TEST

START_TEST(both_challenges)
{
	static const char text[] = "{\"status\":\"pending\",\"challenges\":[" CHALLENGE(
	        "tls-alpn-01", "t1", "") "," CHALLENGE("http-01", "t2", "") "," CHALLENGE("tls-alpn-01", "t3", "") "]}";
	struct acme_authorization read;
	struct err err;

	ck_assert(acme_reply_authorization(text, strlen(text), &read, &err));
	ck_assert_str_eq(read.offers[ACME_HTTP_01].token, "t2");
	ck_assert_str_eq(read.offers[ACME_TLS_ALPN_01].token, "t3");
	ck_assert_str_eq(read.offers[ACME_TLS_ALPN_01].url, "https://a/tls-alpn-01");
	acme_reply_authorization_clear(&read);
}
END_TEST

/* A token becomes part of a path that we answer. */
START_TEST(tokens_refused)
{
	static const char *const wrong[] = {
	        "{\"status\":\"pending\",\"challenges\":[" CHALLENGE("http-01", "", "") "]}",
	        "{\"status\":\"pending\",\"challenges\":[" CHALLENGE("http-01", "../x", "") "]}",
	        "{\"status\":\"pending\",\"challenges\":[" CHALLENGE("http-01", "a b", "") "]}",
	        "{\"status\":\"pending\",\"challenges\":[" CHALLENGE("http-01", "a=", "") "]}",
	        "{\"status\":\"pending\",\"challenges\":[" CHALLENGE("http-01", "a", "") "," CHALLENGE("tls-alpn-01",
	                                                                                               "a=", "") "]}",
	        "{\"status\":\"pending\",\"challenges\":[{\"type\":\"http-01\",\"status\":\"pending\",\"url\":\"https://a/c\"}]}",
	        "{\"challenges\":[]}"};
	struct acme_authorization read;
	struct err err;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		ck_assert_msg(!acme_reply_authorization(wrong[i], strlen(wrong[i]), &read, &err), "%s", wrong[i]);
}
END_TEST

START_TEST(failed_authorization)
{
	static const char text[] = "{\"status\":\"invalid\",\"challenges\":[" CHALLENGE(
	        "http-01", "abc",
	        ",\"error\":{\"type\":\"urn:ietf:params:acme:error:dns\",\"detail\":\"NXDOMAIN\\nlooking\"}") "]}";
	struct acme_authorization read;
	struct err err;

	ck_assert(acme_reply_authorization(text, strlen(text), &read, &err));
	ck_assert_str_eq(read.problem.type, "dns");
	ck_assert_str_eq(read.problem.detail, "NXDOMAINlooking");
	acme_reply_authorization_clear(&read);
}
END_TEST

START_TEST(problems)
{
	struct acme_problem read;
	char detail[2000], text[2300];

	static const char sub[] =
	        "{\"type\":\"urn:ietf:params:acme:error:malformed\",\"detail\":\"Some\",\"subproblems\":[{\"detail\":\"more\"}]}";
	ck_assert(acme_reply_problem(sub, strlen(sub), &read));
	ck_assert_str_eq(read.type, "malformed");
	ck_assert_str_eq(read.detail, "Some: more");
	static const char other[] = "{\"type\":\"about:blank\",\"detail\":\"no\"}";
	ck_assert(acme_reply_problem(other, strlen(other), &read));
	ck_assert_str_eq(read.type, "?");
	ck_assert(!acme_reply_problem("{}", 2, &read));
	ck_assert(!acme_reply_problem("no", 2, &read));
	memset(detail, 'x', sizeof(detail));
	detail[sizeof(detail) - 1] = '\0';
	int len = snprintf(text, sizeof(text), "{\"detail\":\"%s\",\"subproblems\":[{\"detail\":\"%.100s\"}]}", detail,
	                   detail);
	ck_assert(acme_reply_problem(text, (size_t)len, &read));
	ck_assert_uint_eq(strlen(read.detail), ACME_DETAIL_SIZE - 1);
}
END_TEST

START_TEST(addresses)
{
	static const struct {
		const char *text, *email;
		bool has;
	} rows[] = {{"{\"contact\":[\"mailto:a@b.c\"]}", "a@b.c", true},
	            {"{\"contact\":[\"mailto:a@b.d\"]}", "a@b.c", false},
	            {"{\"contact\":[\"mailto:a@b.c\",\"mailto:x@b.c\"]}", "a@b.c", false},
	            {"{\"contact\":[1]}", "a@b.c", false},
	            {"{\"contact\":[]}", "a@b.c", false},
	            {"{}", "a@b.c", false},
	            {"{\"contact\":\"mailto:a@b.c\"}", "a@b.c", false},
	            {"[]", "a@b.c", false},
	            {"{}", "", true},
	            {"{\"contact\":[]}", "", true},
	            {"{\"contact\":[\"mailto:a@b.c\"]}", "", false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ck_assert_msg(acme_reply_has_address(rows[i].text, strlen(rows[i].text), rows[i].email) == rows[i].has,
		              "%zu", i);
}
END_TEST

UNIT_MAIN("acme_reply", directory, directory_refused, order, order_refused, authorization, both_challenges,
          tokens_refused, failed_authorization, problems, addresses)
