// How a party takes in all owners: each comes when it likes, and several may speak at once; one whose links
// broke in the middle of its upload may come back within the job's patience. Every owner that brings data, or
// to whom something is released at the end of training, comes once. A training that is resumed has the data.
#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/job/examples.h"
#include "tacit/job/party_run.h"
#include "tacit/job/same_rows.h"
#include "tacit/job/upload_receiver.h"

namespace tacit {

namespace {

using Clock = std::chrono::steady_clock;

bool names(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i)
    out += fmt::format("{}{}", i == 0 ? "" : i + 1 == words.size() ? " and " : ", ", words[i]);
  return out;
}

}  // namespace

/// One owner, and how far it is.
struct PartyRun::Visit {
  PartyId id{};
  const Endpoint* owner = nullptr;
  bool brings = false, collects = false;
  bool here = false;     ///< connected, and spoken to
  bool greeted = false;  ///< on this connection
  bool leaving = false;  ///< its errand is done: what it does next comes on a connection of its own
  bool stays = false;    ///< until the end, for results
  bool done = false;
  std::uint32_t depth = 0;  ///< of its own clock (net/meter.h): rounds do not depend on who comes first
  std::unique_ptr<UploadReceiver> upload;
  std::optional<PeerError> broke;  ///< why it has to come back,
  Clock::time_point until{};       ///< ... and until when
};

std::vector<PartyRun::Visit> PartyRun::visits() {
  const auto sets = engine_->component_sets();
  std::vector<Visit> out;
  for (std::size_t i = 0; i < job_.owners.size(); ++i) {
    Visit v;
    v.id = party_id(job_.parties.size() + i);
    v.owner = &job_.owners[i];
    v.brings = !resumed_ && names(job_.data.owners, v.owner->name);
    v.collects = std::any_of(job_.releases.begin(), job_.releases.end(), [&](const ReleaseRule& r) {
      return r.what != "predictions" && r.what != "scores" && r.what != "same rows" &&
             names(r.to, v.owner->name);
    });
    if (!v.brings && !v.collects) continue;
    if (v.brings)
      v.upload = std::make_unique<UploadReceiver>(job_, start_.id, *v.owner, sets[index(party_.id())],
                                                  UploadPlace{options_.state, store_ ? &*store_ : nullptr},
                                                  detect_isa());
    out.push_back(std::move(v));
  }
  return out;
}

/// How long an owner that is not here is waited for. Who comes first has as long as others need meanwhile.
std::chrono::steady_clock::time_point PartyRun::due_until(const Visit& v) const {
  return v.broke ? v.until : last_word_ + job_.start_patience;
}

/// Who is to be attended to next; nobody if only time has passed. Whoever was attended to goes to the end.
PartyRun::Visit* PartyRun::next_visit(std::vector<Visit>& all) {
  std::vector<PartyId> speaking, due;
  std::vector<std::string> sending, missing;
  const Clock::time_point now = Clock::now();
  Clock::time_point deadline = now + std::chrono::hours(1);
  for (Visit& v : all) {
    if (v.done) continue;
    (v.here ? speaking : due).push_back(v.id);
    if (v.here && v.brings && !v.leaving) sending.push_back(v.owner->name);
    if (v.here) continue;
    missing.push_back(v.owner->name);
    deadline = std::min(deadline, due_until(v));
  }
  const std::string phase =
      sending.empty()
          ? "waiting for " + joined(missing.empty() ? std::vector<std::string>{"owners to leave"} : missing)
          : "receiving from " + joined(sending);
  if (phase != phase_) tell(phase_ = phase);

  const auto of = [&](PartyId id) {
    const auto at = std::find_if(all.begin(), all.end(), [&](const Visit& v) { return v.id == id; });
    ensure(at != all.end(), "an owner that is waited for");
    return at;
  };
  if (!options_.next_owner) {  // one after the other
    Visit& v = *of(speaking.empty() ? due.front() : speaking.front());
    if (!v.here) connect_owner(v.id);
    v.here = true;
    return &v;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now);
  const auto who = options_.next_owner(speaking, due, std::max(left, std::chrono::milliseconds(0)));
  if (!who) {
    for (const Visit& v : all)
      if (!v.done && !v.here && due_until(v) <= Clock::now())
        throw v.broke
            ? *v.broke
            : PeerError(v.owner->name, v.owner->name + " has not connected in time: is it started?");
    return nullptr;
  }
  const auto at = of(*who);
  const bool came = !at->here;
  std::rotate(at, at + 1, all.end());
  Visit& v = all.back();
  if (!came) return &v;
  v.here = true;
  v.greeted = false;
  last_word_ = Clock::now();
  owner_channels_[index(v.id)].emplace(wire_, party_.meter(), v.id, v.owner->name);
  return nullptr;
}

