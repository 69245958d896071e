/* problem: the orchestrator's own replies, to the byte, and as a strict parser reads them. */
#include "orchestrator/proxy/problem.h"

#include "common/json.h"
#include "tests/unit/orchestrator/proxy/proxy_heads.h"
#include "tests/unit/unit.h"

#include <string.h>

START_TEST(to_the_byte)
{
	struct problem problem = {.status = 404, .detail = "no \"such\" path", .request_id = "id1"};
	struct buf out;

	buf_init(&out, 4096);
	ck_assert(problem_write(&out, &problem));
	static const char line[] = "HTTP/1.1 404 Not Found\r\nDate: ";
	const char *date = buf_text(&out) + sizeof(line) - 1, *rest = date + strlen("Sun, 06 Nov 1994 08:49:37 GMT");
	ck_assert(strncmp(buf_text(&out), line, sizeof(line) - 1) == 0);
	ck_assert_mem_eq(rest - 4, " GMT", 4);
	ck_assert_str_eq(rest, "\r\nContent-Type: application/problem+json\r\n"
	                       "Content-Length: 80\r\n\r\n"
	                       "{\"title\":\"Not Found\",\"status\":404,\"detail\":\"no \\\"such\\\" path\","
	                       "\"instance\":\"id1\"}\n");
	buf_clear(&out);
}
END_TEST

static const struct http_head *write_and_read(struct buf *out, const struct problem *problem)
{
	buf_init(out, 4096);
	ck_assert(problem_write(out, problem));
	return read_response(buf_text(out));
}

static bool has_field(const struct http_head *head, const char *name, const char *value)
{
	for (unsigned i = 0; i < head->count; i++)
		if (http_text_is(head->fields[i].name, name))
			return http_text_is(head->fields[i].value, value);
	return false;
}

START_TEST(fields_follow_the_problem)
{
	struct problem problem = {.status = 503, .detail = "later", .close = true, .allow = "GET"};
	struct buf out;
	const struct http_head *head = write_and_read(&out, &problem);

	ck_assert_int_eq(head->status, 503);
	ck_assert(head->close);
	ck_assert(has_field(head, "retry-after", "1") && has_field(head, "allow", "get"));
	ck_assert_uint_eq(head->size + (size_t)head->content_length, out.len);
	buf_clear(&out);
}
END_TEST

START_TEST(no_content)
{
	struct problem answer = {.status = 204, .allow = "GET, OPTIONS", .keep_alive_said = true};
	struct buf out;
	const struct http_head *head = write_and_read(&out, &answer);

	ck_assert_int_eq(head->status, 204);
	ck_assert_uint_eq(head->size, out.len);
	ck_assert_int_eq(head->content_length, -1);
	ck_assert(has_field(head, "allow", "get, options") && has_field(head, "connection", "keep-alive"));
	ck_assert(!has_field(head, "content-type", "application/problem+json"));
	buf_clear(&out);
}
END_TEST

START_TEST(a_head_alone_says_the_length_of_its_body)
{
	struct problem problem = {.status = 404, .detail = "no", .head_only = true, .keep_alive_said = true};
	struct buf out;
	const struct http_head *head = write_and_read(&out, &problem);

	ck_assert_uint_eq(head->size, out.len);
	ck_assert_int_gt(head->content_length, 0);
	ck_assert(has_field(head, "connection", "keep-alive") && !has_field(head, "retry-after", "1"));
	buf_clear(&out);
}
END_TEST

START_TEST(the_body_is_json)
{
	struct problem problem = {.status = 400, .detail = "line\nbreak\t\x01"};
	struct buf out;
	const struct http_head *head = write_and_read(&out, &problem);
	struct json_doc *doc;
	struct err err;

	ck_assert(json_parse(out.data + head->size, (size_t)head->content_length, NULL, &doc, &err));
	ck_assert(json_get(json_root(doc), "detail") != NULL && json_get(json_root(doc), "instance") == NULL);
	json_free(doc);
	buf_clear(&out);
}
END_TEST

START_TEST(what_does_not_fit_is_said)
{
	struct problem problem = {.status = 400, .detail = "x"};
	struct buf out;

	buf_init(&out, 60);
	ck_assert(!problem_write(&out, &problem));
	buf_clear(&out);
}
END_TEST

UNIT_MAIN("problem", to_the_byte, fields_follow_the_problem, no_content, a_head_alone_says_the_length_of_its_body,
          the_body_is_json, what_does_not_fit_is_said)
