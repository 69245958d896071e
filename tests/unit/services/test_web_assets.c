/* The table of the page's files: what is embedded is what lies in the folder, under its name, with its type and tag. */
#include "services/web/web_assets.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static const struct web_asset *find(const char *name)
{
	return web_asset_find((struct http_text){.data = name, .len = (uint32_t)strlen(name)});
}

START_TEST(every_file_as_it_is)
{
	static char content[1 << 20];

	ck_assert_uint_gt(web_asset_count, 10);
	for (size_t i = 0; i < web_asset_count; i++) {
		const struct web_asset *asset = &web_assets[i];
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
	static const char *const strangers[] = {"",           "index",       "index.htm", "index.htmlx",
	                                        "INDEX.HTML", "/index.html", ".."};

	for (size_t i = 0; i < web_asset_count; i++)
		ck_assert_ptr_eq(find(web_assets[i].name), &web_assets[i]);
	ck_assert_ptr_nonnull(find("index.html"));
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		ck_assert_msg(find(strangers[i]) == NULL, "%s", strangers[i]);
}
END_TEST

START_TEST(types_by_ending)
{
	ck_assert_str_eq(find("index.html")->type, "text/html; charset=utf-8");
	ck_assert_str_eq(find("app.js")->type, "text/javascript; charset=utf-8");
	ck_assert_str_eq(find("base.css")->type, "text/css; charset=utf-8");
	ck_assert_str_eq(find("icon.svg")->type, "image/svg+xml");
}
END_TEST

/* A strong tag with its quotes, of letters that need no care; no two files have the same. */
START_TEST(tags_are_of_the_content)
{
	for (size_t i = 0; i < web_asset_count; i++) {
		const char *tag = web_assets[i].etag;
		ck_assert_uint_eq(strlen(tag), 18);
		ck_assert(tag[0] == '"' && tag[17] == '"' && strspn(tag + 1, "0123456789abcdef") == 16);
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(tag, web_assets[k].etag);
	}
}
END_TEST

UNIT_MAIN("web_assets", every_file_as_it_is, found_by_whole_name, types_by_ending, tags_are_of_the_content)
