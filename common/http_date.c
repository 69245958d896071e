/* http_date: names by table, since strftime's follow the locale. */
#include "common/http_date.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t fake_s = -1;

void http_date_fake(int64_t seconds)
{
	fake_s = seconds;
}

void http_date_write(char date[HTTP_DATE_SIZE], int64_t seconds)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t time = (time_t)seconds;
	struct tm parts;
	char text[64];

	gmtime_r(&time, &parts);
	snprintf(text, sizeof(text), "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * (parts.tm_wday % 7),
	         parts.tm_mday, months + 3 * (parts.tm_mon % 12), parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
	         parts.tm_sec);
	memcpy(date, text, HTTP_DATE_SIZE - 1);
	date[HTTP_DATE_SIZE - 1] = '\0';
}

const char *http_date_line(void)
{
	static char line[HTTP_DATE_LINE_LEN + 1];
	static int64_t shown_s = -1;
	int64_t now_s = fake_s != -1 ? fake_s : (int64_t)time(NULL);

	if (now_s != shown_s) {
		char date[HTTP_DATE_SIZE];
		http_date_write(date, now_s);
		snprintf(line, sizeof(line), "Date: %s\r\n", date);
		shown_s = now_s;
	}
	return line;
}
