/* image_advice: what to do where an image is not on this host. Pure. */
#pragma once

#include "orchestrator/base/options.h"

#include <stddef.h>

/* names: of the images that are there, with their tags. text: a whole sentence or two, with the name that was probably meant. */
void image_advice(const char *image, const struct strings *names, char *text, size_t size);
