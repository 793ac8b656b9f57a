#include "tacit/serve/service.h"

#include <deque>
#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/party/handshake.h"
#include "tacit/serve/wire.h"

namespace tacit {

namespace {

using std::chrono::milliseconds;

/// What the gateway tells all others to do next.
enum class Work : std::uint64_t { Prepare, Greet, Answer, Forget, End };
struct Order {
  Work work;
  std::uint64_t number = 0, user = 0;
};

class Service {
 public:
  Service(const Deployment& deployment, const seco::Part& part, QueryNumbers numbers, TlsTransport& users,
          Transport& wire, const ServiceOptions& options)
      : deployment_(deployment),
        part_(part),
        options_(options),
        users_(users),
        wire_(wire),
        workers_(options.threads),
        numbers_(std::move(numbers)),
        start_(shake_hands(party_id(part.self), deployment.server_names(), wire,
                           {.job = deployment_hash(deployment)})),
        party_(party_id(part.self), deployment.server_names(), wire, start_.keys,
               Compute{ring_kernels(detect_isa()), workers_}),
        circuits_(part.network, deployment.servers.size(), deployment.activations) {}

  ServiceReport run() {
    {
      const Clock clock(*this, report_.setup);
      compare_parts();
      agree_on_numbers();
      transfers_.emplace(party_, deployment_.transfers);
      preparation_.emplace(party_, part_.network, part_.holders, part_.weights, circuits_, *transfers_);
    }
    for (;;) {
      const Order order = is_gateway() ? decide() : take_order();
      if (order.work == Work::End) return report_;
      if (order.work == Work::Prepare) prepare();
      if (order.work == Work::Greet) greet(order);
      if (order.work == Work::Answer) answer(order);
      if (order.work == Work::Forget) current_.reset();
    }
  }

 private:
  /// Books what its life costs.
  class Clock {
   public:
    Clock(Service& service, PhaseCost& to)
        : service_(service), to_(to), before_(service.party_.meter().total()) {}
    ~Clock() {
      const Cost now = service_.party_.meter().total();
      to_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
      to_.bytes += now.payload - before_.payload;
      to_.rounds += now.rounds - before_.rounds;
    }
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;

   private:
    Service& service_;
    PhaseCost& to_;
    Cost before_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  };

  bool is_gateway() const { return party_.id() == party_id(0); }
  void tell(const std::string& phase, std::size_t done = 0, std::size_t total = 0) {
    if (options_.progress)
      options_.progress({phase, done, total, std::nullopt, party_.meter().total().payload});
  }

  void compare_parts() {
    const std::vector<Bytes> all = party_.tell_all("seco.cut", part_.cut);
    for (std::size_t p = 0; p < all.size(); ++p)
      if (!std::equal(all[p].begin(), all[p].end(), part_.cut.begin(), part_.cut.end()))
        throw PeerError(
            party_.name(party_id(p)),
            fmt::format("{} and {} have parts of different models, or of different splits of one: "
                        "hand out the parts of one 'tacit split' to all",
                        party_.name(party_.id()), party_.name(party_id(p))));
  }

  /// A server that was restored from a backup may have forgotten queries: the highest number of all counts.
  void agree_on_numbers() {
    const std::uint64_t own[] = {numbers_.last()};
    for (const Bytes& told : party_.tell_all("seco.number", std::as_bytes(std::span(own))))
      next_ = std::max(next_, read_at<std::uint64_t>(told, 0) + 1);
  }

  // ---- what is next

  Order take_order() {
    std::uint64_t words[3];
    party_.to(party_id(0)).receive("seco.order", std::span<Word>(words));
    if (words[0] > static_cast<std::uint64_t>(Work::End))
      throw PeerError(party_.name(party_id(0)),
                      party_.name(party_id(0)) + " gave an order that there is not");
    return {static_cast<Work>(words[0]), words[1], words[2]};
  }
  Order give(Order order) {
    const std::uint64_t words[] = {static_cast<std::uint64_t>(order.work), order.number, order.user};
    for (std::size_t p = 1; p < party_.count(); ++p)
      party_.to(party_id(p)).send("seco.order", std::span<const Word>(words));
    return order;
  }

  Order decide() {
    if (options_.queries > 0 && report_.answered == options_.queries) return give({Work::End});
    if (current_) return give({input_.empty() ? Work::Forget : Work::Answer, current_->number});
    const bool full = pool_.size() >= deployment_.pool;
    if (full) tell("waiting for a question");
    for (;;) {
      const auto who = users_.any_owner(full ? milliseconds(60000) : milliseconds(0));
      if (who) return give(pool_.empty() ? Order{Work::Prepare} : Order{Work::Greet, 0, index(*who)});
      if (!full) return give({Work::Prepare});
    }
  }

  // ---- ahead of questions

