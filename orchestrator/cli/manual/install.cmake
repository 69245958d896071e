# What the finished program prints about itself, for cmake --install: manual pages and completions.
include(GNUInstallDirs)

function(selfless_printed file folder)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/printed/${file})
  get_filename_component(output_folder ${output} DIRECTORY)
  file(MAKE_DIRECTORY ${output_folder})
  add_custom_command(OUTPUT ${output} COMMAND orchestrator ${ARGN} > ${output} DEPENDS orchestrator VERBATIM)
  set_property(GLOBAL APPEND PROPERTY SELFLESS_PRINTED ${output})
  install(FILES ${output} DESTINATION ${folder})
endfunction()

selfless_printed(orchestrator.8 ${CMAKE_INSTALL_MANDIR}/man8 man command)
selfless_printed(orchestrator.json.5 ${CMAKE_INSTALL_MANDIR}/man5 man config)
selfless_printed(bash/orchestrator ${CMAKE_INSTALL_DATADIR}/bash-completion/completions completion bash)
selfless_printed(zsh/_orchestrator ${CMAKE_INSTALL_DATADIR}/zsh/site-functions completion zsh)

get_property(printed GLOBAL PROPERTY SELFLESS_PRINTED)
add_custom_target(printed ALL DEPENDS ${printed})
