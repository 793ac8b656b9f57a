// Faults of stored files: each kind of file that a party keeps, gone, or with other bytes in it, at each
// party. Nobody goes on from what is not what was written: it is passed over, or refused by name. The table
// is printed, and stands in docs/faults.md.
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "tacit/data/catalogue.h"
#include "tacit/job/data_store.h"
#include "tacit/job/testing/whole_run.h"
#include "tacit/net/transports/memory.h"

namespace tacit::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using How = Ending::How;

enum class Damage { Gone, Older, Anothers, Corrupt, Truncated, Version };
constexpr std::array<std::string_view, 6> kDamages = {
    "gone", "an older one in its place", "another party's", "corrupt", "truncated", "wrong version"};

struct Crash : std::runtime_error {
  Crash() : std::runtime_error("crashed") {}
};

std::string job_text() {
  std::string text = tiny_classes_job();
  const std::string_view from = "epochs = 1\n";
  text.replace(text.find(from), from.size(), "epochs = 2\ncheckpoint_every = 2\n");
  return text + "[[release]]\nwhat = \"predictions\"\nto = [\"north\"]\npurpose = \"a test looks at it\"\n";
}

class Stored : public ::testing::Test {
 protected:
  Stored() : cast_(cast_of(folder_, job_text(), {tiny_classes_data(20, 1), tiny_classes_data(24, 2)})) {}

  fs::path state(std::size_t p) const { return folder_.path(cast_.job.parties[p].name + "-state"); }
  const std::string& name(std::size_t p) const { return cast_.job.parties[p].name; }

  using Prepare = std::function<void(std::size_t, PartyOptions&)>;
  std::vector<Ending> run(bool resume, const Prepare& prepare = {}) const {
    Cast cast{cast_.job, cast_.identities, cast_.data, {}};
    cast.prepare = [&](PartyId self, PartyOptions& options) {
      options.state = state(index(self));
      options.identity = &cast_.identities[index(self)];
      options.resume = resume;
      if (prepare) prepare(index(self), options);
    };
    return train_in_memory(cast, 60s);
  }
  /// All parties hold the states of steps 2 and 4. Each party's ledger after the first step, for `early`.
  void break_with_two(std::array<std::string, 3>* early = nullptr) const {
    run(false, [this, early](std::size_t p, PartyOptions& options) {
      options.progress = [this, early, p](const Progress& q) {
        if (early != nullptr && q.phase == "training" && q.done == 1)
          (*early)[p] = read_file(file(p, ".ledger"));
      };
      options.before_checkpoint_step = [this, p](std::string_view step) {
        if (step == "remove a file" && !file(p, "-4.state").empty()) throw Crash();
      };
    });
  }
  /// North asks about a few rows.
  std::vector<Ending> ask() const {
    const Job& job = cast_.job;
    const PartyId north = job.endpoint("north");
    auto wires = memory_transports(job.names(), 60s);
    std::vector<Ending> endings(4);
    const auto part = [&](std::size_t i) {
      Ending& end = endings[i];
      try {
        if (i < 3) {
          PartyOptions options;
          options.state = state(i);
          const Answer answer = answer_predictions(job, party_id(i), north, *wires[i], "a test", options);
          if (!answer.dropped.empty()) throw std::runtime_error(answer.dropped);
        } else {
          OwnerOptions options;
          options.data = DataFiles{.features = folder_.write("questions.csv", "a,b\n0.5,30\n-0.25,70\n")};
          options.ask = true;
          end.received = run_owner(job, north, *wires[i], cast_.identities[i], "a test", options);
        }
      } catch (const UsageError& e) { end = {How::Usage, "", e.what(), {}}; } catch (const PeerError& e) {
        end = {How::Peer, e.peer, e.what(), {}};
      } catch (const std::exception& e) { end = {How::Other, "", e.what(), {}}; }
      wires[i]->goodbye(end.said);
    };
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < 4; ++i) threads.emplace_back(part, i);
    for (auto& t : threads) t.join();
    return endings;
  }

  /// The file of a party that ends so; empty if there is none.
  fs::path file(std::size_t p, std::string_view end) const {
    for (const auto& entry : fs::recursive_directory_iterator(state(p)))
      if (entry.path().string().ends_with(end)) return entry.path();
    return {};
  }
  void write(const fs::path& path, const std::string& content) const {
    folder_.write(fs::relative(path, folder_.path("")).string(), content);
  }
  /// A file as it is to be found; `older` and `anothers` are the content of such ones.
  void damage(const fs::path& path, Damage how, const std::string& older, const std::string& anothers,
              std::optional<std::size_t> at = {}) const {
    const std::string sound = read_file(path);
    std::string content = sound;
    const std::size_t place = at.value_or(sound.size() / 2);
    if (how == Damage::Gone) {
      fs::remove(path);
      return;
    }
    if (how == Damage::Older) content = older;
    if (how == Damage::Anothers) content = anothers;
    if (how == Damage::Corrupt) content[place] = static_cast<char>(content[place] ^ 1);
    if (how == Damage::Truncated) content.resize(content.size() / 2);
    if (how == Damage::Version) content.at(content.find('\n') - 1) = '9';
    write(path, content);
  }

  void keep(const std::string& as) const { copy("", as + "/"); }
  void put_back(const std::string& as) const { copy(as + "/", ""); }
  void copy(const std::string& from, const std::string& to) const {
    for (std::size_t p = 0; p < 3; ++p) {
      const std::string folder = name(p) + "-state";
      fs::remove_all(folder_.path(to + folder));
      fs::create_directories(folder_.path(to + folder).parent_path());
      fs::copy(folder_.path(from + folder), folder_.path(to + folder), fs::copy_options::recursive);
    }
  }

  static bool all_done(const std::vector<Ending>& endings) {
    return std::all_of(endings.begin(), endings.end(), [](const Ending& e) { return e.how == How::Done; });
  }
  static std::string said(const std::vector<Ending>& endings) {
    std::string out;
    for (const Ending& e : endings) out += "  " + e.said + "\n";
    return out;
  }
  /// Nobody went on, and everybody's message names the party, which itself says why.
  std::string refused(const std::vector<Ending>& endings, std::size_t p, std::string_view why) const {
    EXPECT_NE(endings[p].said.find(why), std::string::npos) << said(endings);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_TRUE(endings[i].how == How::Usage || endings[i].how == How::Peer) << said(endings);
      if (i != p) { EXPECT_NE(endings[i].said.find(name(p)), std::string::npos) << said(endings); }
    }
    return "refused";
  }

  /// A row: the end of each fault, which is the same for every party; nothing for what there cannot be.
  using Cell = std::function<std::string(std::size_t party, Damage how)>;
  void row(const std::string& what, const Cell& cell) const {
    std::string line = "| " + what + " |";
    for (std::size_t d = 0; d < kDamages.size(); ++d) {
      std::set<std::string> ends;
      for (std::size_t p = 0; p < 3; ++p) {
        const ::testing::ScopedTrace trace(
            __FILE__, __LINE__, fmt::format("{} of {}: {}", what, name(p), std::string(kDamages[d])));
        ends.insert(cell(p, static_cast<Damage>(d)));
      }
      EXPECT_EQ(ends.size(), 1u) << what << ", " << kDamages[d];
      line += " " + *ends.begin() + " |";
    }
    check_line(line);
  }
  static void check_line(const std::string& line) {
    std::printf("%s\n", line.c_str());
    const std::string page = read_file(fs::path(TACIT_DOCS) / "faults.md");
    EXPECT_NE(page.find(line + "\n"), std::string::npos) << "docs/faults.md does not have the row\n" << line;
  }

  ScratchFolder folder_;
  Cast cast_;
};

