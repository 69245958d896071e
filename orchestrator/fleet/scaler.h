/* scaler: how many containers a service wants, from the requests counted in windows.  Pure; its memory is this struct.
 *
 * A window opens with the first counted request; windows then follow back to back, start + window exactly, however
 * late we are called. A window that ends with n = 0 ends the chain: the next counted request opens the next, and the
 * wanted number is min. wanted = ceil(n / per) or floor(n / per) + 1, clamped to min..max. With `early` it grows within
 * the window as soon as the count so far asks for more; it shrinks only at a window's end.
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

/* At start: so many containers were found running. They stay for one window, which opens now, so that a restart under
 * load does not shrink the service; then the requests decide. */
struct scaler_decision scaler_adopt(struct scaler *scaler, int64_t now_us, int running);

/* One more request at now_us. Windows that ended before are closed first (then call scaler_tick until it has nothing:
 * the decision returned is the last one made). */
struct scaler_decision scaler_count(struct scaler *scaler, int64_t now_us);

/* Somebody waits, and none is wanted: one is, until the end of the window, which opens now if none is open. Otherwise
 * nothing happens. For requests that are not counted, and for those whose window ended before their container was
 * ready. Windows that ended by now_us must be closed. */
struct scaler_decision scaler_wake(struct scaler *scaler, int64_t now_us);

/* Closes the window if it ended by now_us (one window a call). */
struct scaler_decision scaler_tick(struct scaler *scaler, int64_t now_us);

/* When scaler_tick must be called next; -1: not before the next counted request. */
int64_t scaler_deadline_us(const struct scaler *scaler);

/* An operator asks for a number; it holds until the next window's end. Clamped to min..max. Only one that is larger than
 * what was wanted may be outgrown within the window. */
struct scaler_decision scaler_ask(struct scaler *scaler, int wanted);

/* The formula alone. */
int scaler_wanted(const struct config_scale *scale, uint64_t count);
