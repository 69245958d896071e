/* container_of: the object that a member is part of. */
#pragma once

#include <stddef.h>

/* pointer: to `member` of an object of `type`. A pointer to anything but that member's type does not compile. */
#define container_of(pointer, type, member) \
	((type *)((char *)(1 ? (pointer) : &((type *)0)->member) - offsetof(type, member)))
