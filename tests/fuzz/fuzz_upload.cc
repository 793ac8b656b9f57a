// What a party receives from an owner. Manifests are signed with the owner's key, whatever stands in them, so
// that a hostile owner is tested and not only a stranger.
#include "script.h"
#include "tacit/base/error.h"
#include "tacit/job/testing/sample_job.h"
#include "tacit/job/testing/upload_run.h"
#include "tacit/job/upload_receiver.h"
#include "tacit/mpc/table.h"

namespace tacit::fuzz {

namespace {

constexpr std::string_view kTags[] = {"owner.hello", "owner.shape", "owner.salt",     "owner.seed",
                                      "owner.rows",  "owner.ids",   "owner.manifest", "owner.signature",
                                      "nonsense",    "owner.done",  "owner.again",    "cut"};

Job job_of(bool columns) {
  const testing::ScratchFolder folder;
  std::string text = testing::small_job_text();
  if (columns) text.replace(text.find("[data]"), 6, "[data]\npartition = \"columns\"\nid = \"who\"");
  Job job = testing::read_job_text(folder, text);
  job.owners[0].key = fixed_identity().public_key();
  return job;
}
const Job& job(bool columns) {
  static const Job rows = job_of(false), by_columns = job_of(true);
  return columns ? by_columns : rows;
}

}  // namespace

// party and partition (1 byte) | script
void target(ByteView input) {
  Cursor cursor(input);
  const unsigned mode = cursor.byte();
  const std::size_t party = mode & 1;  // one that holds the full component, and one that does not
  const Job& j = job((mode & 2) != 0);
  auto frames = from_input(cursor, kTags);
  const PartyId owner = party_id(j.parties.size());
  std::string manifest;
  for (ScriptedFrame& f : frames) {
    f.from = owner;
    if (f.tag == "owner.manifest") manifest = text_of(f.body);
    if (f.tag == "owner.signature" && f.body.empty()) {
      const Signature s = fixed_identity().sign(bytes_of("tacit upload manifest\n" + manifest));
      f.body.assign(s.begin(), s.end());
    }
  }
  ScriptTransport wire(std::move(frames), j.names());
  Meter meter;
  Channel channel(wire, meter, owner, j.owners[0].name);
  static const testing::ScratchFolder state;
  try {
    greet_owner(j, testing::kSession, channel);
    UploadReceiver receiver(j, testing::kSession, j.owners[0],
                            protocol_named(j.protocol).component_sets[party], {state.path("")},
                            Isa::Portable);
    for (bool done = false; !done;) try {
        done = receiver.step(channel);
      } catch (const PeerError& e) {
        if (!e.cut) throw;
        greet_owner(j, testing::kSession, channel);
        receiver.rejoin(channel);
      }
    Upload upload = receiver.take();
    // What was accepted can be used.
    std::vector<Word> row(upload.manifest.width());
    for (const auto& component : upload.components) component->read(upload.manifest.rows - 1, 0, row);
    if (row.size() > feature_width(j.data.schema) + target_width(j.data.schema)) __builtin_trap();
    if (upload.manifest.target_width > row.size() || upload.manifest.feature_columns.size() > row.size())
      __builtin_trap();
  } catch (const UsageError&) {
    __builtin_trap();  // whatever is wrong here is the owner's, not this party's
  }
}

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  for (const bool columns : {false, true}) {
    const testing::ScratchFolder folder;
    const auto data =
        folder.write("north.csv", columns ? "who,a\nx,1\ny,2\nz,3\nw,4\n"
                                          : "a,b,sold\n1,0,no\n-2.5,4,yes\n9.75,1,yes\n-10,2.5,no\n");
    std::vector<std::vector<ScriptedFrame>> told(3);
    testing::run_upload({job(columns),
                         job(columns),
                         "north",
                         fixed_identity(),
                         {.features = data},
                         folder.path(""),
                         [&](PartyId to, std::string& tag, Bytes& body) {
                           told[index(to)].push_back({to, tag, tag == "owner.signature" ? Bytes() : body});
                           return true;
                         }});
    for (std::size_t p = 0; p < 2; ++p)
      out.push_back(static_cast<char>(p + (columns ? 2 : 0)) + to_input(told[p], kTags));
  }
  return out;
}

}  // namespace tacit::fuzz
