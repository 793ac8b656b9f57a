#include "tacit/serve/service.h"

#include <nlohmann/json.hpp>

#include "tacit/base/error.h"
#include "tacit/party/handshake.h"
#include "tacit/serve/wire.h"

namespace tacit {

namespace {

using std::chrono::milliseconds;

/// Queries prepared in a session that its disk may fail to give back, one after the other.
constexpr std::size_t kMostDamaged = 3;

/// What the gateway tells all others to do next.
enum class Work : std::uint64_t { Prepare, Load, Greet, Answer, Forget, End };
struct Order {
  Work work;
  std::uint64_t number = 0, user = 0;
};

class Service {
 public:
  Service(const Deployment& deployment, const seco::Part& part, ServerState state, TlsTransport& users,
          Transport& wire, const ServiceOptions& options)
      : deployment_(deployment),
        part_(part),
        options_(options),
        users_(users),
        wire_(wire),
        workers_(options.threads),
        numbers_(std::move(state.numbers)),
        start_(shake_hands(party_id(part.self), deployment.server_names(), wire,
                           {.job = deployment_hash(deployment)})),
        party_(party_id(part.self), deployment.server_names(), wire, start_.keys,
               Compute{ring_kernels(detect_isa()), workers_}),
        circuits_(part.network, deployment.servers.size(), deployment.activations),
        pool_(part.network, circuits_, party_id(part.self), std::move(state.prepared)) {}

  ServiceReport run() {
    {
      const PhaseClock clock(party_.meter(), report_.setup);
      tell("setting up");
      compare_parts();
      agree_on_pool();
      transfers_.emplace(party_, deployment_.transfers);
      preparation_.emplace(party_, part_.network, part_.holders, part_.weights, circuits_, *transfers_);
    }
    for (;;) {
      const Order order = is_gateway() ? decide() : take_order();
      if (order.work == Work::End) return finished();
      if (order.work == Work::Prepare) prepare();
      if (order.work == Work::Load) load(order);
      if (order.work == Work::Greet) greet(order);
      if (order.work == Work::Answer) answer(order);
      if (order.work == Work::Forget) current_.reset();
    }
  }

 private:
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

  void agree_on_pool() {
    const AgreedQueries agreed = pool_.agree(party_, numbers_.last());
    // What the others remember is remembered here, too, from now on.
    if (agreed.used > numbers_.last()) numbers_.use(agreed.used);
    next_ = first_ = agreed.next;
    report_.pool.discarded = pool_.keep(agreed.ready);
    report_.pool.taken_over = pool_.depth();
    if (report_.pool.taken_over + report_.pool.discarded > 0)
      tell(fmt::format("prepared queries of before: {} taken over, {} discarded", report_.pool.taken_over,
                       report_.pool.discarded));
  }

  ServiceReport finished() {
    report_.pool.depth = pool_.depth();
    report_.pool.oldest_seconds = pool_.oldest_seconds();
    report_.pool.bytes_on_disk = pool_.bytes_on_disk();
    return report_;
  }

  // ---- what is next

  Order take_order() {
    if (!current_ && pool_.depth() >= deployment_.pool) tell("waiting for a question");
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
    if (!pool_.loaded() && pool_.depth() > 0) return give({Work::Load, pool_.front()});
    const bool full = pool_.depth() >= deployment_.pool;
    if (full) tell("waiting for a question");
    for (;;) {
      const auto who = users_.any_owner(full ? milliseconds(60000) : milliseconds(0));
      if (who)
        return give(pool_.loaded() ? Order{Work::Greet, pool_.front(), index(*who)} : Order{Work::Prepare});
      if (!full) return give({Work::Prepare});
    }
  }

  // ---- ahead of questions

  void prepare() {
    const PhaseClock clock(party_.meter(), report_.preparation);
    tell("preparing", pool_.depth(), deployment_.pool);
    // The session's id is as fresh as its keys, and all servers have it: with the number it says which items
    // belong together.
    pool_.put(next_++, start_.id, preparation_->next());
    ++report_.prepared;
  }

