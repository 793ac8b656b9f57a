#include "tacit/sealed/witness.h"

#include <algorithm>
#include <array>

#include "tacit/base/durable.h"
#include "tacit/base/error.h"
#include "tacit/crypto/hash.h"
#include "tacit/sealed/key_folder.h"

namespace tacit::sealed {

namespace {

// "tacit witness 1\n" | seconds (i64) | code (32 bytes), of a key in a file
// "tacit witness 2\n" | seconds (i64) | counter (u32) | count (u64) | boot (16 bytes) | day (i64) | code
constexpr std::string_view kFile = "time.witness", kHead = "tacit witness 1\n",
                           kCountedHead = "tacit witness 2\n";
constexpr std::size_t kCode = 32;
constexpr std::size_t kSize = kHead.size() + sizeof(Seconds) + kCode;
constexpr std::size_t kCountAt = kHead.size() + sizeof(Seconds) + sizeof(std::uint32_t);
constexpr std::size_t kBootAt = kCountAt + sizeof(std::uint64_t), kDayAt = kBootAt + 16;
constexpr std::size_t kCountedSize = kDayAt + sizeof(Seconds) + kCode;
constexpr Seconds kDay = 86400;

struct Kept {
  Seconds latest = 0;
  // Beside a counter:
  std::uint64_t count = 0;           ///< at which this was written
  std::array<std::byte, 16> boot{};  ///< in which the counter was advanced,
  Seconds day = 0;                   ///< and on which day since 1970
  bool operator==(const Kept&) const = default;
};

std::string text_at(const DeviceKey& key, const Kept& kept) {
  Bytes out;
  if (const FirmCounter* counter = key.counter()) {
    append_bytes(out, bytes_of(kCountedHead));
    append(out, kept.latest);
    append(out, counter->number());
    append(out, kept.count);
    append_bytes(out, kept.boot);
    append(out, kept.day);
  } else {
    append_bytes(out, bytes_of(kHead));
    append(out, kept.latest);
  }
  append_bytes(out, key.derive(out, "tacit device 1: witnessed time", kCode).bytes());
  return std::string(text_of(out));
}

Kept read(const KeyFolder& folder, const DeviceKey& key) {
  const std::filesystem::path file = folder.file(kFile);
  std::error_code ignored;
  require(
      std::filesystem::exists(file, ignored),
      "the device's witnessed time '{}' is not there: make a new device with 'tacit device init', and ask "
      "for models that are sealed to it",
      file.string());
  PlainFile in(file);
  std::string text(key.counter() != nullptr ? kCountedSize : kSize, '\0');
  const bool fits = in.size() == text.size();
  if (fits) in.read(std::as_writable_bytes(std::span(text)));
  Kept out{read_at<Seconds>(bytes_of(text), kHead.size())};
  if (key.counter() != nullptr) {
    out.count = read_at<std::uint64_t>(bytes_of(text), kCountAt);
    out.boot = read_at<std::array<std::byte, 16>>(bytes_of(text), kBootAt);
    out.day = read_at<Seconds>(bytes_of(text), kDayAt);
  }
  if (!fits || out.latest < 0 || out.latest > kLastMoment ||
      !equal_in_constant_time(bytes_of(text), bytes_of(text_at(key, out))))
    throw CheatDetected(fmt::format(
        "the device's witnessed time '{}' was changed: this program has not written it", file.string()));
  return out;
}

/// The count behind the file, which is the counter's, or one more if the machine stopped between the two.
void check_count(const KeyFolder& folder, const Kept& kept, std::uint64_t count) {
  if (kept.count != count && kept.count != count + 1)
    throw CheatDetected(fmt::format(
        "the device's witnessed time '{}' is of an old copy of its folder: it was written at {} of the TPM's "
        "counter, which stands at {}",
        folder.file(kFile).string(), kept.count, count));
}

void check_clock(Seconds clock) {
  require(clock >= 0 && clock <= kLastMoment, "this machine's clock tells no time: set it right");
}

}  // namespace

void begin_witness(const KeyFolder& folder, const DeviceKey& key, const Now& now) {
  check_clock(now.clock);
  Kept kept{now.clock};
  if (FirmCounter* counter = key.counter()) {
    kept.count = counter->read();
    kept.boot = now.boot.boot;
    kept.day = now.clock / kDay;
  }
  folder.replace(kFile, text_at(key, kept));
}

Seconds witness(const KeyFolder& folder, const DeviceKey& key, const Now& now, Seconds signed_time) {
  check_clock(now.clock);
  const FileDescriptor held = folder.lock();
  const Kept before = read(folder, key);
  FirmCounter* counter = key.counter();
  const std::uint64_t count = counter != nullptr ? counter->read() : 0;
  if (counter != nullptr) check_count(folder, before, count);
  const Seconds known = std::max(before.latest, signed_time);
  require(now.clock >= known - kClockTolerance,
          "this machine's clock says {}, and it was {} already: set the clock right", moment_text(now.clock),
          moment_text(known));
  Kept next = before;
  next.latest = std::max(now.clock, known);
  if (counter != nullptr && before.count == count &&
      (before.boot != now.boot.boot || next.latest / kDay > before.day)) {
    next.count = count + 1;
    next.boot = now.boot.boot;
    next.day = next.latest / kDay;
  }
  // The file first: a machine that stops before the counter was advanced finds a file that is one ahead.
  if (next != before) folder.replace(kFile, text_at(key, next));
  if (counter != nullptr && next.count == count + 1) counter->advance();
  return next.latest;
}

}  // namespace tacit::sealed
