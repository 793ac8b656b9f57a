// The data that a party holds: kept sealed, catalogued, verified, and deleted so that its key goes first; and
// whatever step a crash comes before, the next run finds nothing unknown and can delete it all.
#include "tacit/job/data_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "tacit/base/error.h"
#include "tacit/job/testing/sample_job.h"
#include "tacit/job/testing/upload_run.h"
#include "tacit/job/upload_receiver.h"
#include "tacit/mpc/table.h"
#include "tacit/net/transports/memory.h"

namespace tacit {
namespace {

namespace fs = std::filesystem;
using testing::ScratchFolder;

struct Crash {};

class Store : public ::testing::Test {
 protected:
  Store() {
    job_.data.owners = {"north"};
    job_.owners[0].key = owner_.public_key();
    std::string rows = "a,b,sold\n";
    for (int i = 0; i < 3000; ++i)
      rows += fmt::format("{},{},{}\n", i % 21 - 10, i % 4, i % 2 == 0 ? "no" : "yes");
    data_ = folder_.write("north.csv", rows);
  }
  fs::path state() const { return folder_.path("alpha-state"); }
  fs::path files() const { return DataStore::folder_in(state()); }

  /// One upload, which `party` receives into the store; the others receive theirs beside it.
  Upload receive(DataStore& store, std::size_t party = 0) {
    auto wires = memory_transports(job_.names(), std::chrono::minutes(1));
    const auto& sets = protocol_named(job_.protocol).component_sets;
    const PartyId owner = job_.endpoint("north");
    std::vector<Upload> out(3);
    std::exception_ptr failed;
    std::vector<std::thread> parties;
    for (std::size_t p = 0; p < 3; ++p)
      parties.emplace_back([&, p] {
        try {
          Meter meter;
          Channel channel(*wires[p], meter, owner, "north");
          greet_owner(job_, testing::kSession, channel);
          UploadReceiver receiver(job_, testing::kSession, job_.owners[0], sets[p],
                                  {folder_.path("other"), p == party ? &store : nullptr}, detect_isa());
          while (!receiver.step(channel)) {}
          out[p] = receiver.take();
        } catch (...) {
          if (p == party) failed = std::current_exception();
          wires[p]->goodbye("failed");
        }
      });
    try {
      Meter meter;
      std::vector<Channel> channels;
      for (std::size_t p = 0; p < 3; ++p)
        channels.emplace_back(*wires[index(owner)], meter, party_id(p), job_.parties[p].name);
      OwnerLink link(job_, owner, channels, static_cast<std::uint8_t>(Errand::Bring));
      const auto reader = open_examples({.features = data_}, job_.data.schema);
      link.send(*reader, owner_, 0.25, sets, {});
    } catch (const PeerError&) {
      // Told by the party, too.
    }
    wires[index(owner)]->goodbye("");
    for (auto& t : parties) t.join();
    if (failed) std::rethrow_exception(failed);
    return std::move(out[party]);
  }
  std::string verdict(const CatalogueEntry& e) const {
    try {
      return verify_stored(state(), identity_, job_, e) ? "good" : "good, but another job's";
    } catch (const UsageError& error) { return error.what(); } catch (const IoError& error) {
      return error.what();
    }
  }
  std::vector<std::string> kinds() const {
    std::vector<std::string> out;
    for (const auto& f : fs::directory_iterator(files())) out.push_back(f.path().extension());
    std::sort(out.begin(), out.end());
    return out;
  }
  fs::path file(std::string_view kind) const {
    for (const auto& f : fs::directory_iterator(files()))
      if (f.path().extension() == kind) return f.path();
    return {};
  }
  void flip(const fs::path& path, std::size_t at) const {
    std::string content = testing::read_file(path);
    content[at % content.size()] = static_cast<char>(content[at % content.size()] ^ 1);
    folder_.write(fs::relative(path, folder_.path("")).string(), content);
  }

