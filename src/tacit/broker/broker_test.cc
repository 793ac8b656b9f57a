// A broker answers its clients as the model would, tells them in a sentence what they may not, and outlives
// those that are no clients at all.
#include "tacit/broker/broker.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>

#include "tacit/broker/address.h"
#include "tacit/broker/client.h"
#include "tacit/broker/memory_file.h"
#include "tacit/nn/testing/onnx_models.h"
#include "tacit/sealed/testing/guarded_world.h"

namespace tacit::broker {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using namespace tacit::testing;

Model small_model() {
  Model m;
  m.input("x", {0, 6}).output("y");
  m.hold(floats("w", {6, 4}, wave({24}).values)).hold(floats("b", {4}, {1, 2, 3, 4}));
  m.node("Gemm", {"x", "w", "b"}, {"h"});
  m.node("Relu", {"h"}, {"y"});
  return m;
}

template <class Action>
std::string said(Action&& action) {
  try {
    return outcome(action);
  } catch (const PeerError& e) { return std::string("peer: ") + e.what(); }
}

/// A broker that serves a test's own process.
class Brokers : public ::testing::Test {
 protected:
  Brokers() {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    stop = FileDescriptor(ends[0]);
    end = FileDescriptor(ends[1]);
    limits.session.greeting = limits.session.patience = 5s;
  }
  ~Brokers() override { finish(); }
  void start() {
    broker.emplace(
        world.hardened.process, world.device, [this] { return now.load(); },
        [this](uid_t) { return refuses; }, 1, limits);
    listening = listen_at(socket);
    thread = std::thread([this] { broker->serve(listening, stop); });
  }
  void finish() {
    if (!thread.joinable()) return;
    EXPECT_EQ(::write(end.get(), "x", 1), 1);
    thread.join();
    listening = {};
    broker.reset();
  }
  /// A connection that says whatever it likes.
  FileDescriptor raw() const {
    FileDescriptor out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const UnixAddress address(socket);
    EXPECT_EQ(::connect(out.get(), address.get(), address.size()), 0);
    return out;
  }
  /// Until those who left are gone from the broker's books.
  void wait_until_served() {
    const auto late = std::chrono::steady_clock::now() + 20s;
    while (said([&] { Client c(socket); }) != "opened") {
      ASSERT_LT(std::chrono::steady_clock::now(), late);
      std::this_thread::yield();
    }
  }
  void expect_good_answers() {
    Client client(socket);
    const Opened model = client.open(good);
    const PublicTensor x = wave({5, 6});
    const PublicTensor want = tacit::testing::run(before, {x})[0];
    const Tensor y = client.run(model.model, {x.shape, x.values});
    ASSERT_EQ(y.shape, want.shape);
    for (std::size_t i = 0; i < y.values.size(); ++i) EXPECT_NEAR(y.values[i], want.values[i], 1e-5);
  }

  GuardedWorld world;
  nn::Graph before = small_model().import(world.folder);
  fs::path good = world.guarded(before), socket = world.folder.path("socket");
  std::atomic<sealed::Seconds> now{kNow};
  std::string refuses;
  Limits limits;
  FileDescriptor stop, end, listening;
  std::optional<Broker> broker;
  std::thread thread;
};

TEST_F(Brokers, AnswerAsTheModelDid) {
  start();
  Client client(socket);
  EXPECT_EQ(client.user(), ::geteuid());
  EXPECT_EQ(client.welcome().tile, sealed::kTileNumbers * 8);
  const Opened model = client.open(good);
  EXPECT_EQ(model, (Opened{1, 2, "a model", "ACME", kNow + kDay, {6}}));
  client.close(model.model);
  expect_good_answers();
}

TEST_F(Brokers, ServeManyAtATime) {
  limits.clients_of_a_user = 16;  // some may not have been seen to leave when the next come
  start();
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 6; ++i)
    threads.emplace_back([&] {
      for (unsigned k = 0; k < 5; ++k) expect_good_answers();
    });
  for (std::thread& t : threads) t.join();
}

TEST_F(Brokers, SixtyFourThreadsRunOneModel) {
  start();
  Client client(socket);
  const std::uint32_t model = client.open(good).model;
  const Tensor x{{1, 6}, wave({6}).values}, want = client.run(model, x);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 64; ++i)
    threads.emplace_back([&] {  // they take turns
      for (unsigned k = 0; k < 5; ++k) EXPECT_EQ(client.run(model, x), want);
    });
  for (std::thread& t : threads) t.join();
}

