# embed_folder(FOLDER OUTPUT TABLE HEADER): a C file that holds every file of a folder, as `const struct asset TABLE[]` and
# `const size_t TABLE_count`, which HEADER declares.
# embed_program(TARGET OUTPUT NAME HEADER): one that holds a program that the build makes, as `const unsigned char NAME[]` and
# `const size_t NAME_size`.
#
# CMake reads and hashes the files itself, so that building needs no other tool. The entity tag is the content's hash: the
# same in all containers made from the same files, another one as soon as a file changes.

if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

  function(embed_folder folder output table header)
    file(GLOB files CONFIGURE_DEPENDS ${folder}/*)
    add_custom_command(
      OUTPUT ${output}
      COMMAND ${CMAKE_COMMAND} -D FOLDER=${folder} -D OUTPUT=${output} -D TABLE=${table} -D HEADER=${header}
              -P ${EMBED_SCRIPT}
      DEPENDS ${EMBED_SCRIPT} ${files}
      COMMENT "Embedding ${table}"
      VERBATIM)
  endfunction()

  function(embed_program target output name header)
    add_custom_command(
      OUTPUT ${output}
      COMMAND ${CMAKE_COMMAND} -D PROGRAM=$<TARGET_FILE:${target}> -D OUTPUT=${output} -D NAME=${name} -D HEADER=${header}
              -P ${EMBED_SCRIPT}
      DEPENDS ${EMBED_SCRIPT} ${target}
      COMMENT "Embedding ${target}"
      VERBATIM)
  endfunction()
  return()
endif()

# --- the script that the build runs ---

# The initialiser of an array of bytes; "" for an empty file.
function(read_bytes file result)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  set(${result} "${bytes}" PARENT_SCOPE)
endfunction()

if(DEFINED PROGRAM)
  read_bytes(${PROGRAM} bytes)
  file(WRITE ${OUTPUT}.new "/* Made by ${CMAKE_CURRENT_LIST_FILE} from ${PROGRAM}. */
#include \"${HEADER}\"

const unsigned char ${NAME}[] = {
${bytes}
};

const size_t ${NAME}_size = sizeof(${NAME});
")
  file(RENAME ${OUTPUT}.new ${OUTPUT})
  return()
endif()

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
  read_bytes(${FOLDER}/${name} bytes)
  if(bytes STREQUAL "")
    message(FATAL_ERROR "${FOLDER}/${name} is empty")
  endif()
  string(APPEND arrays "static const unsigned char file_${number}[] = {\n${bytes}\n};\n\n")
  string(APPEND table "\t{\"${name}\", \"${TYPE_${ending}}\", \"\\\"${tag}\\\"\", file_${number}, sizeof(file_${number})},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${OUTPUT}.new "/* Made by ${CMAKE_CURRENT_LIST_FILE} from the files in ${FOLDER}. */
#include \"${HEADER}\"

${arrays}const struct asset ${TABLE}[] = {
${table}};

const size_t ${TABLE}_count = sizeof(${TABLE}) / sizeof(${TABLE}[0]);
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
