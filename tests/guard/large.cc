// A model of 4 GiB in a process that may have 1 GiB of memory: it is sealed at level 2, verified, opened and
// asked, and nothing of it but a tile lies in memory at a time. Its text is written here by
// docs/sealed-format.md ("A model in tiles"): a chain of products with matrices that change nothing, so that
// the answer is known. Takes 4 GiB of disk for a minute: large_model [MiB].
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tacit/sealed/guarded_runtime.h"
#include "tacit/sealed/testing/hardened.h"
#include "tacit/sealed/testing/sealed_world.h"

namespace {

using namespace tacit;

constexpr std::size_t kSide = 512;
constexpr std::size_t kLayerBytes = kSide * kSide * sizeof(float);
static_assert(kSide * kSide <= sealed::kTileNumbers);
constexpr rlim_t kMemory = rlim_t{1} << 30;

void put_word(Bytes& out, const std::string& word) {
  append(out, static_cast<std::uint16_t>(word.size()));
  append_bytes(out, bytes_of(word));
}

/// The text's beginning, and then one unit matrix after the other.
class LargeText final : public ByteReader {
 public:
  explicit LargeText(std::uint32_t layers) : layers_(layers) {
    Bytes outline;
    append(outline, layers + 1);
    put_value(outline, 0, 0, "x", {1, kSide});
    for (std::uint32_t i = 0; i < layers; ++i) put_value(outline, 1, 4, "w", {kSide, kSide});
    append(outline, layers);
    for (std::uint32_t i = 0; i < layers; ++i) {
      put_word(outline, "MatMul");
      put_word(outline, "product " + std::to_string(i));
      append(outline, std::uint32_t{2});
      append(outline, i == 0 ? 0 : layers + i);  // what the node before gave
      append(outline, i + 1);
      append(outline, std::uint32_t{0});
    }
    append(outline, 2 * layers);
    append_bytes(begin_, bytes_of("tacit tiles "));
    append(begin_, std::uint16_t{1});
    append(begin_, std::uint16_t{0});
    append(begin_, static_cast<std::uint64_t>(outline.size()));
    append_bytes(begin_, outline);
    const float one = 1;
    for (std::size_t i = 0; i < kSide; ++i)
      std::memcpy(unit_.data() + i * (kSide + 1) * sizeof one, &one, sizeof one);
  }
  std::uint64_t size() const { return begin_.size() + std::uint64_t{layers_} * kLayerBytes; }
  void read(ByteSpan out) override {
    while (!out.empty()) {
      const bool first = at_ < begin_.size();
      const ByteView from =
          first ? ByteView(begin_).subspan(static_cast<std::size_t>(at_))
                : ByteView(unit_).subspan(static_cast<std::size_t>((at_ - begin_.size()) % kLayerBytes));
      const std::size_t now = std::min(out.size(), from.size());
      std::memcpy(out.data(), from.data(), now);
      out = out.subspan(now);
      at_ += now;
    }
  }

 private:
  static void put_value(Bytes& out, std::uint8_t kind, std::uint8_t width, const std::string& name,
                        std::initializer_list<std::uint64_t> shape) {
    append(out, kind);
    append(out, width);
    put_word(out, name);
    append(out, static_cast<std::uint8_t>(shape.size()));
    for (const std::uint64_t extent : shape) append(out, extent);
  }

  std::uint32_t layers_;
  Bytes begin_, unit_ = Bytes(kLayerBytes);
  std::uint64_t at_ = 0;
};

void done(const char* what) {
  static auto before = std::chrono::steady_clock::now();
  const auto now = std::chrono::steady_clock::now();
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  std::printf("%s: %.1f s, %ld MiB of memory at most\n", what,
              std::chrono::duration<double>(now - before).count(), used.ru_maxrss >> 10);
  std::fflush(stdout);
  before = now;
}

void run(std::uint32_t layers) {
  const testing::SealedWorld world;
  const HardenForTests none;
  LargeText text(layers);
  sealed::SealRequest request = world.request();
  request.level = sealed::Level::Guarded;
  request.chunk = sealed::kUsualChunk;
  const auto file = world.folder.path("large.tacit");
  done("begun");
  sealed::seal(text, text.size(), file, request);
  done("sealed");
  sealed::VerifiedFile(sealed::SealedFile(file), world.card).check_chunks();
  done("verified");
  sealed::TileSpace space(none.process);
  Workers workers(1);
  sealed::GuardedRuntime runtime(sealed::open_model(file, world.device, testing::kNow), space, workers);
  PublicTensor x{{2, kSide}, {}};
  for (std::size_t i = 0; i < 2 * kSide; ++i) x.values.push_back(static_cast<double>(i) / 64 - 3);
  const PublicTensor y = runtime.run(x);
  ensure(y.shape == x.shape && y.values == x.values, "a chain of unit matrices gives what it was given");
  done("asked");
}

}  // namespace

int main(int argc, char** argv) {
  const long mebibytes = argc > 1 ? std::atol(argv[1]) : 4096;
  if (argc > 2 || mebibytes < 1 || mebibytes > 16384) return 2;
  const rlimit limit{kMemory, kMemory};
  if (::setrlimit(RLIMIT_AS, &limit) != 0) return 2;
  try {
    run(static_cast<std::uint32_t>(mebibytes * ((1 << 20) / kLayerBytes)));
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "large_model: %s\n", e.what());
    return 1;
  }
}
