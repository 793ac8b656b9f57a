#include "tacit/sealed/witness.h"

#include <algorithm>

#include "tacit/base/durable.h"
#include "tacit/base/error.h"
#include "tacit/crypto/hash.h"
#include "tacit/sealed/key_folder.h"

namespace tacit::sealed {

namespace {

// "tacit witness 1\n" | seconds (i64) | code (32 bytes)
constexpr std::string_view kFile = "time.witness", kHead = "tacit witness 1\n";
constexpr std::size_t kSize = kHead.size() + sizeof(Seconds) + 32;

std::string text_at(const KemPrivateKey& key, Seconds latest) {
  Bytes out;
  append_bytes(out, bytes_of(kHead));
  append(out, latest);
  append_bytes(out, key.derive(out, "tacit device 1: witnessed time", 32).bytes());
  return std::string(text_of(out));
}

Seconds read(const KeyFolder& folder, const KemPrivateKey& key) {
  const std::filesystem::path file = folder.file(kFile);
  std::error_code ignored;
  require(
      std::filesystem::exists(file, ignored),
      "the device's witnessed time '{}' is not there: make a new device with 'tacit device init', and ask "
      "for models that are sealed to it",
      file.string());
  PlainFile in(file);
  std::string text(kSize, '\0');
  const bool fits = in.size() == kSize;
  if (fits) in.read(std::as_writable_bytes(std::span(text)));
  const auto latest = read_at<Seconds>(bytes_of(text), kHead.size());
  if (!fits || latest < 0 || latest > kLastMoment ||
      !equal_in_constant_time(bytes_of(text), bytes_of(text_at(key, latest))))
    throw CheatDetected(fmt::format(
        "the device's witnessed time '{}' was changed: this program has not written it", file.string()));
  return latest;
}

}  // namespace

void begin_witness(const KeyFolder& folder, const KemPrivateKey& key, Seconds clock) {
  require(clock >= 0 && clock <= kLastMoment, "this machine's clock tells no time: set it right");
  folder.replace(kFile, text_at(key, clock));
}

Seconds witness(const KeyFolder& folder, const KemPrivateKey& key, Seconds clock, Seconds signed_time) {
  require(clock >= 0 && clock <= kLastMoment, "this machine's clock tells no time: set it right");
  const FileDescriptor held = folder.lock();
  const Seconds before = read(folder, key);
  const Seconds known = std::max(before, signed_time);
  require(clock >= known - kClockTolerance,
          "this machine's clock says {}, and it was {} already: set the clock right", moment_text(clock),
          moment_text(known));
  const Seconds now = std::max(clock, known);
  if (now > before) folder.replace(kFile, text_at(key, now));
  return now;
}

}  // namespace tacit::sealed
