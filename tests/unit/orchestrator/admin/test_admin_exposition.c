/* exposition: the bytes of Prometheus' text format. */
#include "orchestrator/admin/exposition.h"

#include "tests/unit/unit.h"

#include <math.h>

static struct buf buf;
static struct exposition out;

static void begin(size_t max)
{
	buf_init(&buf, max);
	exposition_init(&out, &buf);
}

START_TEST(counter_with_labels)
{
	const struct exposition_label labels[] = {{"service", "acts"}, {"code", "200"}};

	begin(4096);
	exposition_family(&out, "x_total", EXPOSITION_COUNTER, "How many.");
	exposition_whole(&out, labels, 2, UINT64_MAX);
	ck_assert(exposition_ok(&out));
	ck_assert_str_eq(buf_text(&buf), "# HELP x_total How many.\n# TYPE x_total counter\n"
	                                 "x_total{service=\"acts\",code=\"200\"} 18446744073709551615\n");
	buf_clear(&buf);
}
END_TEST

START_TEST(escapes)
{
	const struct exposition_label labels[] = {{"a", "q\"b\\n\nend"}};

	begin(4096);
	exposition_family(&out, "x", EXPOSITION_GAUGE, "a \"b\" \\ c\nd");
	exposition_real(&out, labels, 1, 0.25);
	ck_assert_str_eq(buf_text(&buf), "# HELP x a \"b\" \\\\ c\\nd\n# TYPE x gauge\n"
	                                 "x{a=\"q\\\"b\\\\n\\nend\"} 0.25\n");
	buf_clear(&buf);
}
END_TEST

START_TEST(numbers)
{
	begin(4096);
	exposition_family(&out, "x", EXPOSITION_GAUGE, "h");
	buf_reset(&buf);
	exposition_real(&out, NULL, 0, 0.1);
	exposition_real(&out, NULL, 0, 1e-6);
	exposition_real(&out, NULL, 0, -INFINITY);
	exposition_whole(&out, NULL, 0, 0);
	ck_assert_str_eq(buf_text(&buf), "x 0.1\nx 1e-06\nx -Inf\nx 0\n");
	buf_clear(&buf);
}
END_TEST

static void write_histogram(const double *bounds, size_t count, uint64_t total)
{
	static const uint64_t buckets[] = {3, 0, 4};
	const struct exposition_label labels[] = {{"service", "acts"}};
	const struct exposition_histogram histogram = {
	        .bounds = bounds, .buckets = buckets, .count = count, .total = total, .sum = 1.5};

	begin(4096);
	exposition_family(&out, "t", EXPOSITION_HISTOGRAM, "h");
	buf_reset(&buf);
	exposition_histogram(&out, labels, 1, &histogram);
}

START_TEST(histogram_with_infinity_in_its_bounds)
{
	static const double bounds[] = {0.5, 1, INFINITY};

	write_histogram(bounds, 3, 7);
	ck_assert_str_eq(buf_text(&buf),
	                 "t_bucket{service=\"acts\",le=\"0.5\"} 3\nt_bucket{service=\"acts\",le=\"1\"} 3\n"
	                 "t_bucket{service=\"acts\",le=\"+Inf\"} 7\n"
	                 "t_sum{service=\"acts\"} 1.5\nt_count{service=\"acts\"} 7\n");
	buf_clear(&buf);
}
END_TEST

START_TEST(histogram_with_slower_ones_in_total_alone)
{
	static const double bounds[] = {0.5, 1, 2.5};

	write_histogram(bounds, 3, 9);
	ck_assert_str_eq(buf_text(&buf),
	                 "t_bucket{service=\"acts\",le=\"0.5\"} 3\nt_bucket{service=\"acts\",le=\"1\"} 3\n"
	                 "t_bucket{service=\"acts\",le=\"2.5\"} 7\nt_bucket{service=\"acts\",le=\"+Inf\"} 9\n"
	                 "t_sum{service=\"acts\"} 1.5\nt_count{service=\"acts\"} 9\n");
	buf_clear(&buf);
}
END_TEST

START_TEST(a_full_buffer_is_told)
{
	begin(37);
	exposition_family(&out, "x", EXPOSITION_GAUGE, "h");
	exposition_whole(&out, NULL, 0, 1);
	exposition_whole(&out, NULL, 0, 123456);
	exposition_whole(&out, NULL, 0, 1);
	ck_assert(!exposition_ok(&out));
	/* and nothing of what came later, though it would have found room */
	ck_assert_str_eq(buf_text(&buf), "# HELP x h\n# TYPE x gauge\nx 1\nx ");
	buf_clear(&buf);
}
END_TEST

UNIT_MAIN("admin exposition", counter_with_labels, escapes, numbers, histogram_with_infinity_in_its_bounds,
          histogram_with_slower_ones_in_total_alone, a_full_buffer_is_told)
