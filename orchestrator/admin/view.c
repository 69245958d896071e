/* view: reads supervisors, fleets and counters; changes nothing.
 *
 * Times are differences in milliseconds: the clock behind them has no date. What is not known is null.
 */
#include "orchestrator/admin/view.h"

#include "common/clock.h"
#include "orchestrator/admin/certs_view.h"
#include "orchestrator/admin/nodes_view.h"
#include "orchestrator/fleet/leading.h"

#define US_PER_MS 1000

static void member_decimal(struct json_writer *w, const char *key, double number)
{
	json_key(w, key);
	json_decimal(w, number);
}

static void member_ago(struct json_writer *w, const char *key, bool known, int64_t us)
{
	json_key(w, key);
	if (known)
		json_number(w, us / US_PER_MS);
	else
		json_null(w);
}

static void member_probe(struct json_writer *w, const struct backend *backend)
{
	int64_t probe_us = backend_probe_us(backend);

	json_key(w, "probe_ms");
	if (probe_us >= 0)
		json_decimal(w, (double)probe_us / US_PER_MS);
	else
		json_null(w);
}

void view_backend(struct json_writer *w, const struct nodes *nodes, struct backend *backend)
{
	json_member_text(w, "container", backend_container_id(backend));
	json_member_text(w, "address", backend_address_text(backend));
	nodes_view_of(w, nodes, backend_address(backend));
	json_member_number(w, "in_flight", backend_in_flight(backend));
	json_member_number(w, "requests", (int64_t)backend_requests(backend));
	member_probe(w, backend);
	member_ago(w, "since_ms", true, clock_us() - backend_since_us(backend));
}

static void no_backend(struct json_writer *w, const char *container, int64_t since_us)
{
	static const char *const keys[] = {"address", "node", "in_flight", "requests", "probe_ms"};

	json_member_text(w, "container", container[0] != '\0' ? container : NULL);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		json_key(w, keys[i]);
		json_null(w);
	}
	member_ago(w, "since_ms", since_us > 0, clock_us() - since_us);
}

/* null where there is none, as where the engine knows no images. */
static void member_image(struct json_writer *w, const char *image)
{
	json_member_text(w, "image", image[0] != '\0' ? image : NULL);
}

static void slot_image(struct json_writer *w, const struct supervisor *supervisor, const struct supervisor_slot *slot)
{
	member_image(w, slot->image);
	json_member_text(w, "image_why", slot->image_differs ? supervisor_image_why(supervisor) : NULL);
}

static void slot_trouble(struct json_writer *w, const struct supervisor_slot *slot)
{
	int64_t now_us = clock_us();

	json_member_text(w, "cause", slot->cause);
	json_member_text(w, "message", slot->message);
	json_member_text(w, "engine_says", slot->by_engine ? slot->message : NULL);
	json_member_text(w, "waits_for", slot->waits_for);
	json_member_number(w, "attempts", slot->attempts);
	member_ago(w, "retry_in_ms", slot->retry_us > 0, slot->retry_us > now_us ? slot->retry_us - now_us : 0);
	json_key(w, "exit_code");
	if (slot->exit_code >= 0)
		json_number(w, slot->exit_code);
	else
		json_null(w);
	json_member_text(w, "last_words", slot->last_words);
}

static void slot(struct json_writer *w, const struct nodes *nodes, const struct supervisor *supervisor, size_t index)
{
	struct supervisor_slot slot;

	supervisor_slot_at(supervisor, index, &slot);
	json_begin_object(w);
	json_member_number(w, "slot", slot.slot);
	json_member_text(w, "state", slot.state);
	json_member_text(w, "reason", reason_text(slot.reason));
	slot_trouble(w, &slot);
	slot_image(w, supervisor, &slot);
	if (slot.backend != NULL)
		view_backend(w, nodes, slot.backend);
	else
		no_backend(w, slot.container, slot.since_us);
	json_member_bool(w, "next_ready", slot.next_ready);
	json_member_number(w, "faults", slot.faults);
	json_end_object(w);
}

static void slots(struct json_writer *w, const struct nodes *nodes, const struct supervisor *supervisor)
{
	json_key(w, "slots");
	json_begin_array(w);
	for (size_t i = 0; i < supervisor_slot_count(supervisor); i++)
		slot(w, nodes, supervisor, i);
	json_end_array(w);
}

