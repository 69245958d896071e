# bundle(FOLDER OUTPUT): the page as it is served, made of the files in FOLDER: one style sheet, one script, one icon and
# index.html, which names them. Over a slow line each file costs a round trip, and modules ask for each other.
#
#   page.HASH.css    the style sheets, in the order of STYLES
#   page.HASH.js     app.js and the modules that it imports, each in a function of its own that returns what the module exports
#   icon.HASH.svg
#
# A name with the hash of its content in it never means anything else, so that it may be kept for ever; index.html is asked about
# each time. CMake does it all, so that building needs no other tool; therefore modules keep to a few forms, and whatever is of
# another form ends the build: `import { a, b } from "/web/x.js";`, `import * as x from "/web/x.js";`, and `export` in front of
# const, function, async function and class, at the start of a line.

cmake_minimum_required(VERSION 3.25)
set(STYLES base.css layout.css card.css dialog.css)

# Comments of whole lines, and indentation: a sixth of it.
function(shorten text result)
  string(REGEX REPLACE "(^|\n)[ \t]*/\\*([^*]|\\*+[^*/])*\\*+/" "\\1" text "${text}")
  string(REGEX REPLACE "\n[ \t\n]+" "\n" text "${text}")
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

# Modules before those that import them. A circle would never end, and is an error.
function(add_module name path)
  get_property(done GLOBAL PROPERTY MODULES)
  if(name IN_LIST done)
    return()
  endif()
  if(name IN_LIST path)
    message(FATAL_ERROR "modules import each other: ${path} ${name}")
  endif()
  list(APPEND path ${name})
  file(READ ${FOLDER}/${name}.js text)
  string(REGEX MATCHALL "from \"/web/[a-z0-9]+\\.js\"" imports "${text}")
  foreach(import IN LISTS imports)
    string(REGEX REPLACE ".*/([a-z0-9]+)\\.js\"" "\\1" imported "${import}")
    add_module(${imported} "${path}")
  endforeach()
  set_property(GLOBAL APPEND PROPERTY MODULES ${name})
  wrap_module(${name} "${text}")
endfunction()

function(wrap_module name text)
  shorten("\n${text}" text)
  string(REGEX MATCHALL "\nexport (const|function|async function|class) [A-Za-z0-9_$]+" exports "${text}")
  string(REGEX REPLACE "\nexport [a-z ]* ([A-Za-z0-9_$]+)" "\\1" exports "${exports}")
  list(JOIN exports ", " exports)
  string(REGEX REPLACE "\nexport (const|function|async function|class) " "\n\\1 " text "${text}")
  string(REGEX REPLACE "\nimport \\* as ([A-Za-z0-9_]+) from \"/web/([a-z0-9]+)\\.js\"" "\nconst \\1 = module_\\2" text "${text}")
  string(REGEX REPLACE "\nimport ({[A-Za-z0-9_$, ]*}) from \"/web/([a-z0-9]+)\\.js\"" "\nconst \\1 = module_\\2" text "${text}")
  if(text MATCHES "\n(import|export)[^\n]*" OR text MATCHES "{[A-Za-z, ]* as [^\n]*")
    message(FATAL_ERROR "${FOLDER}/${name}.js: this form is not known to ${CMAKE_CURRENT_LIST_FILE}: ${CMAKE_MATCH_0}")
  endif()
  set_property(GLOBAL APPEND_STRING PROPERTY SCRIPT "const module_${name} = (() => {${text}return { ${exports} };\n})();\n")
endfunction()

# Writes it under its name with its hash in it, and puts that name into index.html.
function(put stem ending text)
  string(SHA256 hash "${text}")
  string(SUBSTRING ${hash} 0 16 hash)
  file(WRITE ${OUTPUT}/${stem}.${hash}.${ending} "${text}")
  string(REPLACE "\"/web/${stem}.${ending}\"" "\"/web/${stem}.${hash}.${ending}\"" page "${page}")
  set(page "${page}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${OUTPUT})
file(READ ${FOLDER}/index.html page)

set(style "")
foreach(name IN LISTS STYLES)
  file(READ ${FOLDER}/${name} text)
  string(APPEND style "${text}\n")
endforeach()
shorten("${style}" style)
put(page css "${style}")

add_module(app "")
get_property(modules GLOBAL PROPERTY MODULES)
get_property(script GLOBAL PROPERTY SCRIPT)
list(TRANSFORM modules PREPEND "module_")
list(JOIN modules ", " modules)
put(page js "${script}export { ${modules} };\n")

file(READ ${FOLDER}/icon.svg icon)
put(icon svg "${icon}")

string(REGEX REPLACE "\n[ \t]+" "\n" page "${page}")
file(WRITE ${OUTPUT}/index.html "${page}")
