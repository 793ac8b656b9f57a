// A server's pool: each query is used once, whatever happens between; and servers agree which all of them
// have.
#include "tacit/serve/pool.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/data/testing/files.h"
#include "tacit/party/testing/session.h"
#include "tacit/split/seco/testing/correlations.h"
#include "tacit/split/seco/testing/models.h"

namespace tacit {
namespace {

namespace fs = std::filesystem;

const Digest kMonday = sha256(bytes_of("monday")), kTuesday = sha256(bytes_of("tuesday"));
struct Crash {};

/// A server with its state.
struct Server {
  explicit Server(fs::path state, DiskStep before = {}, std::string_view name = "gateway")
      : numbers(state),
        pool(network(), circuits(), party_id(0),
             SealedItems(state / "pool", pool_owner(Digest{}, Digest{}, name), std::move(before))) {}
  static const seco::Network& network() {
    static const seco::Network n = seco::split_model(testing::split_models()[0].graph, {32, 10}).network;
    return n;
  }
  static const seco::Circuits& circuits() {
    static const seco::Circuits c(network(), 2);
    return c;
  }
  static seco::Correlation correlation(std::uint64_t seed) {
    return testing::some_correlation(network(), circuits(), seed);
  }
  void put(std::uint64_t number, const Digest& session = kMonday) {
    pool.put(number, session, correlation(number));
  }
  /// Without other servers: those above its own last number.
  std::size_t keep_usable() {
    std::vector<std::uint64_t> ready;
    testing::run_parties(1, [&](Party& party) { ready = pool.agree(party, numbers.last()).ready; });
    return pool.keep(ready);
  }
  QueryNumbers numbers;
  Pool pool;
};

void expect_same(const seco::Correlation& got, std::uint64_t seed) {
  EXPECT_TRUE(std::ranges::equal(got.input_seed.bytes(), Server::correlation(seed).input_seed.bytes()));
  EXPECT_TRUE(std::ranges::equal(got.stages.back().activation->save().bytes(),
                                 Server::correlation(seed).stages.back().activation->save().bytes()));
}

/// Everything of a folder as it is now, to be put back later.
class Backup {
 public:
  explicit Backup(const fs::path& from) : from_(from), copy_(folder_.path("copy")) {
    fs::copy(from_, copy_, fs::copy_options::recursive);
  }
  void restore() const {
    fs::remove_all(from_);
    fs::copy(copy_, from_, fs::copy_options::recursive);
  }

 private:
  testing::ScratchFolder folder_;
  fs::path from_, copy_;
};

TEST(Pool, GivesOutEachOnceInOrder) {
  const testing::ScratchFolder scratch;
  {
    Server s(scratch.path("state"));
    for (const std::uint64_t n : {1, 2, 5}) s.put(n);
    EXPECT_EQ(s.pool.load(), "");
    EXPECT_TRUE(s.pool.loaded());
    EXPECT_EQ(s.pool.depth(), 3u);
    const PreparedQuery q = s.pool.use(s.numbers);
    EXPECT_EQ(q.number, 1u);
    expect_same(q.correlation, 1);
    EXPECT_FALSE(s.pool.loaded());
    EXPECT_FALSE(fs::exists(scratch.path("state/pool/1.key")));
    EXPECT_FALSE(fs::exists(scratch.path("state/pool/1.item")));
    EXPECT_EQ(s.pool.load(), "");  // loaded, not used: it comes back
  }
  Server s(scratch.path("state"));
  EXPECT_EQ(s.keep_usable(), 0u);
  EXPECT_EQ(s.pool.depth(), 2u);
  EXPECT_GT(s.pool.bytes_on_disk(), 0u);
  EXPECT_LT(s.pool.oldest_seconds(), 3600);
  for (const std::uint64_t n : {2, 5}) {
    EXPECT_EQ(s.pool.load(), "");
    const PreparedQuery q = s.pool.use(s.numbers);
    EXPECT_EQ(q.number, n);
    expect_same(q.correlation, n);
  }
  EXPECT_EQ(s.pool.depth(), 0u);
  EXPECT_EQ(s.numbers.last(), 5u);
}

TEST(Pool, InMemoryItIsTheSame) {
  const testing::ScratchFolder scratch;
  QueryNumbers numbers(scratch.path("state"));
  Pool pool(Server::network(), Server::circuits(), party_id(0), std::nullopt);
  for (const std::uint64_t n : {1, 2}) pool.put(n, kMonday, Server::correlation(n));
  for (const std::uint64_t n : {1, 2}) {
    EXPECT_EQ(pool.load(), "");
    const PreparedQuery q = pool.use(numbers);
    EXPECT_EQ(q.number, n);
    expect_same(q.correlation, n);
  }
  EXPECT_EQ(pool.depth(), 0u);
  EXPECT_EQ(pool.bytes_on_disk(), 0u);
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch.path("state")), {}), 1);
}

TEST(Pool, ACrashAtAnyStepOfItsUseNeverLetsAQueryBeUsedTwice) {
  bool done = false;
  for (std::size_t crash = 0; !done; ++crash) {
    const testing::ScratchFolder scratch;
    {
      bool counting = false;
      std::size_t left = crash;
      Server s(scratch.path("state"), [&](std::string_view) {
        if (counting && left-- == 0) throw Crash();
      });
      s.put(1);
      s.put(2);
      EXPECT_EQ(s.pool.load(), "");
      counting = true;
      try {
        s.pool.use(s.numbers);
        done = true;
        EXPECT_GE(crash, 4u) << "there are so many steps";
      } catch (const Crash&) {}
    }
    // Nothing was given out before the crash; from its first step on, nothing is given out after it.
    Server s(scratch.path("state"));
    EXPECT_EQ(s.numbers.last(), 1u) << crash;
    s.keep_usable();
    EXPECT_EQ(s.pool.depth(), 1u) << crash;
    EXPECT_EQ(s.pool.front(), 2u) << crash;
    EXPECT_FALSE(fs::exists(scratch.path("state/pool/1.key"))) << crash;
    EXPECT_EQ(s.pool.load(), "");
    expect_same(s.pool.use(s.numbers).correlation, 2);
  }
}

