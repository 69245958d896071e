# Writes a C file that holds every file of a folder: web_assets[] of web_assets.h.
#
#   cmake -D FOLDER=... -D OUTPUT=... -P embed.cmake
#
# CMake reads and hashes the files itself, so that building needs no other tool. The entity tag is the content's hash: the
# same in all containers made from the same files, another one as soon as a file changes.

set(TYPE_html "text/html; charset=utf-8")
set(TYPE_css "text/css; charset=utf-8")
set(TYPE_js "text/javascript; charset=utf-8")
set(TYPE_svg "image/svg+xml")

file(GLOB names RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT names)
set(arrays "")
set(table "")
set(number 0)

foreach(name IN LISTS names)
  string(REGEX REPLACE ".*\\." "" ending "${name}")
  if(NOT DEFINED TYPE_${ending})
    message(FATAL_ERROR "${FOLDER}/${name}: no content type is known for .${ending} files; add it to ${CMAKE_CURRENT_LIST_FILE}")
  endif()
  file(SHA256 ${FOLDER}/${name} hash)
  string(SUBSTRING ${hash} 0 16 tag)
  file(READ ${FOLDER}/${name} bytes HEX)
  if(bytes STREQUAL "")
    message(FATAL_ERROR "${FOLDER}/${name} is empty")
  endif()
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "static const unsigned char file_${number}[] = {\n${bytes}\n};\n\n")
  string(APPEND table "\t{\"${name}\", \"${TYPE_${ending}}\", \"\\\"${tag}\\\"\", file_${number}, sizeof(file_${number})},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${OUTPUT}.new "/* Made by ${CMAKE_CURRENT_LIST_FILE} from the files in ${FOLDER}. */
#include \"services/web/web_assets.h\"

${arrays}const struct web_asset web_assets[] = {
${table}};

const size_t web_asset_count = sizeof(web_assets) / sizeof(web_assets[0]);
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
