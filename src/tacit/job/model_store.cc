#include "tacit/job/model_store.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tacit/base/error.h"
#include "tacit/job/report.h"

namespace tacit {

// "tacit model 3\n" | job hash | session's id | party (u64) | parts a parameter (u64) | for each parameter
// and part: words (u64), words | SHA-256
namespace {
constexpr std::string_view kMagic = "tacit model 3\n";
}

void store_model(fn::Ctx& ctx, const Job& job, const nn::Graph& graph, const nn::Parameters& parameters,
                 const Digest& session, const std::filesystem::path& folder) {
  if (folder.empty()) return;
  ensure(parameters.size() == graph.parameters().size(), "one share a parameter");
  Bytes out;
  append_bytes(out, bytes_of(kMagic));
  append_bytes(out, job_hash(job));
  append_bytes(out, session);
  append(out, static_cast<std::uint64_t>(index(ctx.mpc.self())));
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto parts = fn::stored(ctx, parameters[i]);
    if (i == 0) append(out, static_cast<std::uint64_t>(parts.size()));
    for (const RingTensor& part : parts) {
      append(out, static_cast<std::uint64_t>(part.size()));
      append_bytes(out, std::as_bytes(std::span<const Word>(part.words)));
    }
  }
  append_bytes(out, sha256(out));
  write_file(folder / "model.share", text_of(out));
}

StoredModel load_model(fn::Ctx& ctx, const Job& job, const nn::Graph& graph,
                       const std::filesystem::path& folder) {
  const auto file = folder / "model.share";
  std::ifstream in(file, std::ios::binary);
  require(in.good(), "there is no trained model in '{}': run 'tacit train' first", folder.string());
  std::ostringstream all;
  all << in.rdbuf();
  const std::string text = all.str();
  const ByteView bytes = bytes_of(text);
  constexpr std::size_t kDigest = sizeof(Digest);
  auto sound = [&](bool condition) {
    require(condition, "the model share '{}' is damaged: train again", file.string());
  };
  sound(bytes.size() >= kMagic.size() + 3 * kDigest + 16 && text_of(bytes.first(kMagic.size())) == kMagic);
  const Digest digest = sha256(bytes.first(bytes.size() - kDigest));
  sound(equal_in_constant_time(digest, bytes.last(kDigest)));
  std::size_t at = kMagic.size();
  require(equal_in_constant_time(job_hash(job), bytes.subspan(at, kDigest)),
          "the model in '{}' was trained by another job", folder.string());
  at += kDigest;
  StoredModel out;
  out.session = read_at<Digest>(bytes, at);
  at += kDigest;
  const std::size_t end = bytes.size() - kDigest;
  auto number = [&] {
    sound(at + 8 <= end);
    at += 8;
    return read_at<std::uint64_t>(bytes, at - 8);
  };
  // Others' shares would make another model of it, unseen.
  require(number() == index(ctx.mpc.self()),
          "the model share in '{}' is another party's: put the right state folder back", folder.string());
  const std::uint64_t parts = number();
  sound(parts == ctx.mpc.component_sets()[index(ctx.mpc.self())].size());
  for (nn::ValueId id : graph.parameters()) {
    const Shape& shape = graph.values[id].shape;
    std::vector<RingTensor> tensors;
    for (std::uint64_t p = 0; p < parts; ++p) {
      const std::uint64_t words = number();
      sound(words == elements(shape) && at + 8 * words <= end);
      RingTensor t(shape);
      std::memcpy(t.data(), bytes.data() + at, 8 * words);
      at += 8 * words;
      tensors.push_back(std::move(t));
    }
    out.parameters.push_back(fn::restored(ctx, std::move(tensors), shape));
  }
  return out;
}

void require_same_training(Party& party, const Digest& session) {
  const std::vector<Bytes> all = party.tell_all("model", session);
  for (std::size_t i = 0; i < all.size(); ++i)
    require(std::ranges::equal(all[i], session),
            "{} and {} hold shares of a model from different trainings: train again, or put the right state "
            "folders back",
            party.name(party.id()), party.name(party_id(i)));
}

}  // namespace tacit