  struct Ready {
    std::uint64_t number;
    seco::Correlation correlation;
  };

  void prepare() {
    const Clock clock(*this, report_.preparation);
    tell("preparing", pool_.size(), deployment_.pool);
    pool_.push_back({next_++, preparation_->next()});
    ++report_.prepared;
    report_.depth = pool_.size();
  }

  // ---- a question

  /// Tells the user this server's part of the masks; the gateway also takes the question.
  void greet(const Order& order) {
    const Clock clock(*this, report_.online);
    if (pool_.empty() || order.user < party_.count() || order.user >= deployment_.roster().size())
      throw PeerError(
          party_.name(party_id(0)),
          party_.name(party_id(0)) + " wants to answer somebody, or with something, that there is not");
    // From here on the correlation is used, whatever becomes of the question.
    current_.emplace(std::move(pool_.front()));
    pool_.pop_front();
    report_.depth = pool_.size();
    numbers_.use(current_->number);
    input_.clear();
    const PartyId user = party_id(order.user);
    const std::string name = deployment_.roster()[order.user].name;
    tell("answering " + name);
    try {
      users_.wait_for(user, deployment_.patience);
      users_.limit(user, deployment_.patience);
      Channel channel(wire_, user_meter_, user, name);
      channel.receive("query.hello", ByteSpan());
      const seco::Correlation& mine = current_->correlation;
      send_masks(channel, {current_->number, SecretBytes(mine.input_seed.bytes()),
                           SecretBytes(mine.answer_seed.bytes())});
      if (is_gateway())
        input_ =
            receive_numbers(channel, "query.input", part_.network.numbers, elements(part_.network.input));
      asker_ = user;
    } catch (const PeerError& e) {
      if (e.peer != name) throw;
      users_.drop(user, e.what());
    }
  }

  void answer(const Order& order) {
    const Clock clock(*this, report_.online);
    const seco::Numbers& numbers = part_.network.numbers;
    if (!current_ || current_->number != order.number)
      throw PeerError(party_.name(party_id(0)), party_.name(party_id(0)) + " answers another question");
    if (is_gateway()) {
      for (std::size_t p = 1; p < party_.count(); ++p)
        send_numbers(party_.to(party_id(p)), "seco.input", numbers, input_);
    } else {
      input_ = receive_numbers(party_.to(party_id(0)), "seco.input", numbers, elements(part_.network.input));
    }
    const std::vector<Word> result = seco::answer(party_, part_.network, part_.holders, part_.weights,
                                                  std::move(current_->correlation), input_);
    current_.reset();
    ++report_.answered;
    if (!is_gateway()) return;
    const std::string name = deployment_.roster()[index(asker_)].name;
    try {
      Channel(wire_, user_meter_, asker_, name).send("query.answer", std::span<const Word>(result));
    } catch (const PeerError& e) {
      if (e.peer != name) throw;
      users_.drop(asker_, e.what());
    }
  }

  const Deployment& deployment_;
  const seco::Part& part_;
  const ServiceOptions& options_;
  TlsTransport& users_;
  Transport& wire_;
  Workers workers_;
  QueryNumbers numbers_;
  SessionStart start_;
  Party party_;
  seco::Circuits circuits_;
  std::optional<gc::PairwiseTransfers> transfers_;
  std::optional<seco::Preparation> preparation_;
  std::uint64_t next_ = 1;
  std::deque<Ready> pool_;
  std::optional<Ready> current_;
  std::vector<Word> input_;
  PartyId asker_{};
  Meter user_meter_;
  ServiceReport report_;
};

nlohmann::json to_json(const PhaseCost& c) {
  return {{"seconds", c.seconds}, {"bytes_sent", c.bytes}, {"rounds", c.rounds}};
}

}  // namespace

nlohmann::json to_json(const ServiceReport& r) {
  return {{"setup", to_json(r.setup)},   {"preparation", to_json(r.preparation)},
          {"online", to_json(r.online)}, {"prepared", r.prepared},
          {"answered", r.answered},      {"pool", r.depth}};
}

void require_part(const Deployment& deployment, const seco::Part& part, PartyId server) {
  require(part.servers == deployment.server_names(),
          "the part is for other servers than the deployment's, or in another order");
  require(part.self == index(server), "this is the part of '{}', not of '{}'", part.servers[part.self],
          deployment.servers[index(server)].name);
  require(seco::face_of(part.network) == deployment.face,
          "the [model] of the deployment is not that of the part: take the one that 'tacit split' wrote");
}

ServiceReport run_service(const Deployment& deployment, const seco::Part& part, QueryNumbers numbers,
                          TlsTransport& users, Transport& wire, const ServiceOptions& options) {
  return Service(deployment, part, std::move(numbers), users, wire, options).run();
}

}  // namespace tacit
