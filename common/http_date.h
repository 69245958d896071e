/* http_date: the date of now as HTTP writes it (RFC 9110 section 5.6.7), formatted once a second. Main thread only. */
#pragma once

#include <stdint.h>

#define HTTP_DATE_SIZE 30     /* "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL */
#define HTTP_DATE_LINE_LEN 37 /* "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" */

/* A whole Date field, HTTP_DATE_LINE_LEN bytes; good until the next call. */
const char *http_date_line(void);

/* seconds: since the epoch, of the years 1970 to 9999. */
void http_date_write(char date[HTTP_DATE_SIZE], int64_t seconds);

/* Tests: from now on it is this second; -1 goes back to the clock. */
void http_date_fake(int64_t seconds);
