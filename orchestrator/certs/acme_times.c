/* acme_times: two paces: CAs count what they refuse; a try that nobody heard of costs nothing. */
#include "orchestrator/certs/acme_times.h"

#include "orchestrator/base/backoff.h"

#define SECOND_MS INT64_C(1000)
#define REST_MS (86400 * SECOND_MS)
#define SHORT_S (10 * 86400) /* a certificate of so long a life is short-lived */

static const struct backoff_pace refused_pace = {.first_us = 60000000, .most_us = INT64_C(21600000000)};
static const struct backoff_pace unreached_pace = {.first_us = 5000000, .most_us = 600000000};

int64_t acme_times_renewal_s(const struct certificate *certificate)
{
	int64_t life = certificate->until_s - certificate->from_s;

	return certificate->from_s + (life <= SHORT_S ? life / 2 : life / 3 * 2);
}

int64_t acme_times_rest_ms(const struct certificate *certificate, int64_t renewal_s, int64_t now_ms)
{
	int64_t half = (certificate->until_s * SECOND_MS - now_ms) / 2;

	if (renewal_s * SECOND_MS > now_ms)
		return 0;
	return half < REST_MS ? half : REST_MS;
}

int64_t acme_times_wait_ms(int64_t failures, bool unreached, int64_t not_before_s,
                           const struct certificate *certificate, int64_t now_ms)
{
	const struct backoff_pace pace = unreached ? unreached_pace : refused_pace;
	int64_t wait = backoff_pace_us(pace, failures < 100 ? (unsigned)failures : 100) / 1000;
	int64_t wanted = not_before_s * SECOND_MS - now_ms;

	if (wanted > wait)
		wait = wanted;
	if (certificate == NULL)
		return wait;
	int64_t half = (certificate->until_s * SECOND_MS - now_ms) / 2;
	return half > pace.first_us / 1000 && half < wait ? half : wait;
}
