/* svg: the plot is SVG_PLOT_WIDTH wide with margins for the numbers at its sides. */
#include "orchestrator/cli/simulate/svg.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define LEFT 64
#define RIGHT 96
#define WIDTH (LEFT + SVG_PLOT_WIDTH + RIGHT)
#define HEIGHT 800
#define US_PER_S 1000000

static const char style[] =
        "<style>\n"
        ".simulation { --paper: #ffffff; --ink: #1d2633; --soft: #5d6878; --grid: #e6e9ee; --frame: #c3cad4;\n"
        "  --rate: #2563c9; --peak: #c9dbf8; --window: #8fcfc4; --need: #f4d9a0; --wanted: #c2410c; --limit: #be123c;\n"
        "  font: 12px system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; }\n"
        "@media (prefers-color-scheme: dark) {\n"
        "  .simulation { --paper: #12171f; --ink: #e8ecf2; --soft: #98a3b3; --grid: #252d39; --frame: #465161;\n"
        "    --rate: #7fb0ff; --peak: #27426e; --window: #23766b; --need: #6b531d; --wanted: #ff9457; --limit: #ff7a92; }\n"
        "}\n"
        ".paper { fill: var(--paper); }\n"
        "text { fill: var(--soft); }\n"
        ".title { fill: var(--ink); font-size: 20px; font-weight: 600; }\n"
        ".subtitle { font-size: 13px; }\n"
        ".heading { fill: var(--ink); font-size: 13px; font-weight: 600; }\n"
        ".grid { stroke: var(--grid); }\n"
        ".frame { stroke: var(--frame); }\n"
        ".end { text-anchor: end; } .middle { text-anchor: middle; }\n"
        ".peak { fill: var(--peak); } .window { fill: var(--window); } .need { fill: var(--need); }\n"
        ".rate, .wanted { fill: none; stroke-linejoin: round; }\n"
        ".rate { stroke: var(--rate); stroke-width: 1.3; }\n"
        ".wanted { stroke: var(--wanted); stroke-width: 1.6; }\n"
        ".threshold, .limit { fill: none; stroke-dasharray: 2 4; }\n"
        ".threshold { stroke: var(--soft); stroke-opacity: .6; }\n"
        ".limit { stroke: var(--limit); stroke-dasharray: 7 4; }\n"
        "</style>\n";

void svg_begin(const struct svg *svg, const char *title, const char *subtitle)
{
	fprintf(svg->to,
	        "<svg class=\"simulation\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
	        "height=\"%d\" role=\"img\">\n<title>%s</title>\n",
	        WIDTH, HEIGHT, WIDTH, HEIGHT, title);
	fputs(style, svg->to);
	fprintf(svg->to, "<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", WIDTH, HEIGHT);
	fprintf(svg->to, "<text class=\"title\" x=\"%d\" y=\"38\">%s</text>\n", LEFT, title);
	fprintf(svg->to, "<text class=\"subtitle\" x=\"%d\" y=\"60\">%s</text>\n", LEFT, subtitle);
}

void svg_end(const struct svg *svg)
{
	fputs("</svg>\n", svg->to);
}

double svg_x(const struct svg *svg, int64_t at_us)
{
	return LEFT + (double)SVG_PLOT_WIDTH * (double)at_us / (double)(svg->end_us > 0 ? svg->end_us : 1);
}

double svg_y(const struct svg_panel *panel, double value)
{
	return panel->top + panel->height * (1 - value / panel->max);
}

/* --- axes ------------------------------------------------------------------------------------------------------ */

/* 1, 2 or 5 times a power of ten, so that about so many steps reach max. */
static double nice_step(double max, int steps, bool whole)
{
	double rough = max / steps, power = pow(10, floor(log10(rough))), unit = rough / power;
	double step = power * (unit <= 1 ? 1 : unit <= 2 ? 2 : unit <= 5 ? 5 : 10);

	return whole && step < 1 ? 1 : step;
}

static void line(const struct svg *svg, const char *class, double x1, double y1, double x2, double y2)
{
	fprintf(svg->to, "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", class, x1, y1, x2, y2);
}

