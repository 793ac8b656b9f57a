// Answering an owner's question. Until the parties agree that all of them have the whole question, whatever
// goes wrong with the owner is noted and told to the other parties, and then all drop the question. After
// that, nothing that the parties do among themselves depends on the owner, and one that is gone misses its
// answer. So an owner never ends a session, and the parties never part ways over one.
#include <algorithm>
#include <numeric>

#include "tacit/base/error.h"
#include "tacit/job/examples.h"
#include "tacit/job/model_store.h"
#include "tacit/job/party_run.h"
#include "tacit/job/uses.h"

namespace tacit {

namespace {
constexpr std::size_t kMaxTrouble = 1000;
}

bool PartyRun::gets(const Endpoint& who, std::string_view what) const {
  return releases_.allows(what) &&
         std::any_of(job_.releases.begin(), job_.releases.end(), [&](const ReleaseRule& r) {
           return r.what == what && std::find(r.to.begin(), r.to.end(), who.name) != r.to.end();
         });
}

/// Why this party does not have the whole question; empty if it has.
std::string PartyRun::take_question(PartyId owner, const Endpoint& who) {
  const Meter::Scope scope(party_.meter(), "sharing");
  try {
    Channel& channel = connect_owner(owner);
    if (options_.limit_owner) options_.limit_owner(owner);
    if ((greet_owner(job_, start_.id, channel) & static_cast<std::uint8_t>(Errand::Ask)) == 0)
      return fmt::format("{} did not come to ask: start it with 'tacit predict'", who.name);
    if (!gets(who, "predictions") && !gets(who, "scores"))
      return fmt::format(
          "{} may not ask once more: the job's policy says how many times, and they are used up (agree on "
          "more, "
          "and train again)",
          who.name);
    tell("receiving from " + who.name);
    Upload upload =
        receive_upload(job_, start_.id, who, channel, engine_->component_sets()[index(party_.id())],
                       options_.state, detect_isa());
    const std::size_t columns = feature_width(job_.data.schema);
    if (upload.manifest.feature_columns.size() != columns || upload.manifest.target_width != 0)
      return fmt::format("{} asks with rows of {} numbers where the model takes {}", who.name,
                         upload.manifest.width(), columns);
    uploads_.push_back(std::move(upload));
    owner_pointers_[index(owner)] = &channel;
    return "";
  } catch (const PeerError& e) {
    // Should a party be the cause after all, the next step with that party finds it.
    return e.what();
  }
}

/// One round among the parties: each tells the digest of the question's manifest, or its trouble. All hear
/// the same, and so come to the same end: what is wrong with the question, or nothing.
std::string PartyRun::agree_on_question(const Endpoint& who, const std::string& trouble) {
  Bytes own;
  append_bytes(own, trouble.empty() ? sha256(bytes_of(uploads_.front().text)) : Digest{});
  append_bytes(own, bytes_of(std::string_view(trouble).substr(0, kMaxTrouble)));
  const std::vector<Bytes> all = party_.tell_all("question", own, sizeof(Digest) + kMaxTrouble);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].size() < sizeof(Digest))
      throw PeerError(party_.name(party_id(i)),
                      fmt::format("{} sent no digest of the question", party_.name(party_id(i))));
  for (const Bytes& b : all)
    if (b.size() > sizeof(Digest)) return std::string(text_of(ByteView(b).subspan(sizeof(Digest))));
  for (std::size_t i = 1; i < all.size(); ++i)
    if (all[i] != all[0])
      return fmt::format("{} told different parties different things (seen by {} and {})", who.name,
                         party_.name(party_id(0)), party_.name(party_id(i)));
  return "";
}

/// Before anything is revealed, so that no accident gives a question for nothing.
void PartyRun::count_uses(const Endpoint& who, const Digest& training) {
  Uses uses = releases_.policy().used();
  for (std::size_t i = 0; i < uses.size(); ++i)
    for (const char* what : {"predictions", "scores"})
      if (job_.releases[i].what == what && gets(who, what)) ++uses[i];
  store_uses(job_, training, uses, options_.state);
}

Secret<Real> PartyRun::scores_of(const nn::Parameters& parameters) {
  const Meter::Scope scope(party_.meter(), "predict");
  SharedExamples examples(job_, uploads_, SharedExamples::Part::All);
  report_.test_rows = examples.rows();
  std::vector<std::size_t> rows(examples.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  constexpr std::size_t kBatch = 256;
  std::vector<Secret<Real>> parts;
  for (std::size_t begin = 0; begin < rows.size(); begin += kBatch) {
    const auto batch =
        examples.batch(ctx_, std::span(rows).subspan(begin, std::min(kBatch, rows.size() - begin)));
    const Secret<Real> inputs[] = {batch.features};
    parts.push_back(nn::forward(ctx_, graph_, parameters, inputs)[0]);
    tell("predicting", std::min(rows.size(), begin + kBatch), rows.size());
  }
  std::vector<const Secret<Real>*> list;
  for (const auto& p : parts) list.push_back(&p);
  return fn::reshape(ctx_, fn::join<Real>(ctx_, list), {rows.size(), parts.front().shape().back()});
}

/// Why the owner has not taken all that it gets; empty if it has.
std::string PartyRun::give_answers(PartyId owner, const Endpoint& who, const Secret<Real>& scores) {
  const Meter::Scope scope(party_.meter(), "predict");
  std::string trouble;
  releases_.lost = [&](PartyId, const PeerError& e) {
    owner_pointers_[index(owner)] = nullptr;
    trouble = e.what();
  };
  if (options_.limit_owner) options_.limit_owner(owner);
  // As predictions, of classes only which it is.
  if (gets(who, "predictions")) {
    if (scores.shape().back() > 1)
      releases_.release("predictions", "classes", fn::to_real(ctx_, fn::argmax_last(ctx_, scores)));
    else
      releases_.release("predictions", "numbers", scores);
  }
  if (gets(who, "scores")) releases_.release("scores", "all outputs", scores);
  tell_counts();
  try {
    part_from_owners();
  } catch (const PeerError& e) { trouble = e.what(); }
  return trouble;
}

Answer PartyRun::answer(PartyId owner) {
  const StoredModel model = load_model(ctx_, job_, graph_, options_.state);
  require_same_training(party_, model.session);
  releases_.policy().resume(agree_on_uses(party_, load_uses(job_, model.session, options_.state)));
  const Endpoint who = job_.roster()[index(owner)];
  auto dropped = [&](std::string_view what, const std::string& why) {
    if (options_.drop_owner) options_.drop_owner(owner, why);
    return why.empty() ? "" : fmt::format("{}'s {} was dropped: {}", who.name, what, why);
  };
  const std::string trouble = take_question(owner, who);
  // At once, since an honest owner then lets go of the other parties, too.
  if (!trouble.empty()) dropped("question", trouble);
  if (const std::string why = agree_on_question(who, trouble); !why.empty())
    return {report_, dropped("question", why)};
  count_uses(who, model.session);
  const std::string missed = give_answers(owner, who, scores_of(model.parameters));
  tell("done", 1, 1);
  return {report_, dropped("answer", missed)};
}

Answer answer_predictions(const Job& job, PartyId self, PartyId owner, Transport& wire,
                          const std::string& mode, const PartyOptions& options) {
  return with_goodbye(wire, [&] { return PartyRun(job, self, wire, mode, options).answer(owner); });
}

}  // namespace tacit
