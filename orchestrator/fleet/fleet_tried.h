/* fleet_tried: the few backends that one request has to do with, by their serials: those it was tried on, those that broke
 * under it. Pure; all zero is empty. A serial is in a set once; 0 is no serial.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define FLEET_TRIES 3 /* most backends one request is tried on */

struct fleet_tried {
	uint64_t serials[FLEET_TRIES];
	unsigned count;
};

bool fleet_tried_has(const struct fleet_tried *tried, uint64_t serial);
void fleet_tried_add(struct fleet_tried *tried, uint64_t serial); /* nothing happens where it is, or the set is full */
void fleet_tried_remove(struct fleet_tried *tried, uint64_t serial); /* nothing happens where it is not */
