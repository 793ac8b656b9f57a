#include "tacit/job/doctor/facts.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/base/json_number.h"
#include "tacit/base/text.h"
#include "tacit/party/handshake.h"
#include "tacit/version.h"

namespace tacit::doctor {

using nlohmann::json;

namespace {
constexpr std::size_t kMaxText = 200;
constexpr std::uint64_t kMaxWait = 1'000'000'000;  // milliseconds, of the longest start_patience
}  // namespace

Facts facts_of(const Machine& machine, const Digest& job, std::chrono::milliseconds wait) {
  Facts f;
  f.version = kVersion;
  f.commit = kCommit;
  f.protocol = kProtocolVersion;
  f.job = job;
  f.isa = to_string(machine.isa);
  f.processor = machine.processor.substr(0, kMaxText);
  f.processors = machine.processors;
  f.wait = wait;
  return f;
}

std::string to_text(const Facts& f) {
  return json{{"tacit", f.version},
              {"commit", f.commit},
              {"protocol", f.protocol},
              {"job", to_hex(f.job)},
              {"isa", f.isa},
              {"processor", f.processor},
              {"processors", f.processors},
              {"wait_ms", f.wait.count()}}
      .dump(-1, ' ', true, json::error_handler_t::replace);
}

Facts parse_facts(std::string_view text, const std::string& peer) {
  auto sound = [&](bool condition) {
    if (!condition)
      throw PeerError(peer, fmt::format("{} tells something of itself that cannot be read", peer));
  };
  sound(text.size() <= kMaxFacts);
  const json j = json::parse(text, nullptr, false);
  sound(j.is_object());
  auto word = [&](const char* name) {
    const auto at = j.find(name);
    sound(at != j.end() && at->is_string());
    std::string value = at->get<std::string>();
    sound(value.size() <= 4 * kMaxText);
    return one_line(value);
  };
  auto number = [&](const char* name, std::uint64_t most) {
    const auto at = j.find(name);
    sound(at != j.end() && at->is_number_unsigned());
    const auto value = whole_number<std::uint64_t>(*at);
    sound(value <= most);
    return value;
  };
  Facts f;
  f.version = word("tacit");
  f.commit = word("commit");
  f.protocol = static_cast<std::uint32_t>(number("protocol", std::numeric_limits<std::uint32_t>::max()));
  const Bytes hash = from_hex(word("job"));
  sound(hash.size() == f.job.size());
  std::copy(hash.begin(), hash.end(), f.job.begin());
  f.isa = word("isa");
  f.processor = word("processor");
  f.processors = static_cast<unsigned>(number("processors", 1 << 20));
  f.wait = std::chrono::milliseconds(number("wait_ms", kMaxWait));
  return f;
}

std::vector<Finding> compare(const Facts& own, const Facts& theirs, const std::string& peer) {
  std::vector<Finding> out;
  auto program = [](const Facts& f) { return fmt::format("tacit {} ({})", f.version, f.commit); };
  const bool same_program = theirs.version == own.version && theirs.commit == own.commit;
  if (theirs.protocol != own.protocol)
    out.push_back(
        wrong("version",
              fmt::format("{} runs {}, which speaks version {} of the protocol, and we {}, which speaks {}",
                          peer, program(theirs), theirs.protocol, program(own), own.protocol),
              "Install the same tacit at both."));
  else if (!same_program)
    out.push_back(warning("version",
                          fmt::format("{} runs {}, and we {}; both speak version {} of the protocol", peer,
                                      program(theirs), program(own), own.protocol),
                          "Install the same tacit at both, so that neither has what the other lacks."));
  else
    out.push_back(ok("version", fmt::format("{}, as here", program(theirs))));

  if (theirs.job != own.job)
    out.push_back(
        wrong("job",
              fmt::format("{} has another job file: its hash begins {}, ours {}", peer,
                          to_hex(theirs.job).substr(0, 12), to_hex(own.job).substr(0, 12)),
              "Agree on one file, and give it to all; only addresses and start_patience may differ."));
  else
    out.push_back(ok("job", "the same job file, by its hash"));

  const std::string machine =
      fmt::format("{}, {} to use, kernels for {}", theirs.processor, theirs.processors,
                  theirs.isa == "portable" ? "any processor" : theirs.isa);
  if (theirs.isa == "portable" && own.isa != theirs.isa)
    out.push_back(
        warning("processor", machine,
                fmt::format("Run {} on a machine with AVX2 and AES instructions (or arm64): as it is, it "
                            "computes several times slower, and we wait for it.",
                            peer)));
  else
    out.push_back(ok("processor", machine));
  for (Finding& f : out) f = about(peer, std::move(f));
  return out;
}

}  // namespace tacit::doctor
