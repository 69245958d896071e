/* fleet_how: how a fleet is to be shown. */
#pragma once

#include <stdbool.h>

struct fleet_view_how {
	bool colour;
	int columns; /* sentences are wrapped there; 0: they are not */
	int lately;  /* so many entries of what went wrong lately */
};