TEST(Pool, ANumberThatCannotBeMadeDurableGivesNothingOut) {
  const testing::ScratchFolder scratch;
  Server s(scratch.path("state"));
  s.put(1);
  EXPECT_EQ(s.pool.load(), "");
  fs::create_directory(scratch.path("state/last-query.part"));
  EXPECT_THROW(s.pool.use(s.numbers), IoError);
  fs::remove(scratch.path("state/last-query.part"));
  EXPECT_FALSE(s.pool.loaded());
}

TEST(Pool, ARestoredFolderIsRefusedByItsNumbers) {
  const testing::ScratchFolder scratch;
  const auto state = scratch.path("state");
  std::optional<Backup> pool_alone, all;
  {
    Server s(state);
    for (const std::uint64_t n : {1, 2, 3}) s.put(n);
  }
  pool_alone.emplace(state / "pool");
  all.emplace(state);
  {
    Server s(state);
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(s.pool.load(), "");
      s.pool.use(s.numbers);
    }
  }
  // The pool comes back, the number stays: what was used is gone.
  pool_alone->restore();
  {
    Server s(state);
    EXPECT_EQ(s.pool.depth(), 3u);
    EXPECT_EQ(s.keep_usable(), 2u);
    EXPECT_EQ(s.pool.front(), 3u);
    EXPECT_FALSE(fs::exists(state / "pool/1.key"));
  }
  // Even if it were not: the number is refused when it comes to it.
  pool_alone->restore();
  {
    Server s(state);
    EXPECT_EQ(s.pool.load(), "");
    EXPECT_THROW(s.pool.use(s.numbers), UsageError);
    EXPECT_FALSE(s.pool.loaded());
  }
  // All of it comes back: then another server remembers.
  all->restore();
  Server s(state);
  AgreedQueries agreed;
  testing::run_parties(2, [&](Party& party) {
    if (index(party.id()) == 0) {
      agreed = s.pool.agree(party, s.numbers.last());
    } else {
      const testing::ScratchFolder elsewhere;
      Server other(elsewhere.path("state"));
      other.put(3);
      other.pool.agree(party, 2);
    }
  });
  EXPECT_EQ(agreed.used, 2u);
  EXPECT_EQ(agreed.next, 4u);
  EXPECT_EQ(agreed.ready, std::vector<std::uint64_t>{3});
}

TEST(Pool, ServersAgreeOnWhatAllHaveOfOneSession) {
  struct Held {
    std::uint64_t last;
    std::vector<std::pair<std::uint64_t, Digest>> items;
  };
  const std::vector<Held> held{{2, {{2, kMonday}, {3, kMonday}, {4, kMonday}, {5, kMonday}, {6, kMonday}}},
                               {3, {{3, kMonday}, {4, kMonday}, {5, kTuesday}, {6, kMonday}, {9, kTuesday}}},
                               {1, {{3, kMonday}, {4, kMonday}, {5, kMonday}, {6, kMonday}}}};
  std::vector<AgreedQueries> agreed(3);
  const testing::ScratchFolder scratch;
  testing::run_parties(3, [&](Party& party) {
    const std::size_t self = index(party.id());
    Server s(scratch.path(std::to_string(self)));
    for (const auto& [number, session] : held[self].items) s.put(number, session);
    agreed[self] = s.pool.agree(party, held[self].last);
    s.pool.keep(agreed[self].ready);
    EXPECT_EQ(s.pool.depth(), 2u);
  });
  for (const AgreedQueries& a : agreed) {
    EXPECT_EQ(a.ready, (std::vector<std::uint64_t>{4, 6}));
    EXPECT_EQ(a.used, 3u);
    EXPECT_EQ(a.next, 10u);
  }
}

TEST(Pool, AListThatIsNoneIsTheSendersFault) {
  for (const Bytes& list :
       {Bytes(7), Bytes(9), Bytes(8, std::byte{255}), Bytes(48), Bytes(88, std::byte{1})}) {
    std::string told;
    testing::run_parties(2, [&](Party& party) {
      if (index(party.id()) == 1) {
        party.tell_all("pool.ready", list, 1000000);
        return;
      }
      Pool pool(Server::network(), Server::circuits(), party_id(0), std::nullopt);
      try {
        pool.agree(party, 0);
      } catch (const PeerError& e) { told = e.what(); }
    });
    EXPECT_NE(told.find("list of prepared queries"), std::string::npos) << list.size() << told;
  }
}

TEST(Pool, ADamagedQueryIsToldAndDiscarded) {
  const testing::ScratchFolder scratch;
  {
    Server s(scratch.path("state"));
    for (const std::uint64_t n : {1, 2, 3}) s.put(n);
  }
  std::string item = testing::read_file(scratch.path("state/pool/1.item"));
  item[item.size() / 2] ^= 1;
  Server s(scratch.path("state"));
  scratch.write("state/pool/1.item", item);
  fs::remove(scratch.path("state/pool/2.item"));
  for (const char* name : {"1.item", "2.item"}) {
    const std::string told = s.pool.load();
    EXPECT_NE(told.find(name), std::string::npos) << told;
    EXPECT_FALSE(s.pool.loaded());
    s.pool.discard();
  }
  EXPECT_EQ(s.pool.load(), "");
  expect_same(s.pool.use(s.numbers).correlation, 3);
}

}  // namespace
}  // namespace tacit