  ScratchFolder folder_;
  Identity identity_ = Identity::generate(), owner_ = Identity::generate();
  Job job_ = testing::read_job_text(folder_, testing::small_job_text(), Keys::Needed);
  fs::path data_;
  const DataStore* store_ = nullptr;  ///< for a look from within a step
};

TEST_F(Store, KeepsAnUploadSealedAndReadsItRowByRow) {
  DataStore store(state(), identity_);
  // North's component 0 comes in full: to some parties; the others get seeds.
  for (std::size_t party = 0; party < 3; ++party) {
    const Upload kept = receive(store, party);
    const auto& sets = protocol_named(job_.protocol).component_sets;
    const bool full = std::find(sets[party].begin(), sets[party].end(), 0u) != sets[party].end();
    const CatalogueEntry e = store.entries().back();
    EXPECT_EQ(e.owner, "north");
    EXPECT_EQ(e.holds, Holds::Whole);
    EXPECT_EQ(std::tuple(e.rows, e.test_rows, e.width), std::tuple(3000u, 750u, 3u));
    EXPECT_EQ(e.upload, kept.manifest.upload);
    EXPECT_EQ(e.job, to_hex(job_hash(job_)));
    EXPECT_EQ(e.bytes > 3000 * 3 * 8, full) << "party " << party;
    EXPECT_EQ(verdict(e), "good");
    // The digest is that of what the owner signed: so the words are right.
    std::vector<Word> row(3);
    for (const auto& c : kept.components) c->read(2999, 0, row);
  }
  EXPECT_EQ(store.entries().size(), 3u);
}

TEST_F(Store, ASessionsDataGoWithItUnlessTheyAreKept) {
  {
    DataStore store(state(), identity_);
    receive(store);
    store.end_session(true);
    EXPECT_EQ(store.entries()[0].holds, Holds::Kept);
    receive(store);
    store.end_session(false);
    EXPECT_EQ(store.entries()[0].holds, Holds::Kept);
    EXPECT_EQ(store.entries()[1].holds, Holds::Deleted);
  }
  DataStore store(state(), identity_);
  EXPECT_EQ(store.delete_left(), 0u) << "what is kept is not left over";
  EXPECT_EQ(verdict(store.entries()[0]), "good");
  store.remove(store.entries()[0].id);
  EXPECT_TRUE(fs::is_empty(files()));
  EXPECT_NE(verdict(store.entries()[0]).find("it is deleted"), std::string::npos);
  EXPECT_THROW(store.remove(std::string(32, '0')), UsageError);
}

TEST_F(Store, OneProcessAtATime) {
  const DataStore store(state(), identity_);
  EXPECT_NE(testing::usage_error(folder_, [&] { DataStore(state(), identity_); })
                .find("another process is running"),
            std::string::npos);
  // Who only looks is not kept out.
  EXPECT_TRUE(Catalogue(DataStore::catalogue_in(state()), Catalogue::Use::Read).entries().empty());
}

TEST_F(Store, VerifyingFindsWhatIsWrong) {
  const auto& sets = protocol_named(job_.protocol).component_sets;
  std::size_t party = 0;
  while (std::find(sets[party].begin(), sets[party].end(), 0u) == sets[party].end()) ++party;
  CatalogueEntry e;
  {
    DataStore store(state(), identity_);
    receive(store, party);
    store.end_session(true);
    e = store.entries()[0];
  }
  ASSERT_EQ(kinds(), (std::vector<std::string>{".key", ".record", ".shares"}));
  for (const char* kind : {".key", ".record", ".shares"})
    for (const std::size_t at : {std::size_t{3}, std::size_t{70}, std::size_t{100}}) {
      flip(file(kind), at);
      EXPECT_NE(verdict(e), "good") << kind << " at " << at;
      flip(file(kind), at);
    }
  EXPECT_EQ(verdict(e), "good");
  // A catalogue that says something else than was signed.
  const auto differs = [&](auto change) {
    CatalogueEntry other = e;
    change(other);
    return verdict(other);
  };
  EXPECT_NE(differs([](auto& o) { o.rows = 2999; }), "good");
  EXPECT_NE(differs([](auto& o) { o.digest[0] = o.digest[0] == '0' ? '1' : '0'; }), "good");
  EXPECT_NE(differs([](auto& o) { o.session = std::string(64, '0'); }), "good");
  EXPECT_NE(differs([](auto& o) { o.bytes = 0; }), "good");
  // Another party's key opens nothing.
  const Identity mine = identity_;
  identity_ = Identity::generate();
  EXPECT_NE(verdict(e), "good");
  identity_ = mine;
  // Another job's owner may have another key: its signature is not checked, all else is.
  job_.training.epochs = 77;
  EXPECT_EQ(verdict(e), "good, but another job's");
}

TEST_F(Store, TheKeyGoesFirst) {
  std::vector<std::string> steps;
  bool watching = false;
  DataStore store(state(), identity_, [&](std::string_view step) {
    if (!watching) return;
    steps.emplace_back(step);
    // By the time at which the shares are removed nothing is left that opens them.
    if (step != "remove the shares") return;
    EXPECT_TRUE(file(".key").empty() && file(".record").empty());
    EXPECT_EQ(store_->entries()[0].holds, Holds::Deleting);
  });
  store_ = &store;
  receive(store);
  watching = true;
  store.remove(store.entries()[0].id);
  EXPECT_EQ(std::count(steps.begin(), steps.end(), "remove the shares"), 1);
  EXPECT_EQ(std::count(steps.begin(), steps.end(), "overwrite the key"), 4);
  EXPECT_TRUE(fs::is_empty(files()));
}

TEST_F(Store, ACrashBeforeAnyStepLeavesNothingThatCannotBeDeleted) {
  for (int at = 0;; ++at) {
    int steps = 0;
    bool crashed = false;
    {
      DataStore store(state(), identity_, [&](std::string_view) {
        if (steps++ == at) throw Crash();
      });
      try {
        receive(store);
        store.end_session(false);
      } catch (const Crash&) { crashed = true; }
    }
    {
      DataStore after(state(), identity_);
      after.delete_left();
      for (const CatalogueEntry& e : after.entries()) EXPECT_EQ(e.holds, Holds::Deleted) << "step " << at;
      EXPECT_TRUE(fs::is_empty(files())) << "step " << at;
      EXPECT_EQ(after.delete_left(), 0u);
    }
    if (!crashed) {
      EXPECT_GT(at, 15);
      break;
    }
  }
}

TEST_F(Store, FilesThatTheCatalogueDoesNotNameGo) {
  DataStore store(state(), identity_);
  folder_.write("alpha-state/data/" + std::string(32, 'a') + ".key", "x");
  folder_.write("alpha-state/data/" + std::string(32, 'a') + ".shares", "x");
  folder_.write("alpha-state/data/notes.txt", "somebody's own");
  EXPECT_EQ(store.delete_left(), 0u);
  EXPECT_EQ(kinds(), std::vector<std::string>{".txt"});
}

TEST(UploadRecord, GoesThereAndBack) {
  UploadRecord r;
  r.manifest = "{}";
  r.signature[3] = std::byte{7};
  r.parts.push_back({2, true, SecretBytes(kSaltSize)});
  r.parts.push_back({0, false, SecretBytes(Prg::kKeySize)});
  r.parts[1].secret.bytes()[1] = std::byte{9};
  MemoryWriter to;
  save(r, to);
  MemoryReader from(to.bytes);
  const UploadRecord back = load_record(from);
  EXPECT_EQ(from.left(), 0u);
  EXPECT_EQ(back.manifest, r.manifest);
  EXPECT_EQ(back.signature, r.signature);
  ASSERT_EQ(back.parts.size(), 2u);
  EXPECT_TRUE(back.parts[0].full && back.parts[0].component == 2);
  EXPECT_EQ(back.parts[1].secret.bytes()[1], std::byte{9});
  for (std::size_t size = 0; size < to.bytes.size(); ++size) {
    MemoryReader some(ByteView(to.bytes).first(size));
    EXPECT_THROW(load_record(some), UsageError);
  }
  Bytes huge = to.bytes;
  huge[7] = std::byte{16};  // a manifest of 2^60 bytes
  MemoryReader claims(huge);
  EXPECT_THROW(load_record(claims), UsageError);
}

}  // namespace
}  // namespace tacit
