/* report_json: one object for a machine. */
#include "orchestrator/cli/simulate/report.h"

#include "common/json.h"
#include "orchestrator/cli/simulate/summary.h"

#include <errno.h>
#include <math.h>

#define MAX_BYTES ((size_t)1 << 30)

static const char *const why_words[] = {[SIMULATION_WINDOW] = "window",
                                        [SIMULATION_IDLE] = "idle",
                                        [SIMULATION_EARLY] = "early",
                                        [SIMULATION_FIRST] = "first"};

static void member_seconds(struct json_writer *w, const char *key, int64_t us)
{
	json_key(w, key);
	json_decimal(w, (double)us / 1e6);
}

static void member_unsigned(struct json_writer *w, const char *key, uint64_t number)
{
	json_key(w, key);
	json_unsigned(w, number);
}

/* Six digits behind the point are plenty. */
static void member_decimal(struct json_writer *w, const char *key, double number)
{
	json_key(w, key);
	json_decimal(w, round(number * 1e6) / 1e6);
}

static void write_scale(struct json_writer *w, const struct simulation *simulation)
{
	const struct config_scale *scale = simulation->scale;

	json_key(w, "scale");
	json_begin_object(w);
	json_member_number(w, "window_s", scale->window_s);
	json_member_number(w, "requests_per_container", scale->requests_per_container);
	json_member_text(w, "formula", scale->formula == CONFIG_FORMULA_CEIL ? "ceil" : "floor+1");
	json_member_bool(w, "early", scale->early);
	json_member_number(w, "min", scale->min);
	json_member_number(w, "max", scale->max);
	json_end_object(w);
	json_member_number(w, "start_ms", simulation->start_us / 1000);
}

static void write_decisions(struct json_writer *w, const struct simulation *simulation)
{
	json_key(w, "decisions");
	json_begin_array(w);
	for (size_t i = 0; i < simulation->decision_count; i++) {
		const struct simulation_decision *decision = &simulation->decisions[i];
		json_begin_object(w);
		member_seconds(w, "at", decision->at_us);
		json_member_text(w, "why", why_words[decision->why]);
		member_unsigned(w, "requests", decision->count);
		json_member_number(w, "from", decision->from);
		json_member_number(w, "wanted", decision->wanted);
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_windows(struct json_writer *w, const struct simulation *simulation)
{
	json_key(w, "windows");
	json_begin_array(w);
	for (size_t i = 0; i < simulation->window_count; i++) {
		const struct simulation_window *window = &simulation->windows[i];
		json_begin_object(w);
		member_seconds(w, "start", window->start_us);
		member_seconds(w, "end", window->end_us);
		member_unsigned(w, "requests", window->count);
		json_member_number(w, "need", window->need);
		member_decimal(w, "containers",
		               (double)window->container_us / (double)(window->end_us - window->start_us));
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_summary(struct json_writer *w, const struct simulation *simulation)
{
	struct summary summary;

	summary_make(simulation, &summary);
	json_key(w, "summary");
	json_begin_object(w);
	member_seconds(w, "seconds", simulation->end_us);
	member_unsigned(w, "requests", simulation->requests);
	member_unsigned(w, "windows", simulation->window_count);
	json_member_number(w, "containers_at_start", simulation->scale->min);
	member_unsigned(w, "containers_started", simulation->started);
	member_unsigned(w, "containers_stopped", simulation->stopped);
	member_decimal(w, "started_per_hour", summary.started_per_hour);
	member_decimal(w, "container_hours", summary.container_hours);
	member_decimal(w, "ideal_container_hours", summary.ideal_hours);
	member_decimal(w, "ratio", summary.ratio);
	member_decimal(w, "spare_container_hours", summary.spare_hours);
	member_decimal(w, "short_container_hours", summary.short_hours);
	member_decimal(w, "requests_per_container_median", summary.load_median);
	member_decimal(w, "requests_per_container_p95", summary.load_p95);
	member_decimal(w, "requests_per_container_max", summary.load_max);
	member_unsigned(w, "held", simulation->held);
	member_seconds(w, "longest_hold", simulation->longest_hold_us);
	json_end_object(w);
}

bool report_json(const struct simulation *simulation, const char *service, FILE *to, struct err *err)
{
	struct buf buf;
	struct json_writer w;

	buf_init(&buf, MAX_BYTES);
	json_writer_init(&w, &buf);
	json_begin_object(&w);
	json_member_text(&w, "service", service);
	write_scale(&w, simulation);
	write_decisions(&w, simulation);
	write_windows(&w, simulation);
	write_summary(&w, simulation);
	json_end_object(&w);
	bool ok = json_writer_ok(&w) && buf_add_text(&buf, "\n");
	if (!ok)
		err_set(err, "more decisions than one JSON object should hold (1 GiB): cut the trace");
	else if (fwrite(buf.data, 1, buf.len, to) != buf.len)
		ok = err_set_errno(err, errno, "standard output");
	buf_clear(&buf);
	return ok;
}
