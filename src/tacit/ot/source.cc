#include "tacit/ot/source.h"

#include "tacit/ot/extension/softspoken.h"
#include "tacit/ot/silent/ferret.h"

namespace tacit::ot {

namespace {
struct Entry {
  Source source;
  std::string_view name;
  Groups groups;   ///< of those that are SoftSpoken
  const Lpn* lpn;  ///< of those that are silent
};
constexpr Entry kSources[] = {{Source::Iknp, "iknp", {1}, nullptr},
                              {Source::SoftSpoken2, "softspoken2", {2}, nullptr},
                              {Source::SoftSpoken4, "softspoken4", {4}, nullptr},
                              {Source::SoftSpoken6, "softspoken6", {6}, nullptr},
                              {Source::SoftSpoken8, "softspoken8", {8}, nullptr},
                              {Source::Ferret, "ferret", {}, &kFerretLpn},
                              {Source::FerretReduced, "ferret_reduced", {}, &kReducedLpn}};

const Entry& entry(Source source) {
  for (const Entry& e : kSources)
    if (e.source == source) return e;
  ensure(false, "a source of the table");
  return kSources[0];
}
}  // namespace

std::vector<Source> all_sources() {
  std::vector<Source> out;
  for (const Entry& e : kSources) out.push_back(e.source);
  return out;
}
std::string_view to_string(Source source) { return entry(source).name; }
SourceParameters parameters_of(Source source) { return {entry(source).groups, entry(source).lpn}; }
bool is_silent(Source source) { return entry(source).lpn != nullptr; }

std::unique_ptr<CotSender> make_sender(Source source, Threat threat, Channel& peer, ByteView session, Isa isa,
                                       const Block* delta) {
  const Entry& e = entry(source);
  if (e.lpn != nullptr) return std::make_unique<FerretSender>(peer, session, threat, isa, *e.lpn, delta);
  return std::make_unique<SoftSpokenSender>(peer, session, e.groups, threat, isa, delta);
}
std::unique_ptr<CotReceiver> make_receiver(Source source, Threat threat, Channel& peer, ByteView session,
                                           Isa isa) {
  const Entry& e = entry(source);
  if (e.lpn != nullptr) return std::make_unique<FerretReceiver>(peer, session, threat, isa, *e.lpn);
  return std::make_unique<SoftSpokenReceiver>(peer, session, e.groups, threat, isa);
}

}  // namespace tacit::ot
