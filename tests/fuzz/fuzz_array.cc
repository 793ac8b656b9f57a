// NPY, NPZ, IDX and gzip: as they are, and packed anew behind right checksums, which no fuzzer would guess.
#include <algorithm>

#include "fuzz.h"
#include "tacit/data/encode.h"
#include "tacit/data/file_kind.h"
#include "tacit/data/testing/files.h"

namespace tacit::fuzz {

namespace {

Schema images() {
  Schema schema;
  schema.array = NumberRange{0, 255};
  schema.shape = {2, 2};
  schema.label = Column{"digit", CategoryCoding{{"0", "1", "2"}, {}, false}};
  return schema;
}

void read_all(ArrayReader reader) {
  constexpr std::size_t kBlock = 64, kMost = 4096;
  const std::size_t rows = std::min(reader.row_count(), kMost);
  for (std::size_t row = 0; row < rows; row += kBlock) {
    const std::size_t end = std::min(rows, row + kBlock);
    if (reader.rows(row, end).size() != (end - row) * reader.row_elements()) __builtin_trap();
  }
  if (rows > 1) reader.rows(rows / 2, rows / 2 + 1);  // back again
  reader.rows(reader.row_count(), reader.row_count());
}

}  // namespace

// mode | the file
void target(ByteView input) {
  static MemoryFile file, labels;
  Cursor cursor(input);
  const unsigned mode = cursor.byte();
  const std::string rest(text_of(cursor.rest()));
  std::string content = rest;
  if ((mode & 3) == 1) content = testing::gzipped(rest);
  if ((mode & 3) == 2) content = testing::zipped({{"a.npy", rest, (mode & 4) != 0}}, (mode & 8) != 0);
  const auto& path = file.holding(bytes_of(content));
  if ((mode & 16) == 0) return read_all(open_array(path, ""));
  static const Schema schema = images();
  // The labels are whatever comes after the images' first half, as a file of its own.
  const auto& second = labels.holding(bytes_of(rest).subspan(rest.size() / 2));
  load_dataset({.features = path, .labels = (mode & 32) != 0 ? path : second}, schema,
               {.with_label = (mode & 64) == 0});
}

std::vector<std::string> seeds() {
  auto npy = [](std::string_view header, std::string_view data) {
    std::string out("\x93NUMPY\1\0", 8);
    out += static_cast<char>(header.size());
    out += '\0';
    return out.append(header).append(data);
  };
  const std::string bytes = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2, 2), }\n",
                                std::string("\0\1\2\3\4\5\6\7\10\11\12\xff", 12)),
                    doubles = npy("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }\n",
                                  std::string(48, '\77')),
                    halves = npy("{'descr': '>f2', 'fortran_order': False, 'shape': (4,), }\n",
                                 std::string(8, '\74')),
                    words = npy("{\"shape\":(2L,),\"fortran_order\":False,\"descr\":\"<i8\"}",
                                std::string("\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0", 16));
  const std::string idx = std::string("\0\0\10\3\0\0\0\2\0\0\0\2\0\0\0\2", 16) + std::string(8, '\7'),
                    digits = std::string("\0\0\10\1\0\0\0\2\1\2", 10);
  std::vector<std::string> out;
  for (const std::string& array : {bytes, doubles, halves, words, idx, digits})
    for (char mode : {0, 1, 2, 6, 14, 16, 80}) out.push_back(std::string(1, mode) + array);
  // Containers whose own bytes are mutated.
  out.push_back('\0' + testing::gzipped(idx));
  for (bool zip64 : {false, true})
    out.push_back('\0' + testing::zipped({{"a.npy", bytes, true}, {"b.npy", words, false}}, zip64));
  out.push_back('\x30' + testing::zipped({{"a.npy", bytes, true}}));
  return out;
}

}  // namespace tacit::fuzz
