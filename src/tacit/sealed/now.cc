#include "tacit/sealed/now.h"

#include <time.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "tacit/base/bytes.h"
#include "tacit/base/error.h"

namespace tacit::sealed {

namespace {

constexpr const char* kBootId = "/proc/sys/kernel/random/boot_id";
constexpr const char* kOffsets = "/proc/self/timens_offsets";

/// In a time namespace a process sees a boot clock that was put forward or back. A kernel without them has no
/// such file.
void check_offsets() {
  std::ifstream in(kOffsets);
  std::string clock;
  long long seconds = 0, nanoseconds = 0;
  while (in >> clock >> seconds >> nanoseconds)
    require(clock != "boottime" || (seconds == 0 && nanoseconds == 0),
            "this process sees a boot clock that was shifted: run it outside of a time namespace");
}

}  // namespace

BootMoment boot_now() {
  std::ifstream in(kBootId);
  std::string text;
  std::getline(in, text);
  std::erase(text, '-');
  const Bytes id = from_hex(text);
  BootMoment out;
  timespec since{};
  if (id.size() != out.boot.size() || clock_gettime(CLOCK_BOOTTIME, &since) != 0)
    throw IoError("this system does not tell when it was booted");
  check_offsets();
  std::copy(id.begin(), id.end(), out.boot.begin());
  out.seconds = since.tv_sec;
  return out;
}

}  // namespace tacit::sealed