static void spare(struct json_writer *w, const struct nodes *nodes, const struct supervisor *supervisor, size_t index)
{
	struct supervisor_spare spare;

	supervisor_spare_at(supervisor, index, &spare);
	json_begin_object(w);
	json_member_number(w, "spare", spare.spare);
	json_member_text(w, "state", spare.state);
	json_key(w, "stands_in_for");
	if (spare.slot >= 0)
		json_number(w, spare.slot);
	else
		json_null(w);
	json_member_text(w, "reason", reason_text(spare.reason));
	json_member_text(w, "cause", spare.cause);
	json_member_text(w, "message", spare.message);
	member_image(w, spare.image);
	if (spare.backend != NULL) {
		view_backend(w, nodes, spare.backend);
	} else {
		json_member_text(w, "container", spare.container);
		nodes_view_of(w, nodes, spare.address);
	}
	json_end_object(w);
}

static void spares(struct json_writer *w, const struct nodes *nodes, const struct supervisor *supervisor)
{
	json_key(w, "spares");
	json_begin_array(w);
	for (size_t i = 0; i < supervisor_spare_count(supervisor); i++)
		spare(w, nodes, supervisor, i);
	json_end_array(w);
}

static void leaving(struct json_writer *w, const struct nodes *nodes, const struct supervisor *supervisor)
{
	struct supervisor_leaving leaving = {0};

	json_key(w, "leaving");
	json_begin_array(w);
	while (supervisor_leaving_next(supervisor, &leaving)) {
		const struct backend *backend = leaving.backend;
		json_begin_object(w);
		json_member_number(w, "slot", backend_slot(backend));
		json_member_text(w, "state", backend_state_text(backend_state(backend)));
		json_member_text(w, "reason", reason_text(backend_reason(backend)));
		member_image(w, leaving.image);
		view_backend(w, nodes, leaving.backend);
		json_end_object(w);
	}
	json_end_array(w);
}

/* null: none is under way or due. */
static void roll(struct json_writer *w, const struct supervisor *supervisor)
{
	struct supervisor_roll roll;
	int64_t now_us = clock_us();

	json_key(w, "roll");
	if (!supervisor_roll_at(supervisor, &roll)) {
		json_null(w);
		return;
	}
	json_begin_object(w);
	json_member_text(w, "what", roll.what);
	json_member_bool(w, "begun", !roll.due);
	json_key(w, "slot");
	if (roll.slot >= 0)
		json_number(w, roll.slot);
	else
		json_null(w);
	json_member_number(w, "done", roll.done);
	json_member_number(w, "of", roll.of);
	member_ago(w, "begun_ms_ago", roll.begun_us > 0, now_us - roll.begun_us);
	json_member_text(w, "waits_for", roll.waits_for);
	member_ago(w, "since_ms", roll.since_us > 0, now_us - roll.since_us);
	json_end_object(w);
}

void view_window(struct json_writer *w, const struct supervisor *supervisor)
{
	const struct scaler *scaler = supervisor_scaler(supervisor);
	int64_t now = clock_us(), due = scaler_deadline_us(scaler);

	json_key(w, "window");
	json_begin_object(w);
	json_member_number(w, "count", scaler->open ? (int64_t)scaler->count : 0);
	member_ago(w, "start_ms_ago", scaler->open, now - scaler->start_us);
	json_member_number(w, "length_s", scaler->scale->window_s);
	member_ago(w, "ends_in_ms", due >= 0, due > now ? due - now : 0);
	json_member_number(w, "last_count", (int64_t)scaler->last_count);
	json_end_object(w);
}

static uint64_t replacements(const struct supervisor *supervisor)
{
	uint64_t sum = 0;

	for (int reason = 0; reason < REASON_COUNT; reason++)
		sum += supervisor_replacements(supervisor, (enum reason)reason);
	return sum;
}

static void traffic(struct json_writer *w, const struct desk *desk, size_t index)
{
	const struct stats *stats = desk->settings.stats(index, desk->settings.arg);

	json_member_number(w, "in_flight", (int64_t)stats->in_flight);
	json_member_number(w, "held", (int64_t)stats->held);
	json_member_number(w, "requests", (int64_t)stats_replies(stats));
	json_member_number(w, "replacements", (int64_t)replacements(supervisors_at(desk->settings.supervisors, index)));
}

static const char *formula_text(int formula)
{
	return formula == CONFIG_FORMULA_FLOOR_PLUS_1 ? "floor+1" : "ceil";
}

void view_service(struct json_writer *w, const struct desk *desk, size_t index)
{
	struct supervisor *supervisor = supervisors_at(desk->settings.supervisors, index);
	const struct config_scale *scale = &supervisor_service(supervisor)->scale;
	const struct nodes *nodes = supervisors_nodes(desk->settings.supervisors);
	char cause[CAUSE_SIZE];

	json_begin_object(w);
	json_member_text(w, "name", supervisor_service(supervisor)->name);
	json_member_number(w, "wanted", supervisor_scaler(supervisor)->wanted);
	json_member_number(w, "min", scale->min);
	json_member_number(w, "max", scale->max);
	json_member_number(w, "requests_per_container", scale->requests_per_container);
	json_member_text(w, "formula", formula_text(scale->formula));
	json_member_bool(w, "early", scale->early);
	member_image(w, supervisor_service(supervisor)->image);
	json_member_bool(w, "rolling", supervisor_is_rolling(supervisor));
	roll(w, supervisor);
	json_member_text(w, "roll_failed", supervisor_roll_failed(supervisor));
	supervisor_roll_cause(supervisor, cause);
	json_member_text(w, "roll_cause", cause);
	view_window(w, supervisor);
	traffic(w, desk, index);
	slots(w, nodes, supervisor);
	spares(w, nodes, supervisor);
	leaving(w, nodes, supervisor);
	json_end_object(w);
}