TEST_F(Stored, Head) {
  std::string line = "| file |";
  for (const std::string_view d : kDamages) line += fmt::format(" {} |", d);
  check_line(line);
}

TEST_F(Stored, TheNewestOfTwoStates) {
  break_with_two();
  keep("two");
  row("the newest of two states", [&](std::size_t p, Damage how) -> std::string {
    put_back("two");
    damage(file(p, "-4.state"), how, read_file(file(p, "-2.state")),
           read_file(file((p + 1) % 3, "-4.state")));
    const auto again = run(true);
    EXPECT_TRUE(all_done(again)) << said(again);
    EXPECT_EQ(again[p].received.report.resumed, std::vector<std::size_t>{2});
    return "resumed from the other";
  });
}

TEST_F(Stored, TheOnlyState) {
  break_with_two();
  std::vector<std::string> older;
  for (std::size_t p = 0; p < 3; ++p) {
    older.push_back(read_file(file(p, "-2.state")));
    fs::remove(file(p, "-2.state"));
  }
  keep("one");
  row("the only state", [&](std::size_t p, Damage how) -> std::string {
    put_back("one");
    damage(file(p, "-4.state"), how, older[p], read_file(file((p + 1) % 3, "-4.state")));
    return refused(run(true), p, "there is no checkpoint that all parties have");
  });
  put_back("one");
  EXPECT_TRUE(all_done(run(true)));
}

TEST_F(Stored, TheDataOfCheckpoints) {
  break_with_two();
  keep("two");
  row("data", [&](std::size_t p, Damage how) -> std::string {
    if (how == Damage::Older) return "–";  // they are written once
    put_back("two");
    damage(file(p, ".data"), how, "", read_file(file((p + 1) % 3, ".data")));
    return refused(run(true), p, "there is no checkpoint that all parties have");
  });
  put_back("two");
  EXPECT_TRUE(all_done(run(true)));
}