TEST_F(Brokers, SixtyFourClientsAtATime) {
  limits.clients = limits.clients_of_a_user = 64;
  start();
  std::vector<std::unique_ptr<Client>> clients;  // all connected before any of them asks
  for (unsigned i = 0; i < 64; ++i) clients.push_back(std::make_unique<Client>(socket));
  const Tensor x{{2, 6}, wave({2, 6}).values};
  const PublicTensor want = tacit::testing::run(before, {PublicTensor{x.shape, x.values}})[0];
  std::vector<Tensor> answers(64);
  std::vector<std::string> outcomes(64);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 64; ++i)
    threads.emplace_back([&, i] {
      outcomes[i] = said([&] {
        const std::uint32_t model = clients[i]->open(good).model;
        for (unsigned k = 0; k < 2; ++k) answers[i] = clients[i]->run(model, x);
      });
    });
  for (std::thread& t : threads) t.join();
  for (unsigned i = 0; i < 64; ++i) {
    EXPECT_EQ(outcomes[i], "opened") << i;
    EXPECT_EQ(answers[i], answers[0]) << i;
  }
  ASSERT_EQ(answers[0].shape, want.shape);
  for (std::size_t i = 0; i < want.values.size(); ++i)
    EXPECT_NEAR(answers[0].values[i], want.values[i], 1e-5);
}

TEST_F(Brokers, MistakesAreToldAndForgiven) {
  start();
  Client client(socket);
  const std::uint32_t model = client.open(good).model;
  const auto ask = [&](std::uint32_t m, Tensor t) { return said([&] { client.run(m, std::move(t)); }); };
  EXPECT_EQ(ask(model, {{1, 5}, Numbers(5)}),
            "usage: the examples have shape 1x5, and the model takes rows of 6");
  EXPECT_EQ(ask(model, {{1, 6}, Numbers(6, std::nan(""))}),
            "usage: number 0 of the examples is infinite or none");
  EXPECT_EQ(ask(99, {{1, 6}, Numbers(6)}), "usage: this client has no model 99 open");
  EXPECT_EQ(said([&] { client.close(99); }), "usage: this client has no model 99 open");
  const auto open = [&](const fs::path& file) { return said([&] { client.open(file); }); };
  EXPECT_NE(
      open(world.seal(bytes_of(small_model().bytes()), "s.tacit")).find("opens level 2 (guarded) alone"),
      std::string::npos);
  EXPECT_EQ(open(world.folder.write("none.tacit", "no model")).substr(0, 6), "usage:");
  EXPECT_EQ(open(world.folder.path("missing.tacit")).find("usage: there is no file"), 0u);
  std::string bad = read_file(good);
  bad[400] ^= 1;
  EXPECT_EQ(open(world.folder.write("bad.tacit", bad)).substr(0, 6), "cheat:");
  for (std::size_t i = 1; i < limits.session.models; ++i) client.open(good);
  EXPECT_EQ(open(good), "usage: this client has 4 models open, and may have no more: close one");
  client.close(model);
  EXPECT_EQ(ask(model, {{1, 6}, Numbers(6)}), "usage: this client has no model 1 open");
  EXPECT_EQ(open(good), "opened");
}

TEST_F(Brokers, AnOpenModelExpires) {
  start();
  Client client(socket);
  const std::uint32_t model = client.open(good).model;
  now = kNow + kDay;
  EXPECT_NE(said([&] {
              client.run(model, {{1, 6}, Numbers(6)});
            }).find("'a model' has expired"),
            std::string::npos);
  EXPECT_NE(said([&] { client.open(good); }).find("has expired"), std::string::npos);
}

TEST_F(Brokers, OtherUsersAreTurnedAway) {
  refuses = "the broker does not serve your user";
  start();
  EXPECT_EQ(said([&] { Client c(socket); }), "usage: the broker does not serve your user");
}

TEST_F(Brokers, ServeSoManyOfAUserAndNoMore) {
  limits.clients_of_a_user = 2;
  start();
  std::optional<Client> one, two;
  one.emplace(socket);
  two.emplace(socket);
  EXPECT_EQ(said([&] { Client c(socket); }),
            "usage: the broker serves 2 programs of your user already: end one, or try later");
  one.reset();
  wait_until_served();
}

