/* docker_frames: the logs of a container without a terminal, taken out of their frames. Pure. */
#pragma once

#include "common/buf.h"

/* A frame is {stream, 0, 0, 0, length (4 bytes, big-endian)} and length bytes; stdout and stderr stay in the order sent.
 * What does not look like a frame is taken as it is. Stops where text is full and returns false. */
bool docker_frames_take(const char *frames, size_t len, struct buf *text) MUST_CHECK;
