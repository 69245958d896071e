/* docker_frames: see the header; the last frame may be cut, and what is there of it counts. */
#include "orchestrator/engine/docker/docker_frames.h"

#include <string.h>

#define FRAME_HEAD 8
#define STREAM_LAST 2 /* 0 stdin, 1 stdout, 2 stderr */

static bool frame_plausible(const unsigned char *head)
{
	return head[0] <= STREAM_LAST && head[1] == 0 && head[2] == 0 && head[3] == 0;
}

bool docker_frames_take(const char *frames, size_t len, struct buf *text)
{
	while (len > 0) {
		const unsigned char *head = (const unsigned char *)frames;
		size_t size;

		if (len < FRAME_HEAD || !frame_plausible(head))
			return buf_add(text, frames, len);
		size = (size_t)head[4] << 24 | (size_t)head[5] << 16 | (size_t)head[6] << 8 | head[7];
		frames += FRAME_HEAD;
		len -= FRAME_HEAD;
		if (size > len)
			size = len;
		if (!buf_add(text, frames, size))
			return false;
		frames += size;
		len -= size;
	}
	return true;
}
