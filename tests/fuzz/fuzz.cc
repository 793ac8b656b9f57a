#include "fuzz.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tacit/base/error.h"
#include "tacit/data/testing/files.h"

namespace tacit::fuzz {

MemoryFile::MemoryFile() : file_(::memfd_create("tacit-fuzz", MFD_CLOEXEC)) {
  ensure(static_cast<bool>(file_) && ::fchmod(file_.get(), 0600) == 0, "a file in memory");
  path_ = "/proc/self/fd/" + std::to_string(file_.get());
}

const std::filesystem::path& MemoryFile::holding(ByteView content) {
  ensure(::ftruncate(file_.get(), 0) == 0 &&
             ::pwrite(file_.get(), content.data(), content.size(), 0) == static_cast<ssize_t>(content.size()),
         "a file in memory is written");
  return path_;
}

std::uint8_t Cursor::byte() {
  const ByteView one = bytes(1);
  return one.empty() ? 0 : std::to_integer<std::uint8_t>(one[0]);
}

std::size_t Cursor::number() {
  const std::size_t low = byte();
  return low | static_cast<std::size_t>(byte()) << 8;
}

ByteView Cursor::bytes(std::size_t most) {
  const ByteView out = left_.first(std::min(most, left_.size()));
  left_ = left_.subspan(out.size());
  return out;
}

const Identity& fixed_identity() {
  static const Identity identity = [] {
    const testing::ScratchFolder folder;
    const auto file = folder.write("key",
                                   "-----BEGIN PRIVATE KEY-----\n"
                                   "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                                   "-----END PRIVATE KEY-----\n");  // the first of RFC 8032's test vectors
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
    return Identity::load(file);
  }();
  return identity;
}

}  // namespace tacit::fuzz

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  for (int i = 1; i < *argc; ++i) {
    const std::filesystem::path folder = (*argv)[i];
    if (!std::filesystem::is_directory(folder)) continue;
    const auto seeds = tacit::fuzz::seeds();
    for (std::size_t s = 0; s < seeds.size(); ++s)
      std::ofstream(folder / ("seed-" + std::to_string(s)), std::ios::binary) << seeds[s];
    break;
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Any other exception leaves from here, and libFuzzer tells of it.
  try {
    tacit::fuzz::target(std::as_bytes(std::span(data, size)));
  } catch (const tacit::UsageError&) {
  } catch (const tacit::IoError&) {
  } catch (const tacit::PeerError&) {
  } catch (const tacit::CheatDetected&) {}
  return 0;
}
