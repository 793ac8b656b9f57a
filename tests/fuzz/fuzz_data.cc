// The data that a party holds, as it lies on the disk: a file of sealed chunks, behind right tags, which no
// fuzzer would guess, a record, and the catalogue.
#include <algorithm>

#include "fuzz.h"
#include "tacit/base/error.h"
#include "tacit/data/catalogue.h"
#include "tacit/data/testing/files.h"
#include "tacit/job/upload.h"

namespace tacit::fuzz {

namespace {

const testing::ScratchFolder& folder() {
  static const testing::ScratchFolder f;
  return f;
}

constexpr std::string_view kHead = "a head\n", kText = "a text";
const Bytes kKey(kSealKeySize, std::byte{5});

const std::string& whole_file() {
  static const std::string content = [] {
    ChunkWriter to(make_file(folder().path("whole")), kKey, bytes_of(kHead));
    to.write(bytes_of(kText));
    to.finish();
    return testing::read_file(folder().path("whole"));
  }();
  return content;
}
const std::string& catalogue() {
  static const std::string content = [] {
    {
      Catalogue c(folder().path("made"), Catalogue::Use::Write);
      CatalogueEntry e;
      e.id = e.upload = std::string(32, 'a');
      e.owner = e.job_name = "north";
      e.job = e.session = std::string(64, 'b');
      c.add(e);
    }
    return testing::read_file(folder().path("made"));
  }();
  return content;
}

void read_chunks(ByteView content) {
  const auto path = folder().write("chunks", text_of(content));
  const ChunkReader reader(open_file(path), kKey, bytes_of(kHead), 0);
  Bytes out(reader.size());
  reader.read(0, out);
  if (text_of(out) != kText) __builtin_trap();  // nobody makes another that opens
}

void read_record(ByteView bytes) {
  MemoryReader from(bytes);
  const UploadRecord record = load_record(from);
  MemoryWriter again;
  save(record, again);
  if (!std::ranges::equal(again.bytes, bytes.first(bytes.size() - from.left()))) __builtin_trap();
}

void read_catalogue(ByteView content) {
  const auto path = folder().write("data.sqlite", text_of(content));
  for (const char* more : {"-wal", "-shm"}) std::filesystem::remove(path.string() + more);
  const Catalogue c(path, Catalogue::Use::Read);
  for (const CatalogueEntry& e : c.entries())
    if (from_hex(e.id).size() != 16) __builtin_trap();  // it is going to be a file's name
}

}  // namespace

// what | bytes
void target(ByteView input) {
  Cursor cursor(input);
  const unsigned what = cursor.byte() % 3;
  if (what == 0) return read_chunks(cursor.rest());
  if (what == 1) return read_record(cursor.rest());
  read_catalogue(cursor.rest());
}

std::vector<std::string> seeds() {
  UploadRecord record;
  record.manifest = "{}";
  record.parts.push_back({0, true, SecretBytes(kSaltSize)});
  record.parts.push_back({1, false, SecretBytes(Prg::kKeySize)});
  MemoryWriter to;
  save(record, to);
  return {std::string(1, '\0') + whole_file(), '\1' + std::string(text_of(to.bytes)), '\2' + catalogue()};
}

}  // namespace tacit::fuzz
