/* scaler: how many containers a service wants, from the requests counted in windows. Pure: all that it remembers is in its
 * struct.
 *
 * A window opens with the first counted request; windows then follow back to back, each begins exactly where the one before
 * ended, however late the scaler is called. A window that ends with n = 0 ends the chain: the wanted number is min, and the next
 * counted request opens the next window. wanted = ceil(n / per) or floor(n / per) + 1, clamped to min..max. With `early` the
 * wanted number grows within the window as soon as the count so far asks for more; it shrinks only at a window's end.
 */
#pragma once

#include "orchestrator/config/config.h"

#include <stdbool.h>
#include <stdint.h>

struct scaler {
	const struct config_scale *scale; /* borrowed */
	bool open;
	int64_t start_us;    /* of the open window */
	uint64_t count;      /* in the open window */
	uint64_t last_count; /* of the last closed window */
	uint64_t total;      /* counted here since the start: not others' */
	int wanted;
	bool held_down; /* an operator asked for fewer: no early growth until the window's end */
};

/* What a call decided; `changed` only if wanted is another number than before. */
struct scaler_decision {
	bool changed;
	bool window_ended; /* false: early growth */
	uint64_t count;    /* n it was made from */
	int from, wanted;
};

void scaler_init(struct scaler *scaler, const struct config_scale *scale);
void scaler_configure(struct scaler *scaler, const struct config_scale *scale); /* reload: wanted is clamped anew */

/* At start `running` containers were found. They stay for one window, which opens now, so that a restart under load does not
 * shrink the service; then the requests decide. */
struct scaler_decision scaler_adopt(struct scaler *scaler, int64_t now_us, int running);

/* Another one decides, by the requests of all: so many are wanted, whatever is counted here. */
void scaler_follow(struct scaler *scaler, int wanted);
/* That is over: nothing was counted yet, and min is wanted. */
void scaler_begin(struct scaler *scaler);

/* One more request at now_us. Windows that ended before are closed first; the decision tells from what number to what number all
 * that led. */
struct scaler_decision scaler_count(struct scaler *scaler, int64_t now_us);
/* So many more, at least one, that other orchestrators had. */
struct scaler_decision scaler_count_others(struct scaler *scaler, int64_t now_us, uint64_t requests);

/* A request waits for a container: if none is wanted, one is wanted until the end of the window, which opens now if none is
 * open; else nothing happens. For requests that are not counted, and for those whose window ended before their container was
 * ready. Windows that ended by now_us must be closed (scaler_tick). */
struct scaler_decision scaler_wake(struct scaler *scaler, int64_t now_us);

/* Closes the open window if it ended by now_us; the next one may have ended, too: call it until window_ended is false. */
struct scaler_decision scaler_tick(struct scaler *scaler, int64_t now_us);

/* When scaler_tick must be called next; -1: not before the next counted request. */
int64_t scaler_deadline_us(const struct scaler *scaler);

/* An operator asks for a number, which holds until the next window's end. Clamped to min..max. If it is smaller than what was
 * wanted, requests make nothing of it within the window; if it is larger, early growth may go beyond it. */
struct scaler_decision scaler_ask(struct scaler *scaler, int wanted);

/* The formula alone. */
int scaler_wanted(const struct config_scale *scale, uint64_t count);
