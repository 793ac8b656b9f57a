// Level 3 of sealed models: the text that a device has of one, and what stands in the folder of its vendor.
#include "fuzz.h"
#include "tacit/base/error.h"
#include "tacit/sealed/segment.h"
#include "tacit/sealed/testing/plain_run.h"
#include "tacit/sealed/testing/sealed_world.h"
#include "tacit/serve/query_limit.h"
#include "tacit/serve/segment_folder.h"

namespace tacit::fuzz {

namespace {

/// A model that was cut, the vendor's folder of it, and the device's text.
struct Cut {
  Cut() {
    sealed::CutModel cut = sealed::cut_segment(testing::layered_graph(), {2, 4});
    const KemPublicKey device = KemPrivateKey::from_raw(Kem::X25519, Bytes(32, std::byte{7})).public_key();
    const NewSegment made = make_segment(cut.segment, {"layers", "127.0.0.1:7300", 5, 10, {}}, {device});
    write_segment(made.vendors, folder.path("segment"));
    text = sealed::to_text({made.access, std::move(cut.before), std::move(cut.after), made.devices_part});
    terms = testing::read_file(folder.path("segment") / "segment.toml");
  }
  testing::ScratchFolder folder;
  Bytes text;
  std::string terms;
};
const Cut& cut() {
  static const Cut c;
  return c;
}

void read_text(ByteView bytes) {
  MemoryReader from(bytes);
  const sealed::SplitText split = sealed::read_split_text(from, bytes.size());
  // What was taken can be written, and is the same again.
  const Bytes again = sealed::to_text(split);
  MemoryReader second(again);
  if (sealed::to_text(sealed::read_split_text(second, again.size())) != again) __builtin_trap();
}

}  // namespace

// what | bytes
void target(ByteView input) {
  Cursor cursor(input);
  const unsigned what = cursor.byte() % 3;
  const ByteView rest = cursor.rest();
  if (what == 0) return read_text(rest);
  if (what == 1) {
    cut().folder.write("segment/segment.toml", text_of(rest));
    read_segment(cut().folder.path("segment"));
    return;
  }
  QueryLimit limit(cut().folder.path("limits"), 60);
  std::filesystem::permissions(cut().folder.write("limits/anna.limit", text_of(rest)),
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  constexpr std::int64_t kMoment = 1'800'000'000'000'000;
  // However it reads, no more than a bucket is granted.
  if (limit.take("anna", 60, kMoment).granted && limit.take("anna", 1, kMoment).granted) __builtin_trap();
}

std::vector<std::string> seeds() {
  return {'\0' + std::string(text_of(cut().text)), '\1' + cut().terms,
          "\2" + std::string("1800000000000000\n")};
}

}  // namespace tacit::fuzz