/* The orchestrator's own. */
static void troubles(struct json_writer *w, const struct admin_settings *settings)
{
	char cause[CAUSE_SIZE];
	const char *what;

	json_key(w, "troubles");
	json_begin_array(w);
	for (size_t i = 0; settings->trouble != NULL && settings->trouble(i, &what, cause, settings->arg); i++) {
		json_begin_object(w);
		json_member_text(w, "what", what);
		json_member_text(w, "cause", cause);
		json_end_object(w);
	}
	json_end_array(w);
}

static void process(struct json_writer *w, const struct desk *desk)
{
	const struct admin_settings *settings = &desk->settings;

	member_decimal(w, "loop_lag_ms", (double)settings->loop_lag_us(settings->arg) / US_PER_MS);
	json_member_number(w, "connections", settings->connections(settings->arg));
	int64_t uptime_us = clock_us() - desk->start_us;
	json_member_number(w, "uptime_s", uptime_us / 1000000);
	json_member_number(w, "uptime_ms", uptime_us / US_PER_MS);
	troubles(w, settings);
}

void view_engine(struct json_writer *w, const struct supervisors *supervisors)
{
	const struct supervisors_engine *engine = supervisors_engine(supervisors);
	const struct leading *leading = supervisors_leading(supervisors);

	json_begin_object(w);
	json_member_bool(w, "up", supervisors_engine_up(supervisors));
	json_member_bool(w, "leads", leading->leads);
	json_member_text(w, "leader", leading->leader[0] != '\0' ? leading->leader : NULL);
	json_member_text(w, "cause", engine->cause);
	json_member_text(w, "message", engine->message);
	member_ago(w, "since_ms", engine->since_us > 0, clock_us() - engine->since_us);
	nodes_view_list(w, supervisors);
	json_end_object(w);
}

void view_fleet(struct json_writer *w, const struct desk *desk)
{
	const struct admin_settings *settings = &desk->settings;

	json_begin_object(w);
	json_member_number(w, "time_ms", clock_wall_ms());
	json_member_text(w, "name", settings->config->name);
	json_key(w, "engine");
	view_engine(w, settings->supervisors);
	json_key(w, "services");
	json_begin_array(w);
	for (size_t i = 0; i < supervisors_count(settings->supervisors); i++)
		view_service(w, desk, i);
	json_end_array(w);
	json_key(w, "certificates");
	certs_view_names(w, settings->certs);
	json_key(w, "lately");
	lately_write(w, settings->lately);
	process(w, desk);
	json_member_text(w, "version", SELFLESS_VERSION);
	json_end_object(w);
}

/* --- the numbers alone ----------------------------------------------------------------------------------------- */

static void slot_numbers(struct json_writer *w, const struct supervisor *supervisor, size_t index)
{
	struct supervisor_slot slot;

	supervisor_slot_at(supervisor, index, &slot);
	if (slot.backend == NULL)
		return;
	json_begin_object(w);
	json_member_number(w, "slot", slot.slot);
	json_member_number(w, "in_flight", backend_in_flight(slot.backend));
	json_member_number(w, "requests", (int64_t)backend_requests(slot.backend));
	member_probe(w, slot.backend);
	json_end_object(w);
}

static void service_numbers(struct json_writer *w, const struct desk *desk, size_t index)
{
	struct supervisor *supervisor = supervisors_at(desk->settings.supervisors, index);

	json_begin_object(w);
	json_member_text(w, "name", supervisor_service(supervisor)->name);
	view_window(w, supervisor);
	traffic(w, desk, index);
	json_key(w, "slots");
	json_begin_array(w);
	for (size_t i = 0; i < supervisor_slot_count(supervisor); i++)
		slot_numbers(w, supervisor, i);
	json_end_array(w);
	json_end_object(w);
}

void view_numbers(struct json_writer *w, const struct desk *desk)
{
	json_key(w, "services");
	json_begin_array(w);
	for (size_t i = 0; i < supervisors_count(desk->settings.supervisors); i++)
		service_numbers(w, desk, i);
	json_end_array(w);
	process(w, desk);
}
