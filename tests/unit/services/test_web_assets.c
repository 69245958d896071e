/* The table of the page's files: what is embedded is what the bundle is, under its name, with its type and tag. */
#include "services/web/web_assets.h"

#include "tests/unit/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool other;

static const struct asset *find(const char *name)
{
	return web_asset_find((struct http_text){.data = name, .len = (uint32_t)strlen(name)}, &other);
}

START_TEST(every_file_as_it_is)
{
	static char content[1 << 20];

	ck_assert_uint_eq(web_assets_count, 4);
	for (size_t i = 0; i < web_assets_count; i++) {
		const struct asset *asset = &web_assets[i];
		char path[4096];
		snprintf(path, sizeof(path), WEB_PAGE_FOLDER "/%s", asset->name);
		FILE *file = fopen(path, "rb");
		ck_assert_msg(file != NULL, "%s", path);
		size_t len = fread(content, 1, sizeof(content), file);
		fclose(file);
		ck_assert_msg(len == asset->len && memcmp(content, asset->data, len) == 0, "%s", asset->name);
	}
}
END_TEST

START_TEST(found_by_whole_name)
{
	static const char *const strangers[] = {
	        "",     "index", "index.htm", "index.htmlx", "INDEX.HTML", "/index.html", "..",
	        "page", "page.", ".js",       "page.png",    "app.js",     "index.1.html"};

	for (size_t i = 0; i < web_assets_count; i++) {
		ck_assert_ptr_eq(find(web_assets[i].name), &web_assets[i]);
		ck_assert(!other);
	}
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		ck_assert_msg(find(strangers[i]) == NULL, "%s", strangers[i]);
}
END_TEST

START_TEST(other_versions)
{
	static const char *const names[] = {"page.js", "page.0123456789abcdef.js", "page.0.1.js"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct asset *asset = find(names[i]);
		ck_assert_msg(asset != NULL && other && strcmp(asset->name, names[i]) != 0, "%s", names[i]);
		ck_assert_str_eq(asset->type, "text/javascript; charset=utf-8");
	}
}
END_TEST

/* All but the page itself, which names them. */
START_TEST(final_ones_have_their_hash_in_their_name)
{
	for (size_t i = 0; i < web_assets_count; i++) {
		const struct asset *asset = &web_assets[i];
		char hash[17];
		snprintf(hash, sizeof(hash), "%.16s", asset->etag + 1);
		bool is_page = strcmp(asset->name, "index.html") == 0;
		ck_assert_msg(web_asset_is_final(asset) == !is_page, "%s", asset->name);
		ck_assert_msg((strstr(asset->name, hash) != NULL) == !is_page, "%s", asset->name);
	}
}
END_TEST

START_TEST(types_by_ending)
{
	ck_assert_str_eq(find("index.html")->type, "text/html; charset=utf-8");
	ck_assert_str_eq(find("page.js")->type, "text/javascript; charset=utf-8");
	ck_assert_str_eq(find("page.css")->type, "text/css; charset=utf-8");
	ck_assert_str_eq(find("icon.svg")->type, "image/svg+xml");
}
END_TEST

/* A strong tag with its quotes, of letters that need no care; no two files have the same. */
START_TEST(tags_are_of_the_content)
{
	for (size_t i = 0; i < web_assets_count; i++) {
		const char *tag = web_assets[i].etag;
		ck_assert_uint_eq(strlen(tag), 18);
		ck_assert(tag[0] == '"' && tag[17] == '"' && strspn(tag + 1, "0123456789abcdef") == 16);
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(tag, web_assets[k].etag);
	}
}
END_TEST

UNIT_MAIN("web_assets", every_file_as_it_is, found_by_whole_name, other_versions,
          final_ones_have_their_hash_in_their_name, types_by_ending, tags_are_of_the_content)
