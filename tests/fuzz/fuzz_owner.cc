// What an owner receives from the parties: greetings, results and the report.
#include <thread>

#include "script.h"
#include "tacit/base/error.h"
#include "tacit/job/html.h"
#include "tacit/job/run_owner.h"
#include "tacit/job/testing/sample_job.h"
#include "tacit/net/transports/memory.h"

namespace tacit::fuzz {

namespace {

constexpr std::string_view kTags[] = {"owner.welcome", "owner.stored", "release.head",
                                      "release.words", "done",         "nonsense",
                                      "owner.got",     "owner.at",     "cut"};
constexpr const char* kRows = "a,b,sold\n1,0,no\n-2.5,4,yes\n9.75,1,yes\n-10,2.5,no\n3,2,yes\n";

const testing::ScratchFolder& folder() {
  static const testing::ScratchFolder f;
  return f;
}

const Job& job() {
  static const Job job = [] {
    std::string text = testing::small_job_text();
    for (const char* what : {"loss", "model"})
      text += std::string("[[release]]\nwhat = \"") + what + "\"\nto = [\"north\"]\npurpose = \"a test\"\n";
    Job j = testing::read_job_text(folder(), text);
    j.owners[0].key = j.owners[1].key = fixed_identity().public_key();
    folder().write("data.csv", kRows);
    return j;
  }();
  return job;
}

OwnerResult collect(Transport& wire, PartyId self) {
  OwnerOptions options;
  options.data = DataFiles{.features = folder().path("data.csv")};
  options.collect = true;
  options.back.connect = [] {};
  return run_owner(job(), self, wire, fixed_identity(), "a test", options);
}

}  // namespace

void target(ByteView input) {
  const PartyId self = job().endpoint("north");
  ScriptTransport wire(from_input(Cursor(input), kTags), job().names());
  try {
    const OwnerResult result = collect(wire, self);
    html_of(result.report);
    for (const Received& r : result.received)
      if (r.value.values.size() != elements(r.value.shape)) __builtin_trap();
  } catch (const UsageError&) {
    __builtin_trap();  // whatever is wrong here is a party's, not this owner's
  }
}

std::vector<std::string> seeds() {
  auto wires = memory_transports(job().names(), std::chrono::minutes(1));
  RecordingTransport recording(*wires[3]);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < wires.size(); ++i)
    threads.emplace_back([&, i] {
      if (i < 3)
        run_party(job(), party_id(i), *wires[i], "a test", {});
      else
        collect(i == 3 ? static_cast<Transport&>(recording) : *wires[i], party_id(i));
    });
  for (auto& t : threads) t.join();
  return {to_input(recording.frames(), kTags)};
}

}  // namespace tacit::fuzz
