/* svg: a drawing of panels one above the other that share their time axis; writes SVG text.
 *
 * Colours are CSS variables with a light and a dark set, so that the picture suits the page that it is on.
 * What is drawn is named by a class; the style sheet in svg.c has all of them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define SVG_PLOT_WIDTH 1020

struct svg {
	FILE *to;
	int64_t end_us; /* time at the right edge */
};

/* One panel: where it is, and what its top stands for. */
struct svg_panel {
	double top, height;
	double max;
};

struct svg_key {
	const char *class;
	bool line; /* else an area */
	const char *text;
};

/* The picture with its styles, title and line of text below that. Text must not hold & or <. */
void svg_begin(const struct svg *svg, const char *title, const char *subtitle);
void svg_end(const struct svg *svg);

double svg_x(const struct svg *svg, int64_t at_us);
double svg_y(const struct svg_panel *panel, double value);

/* Heading, legend, frame, grid and left axis; rounds panel->max up to the axis' last tick. whole: ticks at whole numbers
 * alone. */
void svg_panel(const struct svg *svg, struct svg_panel *panel, bool whole, const char *heading,
               const struct svg_key *keys, size_t key_count);

/* Below the last panel; vertical grid lines through all of them, from `top` on. */
void svg_time_axis(const struct svg *svg, double top, double bottom);

/* A line across the panel with a word at its right end. */
void svg_level(const struct svg *svg, const struct svg_panel *panel, const char *class, double value, const char *word);

/* A path: begin, then its points in the order of time, then the end. A step goes across first, then up or down. */
void svg_path_begin(const struct svg *svg, const char *class, double x, double y);
void svg_path_line(const struct svg *svg, double x, double y);
void svg_path_step(const struct svg *svg, double x, double y);
void svg_path_end(const struct svg *svg);