TEST_F(Brokers, OutliveWhatIsNoClient) {
  limits.session.greeting = 2s;
  limits.session.patience = 500ms;
  limits.clients_of_a_user = 16;
  start();
  const FileDescriptor plain(::open(good.c_str(), O_RDONLY | O_CLOEXEC));
  const Bytes hello = to_frame(Hello{});
  Bytes old = hello;
  old[kFrameHead + 12] = old[kFrameHead + 14] = std::byte{9};
  Bytes claim;
  append(claim, ~std::uint32_t{0});
  append(claim, std::uint32_t{2});
  // What it says after its greeting, if it greets, and a descriptor to go along.
  struct Liar {
    bool greets;
    Bytes says;
    int file;
  };
  Bytes cut = to_frame(broker::Run{1, {{1, 6}, Numbers(6)}});
  cut.resize(20);
  Bytes short_run = to_frame(broker::Run{1, {{1, 6}, Numbers(6)}});
  short_run[kFrameHead + 5] = std::byte{7};  // an extent that its numbers do not fill
  for (const Liar& liar :
       {Liar{false, Bytes(100, std::byte{'G'}), -1}, Liar{false, old, -1}, Liar{false, {}, -1},
        Liar{true, hello, -1}, Liar{true, claim, -1}, Liar{true, cut, -1}, Liar{true, short_run, -1},
        Liar{true, to_frame(Open{"no file"}), -1}, Liar{true, to_frame(Close{1}), plain.get()},
        Liar{true, to_frame(Welcome{}), -1}, Liar{true, to_frame(Refused{2, "you"}), -1}}) {
    Link link(raw(), "the broker", 20s);
    if (liar.greets) {
      link.send(Hello{});
      expect<Welcome>(*link.receive(kMostBody, {}), "the broker");
    }
    if (!liar.says.empty()) link.send(ByteView(liar.says), liar.file);
    const auto frame = link.receive(kMostBody, 20s);
    ASSERT_TRUE(frame.has_value());
    EXPECT_EQ(said([&] { throw_if_refused(*frame, "the broker"); }).substr(0, 5), "peer:");
    EXPECT_FALSE(link.receive(kMostBody, 20s).has_value());  // and is left alone
  }
  // A file that is none in memory is a mistake like others.
  Link link(raw(), "the broker", 20s);
  link.send(Hello{});
  expect<Welcome>(*link.receive(kMostBody, {}), "the broker");
  link.send(Open{"m"}, plain.get());
  EXPECT_NE(
      said([&] { throw_if_refused(*link.receive(kMostBody, {}), "the broker"); }).find("not sent by tacit"),
      std::string::npos);
  expect_good_answers();
}

TEST_F(Brokers, EndWhileClientsWait) {
  start();
  Client client(socket);
  client.open(good);
  finish();
  EXPECT_EQ(said([&] { client.open(good); }).substr(0, 5), "peer:");
  EXPECT_EQ(said([&] { Client c(socket); }).substr(0, 3), "io:");
}

TEST_F(Brokers, SocketsAreMadeWhereOthersCannotReplaceThem) {
  start();
  EXPECT_NE(said([&] { listen_at(socket); }).find("a broker answers at"), std::string::npos);
  EXPECT_NE(said([&] { listen_at(good); }).find("is no socket of this user"), std::string::npos);
  EXPECT_NE(
      said([&] { listen_at(world.folder.path(std::string(200, 'a'))); }).find("is no place for a socket"),
      std::string::npos);
  finish();
  listening = listen_at(socket);  // in the place of what was left
  struct stat info {};
  ASSERT_EQ(::stat(socket.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0666u);
  const fs::path open = world.folder.path("open");
  fs::create_directory(open);
  fs::permissions(open, fs::perms::all);
  EXPECT_NE(said([&] { listen_at(open / "socket"); }).find("chmod 755"), std::string::npos);
}

TEST(TurnsOfABroker, AreInOrder) {
  Turns turns;
  std::vector<int> order;
  std::thread second, third;
  {
    const Turns::Turn first(turns);
    second = std::thread([&] {
      const Turns::Turn turn(turns);
      order.push_back(2);
    });
    order.push_back(1);
  }
  second.join();
  third = std::thread([&] {
    const Turns::Turn turn(turns);
    order.push_back(3);
  });
  third.join();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

}  // namespace
}  // namespace tacit::broker
