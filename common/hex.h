/* hex: one digit of base 16. */
#pragma once

/* The value of a digit of either case, 0..15; -1: c is no such digit. */
static inline int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The digit, in lower case, of the lowest four bits. */
static inline char hex_digit(unsigned value)
{
	return "0123456789abcdef"[value & 15u];
}
