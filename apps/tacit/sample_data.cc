#include "sample_data.h"

#include <zlib.h>

#include "tacit/base/error.h"

// The files themselves, the first gzipped, become part of the program.
asm(".section .rodata\n"
    ".global tacit_digits_begin\ntacit_digits_begin:\n"
    ".incbin \"" TACIT_DIGITS_FILE
    "\"\n"
    ".global tacit_digits_end\ntacit_digits_end:\n"
    ".byte 0\n"
    ".global tacit_model_begin\ntacit_model_begin:\n"
    ".incbin \"" TACIT_MODEL_FILE
    "\"\n"
    ".global tacit_model_end\ntacit_model_end:\n"
    ".byte 0\n.text\n");
extern "C" const unsigned char tacit_digits_begin[], tacit_digits_end[];
extern "C" const char tacit_model_begin[], tacit_model_end[];

namespace tacit::app {

std::string sample_digits() {
  z_stream z{};
  ensure(inflateInit2(&z, 16 + MAX_WBITS) == Z_OK, "zlib");
  z.next_in = const_cast<unsigned char*>(tacit_digits_begin);
  z.avail_in = static_cast<unsigned>(tacit_digits_end - tacit_digits_begin);
  std::string out;
  int result = Z_OK;
  while (result == Z_OK) {
    char buffer[65536];
    z.next_out = reinterpret_cast<unsigned char*>(buffer);
    z.avail_out = sizeof buffer;
    result = inflate(&z, Z_NO_FLUSH);
    out.append(buffer, sizeof buffer - z.avail_out);
  }
  inflateEnd(&z);
  ensure(result == Z_STREAM_END, "the sample inside the program");
  return out;
}

std::string sample_model() { return {tacit_model_begin, tacit_model_end}; }

}  // namespace tacit::app
