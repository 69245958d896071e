/* pulse: the one judgement on it. A slow endpoint beside fast ones is no silence: any byte is a sign of life. */
#include "orchestrator/wire/pulse.h"

#define SILENCE_MIN_US 100000
#define SILENCE_USUAL 4

bool pulse_is_silent(const struct pulse *pulse, int64_t now_us)
{
	int64_t usual_us = SILENCE_USUAL * pulse->usual_us;
	int64_t since_us = pulse->waiting_us > pulse->heard_us ? pulse->waiting_us : pulse->heard_us;

	return pulse->waiting > 0 && now_us - since_us >= (usual_us > SILENCE_MIN_US ? usual_us : SILENCE_MIN_US);
}