static void left_axis(const struct svg *svg, struct svg_panel *panel, bool whole)
{
	double step = nice_step(panel->max > 0 ? panel->max : 1, 5, whole);
	int ticks = (int)ceil((panel->max > 0 ? panel->max : 1) / step - 1e-9);

	panel->max = ticks * step;
	for (int i = 0; i <= ticks; i++) {
		double y = svg_y(panel, i * step);
		line(svg, i == 0 ? "frame" : "grid", LEFT, y, LEFT + SVG_PLOT_WIDTH, y);
		fprintf(svg->to, "<text class=\"end\" x=\"%d\" y=\"%.1f\">%.10g</text>\n", LEFT - 8, y + 4, i * step);
	}
}

#define SWATCH 18

/* About, in the font's 12 pixels. */
static double text_width(const char *text)
{
	double width = 0;

	for (; *text != '\0'; text++)
		width += strchr("iljft,. ", *text) != NULL ? 4.5 : strchr("mw", *text) != NULL ? 10.5 : 7.3;
	return width;
}

/* Right to left above the panel. */
static void legend(const struct svg *svg, const struct svg_panel *panel, const struct svg_key *keys, size_t count)
{
	double x = LEFT + SVG_PLOT_WIDTH, y = panel->top - 12;

	for (size_t i = count; i > 0; i--) {
		const char *class = keys[i - 1].class, *text = keys[i - 1].text;
		fprintf(svg->to, "<text class=\"end\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", x, y, text);
		x -= text_width(text) + 8;
		fprintf(svg->to, "<path class=\"%s\" d=\"M%.1f %.1fh-%d%s\"/>\n", class, x,
		        keys[i - 1].line ? y - 4 : y, SWATCH, keys[i - 1].line ? "" : "v-9h18z");
		x -= SWATCH + 22;
	}
}

void svg_panel(const struct svg *svg, struct svg_panel *panel, bool whole, const char *heading,
               const struct svg_key *keys, size_t key_count)
{
	fprintf(svg->to, "<text class=\"heading\" x=\"%d\" y=\"%.1f\">%s</text>\n", LEFT, panel->top - 12, heading);
	legend(svg, panel, keys, key_count);
	left_axis(svg, panel, whole);
}

static void time_label(int64_t s, int64_t step_s, char *text, size_t size)
{
	if (step_s >= 86400)
		snprintf(text, size, "%d d", (int)(s / 86400));
	else if (step_s >= 60)
		snprintf(text, size, "%d:%02d", (int)(s / 3600), (int)(s / 60 % 60));
	else
		snprintf(text, size, "%d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

static int64_t time_step_s(int64_t end_us)
{
	static const int64_t steps_s[] = {1,    2,    5,    10,    15,    30,    60,    120,    300,    600,    900,
	                                  1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2419200};
	size_t last = sizeof(steps_s) / sizeof(steps_s[0]) - 1, i = 0;

	while (i < last && end_us / US_PER_S / steps_s[i] > 13)
		i++;
	return steps_s[i];
}

void svg_time_axis(const struct svg *svg, double top, double bottom)
{
	int64_t step_s = time_step_s(svg->end_us);

	for (int64_t s = 0; s * US_PER_S <= svg->end_us; s += step_s) {
		char label[32];
		double x = svg_x(svg, s * US_PER_S);
		time_label(s, step_s, label, sizeof(label));
		line(svg, "grid", x, top, x, bottom);
		fprintf(svg->to, "<text class=\"middle\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", x, bottom + 20, label);
	}
}

void svg_level(const struct svg *svg, const struct svg_panel *panel, const char *class, double value, const char *word)
{
	double y = svg_y(panel, value);

	line(svg, class, LEFT, y, LEFT + SVG_PLOT_WIDTH, y);
	fprintf(svg->to, "<text x=\"%d\" y=\"%.1f\">%s</text>\n", LEFT + SVG_PLOT_WIDTH + 8, y + 4, word);
}

/* --- paths ----------------------------------------------------------------------------------------------------- */

void svg_path_begin(const struct svg *svg, const char *class, double x, double y)
{
	fprintf(svg->to, "<path class=\"%s\" d=\"M%.1f %.1f", class, x, y);
}

void svg_path_line(const struct svg *svg, double x, double y)
{
	fprintf(svg->to, "L%.1f %.1f", x, y);
}

void svg_path_step(const struct svg *svg, double x, double y)
{
	fprintf(svg->to, "H%.1fV%.1f", x, y);
}

void svg_path_end(const struct svg *svg)
{
	fputs("\"/>\n", svg->to);
}
