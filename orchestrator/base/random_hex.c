/* random_hex: the kernel's random bytes, two digits each. */
#include "orchestrator/base/random_hex.h"

#include "common/hex.h"

#include <assert.h>
#include <errno.h>
#include <sys/random.h>

bool random_hex(char *to, size_t size, struct err *err)
{
	unsigned char bytes[RANDOM_HEX_MOST / 2];
	size_t count = (size - 1) / 2;

	assert(size % 2 == 1 && count <= sizeof(bytes));
	to[0] = '\0';
	if (getrandom(bytes, count, GRND_NONBLOCK) != (ssize_t)count)
		return err_set_errno(err, errno, "no random numbers yet");
	for (size_t i = 0; i < count; i++) {
		to[2 * i] = hex_digit(bytes[i] >> 4);
		to[2 * i + 1] = hex_digit(bytes[i]);
	}
	to[2 * count] = '\0';
	return true;
}
