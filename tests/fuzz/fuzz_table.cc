// CSV: the reader itself, a table encoded by a job's schema, and the draft of a schema.
#include "fuzz.h"
#include "tacit/data/csv.h"
#include "tacit/data/draft.h"
#include "tacit/data/encode.h"
#include "tacit/data/testing/files.h"
#include "tacit/job/testing/sample_job.h"

namespace tacit::fuzz {

namespace {
const Schema& schema() {
  static const Job job = testing::read_job_text(testing::ScratchFolder(), testing::sample_job_text());
  return job.data.schema;
}
}  // namespace

// mode | the file
void target(ByteView input) {
  static MemoryFile file;
  Cursor cursor(input);
  const unsigned mode = cursor.byte();
  const ByteView rest = cursor.rest();
  const auto& path = file.holding((mode & 4) != 0 ? bytes_of(testing::gzipped(text_of(rest))) : rest);
  const char delimiter = ",;\t|"[mode >> 3 & 3];
  switch (mode & 3) {
    case 0: {
      CsvReader reader(open_bytes(path), delimiter);
      while (reader.next_row())
        if (reader.fields().size() != reader.header().size() || reader.line() == 0) __builtin_trap();
      return;
    }
    case 1:
      draft_schema(path, delimiter);
      return;
    default:
      load_dataset({.features = path, .delimiter = delimiter}, schema(),
                   {.with_label = (mode & 1) != 0,
                    .holding = (mode & 32) != 0 ? Holding::SomeColumns : Holding::AllColumns});
  }
}

std::vector<std::string> seeds() {
  const std::string rows =
      "number,age,weight,ward,smokes,flag,state\n"
      "1,30.5,80,a,no,0,well\n"
      "2,none,1e2,\"x\"\"y\",yes,1,ill\n"
      "3,7,+3.25,c,,0,well\n";
  const std::string odd = "\xef\xbb\xbf\"a b\";\tc ; d\r\n1;2;3\r\n\r\n\"\r\n\";;NA\r4;5;6";
  std::vector<std::string> out;
  for (char mode : {0, 1, 2, 3, 4, 7, 34, 35}) out.push_back(std::string(1, mode) + rows);
  for (char mode : {8, 9, 10, 13}) out.push_back(std::string(1, mode) + odd);
  return out;
}

}  // namespace tacit::fuzz