  /// Reads the next query that will be used. One that is damaged at one server is of no use to any.
  void load(const Order& order) {
    const PhaseClock clock(party_.meter(), report_.preparation);
    if (pool_.depth() == 0 || pool_.loaded() || order.number != pool_.front())
      throw PeerError(party_.name(party_id(0)),
                      party_.name(party_id(0)) + " wants to use a prepared query that is not the next");
    const std::string wrong = pool_.load();
    if (!wrong.empty()) tell(wrong);
    // Of an old item the fault may be its own. Of new ones, again and again, it is the disk's.
    damaged_ = wrong.empty() || order.number < first_ ? 0 : damaged_ + 1;
    if (damaged_ == kMostDamaged) throw IoError(wrong + ", nor those before it");
    const std::byte own[] = {std::byte{wrong.empty()}};
    bool sound = true;
    for (const Bytes& told : party_.tell_all("pool.loaded", own)) sound = sound && told[0] == std::byte{1};
    if (sound) return;
    pool_.discard();
    ++report_.pool.discarded;
  }

  // ---- a question

  /// Tells the user this server's part of the masks; the gateway also takes the question.
  void greet(const Order& order) {
    const PhaseClock clock(party_.meter(), report_.online);
    if (!pool_.loaded() || order.number != pool_.front() || order.user < party_.count() ||
        order.user >= deployment_.roster().size())
      throw PeerError(
          party_.name(party_id(0)),
          party_.name(party_id(0)) + " wants to answer somebody, or with something, that there is not");
    // From here on the correlation is used, whatever becomes of the question.
    current_.emplace(pool_.use(numbers_));
    input_.clear();
    const PartyId user = party_id(order.user);
    const std::string name = deployment_.roster()[order.user].name;
    tell("answering " + name);
    try {
      users_.wait_for_next(user, deployment_.patience);  // a connection a question
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
    const PhaseClock clock(party_.meter(), report_.online);
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
  std::uint64_t next_ = 1, first_ = 1;  ///< the next number, and the session's first
  std::size_t damaged_ = 0;             ///< of those that were prepared in this session, in a row
  Pool pool_;
  std::optional<PreparedQuery> current_;
  std::vector<Word> input_;
  PartyId asker_{};
  Meter user_meter_;
  ServiceReport report_;
};

}  // namespace

nlohmann::json to_json(const PhaseCost& c) {
  return {{"seconds", c.seconds}, {"bytes_sent", c.bytes}, {"rounds", c.rounds}};
}

nlohmann::json to_json(const ServiceReport& r) {
  nlohmann::json pool{{"depth", r.pool.depth},
                      {"oldest_seconds", r.pool.oldest_seconds},
                      {"bytes_on_disk", r.pool.bytes_on_disk},
                      {"taken_over", r.pool.taken_over},
                      {"discarded", r.pool.discarded},
                      {"seconds_a_query", nullptr},
                      {"bytes_sent_a_query", nullptr}};
  if (r.prepared > 0) {
    pool["seconds_a_query"] = r.preparation.seconds / static_cast<double>(r.prepared);
    pool["bytes_sent_a_query"] = r.preparation.bytes / r.prepared;
  }
  return {{"setup", to_json(r.setup)},   {"preparation", to_json(r.preparation)},
          {"online", to_json(r.online)}, {"prepared", r.prepared},
          {"answered", r.answered},      {"pool", pool}};
}

seco::Part deployed_part(const Deployment& deployment, seco::Part part, PartyId number) {
  const std::vector<std::string> names = deployment.part_names();
  require(part.servers == names, "the part is for other servers than the deployment's, or in another order");
  require(part.self == index(number), "this is the part of '{}', not of '{}'", part.servers[part.self],
          names[index(number)]);
  require(seco::face_of(part.network) == deployment.model,
          "the [model] of the deployment is not that of the part: take the one that 'tacit split' wrote");
  if (deployment.top > 0) {
    part.network = seco::with_top(std::move(part.network), deployment.top);
    part.holders.resize(part.network.stages.size());
  }
  return part;
}

ServerState open_state(const Deployment& deployment, const seco::Part& part,
                       const std::filesystem::path& folder) {
  ServerState state{QueryNumbers(folder), std::nullopt};
  if (deployment.pool_on_disk)
    state.prepared.emplace(folder / "pool",
                           pool_owner(deployment_hash(deployment), part.cut, part.servers[part.self]));
  return state;
}

ServiceReport run_service(const Deployment& deployment, const seco::Part& part, ServerState state,
                          TlsTransport& users, Transport& wire, const ServiceOptions& options) {
  return Service(deployment, part, std::move(state), users, wire, options).run();
}

}  // namespace tacit
