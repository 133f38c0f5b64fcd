# `cmake --install build`: the command with its manual and completion, the library with its headers,
# the shipped models with what is said of them.
include(CMakePackageConfigHelpers)

install(TARGETS assay assay-check)
install(TARGETS libassay EXPORT assay)
install(CODE "set(folder ${CMAKE_CURRENT_BINARY_DIR}/manual)
  execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/manual $<TARGET_FILE:assay> \${folder}
    COMMAND_ERROR_IS_FATAL ANY)")
install(DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/manual/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
set(completion ${CMAKE_CURRENT_BINARY_DIR}/manual/completion)
install(FILES ${completion}/bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME assay)
install(FILES ${completion}/zsh
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _assay)
install(FILES ${completion}/fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME assay.fish)

foreach(folder sat2 interp circuits axioms tasks)
  install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/assay
    FILES_MATCHING PATTERN *.h PATTERN reference EXCLUDE PATTERN variable EXCLUDE
    PATTERN memorised EXCLUDE)
endforeach()

# What a shared object includes (plugin.h), with what that includes.
install(FILES tools/plugin.h tools/merging.h tools/options.h tools/parts.h tools/records.h
  tools/streams.h tools/summaries.h tools/terminal.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/assay/tools)
install(FILES tools/page/page.h tools/page/record_page.h tools/page/run.h tools/page/sections.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/assay/tools/page)

set(cmake_folder ${CMAKE_INSTALL_LIBDIR}/cmake/assay)
install(EXPORT assay NAMESPACE assay:: FILE assayTargets.cmake DESTINATION ${cmake_folder})
configure_package_config_file(tools/package/assayConfig.cmake.in assayConfig.cmake
  INSTALL_DESTINATION ${cmake_folder})
write_basic_package_version_file(assayConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/assayConfig.cmake ${PROJECT_BINARY_DIR}/assayConfigVersion.cmake
  tools/package/torch.cmake DESTINATION ${cmake_folder})

# tasks/TASK/NETWORK/model.safetensors becomes share/assay/TASK/NETWORK/model.safetensors
install(DIRECTORY tasks/two_sat tasks/modular_addition tasks/dyck tasks/majority tasks/max_of_four
  tasks/induction
  DESTINATION ${CMAKE_INSTALL_DATADIR}/assay
  FILES_MATCHING PATTERN *.safetensors PATTERN *.json)