TEST_F(Stored, TheLedger) {
  std::array<std::string, 3> early;
  break_with_two(&early);
  keep("two");
  row("ledger", [&](std::size_t p, Damage how) -> std::string {
    put_back("two");
    EXPECT_NE(early[p], read_file(file(p, ".ledger")));
    damage(file(p, ".ledger"), how, early[p], read_file(file((p + 1) % 3, ".ledger")));
    const auto again = run(true);
    EXPECT_TRUE(all_done(again)) << said(again);
    // The others' counts hold: nothing is told more often than the job allows.
    for (std::size_t i = 0; i < 3; ++i)
      for (const Disclosure& d : again[i].received.report.disclosures)
        if (d.what == "loss") { EXPECT_LE(d.times, 4u); }
    return "resumed";
  });
}

TEST_F(Stored, TheShareOfAModel) {
  EXPECT_TRUE(all_done(run(false)));
  keep("older");
  EXPECT_TRUE(all_done(run(false)));
  keep("trained");
  row("share of the model", [&](std::size_t p, Damage how) -> std::string {
    put_back("trained");
    damage(file(p, "model.share"), how, read_file(folder_.path("older/" + name(p) + "-state/model.share")),
           read_file(file((p + 1) % 3, "model.share")));
    return refused(ask(), p,
                   how == Damage::Gone       ? "there is no trained model"
                   : how == Damage::Older    ? "from different trainings"
                   : how == Damage::Anothers ? "is another party's"
                                             : "is damaged");
  });
  put_back("trained");
  const auto answered = ask();
  EXPECT_TRUE(all_done(answered)) << said(answered);
}

TEST_F(Stored, TheCountOfQuestions) {
  EXPECT_TRUE(all_done(run(false)));
  EXPECT_TRUE(all_done(ask()));
  keep("once");
  EXPECT_TRUE(all_done(ask()));
  keep("twice");
  row("count of questions", [&](std::size_t p, Damage how) -> std::string {
    if (how == Damage::Version) return "–";  // it names none
    put_back("twice");
    damage(file(p, "model.uses"), how, read_file(folder_.path("once/" + name(p) + "-state/model.uses")),
           read_file(file((p + 1) % 3, "model.uses")), 0);
    const auto asked = ask();
    if (how == Damage::Corrupt || how == Damage::Truncated) return refused(asked, p, "is damaged");
    EXPECT_TRUE(all_done(asked)) << said(asked);
    EXPECT_NE(read_file(file(p, "model.uses")).find("\"predictions\": 3"), std::string::npos)
        << "the highest of all counts holds";
    return "answered";
  });
}

/// What stays of owners' data with --keep-data.
class StoredUploads : public Stored {
 protected:
  StoredUploads() {
    const auto kept = run(false, [](std::size_t, PartyOptions& options) { options.keep_data = true; });
    EXPECT_TRUE(all_done(kept)) << said(kept);
    keep("kept");
  }
  CatalogueEntry with_shares(std::size_t p) const {
    for (const CatalogueEntry& e : Catalogue(state(p) / "data.sqlite", Catalogue::Use::Read).entries())
      if (e.bytes > 0) return e;
    throw std::logic_error("every party holds a component in full");
  }
  void check(const std::string& what, const std::string& kind) const {
    row(what, [&](std::size_t p, Damage how) -> std::string {
      put_back("kept");
      const CatalogueEntry e = with_shares(p);
      EXPECT_TRUE(verify_stored(state(p), cast_.identities[p], cast_.job, e));
      const CatalogueEntry theirs = with_shares((p + 1) % 3);
      const std::string anothers = read_file(state((p + 1) % 3) / "data" / (theirs.id + kind));
      if (how == Damage::Older) return "–";  // they are written once
      damage(state(p) / "data" / (e.id + kind), how, "", anothers);
      try {
        verify_stored(state(p), cast_.identities[p], cast_.job, e);
      } catch (const UsageError&) { return "found"; } catch (const IoError&) {
        return "found";
      }
      return "not found";
    });
  }
};

TEST_F(StoredUploads, Catalogue) {
  const auto twice = run(false, [](std::size_t, PartyOptions& options) { options.keep_data = true; });
  EXPECT_TRUE(all_done(twice)) << said(twice);
  keep("twice");
  row("catalogue of uploads", [&](std::size_t p, Damage how) -> std::string {
    put_back("twice");
    const fs::path file = state(p) / "data.sqlite";
    const std::string older = read_file(folder_.path("kept/" + name(p) + "-state/data.sqlite"));
    EXPECT_NE(older, read_file(file));
    if (how == Damage::Version) {  // of its tables: SQLite's user version
      std::string content = read_file(file);
      content.at(63) = 99;
      write(file, content);
    } else {
      damage(file, how, older, read_file(state((p + 1) % 3) / "data.sqlite"), 17);
    }
    // The next training begins: with it, or not at all.
    const auto again = run(false);
    if (!all_done(again)) return refused(again, p, "data.sqlite");
    EXPECT_EQ(DataStore(state(p), cast_.identities[p]).delete_left(), 0u);
    return "result";
  });
}

TEST_F(StoredUploads, Shares) { check("an upload's shares", ".shares"); }
TEST_F(StoredUploads, Key) { check("an upload's key", ".key"); }
TEST_F(StoredUploads, Record) { check("an upload's record", ".record"); }

}  // namespace
}  // namespace tacit::testing
