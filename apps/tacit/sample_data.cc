#include "sample_data.h"

#include <zlib.h>

#include <algorithm>

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

Digits last_digits(std::size_t count) {
  const std::string csv = sample_digits();
  std::vector<std::string> lines;
  for (std::size_t at = 0, end; (end = csv.find('\n', at)) != std::string::npos; at = end + 1)
    lines.push_back(csv.substr(at, end - at));
  ensure(lines.size() == kSampleDigits + 1, "the sample inside the program");
  Digits out;
  for (std::size_t i = lines.size() - std::min(count, kSampleDigits); i < lines.size(); ++i) {
    std::size_t at = 0;
    for (std::size_t k = 0; k < kDigitPixels; ++k) {
      const std::size_t comma = lines[i].find(',', at);
      out.pixels.push_back(std::stod(lines[i].substr(at, comma - at)) / 16);
      at = comma + 1;
    }
    out.digits.push_back(std::stoi(lines[i].substr(at)));
  }
  return out;
}

std::string sample_model() { return {tacit_model_begin, tacit_model_end}; }

}  // namespace tacit::app
