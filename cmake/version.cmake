# Writes tacit/version.h: cmake -DIN=.. -DOUT=.. -DSOURCE=.. -DPROJECT_VERSION=.. -P version.cmake
execute_process(COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD OUTPUT_VARIABLE TACIT_COMMIT ERROR_QUIET
                OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
if(failed)
  set(TACIT_COMMIT "unknown")
endif()
configure_file(${IN} ${OUT} @ONLY)
