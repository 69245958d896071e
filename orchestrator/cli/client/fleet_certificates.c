/* fleet_certificates: by the clock of the document, which is the orchestrator's. */
#include "orchestrator/cli/client/fleet_certificates.h"

#include "orchestrator/cli/client/table.h"
#include "orchestrator/cli/client/values.h"

#include <inttypes.h>

#define DAY_MS INT64_C(86400000)
#define BAD "\033[31m"
#define PLAIN "\033[0m"

static int64_t left_ms(const struct json_value *fleet, const struct json_value *certificate)
{
	return value_number(certificate, "until_ms", 0) - value_number(fleet, "time_ms", 0);
}

/* A short-lived one may end first, and be renewed in time all the same. */
static bool ends_soon(const struct json_value *fleet, const struct json_value *certificate)
{
	return value_number(certificate, "soon_ms", 0) <= value_number(fleet, "time_ms", 0);
}

/* Of those that end soon, if there are such, else of all. NULL: there is none. */
static const struct json_value *first_to_end(const struct json_value *fleet)
{
	const struct json_value *first = value_first(fleet, "certificates");

	for (const struct json_value *one = first; one != NULL; one = one->next) {
		bool soon = ends_soon(fleet, one), first_soon = ends_soon(fleet, first);
		if (soon != first_soon ? soon : left_ms(fleet, one) < left_ms(fleet, first))
			first = one;
	}
	return first;
}

bool fleet_certificates_end_soon(const struct json_value *fleet)
{
	const struct json_value *first = first_to_end(fleet);

	return first != NULL && ends_soon(fleet, first);
}

static void print_left(int64_t left, FILE *to)
{
	if (left <= 0)
		fputs("HAS ENDED", to);
	else if (left < 2 * DAY_MS)
		fprintf(to, "ends in %" PRId64 " h", left / 3600000);
	else
		fprintf(to, "ends in %" PRId64 " d", left / DAY_MS);
}

void fleet_certificates_print(const struct json_value *fleet, const struct fleet_view_how *how, FILE *to)
{
	const struct json_value *first = first_to_end(fleet);
	bool soon = fleet_certificates_end_soon(fleet);
	char text[VALUE_SIZE];

	if (first == NULL)
		return;
	size_t count = json_get(fleet, "certificates")->count;
	fprintf(to, "certificates: %zu name%s, ", count, count == 1 ? "" : "s");
	if (count > 1)
		fputs("first to end ", to);
	table_safe_text(value_text(first, "host", text), to);
	fputs(how->colour && soon ? ", " BAD : ", ", to);
	print_left(left_ms(fleet, first), to);
	fputs(how->colour && soon ? PLAIN : "", to);
	if (soon) {
		fputs(": renew ", to);
		table_safe_text(value_text(first, "file", text), to);
	}
	fputc('\n', to);
}
