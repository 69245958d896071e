# FILES -> OUTPUT: a C source with their bytes, and the table page_files of page.h.
set(arrays "")
set(rows "")
set(number 0)
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" hex HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
  string(APPEND arrays "static const unsigned char file_${number}[] = {\n${hex}0};\n\n")
  string(APPEND rows "\t{\"${name}\", file_${number}, sizeof file_${number} - 1},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE "${OUTPUT}" "/* page_files: made by embed.cmake. */
#include \"orchestrator/admin/page.h\"

${arrays}const struct page_file page_files[] = {
${rows}};

const size_t page_file_count = sizeof page_files / sizeof *page_files;
")
