/* Times as the API has them, DD-MM-YYYY:SS-MM-HH, and as people say them. The API knows no time zones: this page writes
 * and reads UTC, so that acts from all over the world are in order.
 */

const two = (number) => String(number).padStart(2, "0");

export function stampOf(date) {
	const day = [two(date.getUTCDate()), two(date.getUTCMonth() + 1), String(date.getUTCFullYear()).padStart(4, "0")];
	const time = [date.getUTCSeconds(), date.getUTCMinutes(), date.getUTCHours()].map(two);

	return `${day.join("-")}:${time.join("-")}`;
}

/* NaN in the date for what is no such text. */
export function dateOf(stamp) {
	const parts = /^(\d\d)-(\d\d)-(\d{4}):(\d\d)-(\d\d)-(\d\d)$/.exec(stamp);

	return new Date(parts ? `${parts[3]}-${parts[2]}-${parts[1]}T${parts[6]}:${parts[5]}:${parts[4]}Z` : NaN);
}

const DAY_S = 86400;
const UNITS = [["day", DAY_S], ["hour", 3600], ["minute", 60]];
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/* The language in which times are told, the reader's: it need not be the page's. */
export const language = ago.resolvedOptions().locale;

/* "5 minutes ago", "yesterday"; the date for what is a week back, or not yet. */
export function told(date, now = new Date()) {
	const seconds = Math.round((now - date) / 1000);

	if (Number.isNaN(seconds))
		return "";
	if (seconds < -60 || seconds >= 7 * DAY_S)
		return date.toLocaleDateString(undefined, { day: "numeric", month: "long", year: "numeric" });
	for (const [unit, length] of UNITS)
		if (seconds >= length)
			return ago.format(-Math.floor(seconds / length), unit);
	return ago.format(0, "second");
}
