// Killed while it seals, at every step: what was there before is there, or the whole new file. And a text of
// any size goes through a bounded memory.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "tacit/sealed/kept.h"
#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::sealed {
namespace {

namespace fs = std::filesystem;
using namespace tacit::testing;

constexpr int kDone = 0, kThrew = 1, kTooMuch = 2;

/// What becomes of a process that does so: its exit code, or the signal that ended it, below 0.
template <class Action>
int in_a_process(Action&& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      ::_exit(action());
    } catch (...) { ::_exit(kThrew); }
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

class Killed : public ::testing::Test {
 protected:
  SealRequest kept_request() const {
    SealRequest out = world.request();
    out.to.push_back(keeper_of(world.vendor).public_key());
    return out;
  }
  /// Kills `work`, which is called with what goes before each step, at each of its steps.
  template <class Work>
  void at_every_step(const fs::path& file, const Bytes& old_text, const Bytes& new_text, Work&& work) const {
    const std::string old_file = read_file(file);
    std::vector<std::string> steps;
    work([&](std::string_view step) { steps.emplace_back(step); });
    EXPECT_EQ(world.open(file), new_text);
    ASSERT_GT(steps.size(), 6u);
    for (const std::string& last : steps) {
      world.folder.write(file.filename().string(), old_file);
      EXPECT_EQ(in_a_process([&] {
                  work([&](std::string_view step) {
                    if (step == last) ::raise(SIGKILL);
                  });
                  return kDone;
                }),
                -SIGKILL)
          << last;
      EXPECT_EQ(world.open(file), last == "sync the folder" ? new_text : old_text) << last;
      // What the dead process left is in nobody's way.
      work([](std::string_view) {});
      EXPECT_EQ(world.open(file), new_text);
      EXPECT_FALSE(fs::exists(file.string() + ".part")) << last;
    }
  }
  SealedWorld world;
};

TEST_F(Killed, WhileSealing) {
  const Bytes before = some_bytes(2500), after = some_bytes(2000, 7);
  const fs::path file = world.seal(before);
  at_every_step(file, before, after, [&](const DiskStep& at) {
    MemoryReader from(after);
    seal(from, after.size(), file, world.request(), at);
  });
}

TEST_F(Killed, WhileSealingAnew) {
  const VendorKeys by{world.card, world.vendor};
  const Bytes before = some_bytes(2500), after = some_bytes(3000, 7);
  const fs::path kept = world.seal(after, "kept.tacit", kept_request()), file = world.seal(before);
  at_every_step(file, before, after, [&](const DiskStep& at) {
    KeptModel(SealedFile(kept), by).seal_anew(file, world.request(), at);
  });
}

// ---- a long text

/// Every piece that is read is of another byte; the whole lies nowhere.
class LongText final : public ByteReader {
 public:
  void read(ByteSpan out) override {
    std::fill(out.begin(), out.end(), static_cast<std::byte>(pieces_++ % 251));
  }

 private:
  std::uint64_t pieces_ = 0;
};

constexpr std::uint64_t kLong = std::uint64_t{48} << 20;
/// Far less than the text, and more than what the libraries' own pages take.
constexpr long kMostKilobytes = 16 << 10;

long kilobytes_at_most() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return used.ru_maxrss;
}

TEST_F(Killed, ALongTextGoesThroughLittleMemory) {
  const fs::path file = world.folder.path("long.tacit"), anew = world.folder.path("anew.tacit");
  const int code = in_a_process([&] {
    const long before = kilobytes_at_most();
    SealRequest request = kept_request();
    request.chunk = kUsualChunk;
    LongText from;
    seal(from, kLong, file, request);
    if (kilobytes_at_most() - before > kMostKilobytes) return kTooMuch;
    KeptModel(SealedFile(file), {world.card, world.vendor}).seal_anew(anew, request);
    fs::remove(file);
    OpenedModel model = open_model(anew, world.device, kNow);
    const auto reader = OpenForTests::reader(model);
    LongText want;
    Bytes got(kUsualChunk), expected(kUsualChunk);
    for (std::uint64_t at = 0; at < kLong; at += got.size()) {
      reader->read(got);
      want.read(expected);
      if (got != expected) return kThrew;
    }
    return kilobytes_at_most() - before > kMostKilobytes ? kTooMuch : kDone;
  });
  EXPECT_EQ(code, kDone);
}

}  // namespace
}  // namespace tacit::sealed
