/* acme_dates: seconds, or a date. */
#include "orchestrator/certs/acme_dates.h"

#include "common/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CLOCK_OFF_S 3600
#define RETRY_AFTER_MAX_S (30 * 86400)

static int64_t now_s(void)
{
	return clock_wall_ms() / 1000;
}

/* A date of HTTP's usual form (RFC 9110 section 5.6.7); -1: it is none. */
static int64_t read_date(const char *text)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);

	return end != NULL && *end == '\0' ? (int64_t)timegm(&tm) : -1;
}

int64_t acme_dates_retry_after_s(const char *text)
{
	int64_t seconds = -1;

	if (text == NULL || text[0] == '\0')
		return -1;
	if (strspn(text, "0123456789") == strlen(text))
		seconds = strlen(text) < 10 ? strtol(text, NULL, 10) : RETRY_AFTER_MAX_S;
	else if (read_date(text) != -1)
		seconds = read_date(text) - now_s() > 0 ? read_date(text) - now_s() : 0;
	return seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S;
}

/* A certificate that seems to begin tomorrow, or that is renewed too late, is no use to anybody. */
bool acme_dates_agree(const char *date, struct acme_failure *failure)
{
	int64_t theirs_s = date != NULL ? read_date(date) : -1, off_s = now_s() - theirs_s;

	if (theirs_s == -1 || (off_s < CLOCK_OFF_S && off_s > -CLOCK_OFF_S))
		return true;
	acme_failure_say_ours(
	        failure, "set this machine's clock (timedatectl set-ntp true)",
	        "this machine's clock is %lld minutes %s the CA's: nothing is ordered with a clock that is off",
	        (long long)(off_s > 0 ? off_s : -off_s) / 60, off_s > 0 ? "ahead of" : "behind");
	return false;
}
