# Compiles the *.comp of a folder (by default impls/vulkan/shaders) to SPIR-V 1.3 (Vulkan 1.1), checks it with spirv-val where there is one, and
# writes each as C numbers to ${CMAKE_BINARY_DIR}/shaders/NAME.spv.inc.
# Usage: plumb_compile_shaders(target [folder]): target and what links it may then #include "shaders/NAME.spv.inc".
find_package(Vulkan REQUIRED COMPONENTS glslc)
find_program(PLUMB_SPIRV_VAL spirv-val DOC "validator of SPIR-V modules (Debian: spirv-tools)")
set(PLUMB_SHADER_SOURCES ${CMAKE_CURRENT_LIST_DIR}/shaders)

function(plumb_compile_shaders target)
  set(folder ${PLUMB_SHADER_SOURCES})
  if(ARGC GREATER 1)
    set(folder ${ARGV1})
  endif()
  file(GLOB shaders CONFIGURE_DEPENDS ${folder}/*.comp)
  set(directory ${CMAKE_BINARY_DIR}/shaders)
  file(MAKE_DIRECTORY ${directory})
  set(outputs)
  foreach(shader IN LISTS shaders)
    get_filename_component(name ${shader} NAME_WE)
    set(spirv ${directory}/${name}.spv)
    set(glslc Vulkan::glslc --target-env=vulkan1.1 -O -Werror -I ${PLUMB_SHADER_SOURCES})
    set(validate)
    if(PLUMB_SPIRV_VAL)
      set(validate COMMAND ${PLUMB_SPIRV_VAL} --target-env vulkan1.1 ${spirv})
    endif()
    add_custom_command(OUTPUT ${spirv}.inc
      COMMAND ${glslc} -MD -MF ${spirv}.d -MT ${spirv}.inc -o ${spirv} ${shader}
      ${validate}
      COMMAND ${glslc} -mfmt=c -o ${spirv}.inc ${shader}
      DEPENDS ${shader} DEPFILE ${spirv}.d VERBATIM COMMENT "Compiling shader ${name}")
    list(APPEND outputs ${spirv}.inc)
  endforeach()
  add_custom_target(${target}_shaders DEPENDS ${outputs})
  add_dependencies(${target} ${target}_shaders)
  target_include_directories(${target} PUBLIC ${CMAKE_BINARY_DIR})
endfunction()
