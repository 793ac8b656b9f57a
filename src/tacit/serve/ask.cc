#include "tacit/serve/ask.h"

#include "tacit/base/error.h"
#include "tacit/ring/codec.h"
#include "tacit/serve/wire.h"
#include "tacit/split/seco/query.h"

namespace tacit {

namespace {
using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}
}  // namespace

std::vector<Word> encoded_input(const seco::Face& face, std::span<const double> input) {
  require(input.size() == elements(face.input), "the input has {} numbers, and the model takes {}: {}",
          input.size(), elements(face.input), to_string(face.input));
  std::vector<Word> x;
  for (const double v : input) x.push_back(encode_fixed(v, face.numbers.fraction));
  for (const Word w : x)
    require(face.numbers.signed_of(w & face.numbers.mask()) == static_cast<std::int64_t>(w),
            "the input holds a number that {} bits do not: scale it as the model was trained",
            face.numbers.bits);
  return x;
}

std::vector<double> decoded_answer(const seco::Face& face, std::span<const Word> answer) {
  const bool scores = face.answer_bits == face.numbers.bits;
  std::vector<double> out;
  for (const Word w : answer)
    out.push_back(scores ? decode_fixed(static_cast<Word>(face.numbers.signed_of(w)), face.numbers.fraction)
                         : static_cast<double>(w));
  return out;
}

AskedAnswer ask(const Deployment& deployment, Transport& wire, std::span<const Word> x) {
  const seco::Face& face = deployment.face;
  const auto start = Clock::now();
  Meter meter;
  std::vector<Channel> servers;
  for (std::size_t p = 0; p < deployment.servers.size(); ++p)
    servers.emplace_back(wire, meter, party_id(p), deployment.servers[p].name);
  AskedAnswer out;
  for (Channel& s : servers) s.send("query.hello", ByteView());
  std::vector<MasksMessage> masks;
  for (Channel& s : servers) masks.push_back(receive_masks(s));
  const auto told = Clock::now();
  std::vector<ByteView> inputs, answers;
  for (std::size_t p = 0; p < masks.size(); ++p) {
    if (masks[p].number != masks[0].number)
      throw PeerError(servers[p].peer_name(), fmt::format("{} and {} answer different queries",
                                                          servers[0].peer_name(), servers[p].peer_name()));
    inputs.push_back(masks[p].input_seed.bytes());
    answers.push_back(masks[p].answer_seed.bytes());
  }
  out.query = masks[0].number;
  const seco::Question question(face, inputs, answers);
  send_numbers(servers[0], "query.input", face.numbers, question.masked(x));
  out.participation_seconds = seconds_since(told);
  std::vector<Word> masked(face.answer_bits * seco::plane_words(face.answers));
  servers[0].receive("query.answer", std::span<Word>(masked));
  const auto answered = Clock::now();
  out.values = decoded_answer(face, question.unmasked(masked));
  out.participation_seconds += seconds_since(answered);
  out.waiting_seconds = seconds_since(start);
  out.bytes_sent = meter.total().payload;
  out.bytes_received = meter.received();
  return out;
}

}  // namespace tacit