/// Takes what an owner says next.
void PartyRun::attend(Visit& v) {
  Channel& channel = *owner_channels_[index(v.id)];
  if (v.leaving) {
    see_off(channel);
    v.done = true;
    return;
  }
  bool whole = !v.brings;
  if (!v.greeted) {
    const std::uint8_t errands = greet_owner(job_, start_.id, channel, resumed_.has_value());
    const auto comes_to = [&](Errand e) { return (errands & static_cast<std::uint8_t>(e)) != 0; };
    v.greeted = true;
    if (v.brings && !comes_to(Errand::Bring))
      throw PeerError(v.owner->name,
                      fmt::format("{} came without its data: start it with --data", v.owner->name));
    if (v.brings && comes_to(Errand::Again))
      v.upload->rejoin(channel);
    else if (v.brings && v.broke)
      throw PeerError(
          v.owner->name,
          fmt::format("{} began anew after its connection broke in the middle of its upload: start "
                      "all parties and owners again",
                      v.owner->name));
    v.broke.reset();
    v.stays = comes_to(Errand::Collect);
  } else {
    whole = v.upload->step(channel);
  }
  if (!whole) return;
  if (v.brings) uploads_.push_back(v.upload->take());
  if (v.collects && !v.stays)
    throw PeerError(v.owner->name,
                    fmt::format("{} is to receive results, but came only to bring data: start it with "
                                "'tacit train --owner {}'",
                                v.owner->name, v.owner->name));
  if (v.stays || tells_same_rows()) {
    owner_pointers_[index(v.id)] = &channel;
    v.done = true;
  } else {
    v.leaving = true;
  }
}

/// Whether all who bring data are told, before training, if they have the same rows.
bool PartyRun::tells_same_rows() const {
  return !resumed_ && job_.data.holding == Holding::SomeColumns && job_.data.owners.size() > 1;
}

void PartyRun::receive_all() {
  const Meter::Scope scope(party_.meter(), "sharing");
  std::vector<Visit> all = visits();
  last_word_ = Clock::now();
  {
    Meter::Branches owners(party_.meter());
    while (!std::all_of(all.begin(), all.end(), [](const Visit& v) { return v.done; })) {
      Visit* v = next_visit(all);
      if (v == nullptr) continue;
      owners.next();
      party_.meter().saw(v->depth);
      try {
        attend(*v);
      } catch (const PeerError& e) {
        // Its upload goes on when it comes back; what is here stays.
        const bool may_come_back = options_.next_owner && e.cut && e.peer == v->owner->name && v->brings &&
                                   !v->leaving && (v->greeted || v->broke);
        if (!may_come_back) throw;
        v->here = v->greeted = false;
        // A little less than the patience, so that the error is out in time if it does not.
        if (!v->broke) v->until = Clock::now() + job_.patience * 9 / 10;
        v->broke = e;
      }
      v->depth = party_.meter().depth();
      last_word_ = Clock::now();
    }
  }
  phase_.clear();
  if (resumed_) return;
  // In the job's order of data owners, whatever order they came in.
  std::vector<Upload> ordered;
  for (const std::string& name : job_.data.owners)
    for (Upload& u : uploads_)
      if (u.manifest.owner == name) ordered.push_back(std::move(u));
  uploads_ = std::move(ordered);
  compare_manifests();
  check_uploads(job_, uploads_);
  if (job_.data.holding == Holding::SomeColumns) require_same_rows(ctx_, uploads_, releases_);
  for (Visit& v : all) {
    if (!v.brings || v.stays || v.leaving || owner_pointers_[index(v.id)] == nullptr) continue;
    see_off(*std::exchange(owner_pointers_[index(v.id)], nullptr));
  }
}

/// All parties must have been told the same, or their components would not belong together.
void PartyRun::compare_manifests() {
  for (std::size_t i = 0; i < uploads_.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (uploads_[i].manifest.upload == uploads_[k].manifest.upload)
        throw PeerError(uploads_[i].manifest.owner,
                        fmt::format("{} sent an upload with the id of {}'s", uploads_[i].manifest.owner,
                                    uploads_[k].manifest.owner));
  for (const Upload& u : uploads_) {
    const std::vector<Bytes> all = party_.tell_all("manifest", sha256(bytes_of(u.text)));
    for (std::size_t i = 0; i < all.size(); ++i)
      if (all[i] != all[index(party_.id())])
        throw PeerError(u.manifest.owner,
                        fmt::format("{} told different parties different things (seen by {} and {})",
                                    u.manifest.owner, party_.name(party_.id()), party_.name(party_id(i))));
  }
}

}  // namespace tacit
